# SPDX-License-Identifier: GPL-3.0-or-later
"""Install a real Home Assistant and run the tests beside it: `make ha-test`; needs root.

Home Assistant wants a newer Python than a Pi has, so it lives in a minimal Debian sid, together
with the broker. The tree is made once and kept (`tests.deb.systems.box.KEPT`). Home Assistant's
packages are those of requirements.txt, by hash. The tests run in a network of their own, a loopback
with two addresses, where evsed may have port 80 and is found by multicast DNS.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.deb.systems.box import kept, tree_of

HERE = Path(__file__).parent
PINS = HERE / "requirements.txt"
PACKAGES = "python3,python3-venv,python3-dev,gcc,g++,ca-certificates,mosquitto"
"""Python, what builds the few libraries that have no wheel for it, and the broker."""
TOOLS = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "ip": "iproute2"}
"""Needs of this machine itself: programs, and Debian's packages with them."""
OF_THE_MACHINE = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
"""Settings of this machine for its package index, where it has any."""
ADDRESSES = ("192.0.2.2", "192.0.2.3")
"""TEST-NET-1 (RFC 5737): addresses of no machine. The second is what evsed moves to."""


def missing() -> str:
    """Return why Home Assistant cannot run here; "" where it can."""
    if platform.machine() != "x86_64":
        return "requirements.txt has the archives for an amd64 machine only"
    if os.geteuid() != 0:
        return "it needs root, for a Debian tree and a network of its own"
    return "" if shutil.which("apt-get") else "it needs Debian, or a system made from it"


def get_tools() -> None:
    """Install Debian's packages that this machine itself lacks."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    packages = sorted({TOOLS[name] for name in TOOLS if shutil.which(name, path=path) is None})
    if packages:
        sys.stderr.write(f"Installing {' '.join(packages)} with apt-get\n")
        subprocess.run(
            ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *packages],
            check=True,
        )


def install(tree: Path) -> None:
    """Put a Debian sid with Home Assistant into *tree*."""
    # sid's lists are valid for a week; a mirror of yesterday's will do.
    tree_of("sid", "amd64", tree, PACKAGES, ('--aptopt=Acquire::Check-Valid-Until "false"',))
    for name in OF_THE_MACHINE:
        if Path(name).is_file():
            shutil.copyfile(name, f"{tree}{name}")
    shutil.copyfile("/etc/resolv.conf", tree / "etc/resolv.conf")
    shutil.copyfile(PINS, tree / "requirements.txt")
    pip = "/ha/bin/pip --quiet --disable-pip-version-check install --no-deps --require-hashes"
    subprocess.run(
        ["nice", "chroot", str(tree), "sh", "-ec",
         f"python3 -m venv /ha && {pip} -r /requirements.txt"],
        check=True,
    )  # fmt: skip


def run_beside(tree: Path, arguments: list[str]) -> int:
    """Run the tests beside the Home Assistant in *tree*; the exit code of pytest."""
    network = " && ".join(
        [
            "ip link set lo up multicast on",
            *(f"ip address add {address}/24 dev lo" for address in ADDRESSES),
            f"ip route add 224.0.0.0/4 dev lo src {ADDRESSES[0]}",
            'mount --rbind /tmp "$0/tmp"',
            'mount --bind /proc "$0/proc"',
            'mount --bind /dev "$0/dev"',
        ]
    )
    environ = {
        **os.environ,
        "HASS_TREE": str(tree),
        "TMPDIR": "/tmp",  # the folder that both sides see
        "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", f'{network} && exec "$@"', str(tree), *command],
        env=environ,
        check=False,
    ).returncode


def main(arguments: list[str]) -> int:
    """Install, and test; 0 with the reason where this machine cannot."""
    if reason := missing():
        sys.stdout.write(f"Skipped, no Home Assistant here: {reason}\n")
        return 0
    get_tools()
    pins = PINS.read_bytes()
    found = re.search(rb"^homeassistant==(\S+)", pins, re.MULTILINE)
    assert found is not None
    made_of = hashlib.sha256(pins + PACKAGES.encode()).hexdigest()[:8]
    name = f"home-assistant-{found[1].decode()}-{made_of}"
    tree = kept(name, install)
    sys.stderr.write(f"Home Assistant {found[1].decode()}, kept in {tree}\n")
    return run_beside(tree, [str(HERE), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
