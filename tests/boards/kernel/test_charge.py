# SPDX-License-Identifier: GPL-3.0-or-later
"""The control process's own ticks over the kernel board: a car comes, charges, and stops."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from evsed.boards.kernel.sysfs import consumer_of
from evsed.control import TICK_S, Control
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.link import Configure, SetLimits
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, NO_CAR, PARTS, Load
from tests.boards.kernel.kernel_rig import CONTACTOR, HEARTBEAT, KernelRig, kernel_rig
from tests.boards.pigpio.pigpio_rig import wait_until

LIMITS = SetLimits((Limit("feed", 16.0, why="following the sun"),))


@dataclass
class Garage:
    """A control process on made-up time, its kernel, and what hangs on the cable."""

    rig: KernelRig
    control: Control = field(init=False)

    def __post_init__(self) -> None:
        board = self.rig.opened()
        front_end = FrontEnd(PARTS.volts_at_code_0, PARTS.volts_per_code)
        config = Configure(self.rig.config, front_end, EvseConfig(), supply_max_a=32.0)
        self.control = Control(board, config, self.rig.clock)

    def pass_time(self, seconds: float, load: Load) -> None:
        """Let ticks go by with *load* on the cable."""
        self.rig.kernel.circuit.load = load
        for _ in range(round(seconds / TICK_S)):
            self.rig.clock.now += TICK_S
            self.control.handle(LIMITS)
            self.control.tick()

    @property
    def live(self) -> bool:
        """True while the contactor's GPIO is high."""
        return self.rig.kernel.level(CONTACTOR)


@pytest.fixture
def garage() -> Iterator[Garage]:
    with kernel_rig() as rig:
        yield Garage(rig)


def charge(garage: Garage) -> None:
    garage.pass_time(3.0, NO_CAR)
    garage.pass_time(3.0, Load(car_ohm=CAR_B_OHM))
    garage.pass_time(1.0, Load(car_ohm=CAR_C_OHM))
    assert garage.live


def test_a_car_is_offered_current_charges_and_is_cut_off_in_two_ticks(garage: Garage) -> None:
    garage.pass_time(3.0, NO_CAR)
    assert not garage.live
    assert garage.rig.kernel.duty() == 1.0
    garage.pass_time(3.0, Load(car_ohm=CAR_B_OHM))
    assert not garage.live
    assert garage.rig.kernel.duty() == pytest.approx(16.0 / 60, abs=2e-6)  # Table A.8: 0.6 A a %
    garage.pass_time(1.0, Load(car_ohm=CAR_C_OHM))
    assert garage.live
    beats = len(garage.rig.kernel.history(HEARTBEAT))
    assert 10 < beats < 30  # only since the command to close

    garage.pass_time(2 * TICK_S, Load(car_ohm=CAR_B_OHM))

    assert not garage.live


def test_a_dead_man_that_dies_costs_a_charge_and_no_more(garage: Garage) -> None:
    charge(garage)
    pid = int(consumer_of(garage.rig.kernel, CONTACTOR).partition(":")[2])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not garage.rig.kernel.held(CONTACTOR))

    garage.pass_time(TICK_S, Load(car_ohm=CAR_C_OHM))

    assert not garage.rig.kernel.level(CONTACTOR, persists=True)

    def charges_again() -> bool:
        offered = garage.rig.kernel.duty() < 1.0
        garage.pass_time(0.1, Load(car_ohm=CAR_C_OHM if offered else CAR_B_OHM))
        return garage.live

    wait_until(charges_again)
    assert int(consumer_of(garage.rig.kernel, CONTACTOR).partition(":")[2]) != pid
