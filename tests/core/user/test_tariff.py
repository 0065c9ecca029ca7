# SPDX-License-Identifier: GPL-3.0-or-later
"""The price of a kWh by the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from evsed.core.user.tariff import Tariff

VIENNA = ZoneInfo("Europe/Vienna")
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
