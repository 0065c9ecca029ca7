# SPDX-License-Identifier: GPL-3.0-or-later
"""The test of the charge pump before each closing, and its beats, tick by tick."""

from __future__ import annotations

import pytest

from evsed.core.pilot.charge_pump import ChargePump
from evsed.core.pilot.faults import Fault, Recovery
from tests.core.pilot.contactor_box import Box

# --- the pump ---------------------------------------------------


def test_each_closing_proves_the_pump_and_costs_a_third_of_a_second() -> None:
    box = Box()
    for _ in range(3):
        assert 0.3 <= box.close() <= 0.4
        box.run(5)
        box.open()

    assert not box.faults


def test_while_the_pump_is_tested_the_contacts_stay_open_although_the_gpio_is_on() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.1)

    box.run(0.28)

    assert not box.watch.pump
    assert not any(box.contacts)


def test_a_pump_that_holds_without_beats_is_found_before_any_charge_and_needs_service() -> None:
    box = Box()
    box.pump_stuck = True
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=0.3)

    box.closing = False
    box.run(0.1)
    assert not any(box.contacts)
    assert Fault.DEAD_MAN.kind.recovery is Recovery.SERVICE


def test_a_pump_that_came_to_be_stuck_in_a_charge_is_found_at_the_next_closing() -> None:
    box = Box()
    box.close()
    box.pump_stuck = True
    box.run(60)
    box.open()
    assert not box.faults
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=0.3)


@pytest.mark.parametrize("level", [False, True])
def test_a_pump_that_is_stuck_at_one_level_of_the_pin_is_found_at_the_second_closing(
    level: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    box = Box()
    box.stuck_at = level
    for _ in range(2):
        box.closing = True
        box.run(1.0)
        box.open()

    assert Fault.DEAD_MAN in box.faults


def test_a_test_with_the_safety_loop_open_proves_nothing() -> None:
    box = Box()
    box.pump_stuck = box.loop_open = True
    box.closing = True
    box.until(lambda: Fault.CONTACTOR_OPEN in box.faults, within_s=5)
    assert Fault.DEAD_MAN not in box.faults
    box.open()
    box.loop_open = False
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=1.3)


def test_one_bounce_of_a_mirror_contact_during_the_test_is_no_stuck_pump() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.1)
    box.watch.update(box.now, (True,), closed=True, plugged=True)
    box.until(lambda: all(box.contacts), within_s=0.5)

    assert not box.faults


def test_a_slow_contactor_does_not_hide_a_stuck_pump() -> None:
    box = Box()
    box.pump_stuck = True
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.3)
    box.jammed = True
    box.run(0.2)
    box.jammed = False

    box.run(0.04)

    assert Fault.DEAD_MAN in box.faults


def test_a_car_that_leaves_during_the_test_proves_nothing_and_gets_no_beats() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.1)
    box.run(0.1)
    box.closing = box.commanded = False
    high = box.pump.high
    box.run(1)
    assert box.pump.high is high
    assert not box.faults

    assert box.close() >= 0.3


def test_a_board_that_was_lost_during_the_test_begins_anew() -> None:
    box = Box()
    box.closing = True
    box.run(0.1)

    box.watch.restart(box.now)
    box.pump.restart()
    box.commanded = False

    assert box.close() >= 0.3


# --- the GPIO and its transistor ---------------------------------------------------


def test_the_beats_end_within_60_ms_of_opening_and_the_pin_rests_at_both_levels_in_turn() -> None:
    box = Box()
    rests = []
    for _ in range(4):
        box.close()
        box.run(1)
        box.closing = box.commanded = False
        box.run(0.08)
        rests.append(box.pump.high)
        box.run(0.5)
        assert box.pump.high is rests[-1]

    assert rests == [True, False, True, False]


def test_a_gpio_that_no_longer_opens_is_found_at_the_opening_and_the_pump_opens() -> None:
    box = Box()
    box.close()
    box.run(5)
    box.gpio_stuck = True
    box.closing = box.commanded = False

    assert box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.14) <= 0.14
    assert box.until(lambda: not any(box.contacts), within_s=0.2) <= 0.2
    box.run(60)
    assert not any(box.contacts)


def test_a_pump_that_drops_fast_does_not_hide_a_gpio_that_no_longer_opens() -> None:
    box = Box()
    box.pump_s = 0.07
    box.close()
    box.run(5)
    box.gpio_stuck = True
    box.closing = box.commanded = False

    box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.2)


def test_without_mirror_contacts_the_beats_end_with_the_command() -> None:
    pump = ChargePump(mirrored=False)

    assert not pump.update(closed=False, withheld=False)
    assert pump.update(closed=True, withheld=False)
    assert not pump.update(closed=False, withheld=False)


def test_with_mirror_contacts_a_closing_begins_without_beats() -> None:
    pump = ChargePump(mirrored=True)

    assert not pump.update(closed=True, withheld=False)
