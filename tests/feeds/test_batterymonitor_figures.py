# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of BatteryMonitor's page: what is believed, and what is refused."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.errors import FeedError
from evsed.feeds.batterymonitor import parse_page
from tests.feeds.batterymonitor_pages import (
    EXCESS,
    GOOD,
    MAXIMUM,
    POWERS,
    STAMPS,
    VIENNA,
    WATTS,
    page,
    stamped,
    with_copies,
)


@pytest.mark.parametrize("label", POWERS)
@pytest.mark.parametrize(
    ("copies", "words"),
    [
        ([], 'has no "{}"'),
        (["70W"], '"{}" only once'),
        (["70W", "71W"], 'copies of "{}" differ'),
        (["70W", "7W"], 'copies of "{}" differ'),
        (["70W", "70W", "71W"], 'copies of "{}" differ'),
        (["nanW", "nanW"], "not a number of watts"),
        (["INFW", "INFW"], "not a number of watts"),
        (["70", "70"], "not a number of watts"),
        (["7_0W", "7_0W"], "not a number of watts"),
        (["٧W", "٧W"], "not a number of watts"),  # noqa: RUF001 - a digit, though not ours
        (["1e999W", "1e999W"], "not a number of watts"),
        (["currentW", "currentW"], "Update excesspwr.php and summary.py"),
    ],
)
def test_a_power_that_cannot_be_believed_is_refused_by_name(
    label: str, copies: list[str], words: str
) -> None:
    if label == MAXIMUM and not copies:
        return
    with pytest.raises(FeedError, match=words.format(label)) as refusal:
        parse_page(with_copies(label, *copies))

    assert "evsed goes by the last news until that is too old" in str(refusal.value)


@pytest.mark.parametrize(
    "figure", ["125840W", "-1111111W", "1e7W", "-4.2E6W", "1834.0W", "-0.0W", "1e-05W", "+1834W"]
)
def test_any_finite_figure_is_believed(figure: str) -> None:
    """A battery of 60 kWh that is half empty is 1.8 MW from its target."""
    assert parse_page(with_copies(EXCESS, figure, figure)).excess_w == float(figure[:-1])


@pytest.mark.parametrize(
    ("written", "watts"),
    [
        ("[1834.0]W", 1834),
        ("[0]W", 0),
        ("'1834'W", 1834),
        ("1,834 W", 1834),
        ("1.834kW", 1834),
        ("-0.5 KW", -500),
        ("-12,345,678W", -12_345_678),
        ("1834w", 1834),
        ("1834 Watts", 1834),
        ("(1834.0,)W", 1834),
        ("np.float64(1834.5)W", 1834.5),
        ("['1834.0']W", 1834),
        ("1834.W", 1834),
        ("-.5W", -0.5),
        ("1'834W", 1834),
        ("12\N{NARROW NO-BREAK SPACE}834W", 12_834),
        ("&minus;1834W", -1834),
    ],
)
def test_a_figure_may_be_a_list_of_one_or_quoted_or_written_for_people(
    written: str, watts: float
) -> None:
    assert parse_page(with_copies(EXCESS, written, written)).excess_w == watts


@pytest.mark.parametrize(
    "odd", ["1,834kW", "1834,0W", "[1834.0, 0]W", "- 1834W", ".W", "1,83W", "np.floatW", "0x10W"]
)
def test_a_figure_that_may_mean_something_else_is_refused(odd: str) -> None:
    with pytest.raises(FeedError, match="not a number of watts"):
        parse_page(with_copies(EXCESS, odd, odd))


def test_the_same_figure_three_times_is_as_whole_as_twice() -> None:
    assert parse_page(with_copies(EXCESS, "70W", "70W", "70W")).excess_w == 70


def test_a_page_without_a_maximum_has_none() -> None:
    """BatteryMonitor before February 2021."""
    whole = "<html><body>" + with_copies(MAXIMUM) + "</body></html>"
    assert parse_page(whole).maximum_w is None
    with pytest.raises(FeedError, match="torn"):
        parse_page(whole.replace("</body></html>", ""))


