# SPDX-License-Identifier: GPL-3.0-or-later
"""From a fresh package to the first charge, by a browser alone, in under five minutes.

`make first-charge`; needs root and Chromium. The box was just switched on. In its network, beside
it, are the simulated Pi at pigpiod's own port, and a house whose page is renewed each minute as the
real one's is. No setting is written but by the page, which is opened by an address of the network.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deb.systems.box import Box, root_of
from tests.deb.systems.rig import ROOT, prepare

ADDRESS = "192.0.2.10"
"""Of TEST-NET-1 (RFC 5737), so that the page has no rights of localhost."""
WITHIN_S = 300.0
SHOTS = ROOT / ".browser" / "first-charge"


@contextmanager
def world_beside(box: Box) -> Iterator[dict[str, int]]:
    """The simulated Pi, house and car in the network of *box*; their ports."""
    command = ("-m", "evsed.sim", "--pigpiod-port", "8888", "--period-s", "60", "--speed", "1")
    with subprocess.Popen(
        box.beside(sys.executable, *command, "--sun-h", "12"),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as world:
        assert world.stdin is not None
        assert world.stdout is not None
        try:
            yield json.loads(world.stdout.readline())
        finally:
            world.stdin.close()


def browse(box: Box, ports: dict[str, int], folder: Path) -> list[tuple[str, float]]:
    """The steps of a new owner in Chromium, each with the seconds since the page was opened."""
    at = "http://127.0.0.1"
    done = subprocess.run(
        box.beside(
            sys.executable, "-m", "tests.deb.systems.first_charge", f"http://{ADDRESS}/",
            f"{at}:{ports['feed']}/excesspwr.php", f"{at}:{ports['garage']}", str(folder),
        ),
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=1800,
    )  # fmt: skip
    steps = [(name, after_s) for name, after_s in map(json.loads, done.stdout.splitlines())]
    said = box.output("journalctl", "-u", "evsed", "-o", "cat", "--no-pager")
    assert done.returncode == 0, f"{steps}\n{said}"
    return steps


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_a_new_owner_charges_from_the_sun_without_a_shell(suite: str) -> None:
    with Box(root_of(suite), just_switched_on=True) as box:
        prepare(box)
        box.run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        with world_beside(box) as ports:
            began_at = time.monotonic()
            box.run("dpkg", "-i", "/root/evsed.deb")
            box.run("systemctl", "enable", "--now", "evsed")
            installed_s = time.monotonic() - began_at
            steps = browse(box, ports, SHOTS / suite)
            print(f"\n{suite}: installed and started in {installed_s:.1f} s; then {steps}")
            assert steps[-1][0] == "charging"
            assert installed_s + steps[-1][1] < WITHIN_S
            kept = box.path("/var/lib/evsed/settings.toml").read_text()
            assert "max_current_a = 16" in kept
            assert box.run("dpkg", "-V", "evsed").stdout == ""  # no file of the package was changed
