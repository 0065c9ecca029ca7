# SPDX-License-Identifier: GPL-3.0-or-later
"""A charger to measure: the real daemon and control process beside a measured world.

Every process is its own: `evsed run` as systemd starts it, the control process it starts, the
world (`measured_world`), and the load (`load`).
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

STARTED_WITHIN_S = 60.0
ENDED_WITHIN_S = 15.0
NO_CAR_S = 1.5  # the front end has to be read once without a car before anything is offered
SHOWN = ("p50", "p99", "p99.9", "max")

Tables = dict[str, dict[str, Any]]


class World:
    """The measured world in its own process; `ask()` gives it an order and waits for the answer."""

    def __init__(self, seed: int = 1) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.measured_world", str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self.ports: dict[str, int] = json.loads(self._line())

    def ask(self, do: str, **more: object) -> Any:  # noqa: ANN401 - each order gives its own
        """Do *do*; what it gives. Raises RuntimeError when it failed."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        if "failed" in answer:
            raise RuntimeError(f"the world could not {do}: {answer['failed']}")
        return answer["gave"]

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the measured world has ended; its error stands above")
        return line


class Charger:
    """A running evsed: `pid` the daemon's, `control_pid` its child's, `world` around it."""

    def __init__(
        self,
        world: World,
        folder: Path,
        port: int,
        settings: Path,
        *,
        many_closings: bool,
        before: Sequence[str] = (),
    ) -> None:
        self.world = world
        self.folder = folder
        self.port = port
        self.started_at = time.monotonic()
        lifted = {"PYTHONPATH": str(Path(__file__).parent / "many_closings")}
        with (folder / "stdout").open("wb") as out:
            self._process = subprocess.Popen(
                [*before, sys.executable, "-m", "evsed", "run", "--config", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(lifted if many_closings else {})},
            )
        self.pid = self._process.pid

    @property
    def control_pid(self) -> int:
        """The process id of the control process."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0])

    @property
    def pids(self) -> tuple[int, int]:
        """Daemon and control process."""
        return self.pid, self.control_pid

    @property
    def real_time(self) -> bool:
        """True where the control process was granted real-time priority."""
        return os.sched_getscheduler(self.control_pid) == os.SCHED_FIFO

    def status(self) -> dict[str, Any]:
        """The answer of /api/v1/status."""
        url = f"http://127.0.0.1:{self.port}/api/v1/status"
        with urllib.request.urlopen(url, timeout=5.0) as answer:
            status: dict[str, Any] = json.load(answer)
        return status

    def said(self) -> str:
        """All that evsed has printed."""
        return (self.folder / "stdout").read_text(errors="replace")

    def wait_until_driven(self) -> None:
        """Wait until the pilot is driven. Raises RuntimeError with what evsed said if it is not."""
        end = time.monotonic() + STARTED_WITHIN_S
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError):
                if self.status()["board_ok"]:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"evsed did not start:\n{self.said()}")

    def close(self) -> None:
        """SIGTERM, and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_ports = iter(random.sample(range(20_000, 30_000), 10_000))  # below those that Linux gives away


def free_port() -> int:
    """A TCP port that is free now, and that no other call is given."""
    for port in _ports:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("there is no free port here")


def _toml(tables: Tables) -> str:
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    )


def _value(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


@contextlib.contextmanager
def charger(
    changes: Tables | None = None,
    *,
    seed: int = 1,
    many_closings: bool = False,
    before: Sequence[str] = (),
) -> Iterator[Charger]:
    """A charger with the shipped settings and *changes*; ends with everything around it.

    With *many_closings* it may close its contactor as often as a benchmark asks. *before* is a
    command that starts it, such as one that takes a privilege away.
    """
    with contextlib.ExitStack() as stack:
        # Where the disk is, not /tmp: that may be memory, which would write nothing.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evsed-bench-")))
        world = World(seed)
        stack.callback(world.close)
        port = free_port()
        tables: Tables = {
            "supply": {"max_current_a": 32.0},
            "board.pigpio": {"port": world.ports["pigpiod"]},
            "feed": {
                "url": f"http://127.0.0.1:{world.ports['feed']}/excesspwr.php",
                "semantics": "battery_power",
                "period_s": 10.0,
                "window_s": 5.0,
            },
            "web": {"host": "127.0.0.1", "port": port, "socket": ""},
            "logs": {"dir": str(folder / "log")},
            "store": {"path": str(folder / "evsed.db")},
        }
        for name, table in (changes or {}).items():
            tables[name] = {**tables.get(name, {}), **table}
        settings = folder / "evsed.toml"
        settings.write_text(_toml(tables))
        item = Charger(world, folder, port, settings, many_closings=many_closings, before=before)
        stack.callback(item.close)
        item.wait_until_driven()
        world.ask("control", pid=item.control_pid)
        time.sleep(NO_CAR_S)
        yield item


@contextlib.contextmanager
def helper(module: str, *arguments: object, line: bool = False) -> Iterator[str]:
    """Run a module of this folder beside what is measured; its first line if it says one."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip() if line else ""
    finally:
        process.terminate()
        process.wait()


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value that *percent* of the *ordered* ones do not exceed (nearest rank)."""
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(0, min(len(ordered), rank) - 1)]


def spread(seconds: Sequence[float]) -> str:
    """The usual four percentiles in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return "nothing measured"
    values = [percentile(ordered, p) for p in (50.0, 99.0, 99.9, 100.0)]
    return "  ".join(
        f"{name} {value * 1000:6.1f}" for name, value in zip(SHOWN, values, strict=True)
    )


def stolen_s() -> float:
    """Seconds the machine under this one has kept to itself so far (proc(5), /proc/stat, steal)."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def kept(so: bool) -> str:  # noqa: FBT001 - kept(worst < 80)
    """The verdict on an aim."""
    return "kept" if so else "MISSED"