@pytest.mark.parametrize("empty", ["W", "NoneW", "[None]W"])
def test_a_maximum_whose_place_is_empty_is_none(empty: str) -> None:
    """PHP prints nothing for the second number of a list of one."""
    notice = "<b>Error:</b> [2] Undefined array key 1"
    lines = [line for line in GOOD if MAXIMUM not in line]
    assert parse_page(page(*lines, *[f"{notice}{MAXIMUM} {empty}"] * 2)).maximum_w is None


def test_a_maximum_below_zero_allows_nothing() -> None:
    """Inverters that are counted as none on."""
    assert parse_page(with_copies(MAXIMUM, "-1500W", "-1500W")).maximum_w == 0


def test_a_minimum_below_zero_demands_nothing() -> None:
    assert parse_page(with_copies("Minimum demand energy", "-1W", "-1W")).minimum_w == 0


@pytest.mark.parametrize(
    "nothing", ["-0W", "0.0W", "0kW", "0.0 kW", "0", "0,0W", "0W.", "0 Wh", "0W (max)", "['0']W"]
)
def test_a_maximum_of_nothing_is_obeyed_however_it_is_written(nothing: str) -> None:
    text = with_copies(MAXIMUM, nothing, nothing)
    try:
        maximum_w = parse_page(text).maximum_w
    except FeedError as error:
        maximum_w = error.maximum_w
    assert maximum_w == 0


def test_a_maximum_of_nothing_is_obeyed_where_the_other_copy_is_not_yet_written() -> None:
    with pytest.raises(FeedError) as torn:
        parse_page(with_copies(MAXIMUM, "5000W", "0W"))
    assert torn.value.maximum_w == 0


@pytest.mark.parametrize("odd", ["0x10W", "0.5e", "01W?", "00.50 of 3"])
def test_a_maximum_that_only_begins_with_nothing_is_not_taken_for_it(odd: str) -> None:
    with pytest.raises(FeedError) as refused:
        parse_page(with_copies(MAXIMUM, odd, odd))
    assert refused.value.maximum_w is None


def test_a_maximum_is_stronger_than_a_minimum() -> None:
    reading = parse_page(with_copies("Minimum demand energy", "5001W", "5001W"))
    assert (reading.minimum_w, reading.maximum_w) == (5000, 5000)


@pytest.mark.parametrize(
    ("odd", "maximum", "maximum_w"),
    [
        ((EXCESS, "nanW", "nanW"), "0W", 0),
        ((EXCESS, "70W", "71W"), "0W", 0),
        ((EXCESS,), "0W", 0),
        (("Timestamp", "Float"), "0W", 0),
        (("Minimum demand energy", "currentW", "currentW"), "3500W", 3500),
        ((EXCESS, "nanW", "nanW"), "currentW", None),
        ((EXCESS, "", ""), "np.int64(0)W", 0),
    ],
)
def test_the_maximum_is_obeyed_on_a_page_whose_other_figures_are_odd(
    odd: tuple[str, ...], maximum: str, maximum_w: float | None
) -> None:
    label, *copies = odd
    text = with_copies(label, *copies).replace(f"{MAXIMUM}  5000W", f"{MAXIMUM} {maximum}")
    with pytest.raises(FeedError) as refusal:
        parse_page(text)
    assert refusal.value.page_came
    assert refusal.value.maximum_w == maximum_w


@given(st.tuples(STAMPS, STAMPS), st.tuples(WATTS, WATTS, WATTS))
def test_whatever_the_figures_are_what_is_believed_is_in_range(
    stamps: tuple[datetime, datetime], powers: tuple[float, float, float]
) -> None:
    text = stamped(*(f"{stamp:%Y%m%d%H%M%S}" for stamp in stamps))
    for old, power_w in zip(("1834W", "0W", " 5000W"), powers, strict=True):
        text = text.replace(f" {old}", f" {power_w}W")
    try:
        reading = parse_page(text, VIENNA)
    except FeedError:
        return

    assert reading.maximum_w is not None
    assert 0 <= reading.minimum_w <= reading.maximum_w < math.inf
    assert math.isfinite(reading.excess_w)
    assert reading.age_s >= 0
