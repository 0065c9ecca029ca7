# SPDX-License-Identifier: GPL-3.0-or-later
"""EnergyStats: the windows of the original over records of sessions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from evsed.core.energy.energy_stats import (
    EnergyRecord,
    EnergyStats,
    day_number,
    day_of_record,
    energy_stats,
)

TODAY = date(2026, 11, 22)


def record(days_ago: int, energy_kwh: float) -> EnergyRecord:
    return EnergyRecord(TODAY - timedelta(days=days_ago), energy_kwh, hours=1.0)


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(2020, 1, 1), 1),
        (date(2020, 10, 9), 283),
        (date(2022, 9, 26), 999),
        (date(2022, 9, 27), 1000),
        (date(2026, 11, 22), 326 + 2191),  # 6 x 365.25 = 2191.5
    ],
)
def test_days_are_numbered_as_the_original_does(day: date, number: int) -> None:
    assert day_number(day) == number


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2025, 1, 1), date(2024, 1, 1)])
def test_a_record_keeps_the_day_of_its_stamp_where_the_numbers_slip(day: date) -> None:
    assert day_of_record(day, day_number(day)) == day
    assert day_number(date(2024, 12, 31)) == day_number(date(2025, 1, 1))


def test_a_record_whose_stamp_and_number_disagree_goes_by_its_number() -> None:
    assert day_of_record(TODAY, day_number(TODAY) - 40) == TODAY - timedelta(days=40)


def test_each_window_ends_today_and_has_as_many_days_as_it_says() -> None:
    records = [record(days, 1.0) for days in (400, 365, 364, 90, 89, 30, 29, 5, 4, 1, 0)]

    stats = energy_stats(records, TODAY)

    assert (stats.year_kwh, stats.days_30_kwh, stats.days_5_kwh, stats.today_kwh) == (9, 5, 3, 1)


def test_a_mean_is_over_the_days_on_which_charging_occurs() -> None:
    records = [record(80, 9.0), record(20, 4.0), record(3, 1.0), record(0, 2.0), record(0, 4.0)]

    stats = energy_stats(records, TODAY)

    assert stats.mean_90_kwh == pytest.approx(20 / 4)
    assert stats.mean_30_kwh == pytest.approx(11 / 3)
    assert stats.mean_5_kwh == pytest.approx(7 / 2)


def test_the_originals_mark_of_a_day_without_a_charge_is_no_day_of_charging() -> None:
    stats = energy_stats([record(1, 3.0), record(0, 0.0)], TODAY)

    assert stats.mean_5_kwh == 3.0
    assert stats.session_kwh == 0.0


def test_the_last_session_is_the_last_whatever_its_day() -> None:
    assert energy_stats([record(0, 1.0), record(900, 7.5)], TODAY).session_kwh == 7.5


def test_a_record_from_the_future_counts_in_no_window() -> None:
    """The clock was wrong once, and was put right."""
    stats = energy_stats([record(-1, 5.0)], TODAY)

    assert stats.year_kwh == stats.today_kwh == stats.mean_90_kwh == 0


def test_without_records_everything_is_nothing() -> None:
    assert energy_stats([], TODAY) == EnergyStats(0, 0, 0, 0, 0, 0, 0, 0)
