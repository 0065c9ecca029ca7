# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a release: `make release VERSION=0.2.0`.

The changelog's [Unreleased] section becomes that of the version, evsed/__init__.py gets the
version, both are committed and tagged, and dist/ receives wheel, source archive, packages and
their checksums. Nothing is pushed. A tree with changes, an older version or an empty section ends
it before anything is written.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
UNRELEASED = "## [Unreleased]\n"
VERSION_LINE = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def numbers(version: str) -> tuple[int, ...]:
    """Return "0.2.0" as (0, 2, 0). Raises ValueError for any other form."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is not a version such as 0.2.0")
    return tuple(int(part) for part in version.split("."))


def released(changelog: str, version: str, day: date) -> str:
    """Return *changelog* with its [Unreleased] section as that of *version*, and a new empty one.

    Raises ValueError where there is no such section or it is empty.
    """
    before, found, after = changelog.partition(UNRELEASED)
    section = re.split(r"^## \[", after, maxsplit=1, flags=re.MULTILINE)[0]
    if not found or not section.strip():
        raise ValueError("CHANGELOG.md has nothing under [Unreleased]: there is nothing to release")
    return f"{before}{UNRELEASED}\n## [{version}] - {day.isoformat()}\n{after}"


def checksums(folder: Path) -> str:
    """Return the SHA-256 of each file of *folder* in the form that `sha256sum -c` reads."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files
    )


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def main(version: str) -> None:
    """Release *version*; SystemExit with the reason where that is not possible."""
    program, changelog = ROOT / "evsed" / "__init__.py", ROOT / "CHANGELOG.md"
    source = program.read_text()
    present = VERSION_LINE.search(source)
    try:
        if present is None:
            raise ValueError("evsed/__init__.py has no __version__")
        if numbers(version) < numbers(present[1]):
            raise ValueError(f"{version} is older than {present[1]}")
        if _git("status", "--porcelain"):
            raise ValueError("the tree has changes: commit them first")
        if _git("tag", "--list", f"v{version}"):
            raise ValueError(f"v{version} is tagged already")
        text = released(changelog.read_text(), version, date.today())  # noqa: DTZ011 - the maintainer's own day
    except ValueError as error:
        sys.exit(f"{error}; nothing was changed. Usage: make release VERSION=0.2.0")
    changelog.write_text(text)
    program.write_text(VERSION_LINE.sub(f'__version__ = "{version}"', source))
    _git("commit", "--all", "--message", f"release {version}")
    _git("tag", "--annotate", f"v{version}", "--message", f"evsed {version}")
    for target in ("dist", "deb"):
        subprocess.run(["make", target], cwd=ROOT, check=True)
    (DIST / "SHA256SUMS").write_text(checksums(DIST))
    print(f"dist/ has {version}. Publish it with: git push origin main v{version}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
