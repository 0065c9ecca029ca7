# SPDX-License-Identifier: GPL-3.0-or-later
"""A plug on made-up time: the ticks of the control process, a real board, and what it drives.

The board is the product's. Its Pi is simulated (`pis`); from the pins on there are the two switches
of the coil, the slowest contactor that may be in a box, and a cable with a car or without.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import TICK_S, Control
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pace import GOLDEN
from evsed.core.pilot.pilot_meter import PERIOD_S, FrontEnd
from evsed.link import Configure, SetLimits, Snapshot
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, NO_CAR, PARTS, Circuit, Load
from evsed.sim.contactor_drive import Contactor, ContactorDrive
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.boards.held_board import HeldBoard
    from evsed.boards.kernel.session import KernelSession
    from evsed.boards.pigpio.session import PigpioSession

    ARealBoard = HeldBoard[PigpioSession] | HeldBoard[KernelSession]

MIRROR: Final = 25
SLOWEST_S: Final = 0.05  # the release of the slowest contactor that SAFETY.md allows
STEP_S: Final = 0.005  # of the contacts between two ticks
IN_B: Final = Load(car_ohm=CAR_B_OHM)
IN_C: Final = Load(car_ohm=CAR_C_OHM)
LIMITS: Final = SetLimits((Limit("feed", 16.0, why="following the sun"),))


def inputs(*, mirror: bool) -> InputsConfig:
    """The optional inputs: none, or the mirror contact."""
    return InputsConfig(contactor_feedback_gpios=(MIRROR,) if mirror else ())


@dataclass
class Plug:
    """One EVSE whose plug is `empty` or in a car; `longest_s`: so long it was live while empty.

    *follow* lets the coil's drive see the pins, and the pins the mirror contact.
    """

    config: BoardConfig
    board: ARealBoard
    clock: Clock
    circuit: Circuit
    drive: ContactorDrive
    follow: Callable[[], None]
    stick_high: Callable[[], None]
    control: Control = field(init=False)
    longest_s: float = 0.0
    _even_at: float = field(init=False)
    _part: float = 0.0
    _live_since: float | None = None

    def __post_init__(self) -> None:
        front_end = FrontEnd(PARTS.volts_at_code_0, PARTS.volts_per_code)
        config = Configure(self.config, front_end, EvseConfig(), supply_max_a=32.0)
        self.control = Control(self.board, config, self.clock)  # type: ignore[arg-type]
        self._even_at = self.clock.now

    @property
    def live(self) -> bool:
        """True while the contacts are closed."""
        return self.drive.closed

    @property
    def snapshot(self) -> Snapshot:
        """The view of the daemon."""
        return self.control.snapshot()

    def run(self, seconds: float, load: Load) -> None:
        """Let ticks go by with *load* on the cable; they keep out of step with the pilot."""
        self.circuit.load = load
        for _ in range(round(seconds / TICK_S)):
            self._even_at += TICK_S
            self._part = (self._part + GOLDEN) % 1.0
            self._pass_time(self._even_at + self._part * PERIOD_S)
            self.control.handle(LIMITS)
            self.control.tick()
            self._wait_for_the_board()
            self.follow()
            self._note()

    def _wait_for_the_board(self) -> None:
        """An attempt to open takes no made-up time, however slow the machine is."""
        if (acquiring := self.board._acquiring) is not None:  # noqa: SLF001 - nothing else shows it
            acquiring.exception(PATIENCE_S)

    def _pass_time(self, until: float) -> None:
        while self.clock.now < until:
            self.clock.now = min(self.clock.now + STEP_S, until)
            self.drive.step(self.clock.now)
            self._note()
        self.follow()

    def _note(self) -> None:
        now = self.clock.now
        if not self.live or self.circuit.load is not NO_CAR:
            self._live_since = None
            return
        if self._live_since is None:
            self._live_since = now
        self.longest_s = max(self.longest_s, now - self._live_since)

    def charge(self, seconds: float = 2.0) -> None:
        """Plug a car in, let it ask, and go on for so long where evsed charges it."""
        self.run(3.0, IN_B)
        self.run(1.5 + seconds, IN_C)

    def stop(self) -> None:
        """Let the car stop asking."""
        self.run(3.0, IN_B)

    def pull(self, seconds: float = 4.0) -> None:
        """Pull the plug, and look on for so long."""
        self.run(seconds, NO_CAR)


def slow_drive() -> ContactorDrive:
    """The coil's two switches, and the slowest contactor."""
    return ContactorDrive([Contactor(release_s=SLOWEST_S)])


def with_inputs(config: BoardConfig, *, mirror: bool) -> BoardConfig:
    """*config* with the mirror contact or without."""
    return replace(config, inputs=inputs(mirror=mirror))
