# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests of core, boards and simulator on the processors of a Pi, emulated.

`make arm-suite`; needs root, and qemu-user with binfmt_misc. Arguments such as `bookworm-arm64` run
some pairs only. evsed and its libraries are those of the package, Python is Debian's, and the tools
of the tests are the pinned ones: all have wheels there. Properties are tried with ten examples.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deb.build_deb import ROOT, vendor
from tests.deb.systems.box import Box, root_of
from tests.deb.systems.rig import prepare

MACHINES = ("bookworm-arm64", "bookworm-armhf")
TESTS = ("tests/core", "tests/boards", "tests/sim")
WANDERING = ("tests/core/pilot/test_evse_walk.py", "tests/core/pilot/test_evse_stateful.py")
TOOLS = {
    "hypothesis", "iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-asyncio",
    "sortedcontainers",
}  # fmt: skip
ENVIRON = {
    "PYTHONPATH": "/root/tools:/usr/lib/evsed",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HYPOTHESIS_PROFILE": "emulated",
    # yarl's wheel for armv7l, once loaded, has the processor take the tiniest numbers (below
    # 2.3e-308) for 0. evsed has no such numbers, but hypothesis refuses to work with that.
    "YARL_NO_EXTENSIONS": "1",
}
PATIENCE_S = 7200.0


def pins() -> str:
    """The lines of requirements-dev.txt on the tools."""
    pinned = (ROOT / "requirements-dev.txt").read_text()
    blocks = re.findall(r"^\S+==(?:.*\\\n)+.*\n", pinned, re.MULTILINE)
    return "".join(block for block in blocks if block.partition("==")[0] in TOOLS)


def furnish(box: Box, arch: str) -> None:
    """Put the package, the tools and the tests into *box*."""
    prepare(box, arch)
    box.run("dpkg", "-i", "/root/evsed.deb")
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "tools.txt")
        requirements.write_text(pins())
        vendor(arch, box.path("/root/tools"), requirements)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    packed = subprocess.run(
        ["tar", "--create", "--exclude=evsed/*", "--null", "--files-from=-"],
        cwd=ROOT, input=files.stdout, check=True, capture_output=True,
    )  # fmt: skip
    box.run("mkdir", "/root/source")
    subprocess.run(
        ["tar", "--extract", "-C", box.path("/root/source")], input=packed.stdout, check=True
    )


def run(suite: str, arch: str) -> bool:
    """Run the tests there and print what pytest says at the end; whether all passed."""
    since = time.monotonic()
    with Box(root_of(suite, arch)) as box:
        furnish(box, arch)
        done = box.run(
            "env", "-C", "/root/source", *(f"{name}={text}" for name, text in ENVIRON.items()),
            "python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS,
            *(f"--ignore={name}" for name in WANDERING),
            check=False, within_s=PATIENCE_S,
        )  # fmt: skip
    dots, _, rest = done.stdout.rpartition("%]\n")
    print(f"{suite} {arch}, emulated, {(time.monotonic() - since) / 60:.0f} minutes:")
    print(rest if done.returncode == 0 else dots + rest, flush=True)
    return done.returncode == 0


def main() -> None:
    """Run on the machines named, or on Raspberry Pi OS bookworm's two."""
    passed = [run(*name.split("-")) for name in sys.argv[1:] or MACHINES]
    sys.exit(not all(passed))


if __name__ == "__main__":
    main()
