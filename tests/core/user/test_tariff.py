# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kWh costs by the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from evsed.core.user.tariff import PriceSlot, Tariff

VIENNA = ZoneInfo("Europe/Vienna")
HOUR_S = 3600.0
NIGHTS = Tariff.parse("0.32, Mon-Fri 22:00-06:00 0.18, Sat,Sun 00:00-24:00 -0.05")


@pytest.mark.parametrize(
    ("day", "hour", "price"), [(23, 12, 0.32), (23, 22, 0.18), (24, 5, 0.18), (28, 12, -0.05)]
)
def test_of_ranges_that_overlap_the_first_counts(day: int, hour: int, price: float) -> None:
    assert NIGHTS.price_at(datetime(2026, 11, day, hour, tzinfo=VIENNA)) == price
    overlap = Tariff.parse("1, 00:00-24:00 2, 00:00-24:00 3")
    assert overlap.price_at(datetime(2026, 11, day, hour, tzinfo=VIENNA)) == 2


def test_one_price_is_a_tariff() -> None:
    assert Tariff.parse(" 0.3 ") == Tariff(0.3)


@pytest.mark.parametrize(
    "text", ["", "cheap", "0.3, 0.2", "0.3, 22:00-06:00", "0.3, Moon 22:00-06:00 0.2", "0,3"]
)
def test_what_is_no_tariff_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"it must be|is no day"):
        Tariff.parse(text)


def test_the_prices_of_a_night_follow_each_other_without_gaps() -> None:
    evening = datetime(2026, 11, 23, 20, 2, tzinfo=VIENNA).timestamp()
    assert NIGHTS.slots(evening, evening + 11 * HOUR_S, VIENNA) == (
        PriceSlot(0.0, 2 * HOUR_S - 120, 0.32),
        PriceSlot(2 * HOUR_S - 120, 10 * HOUR_S - 120, 0.18),
        PriceSlot(10 * HOUR_S - 120, 11 * HOUR_S, 0.32),
    )


def test_a_night_in_which_the_clock_is_changed_has_an_hour_less_of_a_price() -> None:
    tariff = Tariff.parse("0.32, 22:00-06:00 0.18")
    evening = datetime(2026, 3, 28, 22, tzinfo=VIENNA).timestamp()
    assert tariff.slots(evening, evening + 8 * HOUR_S, VIENNA)[0].end_s == 7 * HOUR_S
