# SPDX-License-Identifier: GPL-3.0-or-later
"""C on the pilot closes the contactor only where a car was proved to make it."""

from __future__ import annotations

import pytest

from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import NOT_AVAILABLE, STEADY
from tests.core.pilot.story import Story


def test_a_step_from_a_to_c_closes_nothing_however_long_it_lasts() -> None:
    story = Story()
    story.run(3)
    story.car("C")
    story.run(120)

    assert story.count(ev.ContactorClosed) == 0
    assert Fault.PILOT_NOT_PROVED in story.step.faults


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0, 4.0, 10.0, 60.0])
def test_a_drift_from_a_to_c_closes_nothing_at_any_speed(seconds: float) -> None:
    story = Story()
    story.run(3)
    ticks = round(seconds / 0.02)
    for tick in range(ticks):
        story.car(11.92 - (11.92 - 5.97) * tick / ticks)
        story.run(0.02)
    story.car(5.97)
    story.run(120)

    assert story.count(ev.ContactorClosed) == 0


def test_a_b_that_lasts_a_moment_is_no_proof() -> None:
    story = Story()
    story.run(3)
    story.car("B")
    story.run(0.2)
    story.car("C")
    story.run(2)

    assert not story.evse.proof.car_proved
    assert not story.closed


def test_a_reading_that_drifts_through_b_is_no_proof() -> None:
    story = Story()
    story.run(3)
    for tick in range(50):  # 10.1 to 7.6 V in a second
        story.car(10.1 - 2.5 * tick / 50)
        story.run(0.02)
    story.car("C")
    story.run(2)

    assert not story.evse.proof.car_proved
    assert not story.evse.proof.b_moved  # none of it was taken for the B of a car
    assert not story.closed


def test_a_car_in_c_is_asked_for_b_by_x1_and_by_state_f_and_then_charged() -> None:
    story = Story()
    story.run(3)
    story.car("C")
    story.until(lambda: story.duty == NOT_AVAILABLE, within_s=4.5)
    story.run(3.9)
    assert story.duty == NOT_AVAILABLE
    story.car("B")  # state F opened S2
    story.until(lambda: 0.0 < story.duty < 1.0, within_s=5)
    story.car("C")

    story.until(lambda: story.closed, within_s=1)
    assert story.count(ev.StateFShown) == 1


def test_a_car_that_never_shows_b_waits_for_the_owner_who_looks_and_confirms() -> None:
    story = Story()
    story.run(3)
    story.car("C")
    story.until(lambda: Fault.PILOT_NOT_PROVED in story.step.faults, within_s=15)
    story.run(60)
    assert not story.closed
    story.evse.acknowledge(story.now)
    story.until(lambda: story.closed, within_s=5)
    story.limit = story.limit.__class__("feed", 0.0)
    story.until(lambda: not story.closed, within_s=7)
    story.limit = story.limit.__class__("feed", 16.0)

    story.until(lambda: story.closed, within_s=5)  # as long as it is plugged in


def test_the_next_car_needs_its_own_proof() -> None:
    story = Story()
    story.run(3)
    story.car("C")
    story.until(lambda: Fault.PILOT_NOT_PROVED in story.step.faults, within_s=15)
    story.evse.acknowledge(story.now)
    story.until(lambda: story.closed, within_s=5)
    story.car("A")
    story.run(2)
    story.car("C")
    story.run(60)

    assert story.count(ev.ContactorClosed) == 1
    assert Fault.PILOT_NOT_PROVED in story.step.faults


def test_where_the_owner_has_allowed_it_a_car_without_b_is_charged_at_once() -> None:
    story = Story(EvseConfig(front_end_proved=True, needs_b=False))
    story.run(3)
    story.car("C")

    story.until(lambda: story.closed, within_s=5)


def test_a_reading_that_sticks_at_c_in_a_charge_is_found_at_the_next_closing() -> None:
    story = Story().charging()
    story.limit = story.limit.__class__("feed", 0.0)  # x1: the car goes to B, and is read as C
    story.until(lambda: not story.closed, within_s=7)
    story.limit = story.limit.__class__("feed", 16.0)
    story.run(120)

    assert story.count(ev.ContactorClosed) == 1
    assert Fault.PILOT_NOT_PROVED in story.step.faults


