# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the set of phases over pigpiod, broken in the middle of its rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from evsed.boards import Board
from evsed.boards.pigpio.off import make_safe
from evsed.control import TICK_S
from evsed.sim.circuit import Circuit
from tests.boards.phase_garage import CONTACTORS, INPUTS, Garage
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, Rig, rig
from tests.boards.pigpio.pilot_circuit import hang_on


class PigpioGarage(Garage):
    """A garage behind pigpiod."""

    def __init__(self, its_rig: Rig, circuit: Circuit) -> None:
        self.rig = its_rig
        super().__init__(its_rig.config, its_rig.clock, circuit)

    def opened(self) -> Board:
        """Open another board."""
        return self.rig.opened()

    def high(self, gpio: int) -> bool:
        """Read the level."""
        return bool(self.rig.wires.level(gpio))

    def drive_input(self, gpio: int, *, high: bool) -> None:
        """Drive it from outside."""
        self.rig.wires.drive_input(gpio, int(high))

    def wait(self) -> None:
        """Pass a tick, for the scripts in pigpiod too."""
        self.clock.now += TICK_S
        if self.rig.daemon.pigpiod.alive:
            self.rig.daemon.call(self.rig.daemon.pigpiod.advance)
        if (acquiring := self.rig.boards[-1]._acquiring) is not None:  # noqa: SLF001 - nothing else shows it
            acquiring.exception(PATIENCE_S)

    def hang(self, seconds: float) -> None:
        """Let time go by without a tick."""
        for _ in range(round(seconds / TICK_S)):
            self.follow()
            self.wait()


@pytest.fixture
def garage() -> Iterator[PigpioGarage]:
    circuit = Circuit()
    with rig(contactors=CONTACTORS, inputs=INPUTS, circuit=circuit) as its_rig:
        hang_on(its_rig.wires, circuit)
        yield PigpioGarage(its_rig, circuit)


def hang_until_the_script_fires(garage: PigpioGarage) -> None:
    garage.hang(0.2)


def kill_pigpiod(garage: PigpioGarage) -> None:
    garage.rig.kill()
    garage.pass_time(1.0, garage.circuit.load)
    garage.rig.revive()


def switch_off(garage: PigpioGarage) -> None:
    make_safe(garage.config.pigpio, PATIENCE_S)


def crash(garage: PigpioGarage) -> None:
    garage.rig.crash()
    garage.hang(1.0)
    garage.start_again()


@pytest.mark.parametrize(
    "broken_by", [hang_until_the_script_fires, kill_pigpiod, switch_off, crash]
)
def test_a_change_that_is_broken_in_the_middle_has_all_open_and_the_whole_rest_again(
    garage: PigpioGarage, broken_by: Callable[[PigpioGarage], None]
) -> None:
    garage.charge_on_three_and_wish_for_one()

    broken_by(garage)

    garage.assert_all_open_for_the_whole_rest()
    assert garage.control.snapshot().outputs == (1 if broken_by is crash else 3)
    garage.assert_one_phase_closes_next()
