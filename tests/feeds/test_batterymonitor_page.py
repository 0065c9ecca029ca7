# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's page: what is believed, what is refused, and how old the news is."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.solar.allotment import Reading
from evsed.errors import FeedError
from evsed.feeds.batterymonitor import elapsed_s, find_zone, parse_page

PAGES = Path(__file__).parents[1] / "pages"

GOOD = [
    "Current Time 20261122113004",
    "Timestamp 20261122113002",
    "Excess solar power available 1834W",
    "Excess solar power available 1834W",
    "Minimum demand energy 0W",
    "Minimum demand energy 0W",
    "Maximum demand energy  5000W",
    "Maximum demand energy  5000W",
]


def zone_by_rule(rule: str) -> ZoneInfo:
    """A zone made of a POSIX rule alone, so that the tests need no zone files on the machine."""

    def block(version: bytes, counts: tuple[int, ...], data: bytes) -> bytes:
        return b"TZif" + version + bytes(15) + struct.pack(">6l", *counts) + data

    one_type = struct.pack(">lBB", 0, 0, 0) + b"UTC\0"  # RFC 8536: one type, no transitions
    counts = (0, 0, 0, 0, 1, 4)
    whole = block(b"2", counts, one_type) * 2 + b"\n" + rule.encode() + b"\n"
    return ZoneInfo.from_file(io.BytesIO(whole))


VIENNA = zone_by_rule("CET-1CEST,M3.5.0,M10.5.0/3")


def page(*lines: str) -> str:
    return "".join(f"<p>{line}</p>\n" for line in lines)


def stamped(stamp: str, now: str) -> str:
    return page(f"Current Time {now}", f"Timestamp {stamp}", *GOOD[2:])


def with_copies(label: str, *copies: str) -> str:
    return page(*(line for line in GOOD if label not in line), *(f"{label} {c}" for c in copies))


@pytest.mark.parametrize(
    ("name", "excess_w", "minimum_w", "maximum_w", "age_s"),
    [
        ("across-the-hour", 2210, 0, 5000, 61),
        ("before-the-hour", 2210, 0, 5000, 57),
        ("minimum-demand", -3000, 1500, 5000, 2),
        ("near-midnight", -612, 0, 3500, 56),
        ("no-charging", -2400, 0, 0, 7),
        ("stale", 990, 0, 5000, 907),
        ("surplus", 1834, 0, 5000, 2),
        ("surplus-next-minute", -105, 0, 5000, 2),
    ],
)
def test_every_page_of_the_real_batterymonitor_is_understood(
    name: str, excess_w: float, minimum_w: float, maximum_w: float, age_s: float
) -> None:
    reading = parse_page((PAGES / f"{name}.html").read_text())

    assert (reading.excess_w, reading.minimum_w, reading.maximum_w) == (
        excess_w,
        minimum_w,
        maximum_w,
    )
    assert reading.age_s == age_s


def test_no_page_of_the_real_batterymonitor_is_left_out_above() -> None:
    assert len(list(PAGES.glob("*.html"))) == 8


@pytest.mark.parametrize("end", ["  \n", "  \r\n", "\n"])
def test_the_same_lines_without_tags_say_the_same(end: str) -> None:
    text = "".join(line + end for line in GOOD)

    assert parse_page(text) == parse_page(page(*GOOD))
    assert parse_page(text).stamp == "20261122113002"


def test_the_notice_of_newer_php_is_passed_over() -> None:
    notice = "<b>Error:</b> [8192] Function strftime() is deprecated\n"

    assert parse_page(notice + page(*GOOD)) == parse_page(page(*GOOD))
    assert parse_page(page(*GOOD[:3]) + notice + page(*GOOD[3:])) == parse_page(page(*GOOD))


@pytest.mark.parametrize("written", ["-0.5W", "12.25W", "1.5E-5W", "-1.2e+3W"])
def test_a_power_may_have_a_fraction_as_php_writes_it(written: str) -> None:
    reading = parse_page(with_copies("Excess solar power available", written, written))

    assert reading.excess_w == float(written[:-1])


POWERS = ["Excess solar power available", "Minimum demand energy", "Maximum demand energy"]


@pytest.mark.parametrize("label", POWERS)
@pytest.mark.parametrize(
    ("copies", "words"),
    [
        ([], 'has no "{}"'),
        (["70W"], '"{}" only once'),
        (["70W", "70W", "70W"], '"{}" 3 times'),
        (["70W", "71W"], 'two copies of "{}" differ'),
        (["70W", "7W"], 'two copies of "{}" differ'),
        (["nanW", "nanW"], "not a number of watts"),
        (["INFW", "INFW"], "not a number of watts"),
        (["W", "W"], "not a number of watts"),
        (["70", "70"], "not a number of watts"),
        (["7_0W", "7_0W"], "not a number of watts"),
        (["٧W", "٧W"], "not a number of watts"),  # noqa: RUF001 - a digit, though not ours
        (["1e999W", "1e999W"], "outside"),
        (["100001W", "100001W"], "outside"),
        (["-100001W", "-100001W"], "outside"),
    ],
)
def test_a_power_that_cannot_be_believed_is_refused_by_name(
    label: str, copies: list[str], words: str
) -> None:
    with pytest.raises(FeedError, match=words.format(label)) as refusal:
        parse_page(with_copies(label, *copies))

    assert "evsed goes by the last news until that is too old" in str(refusal.value)


@pytest.mark.parametrize("label", POWERS[1:])
def test_a_demand_below_zero_is_refused(label: str) -> None:
    with pytest.raises(FeedError, match="outside 0 to 100000 W"):
        parse_page(with_copies(label, "-1W", "-1W"))


