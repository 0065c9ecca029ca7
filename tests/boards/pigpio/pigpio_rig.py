# SPDX-License-Identifier: GPL-3.0-or-later
"""A board over a simulated pigpiod, for tests: the real client, TCP, and a clock of one's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from evsed.boards import BoardConfig, InputsConfig, PigpioConfig
from evsed.boards.pigpio.board import PigpioBoard
from evsed.errors import BoardError
from evsed.sim.circuit import Circuit
from evsed.sim.gpio_lines import GpioLines
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.machine import Setup
from evsed.sim.pigpiod.server import SimulatedPigpiod
from tests.sim.pigpiod.thread import PigpiodThread

PILOT = 18
HEARTBEAT = 24
STOPS_FEEDBACK, GROUND_FAULT, STOP, TEST = 5, 6, 16, 20
HIGH_CODE, LOW_CODE = 956, 67  # +11.9 V and -11.9 V at the front end of hw/
PROXIMITY_CODE = 321
CURRENT_CODE = 612

OTHER_CODES = {1: PROXIMITY_CODE, 2: CURRENT_CODE}

PATIENCE_S = 60.0
"""A busy machine may take so long for anything; never waited out when all is well."""


@dataclass
class Clock:
    """Made-up seconds."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Rig:
    """One simulated Pi with its pigpiod, and the boards that use it."""

    daemon: PigpiodThread
    wires: GpioLines
    clock: Clock
    config: BoardConfig
    boards: list[PigpioBoard] = field(default_factory=list)

    def board(self, config: BoardConfig | None = None, answer_s: float = 10.0) -> PigpioBoard:
        """A board that is not open yet, patient with a slow machine by default."""
        board = PigpioBoard(config or self.config, answer_s=answer_s, clock=self.clock)
        self.boards.append(board)
        return board

    def opened(self, config: BoardConfig | None = None, answer_s: float = 10.0) -> PigpioBoard:
        """A board that holds its wires."""
        board = self.board(config, answer_s)
        open_now(board)
        self.pass_time(0.001)  # made-up time stands still by itself, requests take some
        return board

    def pass_time(self, seconds: float) -> None:
        """Let made-up time go by, in steps of a millisecond, for the scripts in pigpiod too."""
        for _ in range(round(seconds * 1000)):
            self.clock.now += 0.001
            self.daemon.call(self.daemon.pigpiod.advance)

    def kill(self) -> None:
        """Kill pigpiod."""
        self.daemon.call(self.daemon.pigpiod.kill)

    def revive(self) -> None:
        """Start pigpiod again over the same pins."""
        self.daemon.run(self.daemon.pigpiod.revive())

    def crash(self) -> None:
        """Cut every connection, as if whoever held it had died: nothing is undone."""
        self.daemon.call(self.daemon.pigpiod.reset)

    def scripts(self) -> int:
        """The number of scripts that pigpiod stores."""
        return sum(script is not None for script in self.daemon.pigpiod.machine.scripts.slots)

    def spi_handles(self) -> int:
        """The number of SPI handles that are open in pigpiod."""
        return sum(handle is not None for handle in self.daemon.pigpiod.machine.spi.handles)

    def duty(self) -> float | None:
        """The duty on the pilot's pin, None without PWM."""
        wave = self.wires.pwm(PILOT)
        return None if wave is None else wave.duty


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.001)


def finish(board: PigpioBoard) -> None:
    """Close *board*, and wait for an attempt to open it that may be under way."""
    board.close()
    board._worker.shutdown()  # noqa: SLF001 - evsed itself never waits for it


def open_now(board: PigpioBoard) -> None:
    """Open *board*, with as many calls as it takes; raises what it raises."""
    wait_until(board.open)


def opening_error(board: PigpioBoard) -> BoardError:
    """The message of *board* where it cannot be opened."""
    try:
        open_now(board)
    except BoardError as error:
        return error
    raise AssertionError("it was opened")


@contextmanager
def rig(
    setup: Setup | None = None,
    *,
    contactors: tuple[int, ...] = (23,),
    inputs: InputsConfig | None = None,
    circuit: Circuit | None = None,
    real_time: bool = False,
) -> Iterator[Rig]:
    """A simulated Pi; on made-up time by default. *circuit*: of its pilot, else none is there."""
    clock = Clock()
    wires = GpioLines(time.monotonic if real_time else clock)

    def code_at(channel: int, at_s: float) -> int:
        if channel in OTHER_CODES:
            return OTHER_CODES[channel]
        if circuit is not None:
            return circuit.code(at_s)
        return HIGH_CODE if wires.level(PILOT, at_s) else LOW_CODE

    pigpiod = SimulatedPigpiod(wires, setup, Mcp3008(code_at), real_time=real_time)
    with PigpiodThread(pigpiod) as daemon:
        wires_config = PigpioConfig(port=daemon.port, contactor_gpios=contactors)
        config = BoardConfig(pigpio=wires_config, inputs=inputs or InputsConfig())
        its_rig = Rig(daemon, wires, clock, config)
        try:
            yield its_rig
        finally:
            for board in its_rig.boards:
                finish(board)
