# SPDX-License-Identifier: GPL-3.0-or-later
"""The two simulated Pis that a `Plug` hangs on: pigpiod's, and Linux's own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from evsed.boards import BoardConfig, PigpioConfig
from evsed.boards.pigpio.board import PigpioBoard
from evsed.sim.circuit import Circuit
from evsed.sim.gpio_lines import GpioLines, WireEvent
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.server import SimulatedPigpiod
from tests.boards.kernel.kernel_rig import kernel_rig
from tests.boards.pigpio.pigpio_rig import Clock, finish
from tests.boards.pigpio.pilot_circuit import hang_on
from tests.boards.single_parts.plug import MIRROR, Plug, inputs, slow_drive
from tests.sim.pigpiod.thread import PigpiodThread

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTACTOR, HEARTBEAT = 23, 24
ANSWER_S = 30.0  # a busy machine; never waited out when all is well


@contextmanager
def pigpio_plug(*, mirror: bool) -> Iterator[Plug]:
    """A plug on the pigpio client, over TCP to a simulated pigpiod."""
    clock, circuit, drive = Clock(), Circuit(), slow_drive()
    wires = GpioLines(clock)

    def on_wire(event: WireEvent) -> None:
        if event.gpio == HEARTBEAT and event.kind == "level":
            drive.edge(event.at_s)
        elif event.gpio == CONTACTOR:
            drive.drive(0, event.at_s, float(wires.level(CONTACTOR, event.at_s)))

    def code_at(channel: int, at_s: float) -> int:
        return circuit.code(at_s) if channel == 0 else 0

    def follow() -> None:
        wires.drive_input(MIRROR, int(drive.closed))

    wires.listeners.append(on_wire)
    hang_on(wires, circuit)
    pigpiod = SimulatedPigpiod(wires, spi_device=Mcp3008(code_at), real_time=False)
    with PigpiodThread(pigpiod) as daemon:
        config = BoardConfig(pigpio=PigpioConfig(port=daemon.port), inputs=inputs(mirror=mirror))
        board = PigpioBoard(config, answer_s=ANSWER_S, clock=clock)
        try:
            yield Plug(
                config, board, clock, circuit, drive, follow, lambda: wires.short(CONTACTOR, 1)
            )
        finally:
            finish(board)


@contextmanager
def kernel_plug(*, mirror: bool) -> Iterator[Plug]:
    """A plug on the kernel board, with a dead-man's process that is real and patient."""
    with kernel_rig(inputs=inputs(mirror=mirror)) as rig:
        kernel, clock, drive = rig.kernel, rig.clock, slow_drive()
        kernel.clock = clock
        seen = {"contactor": False, "heartbeat": False, "mirror": True}

        def follow() -> None:
            now = clock.now
            # What a Pi's kernel does not keep driven when its holder ends, another one does.
            contactor = kernel.level(CONTACTOR, persists=True)
            heartbeat = kernel.level(HEARTBEAT, persists=True)
            if contactor is not seen["contactor"]:
                drive.drive(0, now, float(contactor))
            if heartbeat is not seen["heartbeat"]:
                drive.edge(now)
            if drive.closed is not seen["mirror"]:
                kernel.drive_input(MIRROR, high=drive.closed)
            seen.update(contactor=contactor, heartbeat=heartbeat, mirror=drive.closed)

        board = rig.board()
        yield Plug(
            rig.config,
            board,
            clock,
            kernel.circuit,
            drive,
            follow,
            lambda: kernel.short_high(CONTACTOR),
        )


PIS = {"pigpio": pigpio_plug, "kernel": kernel_plug}
