# SPDX-License-Identifier: GPL-3.0-or-later
"""The recordings of the real pigpiod v79, replayed against the simulated one over TCP.

393 steps on a Pi 4B (c03114) and on a Pi 3B (a02082). A step is a request and the bytes that the
real daemon answered; `mask` names what is not compared (ticks, levels of unconnected pins).
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evsed.sim.gpio_lines import GpioLines
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.machine import Setup
from evsed.sim.pigpiod.server import SimulatedPigpiod
from tests.sim.pigpiod.pigpiod_kit import MadeUpClock
from tests.sim.pigpiod.thread import PigpiodThread

GOLDEN = Path(__file__).parents[2] / "golden"
PATIENCE_S = 60.0
BETWEEN_STEPS_S = 0.05
WATCHDOG_LEFT_ON_S = 0.12  # and a step: the recorder let it bark three times, every 50 ms

Step = dict[str, Any]


def recording(board: str) -> dict[str, Any]:
    with gzip.open(GOLDEN / f"pigpiod-{board}.json.gz", "rt") as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


def adc_on_0_and_loop_back_on_1(
    codes: list[int],
) -> Callable[[int, bytes, float, float], bytes]:
    adc = Mcp3008(lambda channel, _at_s: codes[channel], seed=None)

    def device(channel: int, tx: bytes, at_s: float, clock_hz: float) -> bytes:
        return tx if channel == 1 else adc(channel, tx, at_s, clock_hz)

    return device


class Replay:
    """The recorder's sockets, by name, and its clock."""

    def __init__(self, board: str) -> None:
        self.recording = recording(board)
        self.clock = MadeUpClock()
        self.daemon = PigpiodThread(
            SimulatedPigpiod(
                GpioLines(self.clock),
                Setup(revision=int(board, 16)),
                adc_on_0_and_loop_back_on_1(self.recording["adc"]),
                real_time=False,
            )
        )
        self.sockets: dict[str, socket.socket] = {}

    def play(self, step: Step) -> str | None:
        """Replay a step; what differs is returned."""
        if step["name"] == "WDOG" and bytes.fromhex(step["tx"])[8:12] == bytes(4):
            self.clock.now_s += WATCHDOG_LEFT_ON_S
        self.clock.now_s += BETWEEN_STEPS_S
        self.daemon.call(self.daemon.pigpiod.advance)
        name = step["conn"]
        if step["name"] == "close":
            return self.close(name)
        if step["name"] == "reports":
            return self.compare_reports(step)
        if name not in self.sockets:
            self.sockets[name] = socket.create_connection(
                ("127.0.0.1", self.daemon.port), PATIENCE_S
            )
        self.send(
            name, bytes.fromhex(step["tx"]), pieces=4 if "four segments" in step["note"] else 1
        )
        expected = bytes.fromhex(step["rx"])
        if expected == b"<EOF>":
            return None if self.sockets[name].recv(1) == b"" else "the connection was not closed"
        return difference(expected, self.receive(name, len(expected)), step["mask"])

    def send(self, name: str, data: bytes, pieces: int) -> None:
        size = -(-len(data) // pieces)
        for at in range(0, len(data), size):
            self.sockets[name].sendall(data[at : at + size])
            self.daemon.call(lambda: None)

    def receive(self, name: str, count: int) -> bytes:
        data = b""
        while len(data) < count and (more := self.sockets[name].recv(count - len(data))):
            data += more
        return data

    def close(self, name: str) -> str | None:
        """Close a socket and wait until the daemon has noticed."""
        before = self.daemon.call(len, self.daemon.pigpiod.clients)
        self.sockets.pop(name).close()
        while self.daemon.call(len, self.daemon.pigpiod.clients) == before:
            pass
        return None

    def compare_reports(self, step: Step) -> str | None:
        """Reports must be those recorded, and no more: the answer to BR1 comes right after."""
        name = step["conn"]
        self.sockets[name].sendall(struct.pack("<4I", 10, 0, 0, 0))
        recorded = step["decoded"]
        data = self.receive(name, 12 * len(recorded) + 16)
        if data[12 * len(recorded) : 12 * len(recorded) + 12] != struct.pack("<3I", 10, 0, 0):
            return f"not {len(recorded)} reports: {data.hex()}"
        for report, want in zip(struct.iter_unpack("<HHII", data[:-16]), recorded, strict=True):
            if (report[0], report[1], report[3]) != (want["seq"], want["flags"], want["level"]):
                return f"{report} instead of {want}"
        return None


def difference(expected: bytes, got: bytes, mask: list[list[int]]) -> str | None:
    hidden = {place for first, end in mask for place in range(first, end)}
    visible = [place for place in range(max(len(expected), len(got))) if place not in hidden]
    for place in visible:
        if expected[place : place + 1] != got[place : place + 1]:
            return f"byte {place}: {got.hex()} instead of {expected.hex()}"
    return None


@pytest.fixture(params=["c03114", "a02082"])
def replay(request: pytest.FixtureRequest) -> Iterator[Replay]:
    replay = Replay(request.param)
    with replay.daemon:
        yield replay
        for open_socket in replay.sockets.values():
            open_socket.close()


def test_every_recorded_step_is_answered_as_the_real_daemon_answered(replay: Replay) -> None:
    different = [
        f"{number} {step['scn']} {step['name']}: {what}"
        for number, step in enumerate(replay.recording["steps"])
        if (what := replay.play(step)) is not None
    ]

    assert not different, "\n".join(different)


def test_the_recordings_are_whole() -> None:
    boards = [recording("c03114"), recording("a02082")]

    assert [len(board["steps"]) for board in boards] == [393, 393]
    assert {step["scn"] for step in boards[0]["steps"]} >= {"waves", "scripts", "framing", "spi"}


def test_a_changed_byte_would_be_noticed(replay: Replay) -> None:
    """The comparison itself: a recording with one wrong byte differs in that step."""
    step = dict(replay.recording["steps"][1], rx="1a000000000000000000000050000000")

    assert replay.play(step) == "byte 12: 1a00000000000000000000004f000000 instead of " + step["rx"]
