# SPDX-License-Identifier: GPL-3.0-or-later
"""Build evsed_<version>_<arch>.deb: the program with its own dependencies inside, no compiler.

`python deb/build_deb.py [amd64 arm64 armhf]` writes to dist/. One package serves Debian 12
and 13: compiled modules for CPython 3.11 and 3.13 lie side by side, their file names tell them
apart. The dependencies are those of requirements.txt, by their hashes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
LIBRARY = "usr/lib/evsed"

PLATFORMS = {
    "amd64": [f"manylinux_2_{minor}_x86_64" for minor in (17, 28)] + ["manylinux2014_x86_64"],
    "arm64": [f"manylinux_2_{minor}_aarch64" for minor in (17, 28)] + ["manylinux2014_aarch64"],
    "armhf": [f"manylinux_2_{minor}_armv7l" for minor in (17, 31)] + ["manylinux2014_armv7l"],
}
PYTHONS = ("3.11", "3.13")  # of Debian 12 and 13, and of Raspberry Pi OS of the same names

FILES = {
    # from deb/ or the root: where to, and its mode
    "deb/evsed": ("usr/bin/evsed", 0o755),
    "etc/evsed.toml": ("etc/evsed.toml", 0o644),
    "systemd/evsed.service": ("usr/lib/systemd/system/evsed.service", 0o644),
    "systemd/evsed.socket": ("usr/lib/systemd/system/evsed.socket", 0o644),
    "systemd/evsed-notify.socket": ("usr/lib/systemd/system/evsed-notify.socket", 0o644),
    "systemd/evsed-notify@.service": ("usr/lib/systemd/system/evsed-notify@.service", 0o644),
    "systemd/pigpiod.conf": ("usr/lib/systemd/system/pigpiod.service.d/evsed.conf", 0o644),
    "systemd/pigpiod.nft": (f"{LIBRARY}/pigpiod.nft", 0o644),
    "systemd/kernel-board.conf": (f"{LIBRARY}/kernel-board.conf", 0o644),
    "systemd/evsed.sysusers": ("usr/lib/sysusers.d/evsed.conf", 0o644),
    "systemd/evsed.tmpfiles": ("usr/lib/tmpfiles.d/evsed.conf", 0o644),
    "systemd/evsed.udev": ("usr/lib/udev/rules.d/60-evsed.rules", 0o644),
    "deb/completion.bash": ("usr/share/bash-completion/completions/evsed", 0o644),
    "deb/copyright": ("usr/share/doc/evsed/copyright", 0o644),
    "deb/lintian-overrides": ("usr/share/lintian/overrides/evsed", 0o644),
    "deb/rtupdate": ("usr/share/python3/runtime.d/evsed.rtupdate", 0o755),
}
PAGES = {"deb/evsed.8": "man8", "deb/evsed.toml.5": "man5"}
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


def version() -> str:
    """The version that the program says it is."""
    text = (ROOT / "evsed/__init__.py").read_text()
    found = re.search(r'__version__ = "([^"]+)"', text)
    if found is None:
        sys.exit("evsed/__init__.py has no __version__; give it one")
    return found[1]


def stamp() -> int:
    """The moment of the last commit: the same package from the same source."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return int(git.stdout or time.time())


def vendor(arch: str, target: Path, requirements: Path = ROOT / "requirements.txt") -> None:
    """Put the dependencies for both Pythons into *target*."""
    platforms = [word for name in PLATFORMS[arch] for word in ("--platform", name)]
    for python in PYTHONS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install",
                 "--target", folder, "--python-version", python, "--implementation", "cp",
                 "--only-binary=:all:", "--no-deps", "--require-hashes", "--no-compile",
                 *platforms, "-r", str(requirements)],
                check=True,
            )  # fmt: skip
            shutil.rmtree(Path(folder) / "bin", ignore_errors=True)
            shutil.copytree(folder, target, dirs_exist_ok=True)
    for path in target.glob("**/*"):
        # What pip notes for itself, and a module that multidict tests itself with.
        if path.name in ("RECORD", "INSTALLER", "REQUESTED") or path.name.startswith("_testcapi."):
            path.unlink()


def whole() -> None:
    """See that the page's parts of other hands are there, as parts.toml pins them."""
    subprocess.run([sys.executable, ROOT / "hatch_build.py"], check=True)


def zipped(source: Path, target: Path) -> None:
    """*source*, compressed as Debian wants its documents."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(source.read_bytes(), 9, mtime=0))


def lay_out(arch: str, tree: Path) -> None:
    """Everything that is installed, under *tree*."""
    vendor(arch, tree / LIBRARY)
    shutil.copytree(
        ROOT / "evsed", tree / LIBRARY / "evsed", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, (where, mode) in FILES.items():
        target = tree / where
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
        target.chmod(mode)
    for name, section in PAGES.items():
        page = ROOT / name
        zipped(page, tree / "usr/share/man" / section / f"{page.name}.gz")
    zipped(ROOT / "CHANGELOG.md", tree / "usr/share/doc/evsed/NEWS.md.gz")
    when = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(stamp()))
    changes = tree.parent / "changelog"
    changes.write_text(
        f"evsed ({version()}) stable; urgency=medium\n\n  * See NEWS.md.gz.\n\n"
        f" -- The evsed maintainers <evsed@evsed.example>  {when}\n"
    )
    zipped(changes, tree / "usr/share/doc/evsed/changelog.gz")
    for path in tree.glob("**/*"):
        if not path.is_symlink() and (path.is_dir() or path.stat().st_mode & 0o111):
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o644)
    for path in (tree / LIBRARY).glob("**/*.so"):
        path.chmod(0o644)
    # A module is no program, whatever its wheel said.
    for path in (tree / LIBRARY).glob("**/*.py"):
        path.chmod(0o644)


def control(arch: str, tree: Path) -> None:
    """DEBIAN/: what the package says of itself, and its scripts."""
    folder = tree / "DEBIAN"
    folder.mkdir()
    files = sorted(path for path in tree.glob("**/*") if path.is_file())
    size_kib = sum(-(-path.stat().st_size // 1024) for path in files)
    text = (HERE / "control").read_text()
    (folder / "control").write_text(text.format(version=version(), arch=arch, size=size_kib))
    (folder / "conffiles").write_text("/etc/evsed.toml\n")
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
        f"{path.relative_to(tree)}\n"
        for path in files
        if not str(path.relative_to(tree)).startswith("etc/")
    ]
    (folder / "md5sums").write_text("".join(sums))
    for name in SCRIPTS:
        shutil.copyfile(HERE / name, folder / name)
        (folder / name).chmod(0o755)


def build(arch: str, into: Path) -> Path:
    """The package for *arch*, in *into*."""
    package = into / f"evsed_{version()}_{arch}.deb"
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir(mode=0o755)
        lay_out(arch, tree)
        control(arch, tree)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(package)],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(stamp())},
        )
    return package


def main() -> None:
    """Build for the architectures named, or for all."""
    whole()
    for arch in sys.argv[1:] or PLATFORMS:
        package = build(arch, ROOT / "dist")
        print(f"{package.relative_to(ROOT)}  {package.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