@pytest.mark.parametrize("moved_v", [5.4, 6.6])
def test_a_c_that_moves_in_a_charge_costs_the_offer_and_the_car_shows_b_again(
    moved_v: float,
) -> None:
    story = Story().charging()
    story.answers = True
    story.run(5)
    story.car(moved_v)
    story.until(lambda: story.duty == STEADY, within_s=0.7)
    assert "has stepped" in story.step.blocked
    assert story.closed, "the car lets go first"
    story.car("B")
    story.until(lambda: 0.0 < story.duty < 1.0, within_s=5)
    story.car(moved_v)

    story.until(lambda: story.closed, within_s=2)
    story.run(20)
    assert story.closed


def test_a_reading_that_moved_and_shows_no_b_opens_after_6_s_and_closes_nothing() -> None:
    story = Story().charging()
    story.car(6.6)  # the plug is pulled, and the receiver clips here
    assert story.until(lambda: not story.closed, within_s=7) >= 6.0
    story.run(60)

    assert Fault.PILOT_NOT_PROVED in story.step.faults
    assert story.count(ev.ContactorClosed) == 1


@pytest.mark.parametrize("to_v", [5.0, 7.0])
def test_a_c_that_drifts_in_a_charge_interrupts_nothing(to_v: float) -> None:
    story = Story().charging()
    ticks = 400
    for tick in range(ticks):
        story.car(5.97 + (to_v - 5.97) * tick / ticks)
        story.run(0.02)
    story.run(5)

    assert story.count(ev.OfferWithdrawn) == 0


@pytest.mark.untraced
@pytest.mark.parametrize(("moved_v", "for_s"), [(5.55, 60.0), (6.4, 60.0), (6.9, 0.4)])
def test_a_c_that_moves_a_little_or_for_a_moment_interrupts_nothing(
    moved_v: float, for_s: float
) -> None:
    story = Story().charging()
    for _ in range(5):
        story.car(moved_v)
        story.run(for_s)
        story.car("C")
        story.run(0.1)

    assert story.count(ev.OfferWithdrawn) == 0
    assert story.closed


def test_a_confirmed_car_whose_c_moves_in_a_charge_has_to_be_confirmed_again() -> None:
    story = Story()
    story.run(3)
    story.car("C")
    story.until(lambda: Fault.PILOT_NOT_PROVED in story.step.faults, within_s=15)
    story.evse.acknowledge(story.now)
    story.until(lambda: story.closed, within_s=5)
    story.car(6.6)
    story.until(lambda: Fault.PILOT_NOT_PROVED in story.step.faults, within_s=30)
    story.evse.acknowledge(story.now)

    story.until(lambda: story.closed, within_s=5)


def test_where_no_b_is_needed_a_c_that_moves_interrupts_nothing() -> None:
    story = Story(EvseConfig(front_end_proved=True, needs_b=False)).charging()
    story.car(6.6)
    story.run(20)

    assert story.count(ev.OfferWithdrawn) == 0


def test_a_car_that_flinches_for_two_bursts_is_closed_again_with_the_offer_that_stands() -> None:
    story = Story().charging()
    story.car("B")
    story.run(0.06)
    story.car("C")
    story.run(0.2)
    assert 0.0 < story.duty < 1.0

    assert story.until(lambda: story.closed, within_s=1.2) >= 0.5
    assert story.count(ev.OfferWithdrawn) == 0


def test_after_a_restart_with_the_car_plugged_in_b_through_x1_is_enough() -> None:
    for state in ("B", "C"):
        story = Story(EvseConfig(front_end_proved=True), state=state)
        story.answers = True
        story.run(4)
        story.car("C")

        story.until(lambda: story.closed, within_s=8)  # noqa: B023 - used at once


def test_after_a_restart_without_a_proof_of_an_earlier_life_a_is_read_first() -> None:
    story = Story(EvseConfig(front_end_proved=False), state="B")
    story.run(4)
    story.car("C")
    story.run(20)
    assert "unplug" in story.step.blocked
    story.car("A")
    story.run(2)

    story.charging()


def test_contacts_that_did_not_close_do_not_use_the_proof_up() -> None:
    story = Story().charging()
    story.evse.opened_elsewhere(story.now, causes.CONTACTOR, "still open")
    story.run(0.02)

    assert story.until(lambda: story.closed, within_s=2) <= 1.1
    assert story.count(ev.OfferWithdrawn) == 0


def test_an_offer_waits_for_a_steady_b() -> None:
    story = Story()
    story.run(3)
    story.car(7.8)
    story.run(20)

    assert story.duty == STEADY
    assert "8.0 to 10.05 V" in story.step.blocked


