# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world around the real daemon of `evsed demo`, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evsed.errors import EvsedError
from evsed.sim.transformer import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Iterator

PERIOD_S = 10.0  # the shortest that the settings allow: six times as fast as BatteryMonitor
ENDED_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """A running world: the settings that lead the daemon to it, and the garage's address.

    `password_file` is where the demo's password may be kept.
    """

    overrides: dict[str, Any]
    garage_url: str
    password_file: Path


@contextlib.contextmanager
def demo_world(port: int) -> Iterator[DemoWorld]:
    """Start the world; the page will be on *port*, the garage on the next; end it at the end.

    Raises `EvsedError` when it does not start.
    """
    with (
        tempfile.TemporaryDirectory(prefix="evsed-demo-") as folder,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "evsed.sim", "--plugged"),
                *("--garage-port", str(port + 1 if port else 0), "--period-s", str(PERIOD_S)),
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
                raise EvsedError(
                    f"the simulated world did not start; is port {port + 1} taken? Try --port"
                )
            ports = json.loads(first)
            yield DemoWorld(
                _overrides(ports, port, Path(folder)),
                f"http://localhost:{ports['garage']}",
                Path(folder) / "password",
            )
        finally:
            process.stdin.close()  # the world ends by itself, after the daemon
            try:
                process.wait(ENDED_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _overrides(ports: dict[str, int], port: int, folder: Path) -> dict[str, Any]:
    return {
        "supply": {"max_current_a": 32.0},
        "inputs": {"current_adc_channel": CHANNEL},
        "board": {"pigpio": {"host": "127.0.0.1", "port": ports["pigpiod"]}},
        "feed": {
            "url": f"http://127.0.0.1:{ports['feed']}/excesspwr.php",
            "period_s": PERIOD_S,
            "window_s": PERIOD_S / 2,
        },
        # A demo has no ten minutes.
        "surplus": {"min_on_s": 60.0, "min_off_s": 20.0},
        "web": {"host": "127.0.0.1", "port": port, "socket": str(folder / "evsed.sock")},
        "logs": {"dir": folder / "log"},
        "store": {"path": folder / "evsed.db"},
    }
