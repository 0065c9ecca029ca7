# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of the simulated pigpiod: a made-up clock, and a board without sockets."""

from __future__ import annotations

import struct

from evsed.sim.gpio_lines import GpioLines
from evsed.sim.pigpiod.machine import PigpioMachine, Setup
from evsed.sim.pigpiod.spi import SpiDevice

DEAD_MAN = (
    b"ld v0 p0 ld v1 p3 tag 1 mils 10 lda p0 cmp v0 jz 2 sta v0 ld v1 p3 jmp 1 "
    b"tag 2 dcr v1 jp 1 w p1 0 hp p2 1000 1000000 halt"
)
"""Opens the contactor (p1) and makes the pilot (p2) steady when p0 stops changing."""


class MadeUpClock:
    """Seconds that pass only by order."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class Desk:
    """One client at a machine on made-up time, without sockets."""

    def __init__(
        self,
        setup: Setup | None = None,
        device: SpiDevice | None = None,
        *,
        wires: GpioLines | None = None,
        clock: MadeUpClock | None = None,
    ) -> None:
        self.clock = clock if clock is not None else MadeUpClock()
        self.wires = wires if wires is not None else GpioLines(self.clock)
        self.machine = PigpioMachine(self.wires, setup, device)
        self.conn = self.machine.connect()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen."""
        self.clock.now_s += seconds
        self.machine.advance(self.clock.now_s)

    def ask_all(self, cmd: int, p1: int = 0, p2: int = 0, ext: bytes = b"") -> tuple[bytes, float]:
        """One request: the whole answer and when it is ready."""
        return self.machine.handle(self.conn, cmd, p1, p2, ext, self.clock.now_s)

    def ask(self, cmd: int, p1: int = 0, p2: int = 0, ext: bytes | int = b"") -> int:
        """One request: its result."""
        extension = struct.pack("<I", ext) if isinstance(ext, int) else ext
        answer, _ready = self.ask_all(cmd, p1, p2, extension)
        result: int = struct.unpack_from("<i", answer, 12)[0]
        return result
