# SPDX-License-Identifier: GPL-3.0-or-later
"""The expected end of a charge."""

from datetime import UTC, datetime

import pytest

from evsed.core.energy.sessions import EndReason, SessionRecord
from evsed.core.user.controls import Controls
from evsed.core.user.expected_end import (
    EndBy,
    ExpectedEnd,
    MeanPower,
    expected_end,
    usual_wh,
)
from evsed.core.user.weekly_window import WeeklyWindow

FRIDAY_NOON = datetime(2026, 11, 27, 12, 0, 30, tzinfo=UTC)
BEGUN = SessionRecord(id="1", started=FRIDAY_NOON, energy_wh=4000.0, charge_s=3600.0)


def past(energy_wh: float, reason: EndReason = EndReason.CAR) -> SessionRecord:
    return SessionRecord(id="x", started=FRIDAY_NOON, energy_wh=energy_wh, reason=reason)


def test_a_limit_in_kilowatt_hours_ends_when_they_are_charged() -> None:
    end = expected_end(Controls(session_kwh=10), BEGUN, 3000.0, None, FRIDAY_NOON)
    assert end == ExpectedEnd(7200.0, EndBy.SESSION)


def test_a_limit_in_hours_ends_when_they_are_used_up() -> None:
    end = expected_end(Controls(session_h=1.5), BEGUN, 3000.0, None, FRIDAY_NOON)
    assert end == ExpectedEnd(1800.0, EndBy.SESSION)


def test_the_window_ends_a_charge_and_of_two_ends_the_first_counts() -> None:
    controls = Controls(session_kwh=10, window=WeeklyWindow.parse("10:00-13:00"))
    end = expected_end(controls, BEGUN, 3000.0, None, FRIDAY_NOON)
    assert end == ExpectedEnd(3570.0, EndBy.SCHEDULE)


@pytest.mark.parametrize("window", ["10:00-12:00", "00:00-24:00"])
def test_a_window_that_is_closed_or_never_closes_ends_no_charge(window: str) -> None:
    controls = Controls(session_kwh=10, window=WeeklyWindow.parse(window))
    end = expected_end(controls, BEGUN, 3000.0, None, FRIDAY_NOON)
    assert end == ExpectedEnd(7200.0, EndBy.SESSION)


def test_without_a_limit_the_usual_energy_ends_it() -> None:
    end = expected_end(Controls(), BEGUN, 2000.0, 9000.0, FRIDAY_NOON)
    assert end == ExpectedEnd(9000.0, EndBy.HABIT)


@pytest.mark.parametrize("power_w", [0.0, 1.0])
def test_nothing_is_expected_without_power_or_beyond_two_days(power_w: float) -> None:
    controls = Controls(session_kwh=10)
    assert expected_end(controls, BEGUN, power_w, None, FRIDAY_NOON) is None


def test_a_charge_that_has_more_than_usual_has_no_expected_end() -> None:
    assert expected_end(Controls(), BEGUN, 2000.0, 3000.0, FRIDAY_NOON) is None


def test_a_habit_is_the_median_of_the_charges_that_the_car_ended() -> None:
    sessions = [past(8000.0), past(100.0), past(50_000.0, EndReason.OWNER), past(9000.0)]
    assert usual_wh(sessions) is None
    assert usual_wh([*sessions, past(20_000.0)]) == 9000.0


def test_only_the_newest_charges_make_a_habit() -> None:
    assert usual_wh([past(5000.0)] * 10 + [past(20_000.0)] * 30) == 5000.0


def test_the_mean_power_follows_within_minutes_and_ends_with_the_current() -> None:
    mean = MeanPower()
    assert mean.update(0.0, 3000.0) == 3000.0
    assert mean.update(60.0, 1000.0) == pytest.approx(2637, abs=1)
    assert mean.update(1860.0, 1000.0) == pytest.approx(1004, abs=1)
    assert mean.update(1861.0, 0.0) == 0.0
    assert mean.update(1900.0, 7000.0) == 7000.0


@pytest.mark.parametrize(
    ("window", "seconds"),
    [
        ("10:00-13:00", 3570.0),
        ("10:00-12:00", None),
        ("Fri 10:00-12:05, Fri 12:05-12:10", 570.0),
        ("Fri 10:00-24:00, Sat 00:00-01:00", 13 * 3600 - 30.0),
        ("Thu 22:00-20:00", 8 * 3600 - 30.0),
        ("Mon-Sun 00:00-24:00", None),
    ],
)
def test_the_window_knows_when_it_closes(window: str, seconds: float | None) -> None:
    assert WeeklyWindow.parse(window).closes_in_s(FRIDAY_NOON) == seconds
