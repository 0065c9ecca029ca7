# SPDX-License-Identifier: GPL-3.0-or-later
"""The two simulated Pis that a `Plug` hangs on: pigpiod's, and Linux's own."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evsed.boards import BoardConfig, PigpioConfig
from evsed.boards.kernel.off import make_safe as kernel_off
from evsed.boards.pigpio.board import PigpioBoard
from evsed.boards.pigpio.off import make_safe as pigpio_off
from evsed.sim.circuit import Circuit
from evsed.sim.gpio_lines import GpioLines, WireEvent
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.server import SimulatedPigpiod
from tests.boards.kernel.kernel_rig import KernelRig, kernel_rig
from tests.boards.pigpio.pigpio_rig import Clock, finish
from tests.boards.pigpio.pilot_circuit import hang_on
from tests.boards.single_parts.plug import MIRROR, Converter, Plug, inputs, slow_drive
from tests.sim.pigpiod.thread import PigpiodThread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evsed.boards.kernel.board import KernelBoard
    from evsed.boards.kernel.session import KernelSession

CONTACTOR, HEARTBEAT = 23, 24
ANSWER_S = 30.0  # a busy machine; never waited out when all is well


@dataclass
class PigpioPi:
    """A Pi with pigpiod."""

    daemon: PigpiodThread
    config: BoardConfig
    clock: Clock
    boards: list[PigpioBoard] = field(default_factory=list)

    def another_board(self) -> PigpioBoard:
        """Make a board over this pigpiod."""
        board = PigpioBoard(self.config, answer_s=ANSWER_S, clock=self.clock)
        self.boards.append(board)
        return board

    def kill_control(self) -> None:
        """Cut its connections."""
        self.daemon.call(self.daemon.pigpiod.reset)

    def switch_off(self) -> str:
        """Run `evsed off`."""
        return pigpio_off(self.config.pigpio, ANSWER_S, self.config.rest())

    def strike(self) -> None:
        """Kill pigpiod; its outputs stay."""
        self.daemon.call(self.daemon.pigpiod.kill)

    def mend(self) -> None:
        """Start pigpiod again, if it was killed."""
        if not self.daemon.pigpiod.alive:
            self.daemon.run(self.daemon.pigpiod.revive())

    def pass_time(self) -> None:
        """Let the scripts in pigpiod act."""
        if self.daemon.pigpiod.alive:
            self.daemon.call(self.daemon.pigpiod.advance)


@dataclass
class KernelPi:
    """A Pi without pigpiod."""

    rig: KernelRig

    def another_board(self) -> KernelBoard:
        """Make a board over this kernel."""
        return self.rig.board()

    def kill_control(self) -> None:
        """Close all that it holds; the dead-man's process opens and ends by itself."""
        session = self._session
        session.watcher._end.close()  # noqa: SLF001 - as the kernel does
        session.watcher._process.wait()  # noqa: SLF001
        for line in (session.heartbeat, *session.inputs.values()):
            line.release()
        session.adc.close()

    def switch_off(self) -> str:
        """Run `evsed off`."""
        config = self.rig.config
        return kernel_off(config.kernel, ANSWER_S, config.rest(), kernel=self.rig.kernel)

    def strike(self) -> None:
        """Kill the dead-man's process; a Pi's kernel keeps the output driven."""
        os.kill(self._session.watcher._process.pid, signal.SIGKILL)  # noqa: SLF001
        self._session.watcher._process.wait()  # noqa: SLF001

    def mend(self) -> None:
        """Do nothing: evsed starts it again."""

    def pass_time(self) -> None:
        """Do nothing: the dead-man's process lives in real time."""

    @property
    def _session(self) -> KernelSession:
        session = self.rig.boards[-1]._held  # noqa: SLF001 - what the control process holds
        assert session is not None
        return session


@contextmanager
def pigpio_plug(*, mirror: bool, channels: bool = False) -> Iterator[Plug]:
    """A plug on the pigpio client, over TCP to a simulated pigpiod."""
    clock, circuit, drive = Clock(), Circuit(), slow_drive()
    converter = Converter(circuit)
    wires = GpioLines(clock)

    def on_wire(event: WireEvent) -> None:
        if event.gpio == HEARTBEAT and event.kind == "level":
            drive.edge(event.at_s)
        elif event.gpio == CONTACTOR:
            drive.drive(0, event.at_s, float(wires.level(CONTACTOR, event.at_s)))

    def follow() -> None:
        wires.drive_input(MIRROR, int(drive.closed))

    wires.listeners.append(on_wire)
    hang_on(wires, circuit)
    pigpiod = SimulatedPigpiod(wires, spi_device=Mcp3008(converter.code), real_time=False)
    with PigpiodThread(pigpiod) as daemon:
        config = BoardConfig(
            pigpio=PigpioConfig(port=daemon.port), inputs=inputs(mirror=mirror, channels=channels)
        )
        pi = PigpioPi(daemon, config, clock)
        try:
            yield Plug(
                config,
                pi.another_board(),
                clock,
                circuit,
                converter,
                drive,
                follow,
                lambda: wires.short(CONTACTOR, 1),
                pi,
            )
        finally:
            for board in pi.boards:
                finish(board)


@contextmanager
def kernel_plug(*, mirror: bool, channels: bool = False) -> Iterator[Plug]:
    """A plug on the kernel board, with a dead-man's process that is real and patient."""
    with kernel_rig(inputs=inputs(mirror=mirror, channels=channels)) as rig:
        kernel, clock, drive = rig.kernel, rig.clock, slow_drive()
        kernel.clock = clock
        converter = Converter(kernel.circuit)
        kernel.code_at = converter.code
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
            converter,
            drive,
            follow,
            lambda: kernel.short_high(CONTACTOR),
            KernelPi(rig),
        )


PIS = {"pigpio": pigpio_plug, "kernel": kernel_plug}
