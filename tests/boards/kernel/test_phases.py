# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the set of phases over the kernel board, broken in the middle of its rest."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from evsed.boards import Board
from evsed.boards.kernel.off import make_safe
from evsed.boards.kernel.sysfs import consumer_of
from evsed.control import TICK_S
from tests.boards.kernel.kernel_rig import KernelRig, kernel_rig
from tests.boards.phase_garage import CONTACTORS, INPUTS, Garage
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, wait_until


class KernelGarage(Garage):
    """A garage on a Linux without pigpiod."""

    def __init__(self, rig: KernelRig) -> None:
        self.rig = rig
        super().__init__(rig.config, rig.clock, rig.kernel.circuit)

    def opened(self) -> Board:
        """Open another board."""
        return self.rig.opened()

    def high(self, gpio: int) -> bool:
        """Read the level."""
        return self.rig.kernel.level(gpio)

    def drive_input(self, gpio: int, *, high: bool) -> None:
        """Drive it from outside."""
        self.rig.kernel.drive_input(gpio, high=high)

    def wait(self) -> None:
        """Pass a tick."""
        self.clock.now += TICK_S
        if (acquiring := self.rig.boards[-1]._acquiring) is not None:  # noqa: SLF001 - nothing else shows it
            acquiring.exception(PATIENCE_S)


@pytest.fixture
def garage() -> Iterator[KernelGarage]:
    with kernel_rig(contactors=CONTACTORS, inputs=INPUTS) as rig:
        yield KernelGarage(rig)


def kill_the_dead_man(garage: KernelGarage) -> None:
    pid = int(consumer_of(garage.rig.kernel, CONTACTORS[0]).partition(":")[2])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not garage.rig.kernel.held(CONTACTORS[0]))


def switch_off(garage: KernelGarage) -> None:
    make_safe(garage.config.kernel, PATIENCE_S, kernel=garage.rig.kernel)


def crash(garage: KernelGarage) -> None:
    garage.rig.boards[-1].close()
    garage.start_again()


@pytest.mark.parametrize("broken_by", [kill_the_dead_man, switch_off, crash])
def test_a_change_that_is_broken_in_the_middle_has_all_open_and_the_whole_rest_again(
    garage: KernelGarage, broken_by: Callable[[KernelGarage], None]
) -> None:
    garage.charge_on_three_and_wish_for_one()

    broken_by(garage)

    garage.assert_all_open_for_the_whole_rest()
    assert garage.control.snapshot().outputs == (1 if broken_by is crash else 3)
    garage.assert_one_phase_closes_next()