@pytest.mark.parametrize(
    ("low_v", "fault"),
    [(-11.94, False), (-11.3, False), (-12.7, False), (-11.0, True), (-12.9, True)],
)
def test_a_low_plateau_that_does_not_belong_to_the_high_one_closes_nothing(
    low_v: float,
    fault: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    story = Story()
    story.run(3)
    story.car("B", low_v)
    story.run(5)
    story.car("C", low_v)
    story.run(2)

    assert story.closed is not fault
    assert (story.count(ev.FaultRaised) > 0) is fault


@pytest.mark.parametrize(("moved_v", "closes"), [(5.97, True), (6.3, True), (6.7, False)])
def test_a_c_that_leaves_the_level_which_followed_b_closes_nothing_until_the_next_b(
    moved_v: float,
    closes: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    story = Story()
    story.ready = False
    story.run(3)
    story.car("B")
    story.run(4)
    story.car(5.97)
    story.run(1)
    story.car(moved_v)
    story.run(0.2)
    story.ready = True
    story.run(2)
    assert story.closed is closes
    story.car("B")
    story.run(5)
    story.car("C")

    story.until(lambda: story.closed, within_s=3)


@pytest.mark.parametrize(("a_v", "fault"), [(12.35, False), (12.55, True)])
def test_plateaus_that_are_well_alone_but_not_symmetric_close_nothing(
    a_v: float,
    fault: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    low_v = -11.25
    story = Story(state=a_v)
    story.run(3)
    story.car("B", low_v)
    story.run(5)
    story.car("C", low_v)
    story.run(2)

    raised = [event for event in story.events if isinstance(event, ev.FaultRaised)]
    assert story.closed is not fault
    assert any("not symmetric" in event.detail for event in raised) is fault


@pytest.mark.untraced
@pytest.mark.parametrize("seconds", [3.0, 60.0, 600.0])
@pytest.mark.parametrize("from_v", [10.4, 9.4])
def test_a_part_that_sinks_while_the_plug_is_pulled_in_b_closes_nothing(
    from_v: float, seconds: float
) -> None:
    story = Story().charging()
    ticks = round(seconds / 0.02)
    for tick in range(ticks):  # no car: the clip, or the generator's + side, reads as B and sinks
        story.car(from_v + (5.97 - from_v) * tick / ticks)
        story.run(0.02)
    story.run(60)

    assert story.count(ev.ContactorClosed) == 1
    assert story.step.faults


def test_a_b_that_has_sunk_is_not_this_cars_although_c_is_a_step_below_it() -> None:
    story = Story().charging()
    for tick in range(500):  # 8.95 to 8.15 V in 10 s
        story.car(8.95 - 0.8 * tick / 500)
        story.run(0.02)
    story.car("C")
    story.run(30)

    assert story.count(ev.ContactorClosed) == 1
    assert Fault.PILOT_NOT_PROVED in story.step.faults


@pytest.mark.parametrize(
    ("in_a_s", "seconds"), [(0.08, 0.06), (0.08, 0.4), (0.04, 0.2), (0.02, 0.2)]
)
def test_a_plug_that_is_pulled_in_c_while_a_part_fails_closes_nothing(
    in_a_s: float, seconds: float
) -> None:
    story = Story().charging()
    ticks = round(seconds / 0.02)
    story.car("A")
    story.run(in_a_s)
    for tick in range(ticks):
        story.car(11.92 + (5.97 - 11.92) * tick / ticks)
        story.run(0.02)
    story.car("C")
    story.run(60)

    assert story.count(ev.ContactorClosed) == 1
    assert Fault.PILOT_NOT_PROVED in story.step.faults


def test_a_car_that_spikes_to_a_as_it_asks_is_charged_without_a_pause() -> None:
    story = Story().charging()
    story.car("B")
    story.run(5)
    story.car("A")
    story.run(0.1)
    story.car("C")

    assert story.until(lambda: story.closed, within_s=1.5) < 1.5
    assert story.count(ev.OfferWithdrawn) == 0


def test_a_car_whose_b_moves_is_confirmed_by_the_owner_or_plugged_in_again() -> None:
    for again in (False, True):
        story = Story().charging()
        story.car(8.2)
        story.run(5)
        story.car("C")
        story.until(lambda: Fault.PILOT_NOT_PROVED in story.step.faults, within_s=15)  # noqa: B023 - used at once
        if again:
            story.car("A")
            story.run(2)
            story.charging(5.5)
        else:
            story.evse.acknowledge(story.now)
            story.until(lambda: story.closed, within_s=5)  # noqa: B023 - used at once
