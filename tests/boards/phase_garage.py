# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the set of phases over a real board, in made-up time: the garage and its story."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import TICK_S, Control
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.link import Configure, SetLimits
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, NO_CAR, PARTS, Circuit, Load

if TYPE_CHECKING:
    from evsed.boards import Board
    from tests.boards.pigpio.pigpio_rig import Clock

CONTACTORS, MIRRORS = (23, 25, 12), (5, 6, 16)
INPUTS: Final = InputsConfig(contactor_feedback_gpios=MIRRORS)
LIMIT: Final = Limit("feed", 16.0, why="following the sun")
RULES: Final = SwitchRules(Switching.DOWN, 3, mirrored=True)
MOST_S: Final = 120.0


class Garage(ABC):
    """A control process, its Pi, three contactors, and what hangs on them."""

    def __init__(self, config: BoardConfig, clock: Clock, circuit: Circuit) -> None:
        self.config, self.clock, self.circuit = config, clock, circuit
        self.wish = 3
        self.control: Control
        self._heartbeat = False
        self._start(EvseConfig(switch=RULES))

    @abstractmethod
    def opened(self) -> Board:
        """Open another board on the same Pi."""

    @abstractmethod
    def high(self, gpio: int) -> bool:
        """Return whether *gpio* is high."""

    @abstractmethod
    def drive_input(self, gpio: int, *, high: bool) -> None:
        """Put a level on an input."""

    @abstractmethod
    def wait(self) -> None:
        """Let a tick's time pass; an attempt to open the board is waited for."""

    def _start(self, evse: EvseConfig) -> None:
        front_end = FrontEnd(PARTS.volts_at_code_0, PARTS.volts_per_code)
        config = Configure(self.config, front_end, evse, supply_max_a=32.0)
        self.control = Control(self.opened(), config, self.clock)

    def start_again(self) -> None:
        """Start a control process that knows nothing of another one."""
        self._start(replace(EvseConfig(switch=RULES), front_end_proved=True))

    @property
    def closed(self) -> int:
        """The contactors whose GPIO is high."""
        return sum(self.high(gpio) for gpio in CONTACTORS)

    @property
    def offers(self) -> bool:
        """True while the pilot offers current."""
        return 0.0 < self.circuit.generator.duty < 1.0

    def follow(self) -> None:
        """Let a contact close by its GPIO and the beats of the pump, and its mirror follow."""
        heartbeat = self.high(24)
        beats, self._heartbeat = heartbeat is not self._heartbeat, heartbeat
        for contactor, mirror in zip(CONTACTORS, MIRRORS, strict=True):
            self.drive_input(mirror, high=beats and self.high(contactor))

    def pass_time(self, seconds: float, load: Load) -> None:
        """Let ticks go by with *load* on the cable."""
        self.circuit.load = load
        for _ in range(round(seconds / TICK_S)):
            self.follow()
            self.wait()
            wish = PhaseWish(self.wish, self.clock.now + 3.0)
            self.control.handle(SetLimits((LIMIT,), wish=wish))
            self.control.tick()

    def charge_on_three_and_wish_for_one(self) -> None:
        """Charge on three phases; then 12 s of the rest before one phase are over."""
        self.pass_time(17.0, NO_CAR)
        self.pass_time(3.0, Load(car_ohm=CAR_B_OHM))
        self.pass_time(1.5, Load(car_ohm=CAR_C_OHM))
        assert self.closed == 3
        self.wish = 1
        self.pass_time(1.0, Load(car_ohm=CAR_C_OHM))
        self.pass_time(12.0, Load(car_ohm=CAR_B_OHM))
        assert self.control.snapshot().switching_to == 1

    def assert_all_open_for_the_whole_rest(self) -> None:
        """Nothing closes for 14 s, with a car that waits."""
        for _ in range(14):
            self.pass_time(1.0, Load(car_ohm=CAR_B_OHM))
            assert self.closed == 0

    def assert_one_phase_closes_next(self) -> None:
        """Let the car ask as soon as there is an offer: one phase closes, and no more."""
        until = self.clock.now + MOST_S
        while not self.closed:
            assert self.clock.now < until
            self.pass_time(0.1, Load(car_ohm=CAR_C_OHM if self.offers else CAR_B_OHM))
        assert self.closed == 1
