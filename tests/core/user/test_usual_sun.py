# SPDX-License-Identifier: GPL-3.0-or-later
"""The usual sun: the median of the last days, by the quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from evsed.core.energy.history import DayTrace, TraceRow
from evsed.core.user.usual_sun import usual_sun

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def day(n: int, noon_w: int | None, *, every_s: int = 60) -> DayTrace:
    """A day of which the quarter of an hour from noon on is known, or is not."""
    at = round((NOON + timedelta(days=n)).timestamp())
    rows = tuple(
        TraceRow(at + after_s, every_s, noon_w, 0, 0, None, "A")
        for after_s in range(0, 900, every_s)
    )
    return DayTrace(date(2026, 11, 20 + n), NOON, every_s, rows)


def test_the_median_of_the_days_is_usual() -> None:
    sun = usual_sun([day(0, 1000), day(1, 9000), day(2, 2000)], UTC)
    assert sun is not None
    assert (sun.days, sun.at(NOON), sun.at(NOON + timedelta(minutes=14))) == (3, 2000, 2000)
    assert sun.at(NOON + timedelta(minutes=15)) == 0


def test_a_day_that_is_thinned_counts_like_one_in_minutes() -> None:
    sun = usual_sun([day(0, 1000), day(1, 3000, every_s=900), day(2, 2000, every_s=900)], UTC)
    assert sun is not None
    assert sun.at(NOON) == 2000


def test_two_days_are_no_habit_and_a_day_that_knows_nothing_is_none() -> None:
    assert usual_sun([day(0, 1000), day(1, 9000), day(2, None)], UTC) is None


def test_a_time_that_only_two_days_know_is_dark() -> None:
    days = [day(0, 1000), day(1, 1000), day(2, 1000), DayTrace(date(2026, 11, 19), NOON, 900, ())]
    hour_later = TraceRow(
        round((NOON + timedelta(hours=1)).timestamp()), 900, 5000, 0, 0, None, "A"
    )
    days[0] = DayTrace(days[0].day, NOON, 900, (*days[0].rows, hour_later))
    sun = usual_sun(days, UTC)
    assert sun is not None
    assert (sun.days, sun.at(NOON), sun.at(NOON + timedelta(hours=1))) == (3, 1000, 0)


def test_the_quarters_are_those_of_the_clock_on_the_wall() -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    sun = usual_sun([day(0, 1000), day(1, 1000), day(2, 1000)], zone)
    assert sun is not None
    assert sun.at(NOON.astimezone(zone)) == 1000
    assert sun.at(NOON) == 0


def test_the_days_themselves_are_what_is_ahead() -> None:
    sun = usual_sun([day(0, 1000), day(1, 9000), day(2, None), day(3, -200)], UTC)
    assert sun is not None

    ahead = sun.ahead(NOON + timedelta(minutes=14))
    assert [day_w[0] for day_w in ahead.days_w] == [1000, 9000, -200]
    assert {len(day_w) for day_w in ahead.days_w} == {48}
    assert ahead.captured_wh(1000.0, 4000.0) == (1000 + 4000) / 4 / 3

    later = sun.ahead(NOON + timedelta(minutes=15))
    assert later.captured_wh(1000.0, 4000.0) == 0.0
