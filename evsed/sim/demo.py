# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world around the real daemon of `evsed demo`, in a process of its own."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evsed.errors import EvsedError
from evsed.sim.transformer import CHANNEL
from evsed.sim.world import THREE_PHASES, Pins

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD_S = 10.0  # the shortest that the settings allow: six times as fast as BatteryMonitor
BATTERY_KWH = 60.0  # not full, and its panels not throttled, within minutes of a fast sun
ENDED_WITHIN_S = 5.0
FOLDER_PREFIX = "evsed-demo-"
SOCKET_NAME = "evsed.sock"


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """A running world: the settings that lead the daemon to it, and the garage's address.

    `overrides` stay as they are; `base` is what the owner may change on the page.
    `password_file` is where the demo's password may be kept.
    """

    overrides: dict[str, Any]
    base: dict[str, Any]
    garage_url: str
    password_file: Path


@contextlib.contextmanager
def demo_world(port: int, phases: int = 1) -> Iterator[DemoWorld]:
    """Start the world; the page will be on *port*, the garage on the next; end it at the end.

    With three *phases* there is a contactor for each, and evsed switches them.

    Raises `EvsedError` when it does not start.
    """
    pins = THREE_PHASES if phases > 1 else Pins()
    for wanted in (port, port + 1) if port else ():
        _refuse_if_taken(wanted)
    with (
        tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as folder,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "evsed.sim", "--plugged"),
                *("--garage-port", str(port + 1 if port else 0), "--page-port", str(port)),
                *("--period-s", str(PERIOD_S)),
                *("--battery-kwh", str(BATTERY_KWH)),
                *("--phases", str(phases)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            first = process.stdout.readline()
            if not first:
                raise EvsedError("the simulated world did not start; what it said is above")
            ports = json.loads(first)
            yield DemoWorld(
                _overrides(ports, port, Path(folder), pins),
                _base(ports, phases),
                f"http://localhost:{ports['garage']}",
                Path(folder) / "password",
            )
        finally:
            process.stdin.close()  # the world ends by itself, after the daemon
            try:
                process.wait(ENDED_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def demo_socket() -> str:
    """Return the control socket of the demo that this user runs. Raises `EvsedError`."""
    folders = Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*")
    sockets = [
        path
        for folder in folders
        if folder.is_dir() and folder.stat().st_uid == os.getuid()
        for path in folder.glob(SOCKET_NAME)
    ]
    if not sockets:
        raise EvsedError("no demo of yours is running here; `evsed demo` starts one")
    return str(max(sockets, key=lambda path: path.stat().st_mtime))


def _refuse_if_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = (
                "is taken by another program"
                if error.errno == errno.EADDRINUSE
                else str(error.strerror or error)
            )
            raise EvsedError(
                f"port {port} {reason}, so the demo does not start; choose others: "
                "make demo PORT=9000, or evsed demo --port 9000"
            ) from None


def _overrides(ports: dict[str, int], port: int, folder: Path, pins: Pins) -> dict[str, Any]:
    pigpiod = {
        "host": "127.0.0.1",
        "port": ports["pigpiod"],
        "contactor_gpios": pins.contactors,
    }
    return {
        "inputs": {
            "current_adc_channel": CHANNEL,
            "contactor_feedback_gpios": pins.feedbacks,  # so that a welded contact is seen
        },
        "box": {"light_gpios": pins.light, "button_gpio": pins.button},
        # The kind, too: whatever the file or the environment names, no real board is reached.
        "board": {"kind": "pigpio", "cp_relay_gpio": pins.cp_relay, "pigpio": pigpiod},
        "web": {"host": "127.0.0.1", "port": port, "socket": str(folder / SOCKET_NAME)},
        "logs": {"dir": folder / "log"},
        "store": {"path": folder / "evsed.db"},
    }


def _base(ports: dict[str, int], phases: int) -> dict[str, Any]:
    switched = {"contactor": {"switching": "auto"}} if phases > 1 else {}
    return {
        **switched,
        "supply": {"max_current_a": 16.0 if phases > 1 else 32.0, "phases": phases},
        "box": {"button_may_start": True},
        "feed": {
            "url": f"http://127.0.0.1:{ports['feed']}/excesspwr.php",
            "period_s": PERIOD_S,
            "window_s": PERIOD_S / 2,
        },
        # A demo has no ten minutes.
        "surplus": {"min_on_s": 60.0, "min_off_s": 20.0},
    }
