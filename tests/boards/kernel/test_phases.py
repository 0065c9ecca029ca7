# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the set of phases over the kernel board, broken in the middle of its rest."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from evsed.boards import InputsConfig
from evsed.boards.kernel.sysfs import consumer_of
from evsed.control import TICK_S, Control
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.link import Configure, SetLimits
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, NO_CAR, PARTS, Load
from tests.boards.kernel.kernel_rig import HEARTBEAT, KernelRig, kernel_rig
from tests.boards.pigpio.pigpio_rig import wait_until

CONTACTORS, MIRRORS = (23, 25, 12), (5, 6, 16)
LIMIT = Limit("feed", 16.0, why="following the sun")
RULES = SwitchRules(Switching.DOWN, 3, mirrored=True)


@dataclass
class Garage:
    """A control process on made-up time, its kernel, three contactors, and what hangs on them."""

    rig: KernelRig
    wish: int = 3
    control: Control = field(init=False)
    _heartbeat: bool = False

    def __post_init__(self) -> None:
        self.start(EvseConfig(switch=RULES))

    def start(self, evse: EvseConfig) -> None:
        """Start a control process that knows nothing of another one."""
        front_end = FrontEnd(PARTS.volts_at_code_0, PARTS.volts_per_code)
        config = Configure(self.rig.config, front_end, evse, supply_max_a=32.0)
        self.control = Control(self.rig.opened(), config, self.rig.clock)

    @property
    def closed(self) -> int:
        """The contactors whose GPIO is high."""
        return sum(self.rig.kernel.level(gpio) for gpio in CONTACTORS)

    def pass_time(self, seconds: float, load: Load) -> None:
        """Let ticks go by with *load* on the cable.

        A contact closes by its GPIO and the beats of the pump, and its mirror contact follows.
        """
        kernel = self.rig.kernel
        kernel.circuit.load = load
        for _ in range(round(seconds / TICK_S)):
            heartbeat = kernel.level(HEARTBEAT)
            beats, self._heartbeat = heartbeat is not self._heartbeat, heartbeat
            for contactor, mirror in zip(CONTACTORS, MIRRORS, strict=True):
                kernel.drive_input(mirror, high=beats and kernel.level(contactor))
            self.rig.clock.now += TICK_S
            wish = PhaseWish(self.wish, self.rig.clock.now + 3.0)
            self.control.handle(SetLimits((LIMIT,), wish=wish))
            self.control.tick()


@pytest.fixture
def garage() -> Iterator[Garage]:
    inputs = InputsConfig(contactor_feedback_gpios=MIRRORS)
    with kernel_rig(contactors=CONTACTORS, inputs=inputs) as rig:
        yield Garage(rig)


@pytest.mark.parametrize("what", ["dead-man", "crash"])
def test_a_change_that_is_broken_in_the_middle_has_all_open_and_the_whole_rest_again(
    garage: Garage, what: str
) -> None:
    garage.pass_time(17.0, NO_CAR)
    garage.pass_time(3.0, Load(car_ohm=CAR_B_OHM))
    garage.pass_time(1.5, Load(car_ohm=CAR_C_OHM))
    assert garage.closed == 3
    garage.wish = 1
    garage.pass_time(1.0, Load(car_ohm=CAR_C_OHM))
    garage.pass_time(12.0, Load(car_ohm=CAR_B_OHM))
    assert garage.control.snapshot().switching_to == 1
    if what == "dead-man":
        pid = int(consumer_of(garage.rig.kernel, CONTACTORS[0]).partition(":")[2])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not garage.rig.kernel.held(CONTACTORS[0]))
    else:
        garage.rig.boards[-1].close()
        garage.start(replace(EvseConfig(switch=RULES), front_end_proved=True))

    garage.pass_time(14.0, Load(car_ohm=CAR_B_OHM))
    assert garage.closed == 0
    assert garage.control.snapshot().outputs == (3 if what == "dead-man" else 1)

    def closes() -> bool:
        offered = 0.0 < garage.rig.kernel.duty() < 1.0
        garage.pass_time(0.1, Load(car_ohm=CAR_C_OHM if offered else CAR_B_OHM))
        return garage.closed > 0

    wait_until(closes)
    assert garage.closed == 1
