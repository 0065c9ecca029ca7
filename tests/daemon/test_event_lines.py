# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of events: each has one, until a loop makes more than one a minute."""

from __future__ import annotations

import pytest

from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.solar.allotment import AllotmentConfig, Mode
from evsed.daemon.event_lines import FAULT_AGAIN_S, MOST, SUMMED_EVERY_S, EventLines
from evsed.sim.cars.library import LIBRARY, build_car
from evsed.sim.cars.trial import Trial, TrialConfig

HOUR_S = 3600.0


def exhausted() -> EventLines:
    """Lines after a loop has used up what may come at once."""
    lines = EventLines()
    for _ in range(int(MOST)):
        assert lines.has_line(ev.CarAsked(0.0))
    assert not lines.has_line(ev.CarAsked(0.0))
    return lines


def test_a_loop_gets_one_line_a_minute() -> None:
    lines = exhausted()
    assert not lines.has_line(ev.CarStopped(59.0))
    assert lines.has_line(ev.CarAsked(61.0))
    assert not lines.has_line(ev.CarAsked(62.0))


def test_what_had_no_line_is_summed_up_once() -> None:
    lines = exhausted()
    lines.has_line(ev.ContactorOpened(10.0, causes.CAR, "the car no longer asks"))
    lines.has_line(ev.CarAsked(20.0))
    lines.has_line(ev.StateChanged(20.0, "B2", "C2"))
    assert lines.sum_up(SUMMED_EVERY_S - 1.0) is None
    summed = lines.sum_up(SUMMED_EVERY_S)
    assert str(summed) == (
        "too often for a line each, in the last 5 min: car asks for power (2 times), "
        "contactor opened (1 times)"
    )
    assert lines.sum_up(2 * SUMMED_EVERY_S) is None


def test_orders_of_people_always_have_their_line() -> None:
    assert exhausted().has_line(ev.OwnerAsked(1.0, "the page", "mode off"))


def test_a_fault_and_its_end_have_their_lines_in_a_loop_too_but_not_again_at_once() -> None:
    lines = exhausted()
    assert lines.has_line(ev.FaultRaised(1.0, "PilotFault", "the pilot is shorted to earth"))
    assert lines.has_line(ev.FaultCleared(2.0, "PilotFault", "the pilot is well"))
    assert not lines.has_line(ev.FaultRaised(3.0, "PilotFault", "the pilot is shorted to earth"))
    assert not lines.has_line(ev.FaultCleared(4.0, "PilotFault", "the pilot is well"))
    again_at = 2 + FAULT_AGAIN_S
    assert lines.has_line(ev.FaultRaised(again_at, "PilotFault", "the pilot is shorted to earth"))


@pytest.mark.parametrize("name", LIBRARY)
def test_no_car_writes_more_than_a_line_a_minute_for_long(name: str) -> None:
    rules = AllotmentConfig(semantics="battery_power", max_current_a=16.0)
    played = Trial(build_car(name), lambda _: 3000.0, TrialConfig(rules=rules, mode=Mode.SOLAR))
    played.run(2 * HOUR_S)
    lines = EventLines()
    written = 0
    for event in played.events:
        written += lines.sum_up(event.at) is not None
        written += lines.has_line(event)
    assert written <= MOST + 2 * HOUR_S / 60