def test_a_minimum_over_the_maximum_is_refused() -> None:
    with pytest.raises(FeedError, match="at least 5001 W and at most 5000 W"):
        parse_page(with_copies("Minimum demand energy", "5001W", "5001W"))


@pytest.mark.parametrize("label", ["Current Time", "Timestamp"])
@pytest.mark.parametrize(
    ("copies", "words"),
    [
        ([], 'has no "{}"'),
        (["20261122113002", "20261122113002"], '"{}" 2 times'),
        (["20261322113002"], "not a time"),  # month 13
        (["20260229113002"], "not a time"),  # no leap year
        (["20261122243002"], "not a time"),
        (["20261122113060"], "not a time"),
        (["00001122113002"], "not a time"),
        (["2026112211300"], "not a time"),
        (["202611221130023"], "not a time"),
        (["2026-11-22"], "not a time"),
        (["２０２６１１２２１１３００２"], "not a time"),  # noqa: RUF001 - the point of it
    ],
)
def test_a_stamp_that_is_not_one_is_refused_by_name(
    label: str, copies: list[str], words: str
) -> None:
    with pytest.raises(FeedError, match=words.format(label)):
        parse_page(with_copies(label, *copies))


def test_a_stamp_in_the_servers_future_is_refused() -> None:
    with pytest.raises(FeedError, match="lies 1 s after its own Current Time"):
        parse_page(stamped("20261122113005", "20261122113004"))


@pytest.mark.parametrize(
    ("what", "stamp", "now", "age_s"),
    [
        ("within a minute", "20261122113002", "20261122113058", 56),
        ("across a minute", "20261122113002", "20261122113103", 61),
        ("across an hour", "20261122115902", "20261122120003", 61),
        ("across midnight", "20261122235902", "20261123000003", 61),
        ("across New Year", "20261231235902", "20270101000003", 61),
        ("across 29 February", "20280228235902", "20280301000003", 86461),
        ("forward in spring", "20260329015902", "20260329030003", 61),
        ("back in autumn", "20261025025902", "20261025020003", 61),
        ("before going back", "20261025025802", "20261025025903", 61),
        ("in the hour that comes twice", "20261025023002", "20261025023104", 62),
        ("over the whole of that hour", "20261025015902", "20261025030003", 7261),
        ("over the hour that is missing", "20260329015902", "20260329040003", 3661),
    ],
)
def test_age_is_real_time(what: str, stamp: str, now: str, age_s: float) -> None:
    assert parse_page(stamped(stamp, now), VIENNA).age_s == age_s, what


def test_a_stamp_in_the_future_is_refused_in_the_hour_that_comes_twice_too() -> None:
    """02:30 may be an hour older than 02:00 looks, but 03:30 cannot."""
    with pytest.raises(FeedError, match="after its own Current Time"):
        parse_page(stamped("20261025033002", "20261025020003"), VIENNA)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1)), st.integers(0, 1800))  # noqa: DTZ001
def test_age_is_right_at_any_moment(sampled: datetime, age_s: int) -> None:
    """For any moment and any age under half an hour, whatever the clock on the wall does."""
    moment = sampled.replace(microsecond=0, tzinfo=UTC)
    stamp, now = (
        t.astimezone(VIENNA).replace(tzinfo=None) for t in (moment, moment + timedelta(0, age_s))
    )

    assert elapsed_s(stamp, now, VIENNA) == age_s


FRAGMENTS = st.sampled_from(
    [*GOOD, *POWERS, "<p>", "</p>", "  \n", "W", "NaN", "-", "9" * 40, "Timestamp 99991231235959"]
)


@given(st.one_of(st.text(), st.lists(FRAGMENTS).map("\n".join), st.lists(FRAGMENTS).map("".join)))
def test_whatever_the_text_says_it_is_a_reading_or_a_refusal(text: str) -> None:
    try:
        assert isinstance(parse_page(text, VIENNA), Reading)
    except FeedError as refusal:
        assert len(str(refusal)) < 400  # noqa: PT017 - either outcome is right


STAMPS = st.datetimes(datetime(2026, 3, 29), datetime(2026, 3, 29, 6))  # noqa: DTZ001
WATTS = st.one_of(st.integers(-110_000, 110_000), st.floats())


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
    assert 0 <= reading.minimum_w <= reading.maximum_w <= 100_000
    assert abs(reading.excess_w) <= 100_000
    assert reading.age_s >= 0


@pytest.mark.parametrize("edge", ["00010101000000", "99991231235959"])
def test_the_ends_of_time_are_times(edge: str) -> None:
    assert parse_page(stamped(edge, edge), VIENNA).age_s == 0


@pytest.mark.parametrize("character", ["<", ">", "<p", " ", "\n", "W"])
def test_a_page_full_of_one_character_is_looked_at_once(character: str) -> None:
    """Otherwise this would take minutes."""
    with pytest.raises(FeedError):
        parse_page("Timestamp " + character * 60_000)


def test_a_time_zone_that_is_none_says_what_to_do() -> None:
    for name in ("Europe/Utopia", "../../etc/passwd", "Eur\0pe", "/", "Europe"):
        with pytest.raises(FeedError, match=r"set feed\.timezone"):
            find_zone(name)


def test_without_a_name_the_time_zone_is_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    here = find_zone(None)
    noon = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - local on purpose

    assert noon.replace(tzinfo=here).utcoffset() == noon.astimezone().utcoffset()
