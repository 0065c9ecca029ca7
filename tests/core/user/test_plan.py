# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of a plan, and when its goals are due."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from evsed.core.user.plan import ChargePlan, Goal

VIENNA = ZoneInfo("Europe/Vienna")
FRIDAY = datetime(2026, 11, 27, 20, 0, tzinfo=VIENNA)


def due(text: str, local: datetime = FRIDAY) -> str:
    plan = ChargePlan.parse(text).dated(local, VIENNA)
    found = plan.next_goal(local, VIENNA) if plan else None
    assert found is not None
    return f"{datetime.fromtimestamp(found[0], VIENNA):%a %d %H:%M}"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("20kWh by 7:00", "20 kWh by 07:00"),
        ("20.5 kwh  by  monday-fri 07:00", "20.5 kWh by Mon-Fri 07:00"),
        ("20 kWh by 2026-12-24 07:00", "20 kWh by 2026-12-24 07:00"),
        (
            "20 kWh by Mon,Wed 07:00 , 5 kWh by Sat 10:30",
            "20 kWh by Mon,Wed 07:00, 5 kWh by Sat 10:30",
        ),
        ("40-80 % of 58 kWh by 07:00", "25.8 kWh by 07:00"),
        ("0-100% of 45kWh by Sun 07:00", "50 kWh by Sun 07:00"),
    ],
)
def test_a_plan_is_read_and_written_in_one_form(text: str, form: str) -> None:
    assert str(ChargePlan.parse(text)) == form
    assert ChargePlan.parse(form) == ChargePlan.parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "energy and time"),
        ("by 07:00", "energy and time"),
        ("20 kWh by 7", "energy and time"),
        ("20 kWh by 07:60", "60 minutes"),
        ("20 kWh by 24:00", "23:59"),
        ("0 kWh by 07:00", "0.1 to 1000"),
        ("2000 kWh by 07:00", "0.1 to 1000"),
        ("20 kWh by Moon 07:00", "is no day"),
        ("20 kWh by 2026-02-30 07:00", "is no date"),
        ("80-40 % of 58 kWh by 07:00", "must rise"),
        ("10-140 % of 58 kWh by 07:00", "must rise"),
        (", ".join(["20 kWh by 07:00"] * 15), "1 to 14 goals"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ChargePlan.parse(text)


def test_a_goal_for_once_gets_the_next_date_with_its_time() -> None:
    assert (
        str(ChargePlan.parse("20 kWh by 07:00").dated(FRIDAY, VIENNA))
        == "20 kWh by 2026-11-28 07:00"
    )
    assert (
        str(ChargePlan.parse("20 kWh by 23:00").dated(FRIDAY, VIENNA))
        == "20 kWh by 2026-11-27 23:00"
    )
    dated = ChargePlan.parse("20 kWh by 2026-12-24 07:00")
    assert dated.dated(FRIDAY, VIENNA) == dated
    assert ChargePlan.parse("20 kWh by 2026-11-27 19:59").dated(FRIDAY, VIENNA) is None
    assert Goal(20.0, 420).due_at(FRIDAY, VIENNA) is None  # without a date it is not due


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("20 kWh by Mon-Fri 07:00", "Mon 30 07:00"),
        ("20 kWh by Fri 20:01", "Fri 27 20:01"),
        ("20 kWh by Fri 20:00", "Fri 04 20:00"),
        ("20 kWh by Mon-Fri 07:00, 40 kWh by Sat 10:00", "Sat 28 10:00"),
        ("20 kWh by Mon-Fri 07:00, 40 kWh by 06:00", "Sat 28 06:00"),
    ],
)
def test_the_first_goal_to_be_due_is_the_next(text: str, when: str) -> None:
    assert due(text) == when


def test_a_night_in_which_the_clock_is_changed_is_an_hour_shorter_or_longer() -> None:
    for day, hours in ((datetime(2026, 3, 28, 22, tzinfo=VIENNA), 8), (FRIDAY, 9)):
        evening = day.replace(hour=22)
        plan = ChargePlan.parse("20 kWh by 07:00").dated(evening, VIENNA)
        found = plan.next_goal(evening, VIENNA) if plan else None
        assert found is not None
        assert (found[0] - evening.timestamp()) / 3600 == hours
    autumn = datetime(2026, 10, 24, 22, tzinfo=VIENNA)
    found = ChargePlan.parse("20 kWh by Sun 07:00").next_goal(autumn, VIENNA)
    assert found is not None
    assert (found[0] - autumn.timestamp()) / 3600 == 10


def test_a_time_that_the_clock_leaves_out_is_an_hour_later_on_it() -> None:
    assert due("20 kWh by 02:30", datetime(2026, 3, 28, 22, tzinfo=VIENNA)) == "Sun 29 03:30"


def test_goals_for_once_that_are_over_leave_the_plan() -> None:
    plan = ChargePlan.parse("20 kWh by 2026-11-27 19:00, 40 kWh by Sat 10:00")
    assert str(plan.after(FRIDAY, VIENNA)) == "40 kWh by Sat 10:00"
    assert ChargePlan.parse("20 kWh by 2026-11-27 19:00").after(FRIDAY, VIENNA) is None
    whole = ChargePlan.parse("40 kWh by Sat 10:00")
    assert whole.after(FRIDAY, VIENNA) is whole
