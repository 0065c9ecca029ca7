# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine: front end, pilot faults and faults from outside, on made-up time."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig, Outputs
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import NOT_AVAILABLE, STEADY
from tests.core.pilot.story import Story

# --- proofs ---------------------------------------------------


def test_nothing_closes_before_the_front_end_has_read_12_v_without_a_car() -> None:
    story = Story(EvseConfig(), state="B")
    story.run(5)
    story.car("C")
    story.run(10)
    assert not story.closed
    story.car("A")
    story.run(2)
    assert story.evse.front_end_proved

    story.charging()


@pytest.mark.parametrize("high_v", [11.2, 12.8])
def test_a_front_end_that_misreads_12_v_is_a_fault_until_it_reads_well(high_v: float) -> None:
    story = Story(EvseConfig(front_end_proved=True))
    story.car(high_v)
    story.run(2)
    assert Fault.PILOT in story.step.faults
    assert not story.evse.front_end_proved
    story.car("A")

    story.run(1)

    assert not story.step.faults
    assert story.evse.front_end_proved


def test_a_misreading_in_the_moment_of_unplugging_is_no_fault() -> None:
    story = Story().charging()
    story.car(11.0)
    story.run(0.4)

    assert not story.step.faults


def test_a_pilot_that_cannot_be_read_for_60_ms_opens() -> None:
    story = Story().charging()
    story.blind = True

    assert story.until(lambda: not story.closed, within_s=0.1) <= 0.081


# --- faults ---------------------------------------------------


@pytest.mark.parametrize("state", ["B", "C"])
def test_a_missing_diode_opens_and_shows_f_for_300_ms(state: str) -> None:
    story = Story().charging()
    high_v = {"B": 8.79, "C": 5.62}[state]
    story.car(high_v, low_v=-high_v)
    story.until(lambda: Fault.DIODE in story.step.faults, within_s=0.1)
    assert not story.closed
    assert story.duty == NOT_AVAILABLE
    story.car(state)
    assert 0.27 <= story.until(lambda: story.duty == STEADY, within_s=0.5) <= 0.33


def test_a_diode_that_is_seen_again_ends_the_fault_as_a_pilot_fault_ends() -> None:
    story = Story().charging()
    story.car(5.62, low_v=-5.62)
    story.until(lambda: Fault.DIODE in story.step.faults, within_s=0.1)
    story.car("B")
    assert story.until(lambda: not story.step.faults, within_s=3) >= 1.0
    assert story.until(lambda: story.step.outputs.duty < 1.0, within_s=40) >= 28
    story.car("C")
    assert story.until(lambda: story.closed, within_s=3) >= 0.5


def test_a_diode_that_stays_missing_is_looked_for_three_times_and_never_closes() -> None:
    story = Story().charging()
    for _ in range(4):
        story.car(8.79, low_v=-8.79)
        story.until(lambda: Fault.DIODE in story.step.faults, within_s=0.1)
        assert not story.closed
        story.car("B")  # steady +12 V shows no diode
        story.run(32)
    story.run(600)
    assert Fault.DIODE in story.step.faults
    story.car("A")

    story.run(1)

    assert not story.step.faults
    assert story.count(ev.FaultCleared) == 4


def test_a_short_opens_and_nothing_closes_for_30_seconds_after_it() -> None:
    story = Story().charging()
    story.car(0.0, low_v=0.0)
    assert story.until(lambda: not story.closed, within_s=0.1) <= 0.06
    story.run(5)
    assert Fault.PILOT in story.step.faults
    story.car("B")
    story.until(lambda: not story.step.faults, within_s=2)
    story.run(1)
    story.car("C")

    assert story.until(lambda: story.closed, within_s=40) >= 28


def test_after_a_short_c_alone_proves_nothing() -> None:
    story = Story().charging()
    story.car(0.0, low_v=0.0)
    story.run(1)
    story.car("C")

    story.run(60)

    assert not story.closed
    assert Fault.PILOT in story.step.faults


def test_a_car_that_asks_for_ventilation_is_refused_until_it_stops_asking() -> None:
    story = Story().charging()
    story.car("D")
    assert story.until(lambda: not story.closed, within_s=0.1) <= 0.041
    assert Fault.VENTILATION in story.step.faults
    story.car("C")
    story.run(10)
    assert not story.closed
    story.car("B")
    story.run(4)
    assert not story.step.faults
    story.car("C")

    story.until(lambda: story.closed, within_s=5)


def test_where_ventilation_is_allowed_d_is_charged_like_c() -> None:
    story = Story(EvseConfig(allow_ventilated=True, front_end_proved=True))
    story.run(3)
    story.car("B")
    story.run(1)
    story.car("D")

    story.until(lambda: story.closed, within_s=3)

    assert not story.step.faults


def test_a_fault_from_outside_lasts_as_long_as_it_is_reported() -> None:
    story = Story().charging()
    story.reported = {Fault.TEMPERATURE: "76 degrees at the terminals"}
    story.run(1)
    assert story.closed
    assert story.duty == STEADY
    story.car("B")
    story.run(1)
    assert not story.closed
    story.reported = {}

    story.run(1)

    assert not story.step.faults


def test_a_fault_that_opens_at_once_names_itself() -> None:
    story = Story().charging()
    story.reported = {Fault.GROUND: "the residual-current device has tripped"}
    story.run(0.02)

    assert not story.closed
    opened = [event for event in story.events if isinstance(event, ev.ContactorOpened)]
    assert opened[-1].why.startswith("MREC2GroundFailure, the residual-current device")


def test_what_waits_for_the_owner_ends_when_the_owner_says_so_and_its_cause_is_gone() -> None:
    story = Story().charging()
    story.answers = True
    story.reported = {Fault.GROUND: "tripped"}
    story.run(1)
    story.reported = {}
    story.run(60)
    assert Fault.GROUND in story.step.faults

    cleared = story.evse.acknowledge(story.now)

    assert [str(event) for event in cleared] == ["MREC2GroundFailure cleared: acknowledged"]
    story.until(lambda: story.closed, within_s=10)


def test_acknowledging_does_not_end_what_ends_by_unplugging() -> None:
    story = Story().charging()
    story.car(5.62, low_v=-5.62)
    story.run(1)

    assert story.evse.acknowledge(story.now) == ()
    assert Fault.DIODE in story.evse.faults


def test_a_latched_fault_of_an_earlier_life_keeps_everything_off() -> None:
    story = Story(state="B")
    story.evse.restore({Fault.PERMANENT: "three crashes within an hour"})
    story.car("C")

    assert story.run(20).outputs == Outputs(STEADY, 0)
