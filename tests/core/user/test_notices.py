# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of what happens is worth a message, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evsed.core.user.notices import Message, NoticeKind, Notices, PlanSeen, Situation

EVENING = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)
NOTHING = Situation(plugged=False)
PLUGGED = Situation(plugged=True, state="Car connected, nothing on offer")
CHARGING = Situation(plugged=True, closed=True, charge="4.00 kWh")
PLAN = PlanSeen(due=1e9, text="The plan: 20 kWh", reached=False, short=False, begins_s=7200.0)


class Life:
    """One life of the notices, a second at a time, from half past nine in the evening."""

    def __init__(self, remind_min: int | None = 22 * 60) -> None:
        self.notices = Notices(remind_min)
        self.now = 100.0

    @property
    def local(self) -> datetime:
        return EVENING + timedelta(seconds=self.now - 100.0)

    def pass_(self, seconds: int, seen: Situation) -> list[Message]:
        """All notices of so many seconds."""
        found: list[Message] = []
        for _ in range(seconds):
            self.now += 1.0
            found += self.notices.update(self.now, self.local, seen)
        return found

    def charge(self, wh: float, start_wh: float = 0.0) -> list[Message]:
        begin = self.pass_(1, replace(CHARGING, session_wh=start_wh))
        return begin + self.pass_(1, replace(CHARGING, session_wh=start_wh + wh))


def kinds(found: list[Message]) -> list[NoticeKind]:
    return [notice.kind for notice in found]


def test_a_charge_that_the_car_ends_is_done_once() -> None:
    life = Life(None)
    assert life.charge(4000.0) == []
    done = replace(PLUGGED, finished=True, session_wh=4000.0, charge="4.00 kWh")
    assert life.pass_(1000, done) == [Message(NoticeKind.DONE, "4.00 kWh; the car has finished")]
    assert life.charge(50.0, 4000.0) == []  # it keeps its battery warm
    assert life.pass_(100, replace(done, session_wh=4050.0)) == []
    assert life.charge(500.0, 4050.0) == []
    assert len(life.pass_(100, replace(done, session_wh=4600.0))) == 1


def test_a_pause_by_the_sun_is_not_the_end_of_a_charge() -> None:
    life = Life(None)
    life.charge(4000.0)
    assert life.pass_(3600, replace(PLUGGED, session_wh=4000.0, limited_by="feed")) == []


def test_a_limit_of_the_session_that_lasts_is_the_end_of_a_charge() -> None:
    life = Life(None)
    life.charge(4000.0)
    limited = replace(PLUGGED, session_wh=4000.0, limited_by="session", charge="4.00 kWh")
    assert life.pass_(50, limited) == []
    assert life.pass_(60, limited) == [
        Message(NoticeKind.DONE, "4.00 kWh; the limit of this session is reached")
    ]


def test_another_car_begins_anew_and_an_unplugged_one_is_not_done() -> None:
    life = Life(None)
    life.charge(4000.0)
    life.pass_(10, NOTHING)
    finished = replace(PLUGGED, finished=True, session_wh=20.0)
    life.charge(20.0)
    assert life.pass_(10, finished) == []
    life.charge(90.0)  # the pilot did not show the change
    assert life.pass_(10, replace(finished, session_wh=90.0)) == []


def test_a_goal_that_is_reached_is_told_once_also_while_the_sun_goes_on() -> None:
    life = Life(None)
    life.charge(4000.0)
    reached = replace(PLAN, reached=True, text="The plan: 4 kWh by Sat 07:00: reached")
    seen = replace(CHARGING, session_wh=4000.0, plan=reached)
    assert life.pass_(100, seen) == [Message(NoticeKind.DONE, f"4.00 kWh; {reached.text}")]
    later = replace(seen, plan=replace(reached, due=2e9))
    assert len(life.pass_(100, later)) == 1


def test_a_fault_is_reported_when_it_lasts_and_again_only_after_an_hour_without_it() -> None:
    life = Life(None)
    faulty = replace(PLUGGED, faults={"DiodeFault": "No diode; have the car looked at"})
    assert life.pass_(9, faulty) == []
    assert life.pass_(10, PLUGGED) == []
    for _ in range(5):
        found = life.pass_(30, faulty)
        assert kinds(found) == ([NoticeKind.FAULT] if _ == 0 else [])
        life.pass_(600, PLUGGED)
    life.pass_(3600, PLUGGED)
    assert life.pass_(30, faulty) == [Message(NoticeKind.FAULT, "No diode; have the car looked at")]
    both = replace(faulty, faults={**faulty.faults, "PilotFault": "The pilot is not right"})
    assert life.pass_(30, both) == [Message(NoticeKind.FAULT, "The pilot is not right")]


def test_a_car_that_is_not_plugged_in_at_the_set_time_is_missed_once_an_evening() -> None:
    life = Life()
    assert life.pass_(1790, NOTHING) == []
    assert life.pass_(3600, NOTHING) == [
        Message(NoticeKind.NOT_PLUGGED, "no car is plugged in at 22:00")
    ]
    life.now += 86_400 - 3600
    assert len(life.pass_(3600, NOTHING)) == 1


@pytest.mark.parametrize("seen", [PLUGGED, Situation(plugged=None)])
def test_a_car_that_is_there_or_not_known_is_not_missed(seen: Situation) -> None:
    assert Life().pass_(6000, seen) == []


def test_an_evsed_that_starts_late_at_night_misses_nobody() -> None:
    life = Life()
    life.now += 2 * 3600
    assert life.pass_(3600, NOTHING) == []
    assert Life(None).pass_(3600, NOTHING) == []


def test_a_plan_that_stays_short_is_in_danger_once_for_each_goal() -> None:
    life = Life(None)
    short = replace(PLUGGED, plan=replace(PLAN, short=True))
    assert life.pass_(200, short) == []
    assert life.pass_(10, replace(PLUGGED, plan=PLAN)) == []
    assert life.pass_(1000, short) == [Message(NoticeKind.PLAN, "The plan: 20 kWh")]
    next_day = replace(PLUGGED, plan=replace(PLAN, short=True, due=2e9))
    assert kinds(life.pass_(1000, next_day)) == [NoticeKind.PLAN]


def test_a_plan_that_begins_soon_without_a_car_is_in_danger() -> None:
    life = Life(None)
    assert life.pass_(10, replace(NOTHING, plan=PLAN)) == []
    soon = replace(PLAN, begins_s=1700.0)
    assert life.pass_(10, replace(PLUGGED, plan=soon)) == []
    assert kinds(life.pass_(10, replace(NOTHING, plan=soon))) == [NoticeKind.PLAN]


def test_a_car_that_sleeps_on_is_reported_once_until_it_charges() -> None:
    life = Life(None)
    asleep = replace(PLUGGED, idle=True, state="it was called twice")
    assert life.pass_(890, asleep) == []
    assert life.pass_(1000, asleep) == [Message(NoticeKind.ASLEEP, "it was called twice")]
    life.pass_(10, PLUGGED)
    assert life.pass_(1000, asleep) == []
    life.charge(50.0)
    assert kinds(life.pass_(1000, asleep)) == [NoticeKind.ASLEEP]
