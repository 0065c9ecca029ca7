# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with the package on it, and beside it a simulated Pi with a car.

The simulated Pi runs on this machine, in the network of the box. What happens on the wires is
stamped by the simulator, so nothing here depends on when it was looked at.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from deb.build_deb import version
from tests.deb.systems.box import Box
from tests.processes.rig import PROVED_AFTER_BEATS, SimulatedPi, wait_until
from tests.processes.stories import ATTEMPTS, StalledError
from tests.processes.timeline import Timeline

ROOT = Path(__file__).parents[3]
SLACK_S = 0.3  # a shared machine of two cores is no Pi with a real-time priority

SETTINGS = """\
[supply]
max_current_a = 32.0
[board.pigpio]
port = {port}
[feed]
kind = "fixed"
current_a = 16.0
"""
PIGPIOD_UNIT = """\
[Unit]
Description=as Raspberry Pi OS has it
[Service]
ExecStart=/usr/bin/pigpiod -l
ExecStop=/bin/systemctl kill pigpiod
Type=forking
"""
PIGPIOD = """\
#!/bin/sh
echo "$@" >/run/pigpiod-arguments
exec sleep infinity
"""


class Host(Protocol):
    """The place where the package is installed: a `Box` or a `Machine`."""

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command there; its output and errors as one text."""

    def output(self, *command: str) -> str:
        """The output of a command there."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file there."""


H = TypeVar("H", bound=Host)
S = TypeVar("S")
T = TypeVar("T")


def package(arch: str = "amd64") -> bytes:
    """The package for *arch* that `make deb` has built."""
    return (ROOT / "dist" / f"evsed_{version()}_{arch}.deb").read_bytes()


def prepare(host: Host, arch: str = "amd64", *, pigpiod: bool = True) -> None:
    """Put the package at /root/evsed.deb, and a pigpiod with its unit that drives nothing."""
    host.put("/root/evsed.deb", package(arch))
    if pigpiod:
        host.put("/etc/systemd/system/pigpiod.service", PIGPIOD_UNIT.encode())
        host.put("/usr/bin/pigpiod", PIGPIOD.encode())
        host.run("chmod", "755", "/usr/bin/pigpiod")


class PiBeside(SimulatedPi):
    """The simulated Pi in a box's network."""

    def __init__(self, box: Box) -> None:
        self._process = subprocess.Popen(
            box.beside(sys.executable, "-m", "tests.processes.simulated_pi"),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._happened = []
        self.port = int(self._answer())


class Site(Generic[H]):
    """A machine with evsed installed, a Pi, and a car."""

    def __init__(self, box: H, pi: SimulatedPi) -> None:
        self.box = box
        self.pi = pi

    def show(self, name: str, unit: str = "evsed") -> str:
        """A property of a unit."""
        return self.box.output("systemctl", "show", "-P", name, unit)

    def pids(self) -> tuple[int, int]:
        """Process ids of daemon and control process, in the box."""
        daemon = int(self.show("MainPID"))
        return daemon, int(
            self.box.output("pgrep", "-P", str(daemon), "-f", "evsed.control").split()[0]
        )

    def journal(self) -> list[dict[str, str]]:
        """The journal's lines of evsed."""
        said = self.box.output("journalctl", "-u", "evsed", "-o", "json", "--no-pager")
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def said(self) -> str:
        """The same, as text."""
        return self.box.output("journalctl", "-u", "evsed", "-o", "cat", "--no-pager")

    def start(self) -> None:
        """A new life, with no car."""
        self.pi.order("unplug")
        self.box.run("systemctl", "start", "evsed")

    def stop(self) -> None:
        """The end of this life."""
        self.box.run("systemctl", "stop", "evsed")

    def charge(self) -> None:
        """Start, plug the car in, wait until it charges."""
        self.stop()
        since = time.monotonic()
        self.start()
        # Three lives that ended with the contactor closed, and evsed stays off until `evsed ack`.
        self.box.run("evsed", "ack")
        wait_until("beats", lambda: len(self.pi.timeline().beats_since(since)) > PROVED_AFTER_BEATS)
        self.pi.order("plug")
        wait_until("closed", lambda: self.pi.timeline().closings(since))
        wait_until("contacts", lambda: self.pi.order("state")["contacts_closed"])

    def kill(self, name: str, pid: int) -> float:
        """Send a signal to one process of the box; the moment before."""
        now = time.monotonic()
        self.box.run("kill", "-s", name, str(pid))
        return now

    def opened_after(self, since: float, promised_s: float) -> None:
        """The coil has no current *promised_s* after *since*, and did not get it sooner than that.

        The simulator's stamps tell, so nothing depends on when this looks.
        """

        def off_at() -> float | None:
            spans = [span for span in self.pi.timeline().energised() if span.end > since]
            timeline = self.pi.timeline()
            if not spans:
                return since
            end = spans[0].end
            return end if end < timeline.until - 0.05 else None

        at = wait_until("the coil is off", off_at)
        assert at is not None
        assert at - since <= promised_s + SLACK_S

    def until_restarted(self, pid: int) -> None:
        """Wait until another life is active."""
        wait_until(
            "another life",
            lambda: self.show("ActiveState") == "active" and int(self.show("MainPID")) != pid,
        )


def still_closed(timeline: Timeline, at: float) -> None:
    """Raise `StalledError` unless the contactor was closed at *at*, when it was struck."""
    if not timeline.closed_at(at):
        raise StalledError("it had opened by itself before it was struck")


def steady(timeline: Timeline, start: float, end: float) -> None:
    """Raise `StalledError` when this machine stood still between *start* and *end*, in one life."""
    stalls = [at for at in timeline.stalls(one_life=True) if start <= at <= end + 0.1]
    if stalls:
        raise StalledError(f"this machine stood still {len(stalls)} times")


def told_again(site: S, story: Callable[[S], T]) -> T:
    """The outcome of *story*, which runs again where this machine stood still in its midst."""
    for _ in range(ATTEMPTS - 1):
        with suppress(StalledError):
            return story(site)
    return story(site)
