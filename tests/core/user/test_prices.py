# SPDX-License-Identifier: GPL-3.0-or-later
"""GridPrices of a tariff, of a list, and of both, over the nights in which the clock is changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from evsed.core.user.price_list import MOST_ROWS, GivenRow, PriceList, PriceRow
from evsed.core.user.prices import GridPrices, PriceSlot
from evsed.core.user.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Iterable

VIENNA = ZoneInfo("Europe/Vienna")
NEW_YORK = ZoneInfo("America/New_York")
HOUR_S = 3600.0
NIGHTS = Tariff.parse("0.32, Mon-Fri 22:00-06:00 0.18, Sat,Sun 00:00-24:00 -0.05")
EVENING = datetime(2026, 11, 23, 20, tzinfo=VIENNA).timestamp()


def read(*rows: tuple[object, object, object], zone: ZoneInfo = VIENNA) -> PriceList:
    return PriceList.read([GivenRow(*row) for row in rows], zone)


def hours(listed: PriceList) -> list[tuple[float, float]]:
    """The length of each row in hours, and its price."""
    return [((row.end - row.begin) / HOUR_S, row.price) for row in listed.rows]


def wall(starts: Iterable[str]) -> PriceList:
    """A list by the clock on the wall whose prices count its rows; the last one lasts to 04:00."""
    texts = list(starts)
    ends = [*texts[1:], f"{texts[0][:11]}04:00"]
    return read(*((start, end, n) for n, (start, end) in enumerate(zip(texts, ends, strict=True))))


# --- the tariff ----------------------------------------------------------------------------------


def test_the_prices_of_a_night_follow_each_other_without_gaps() -> None:
    evening = EVENING + 120
    assert GridPrices(NIGHTS).slots(evening, evening + 11 * HOUR_S, VIENNA) == (
        PriceSlot(0.0, 2 * HOUR_S - 120, 0.32),
        PriceSlot(2 * HOUR_S - 120, 10 * HOUR_S - 120, 0.18),
        PriceSlot(10 * HOUR_S - 120, 11 * HOUR_S, 0.32),
    )


def test_a_night_in_which_the_clock_is_changed_has_an_hour_less_of_a_price() -> None:
    prices = GridPrices(Tariff.parse("0.32, 22:00-06:00 0.18"))
    evening = datetime(2026, 3, 28, 22, tzinfo=VIENNA).timestamp()
    assert prices.slots(evening, evening + 8 * HOUR_S, VIENNA)[0].end_s == 7 * HOUR_S


# --- the list ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-23T20:00:00+01:00", "2026-11-23T21:00:00+01:00"),
        ("2026-11-23T19:00:00Z", "2026-11-23T20:00:00Z"),
        ("2026-11-23 20:00", "2026-11-23 21:00"),
        (EVENING, EVENING + HOUR_S),
        (EVENING * 1000, (EVENING + HOUR_S) * 1000),
        (str(int(EVENING)), "2026-11-23T14:00:00-06:00"),
        (EVENING, None),
    ],
)
def test_a_moment_may_be_written_in_every_usual_way(start: object, end: object) -> None:
    assert read((start, end, "0.25")).rows == (PriceRow(EVENING, EVENING + HOUR_S, 0.25),)


def test_a_price_is_scaled_and_what_is_added_to_each_kwh_is_added() -> None:
    row = GivenRow(EVENING, None, 80)
    assert PriceList.read([row], VIENNA, scale=0.001, plus=0.15).rows[0].price == pytest.approx(
        0.23
    )


def test_rows_without_an_end_hold_until_the_next_and_the_last_as_long_as_the_one_before() -> None:
    quarters = read((EVENING, None, 1), (EVENING + 900, None, 2))
    assert hours(quarters) == [(0.25, 1), (0.25, 2)]
    day = read((EVENING, None, 1), (EVENING + 86_400, None, 2))
    assert hours(day) == [(24, 1), (1, 2)]


def test_rows_may_come_in_any_order_twice_and_overlapping() -> None:
    listed = read(
        (EVENING + HOUR_S, EVENING + 2 * HOUR_S, 2),
        (EVENING, EVENING + 1.5 * HOUR_S, 1),
        (EVENING + HOUR_S, EVENING + 2 * HOUR_S, 3),
    )
    assert hours(listed) == [(1, 1), (1, 3)]


def test_a_moment_between_two_rows_or_beside_them_has_no_price() -> None:
    listed = read((EVENING, EVENING + 60, 1), (EVENING + 120, EVENING + 180, 2))
    at = [-1, 0, 59, 60, 119, 120, 179, 180]
    expected = [None, 1, 1, None, None, 2, 2, None]
    assert [listed.price_at(EVENING + seconds) for seconds in at] == expected
    assert listed.until == EVENING + 180


@pytest.mark.parametrize("step_min", [15, 30, 60])
@pytest.mark.parametrize("with_end", [True, False])
def test_the_autumn_night_has_its_hour_twice_and_the_spring_night_leaves_it_out(
    step_min: int, *, with_end: bool
) -> None:
    for day, length_h in (
        (datetime(2026, 10, 25, tzinfo=VIENNA), 25),
        (datetime(2026, 3, 29, tzinfo=VIENNA), 23),
    ):
        begin = day.timestamp()
        count = length_h * 60 // step_min
        moments = [begin + n * step_min * 60 for n in range(count + 1)]
        texts = [datetime.fromtimestamp(at, VIENNA).strftime("%Y-%m-%dT%H:%M") for at in moments]
        listed = read(*((texts[n], texts[n + 1] if with_end else None, n) for n in range(count)))
        assert listed.rows == tuple(PriceRow(moments[n], moments[n + 1], n) for n in range(count))


def test_an_hour_that_the_clock_leaves_out_has_no_length() -> None:
    starts = [f"2026-03-29T0{hour}:00" for hour in range(4)]
    listed = wall(starts)
    assert hours(listed) == [(1, 0), (1, 1), (1, 3)]


def test_another_zone_has_its_own_nights() -> None:
    listed = read(("2026-11-01T01:00", None, 1), ("2026-11-01T01:00", None, 2), zone=NEW_YORK)
    assert listed.rows[1].begin - listed.rows[0].begin == HOUR_S


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("soon", None, 1), "row 1 has 'soon', which is no moment"),
        ((None, None, 1), "row 1 has None, which is no number"),
        ((True, None, 1), "True, which is no number"),
        ((-1, None, 1), "no moment of this century"),
        (("9999-01-01T00:00Z", None, 1), "no moment of this century"),
        ((10**400, None, 1), "which is no number"),
        ((EVENING, EVENING - 1, 1), "which does not follow its beginning"),
        ((EVENING, EVENING + 400 * 86_400, 1), "which does not follow its beginning"),
        ((EVENING, None, "cheap"), "'cheap', which is no number"),
        ((EVENING, None, "1" * 50), "which is no number"),
        ((EVENING, None, float("nan")), "nan, which is no number"),
        ((EVENING, None, 1e6), "row 1 has a price of 1e+06: its scale is wrong"),
        ((EVENING, EVENING, 1), "it has no rows"),
    ],
)
def test_what_is_no_list_is_refused_in_words(
    row: tuple[object, object, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words.replace("+", r"\+")):
        read(row)


def test_a_list_without_rows_and_one_with_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="it has no rows"):
        read()
    with pytest.raises(ValueError, match="more than 1000 rows"):
        read(*((EVENING + n, None, 1) for n in range(MOST_ROWS + 1)))


# --- for a plan ----------------------------------------------------------------------------------


def test_quarters_are_averaged_to_hours_of_the_clock_for_a_plan() -> None:
    begin = EVENING + 900
    quarters = read(*((begin + n * 900, None, n) for n in range(5)))
    assert hours(quarters.hourly()) == [(0.75, 1.0), (0.5, 3.5)]
    whole = read((EVENING, EVENING + 2 * HOUR_S, 1))
    assert whole.hourly() is whole
    mixed = read(
        (EVENING, EVENING + 2 * HOUR_S, 1), (EVENING + 2 * HOUR_S, EVENING + 2.5 * HOUR_S, 2)
    )
    assert hours(mixed.hourly()) == [(1, 1), (1, 1), (0.5, 2)]


def test_the_list_goes_before_the_tariff_which_holds_beyond_it() -> None:
    listed = read((EVENING, EVENING + HOUR_S, 0.1))
    prices = GridPrices(NIGHTS, listed)
    assert prices.price_at(EVENING, VIENNA) == 0.1
    assert prices.price_at(EVENING + HOUR_S, VIENNA) == 0.32
    assert prices.slots(EVENING, EVENING + 2 * HOUR_S, VIENNA) == (
        PriceSlot(0, HOUR_S, 0.1),
        PriceSlot(HOUR_S, 2 * HOUR_S, 0.32),
    )


def test_a_time_of_which_no_price_is_known_counts_as_the_mean_of_the_others() -> None:
    listed = read((EVENING, EVENING + HOUR_S, 0.1), (EVENING + HOUR_S, EVENING + 2 * HOUR_S, 0.3))
    found = GridPrices(None, listed).slots(EVENING, EVENING + 5 * HOUR_S, VIENNA)
    assert [slot.end_s for slot in found] == [HOUR_S, 2 * HOUR_S, 5 * HOUR_S]
    assert found[-1].price == pytest.approx(0.2)


def test_without_a_price_there_are_no_slots() -> None:
    assert GridPrices().price_at(EVENING, VIENNA) is None
    assert GridPrices().slots(EVENING, EVENING + HOUR_S, VIENNA) == ()
    over = read((EVENING - timedelta(days=1).total_seconds(), EVENING, 0.1))
    assert GridPrices(None, over).slots(EVENING, EVENING + HOUR_S, VIENNA) == ()
