# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's page: what is believed, what is refused, and how old the news is."""

from __future__ import annotations

import io
import math
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
from evsed.feeds.page_fetch import decode

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


EXCESS = "Excess solar power available"
MAXIMUM = "Maximum demand energy"
POWERS = ["Excess solar power available", "Minimum demand energy", "Maximum demand energy"]


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


CELLS = [line.rsplit(" ", 1) for line in GOOD]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in CELLS),
        "".join(f"<dt>{label}:</dt>\n<dd>{value}</dd>\n" for label, value in CELLS),
        "".join(f"<P>{label}\n   {value}</P>" for label, value in CELLS),
        "".join(f"<li><b>{label}</b> <span class=v>{value}</span>" for label, value in CELLS),
        "<pre>" + "\n".join(GOOD) + "</pre>",
        "<br/>".join(GOOD),
        page(*GOOD).replace("Excess solar power", "Excess Solar  Power"),
        "<!-- <p>Timestamp 20200101000000</p><p>Maximum demand energy 0W</p> -->" + page(*GOOD),
        page(*GOOD) + "<script>let label = 'x';\n// Excess solar power available\n</script>",
        "<b>Error:</b> [8] Undefined index: Timestamp<br>" + page(*GOOD),
        page(*GOOD) + "<!-- the end",
    ],
)
def test_the_same_lines_as_an_owner_may_have_set_them_say_the_same(text: str) -> None:
    assert parse_page(text) == parse_page(page(*GOOD))


GAPS = st.sampled_from(
    [" ", "\n", "\r\n  ", "&nbsp;", "<br>", " <BR/>\n", "\N{NO-BREAK SPACE}", "<wbr> "]
)
AROUND = st.sampled_from(
    ["{}", "<b>{}</b>", '<span class="v">{}</span>', "<label>{}</label>", "\ufeff{}\0", "{}&shy;"]
)
BETWEEN = st.sampled_from([" ", ": ", " = ", "</td><td>", "\n", "&#8203; "])
CODINGS = st.sampled_from(
    ["utf-8", "utf-8-sig"]
    + [f"utf-{bits}{order}" for bits in (16, 32) for order in ("", "-le", "-be")]
)


@given(st.data())
def test_however_the_lines_are_wrapped_marked_and_coded_they_say_the_same(
    data: st.DataObject,
) -> None:
    lines = []
    for line in GOOD:
        label, value = line.rsplit(" ", 1)
        words = "".join(word + data.draw(GAPS) for word in label.split()[:-1]) + label.split()[-1]
        between = data.draw(BETWEEN)
        lines.append(data.draw(AROUND).format(words) + between + data.draw(AROUND).format(value))
    body = "".join(f"<p>{line}</p>\n" for line in lines).encode(data.draw(CODINGS))
    assert parse_page(decode(body)) == parse_page(page(*GOOD))


@given(st.binary(max_size=200), st.integers(0, 200))
def test_bytes_that_are_no_page_are_refused_and_those_in_a_notice_passed_over(
    odd: bytes, at: int
) -> None:
    for body in (odd, "".join(GOOD).encode("utf-16")[at:] + odd):
        with pytest.raises(FeedError):
            parse_page(decode(body))
    notice = (
        b"<b>" + odd.replace(b"<", b"").replace(b"\0", b"").decode("latin-1").encode() + b"</b>"
    )
    assert parse_page(decode(page(*GOOD).encode() + notice)).excess_w == 1834


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<iframe width="9" src="http://10.0.0.9/excesspwr.php"></iframe>', "10.0.0.9/excesspwr"),
        ("<frameset><frame src=power.html></frameset>", '"power.html".*Set feed.url to the page'),
        ('<meta http-equiv="refresh" content="0; URL=/excesspwr.php">', '"/excesspwr.php"'),
        ("<script>window.location.href = '/new.php';</script>", '"/new.php"'),
        ("<script>location.replace('/new.php')</script>", '"/new.php"'),
        ("<form><input name=p type='password'></form>", "asks for a password"),
        ("<script>if (location == '/a') x();</script>", 'no "Excess solar power available"'),
    ],
)
def test_a_page_that_is_only_the_way_to_another_says_which(text: str, words: str) -> None:
    with pytest.raises(FeedError, match=words) as refused:
        parse_page(f"<html><body>{text}</body></html>")
    assert refused.value.page_came


def test_a_page_with_figures_is_read_whatever_frames_and_forms_it_has() -> None:
    more = "<iframe src=chart.html></iframe><input type=password><meta content='60; url=/a'>"
    assert parse_page(more + page(*GOOD)) == parse_page(page(*GOOD))


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


def test_stamps_in_the_form_of_iso_8601_are_read() -> None:
    reading = parse_page(stamped("2026-11-22 11:30:02", "2026-11-22T11:30:04.5+01:00"))
    assert (reading.stamp, reading.age_s) == ("20261122113002", 2)


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


def test_bold_labels_entities_and_notices_in_front_of_a_line_are_passed_over() -> None:
    text = page(*GOOD).replace("Timestamp", "<b>Timestamp</b>").replace("5000W", "<i>5000</i>W")
    text = text.replace("available 1834W", "available&nbsp;1834W")
    text = text.replace("<p>Minimum", "<p>Error: [8] Undefined offsetMinimum")
    assert parse_page(text) == parse_page(page(*GOOD))


@pytest.mark.parametrize("stamp", ["'2026112211300", "'20261122113000 '", '"20261122113000"'])
def test_a_stamp_in_quotation_marks_is_a_stamp_though_its_last_digit_is_cut_off(
    stamp: str,
) -> None:
    reading = parse_page(stamped(stamp, "20261122113004"))
    assert reading.age_s == 4
    assert reading.stamp in {"2026112211300", "20261122113000"}


@pytest.mark.parametrize("begins", ["<?php\n", "<? ", "<?=", "&lt;?php "])
def test_the_source_of_the_page_says_that_php_is_missing(begins: str) -> None:
    with pytest.raises(FeedError, match="Install PHP"):
        parse_page(begins + "$time = strftime('%Y');\n?>")


def test_the_declaration_of_xml_is_no_source() -> None:
    with pytest.raises(FeedError, match="Look at the page in a browser"):
        parse_page("<?xml version='1.0'?><html>It works!</html>")


@pytest.mark.parametrize(
    "character",
    [
        "<!--",
        "<script",
        "<!-- --",
        "<style></style",
        "Excess\n",
        "Excess <br",
        "<iframe ",
        "<meta url",
    ],
)
def test_a_page_full_of_what_is_not_shown_is_read_once(character: str) -> None:
    """Otherwise this would take minutes."""
    with pytest.raises(FeedError):
        parse_page(character * (64_000 // len(character)))


def test_letters_that_change_their_length_hide_nothing() -> None:
    """A capital I with a dot is two letters in lower case."""
    comment = "<!-- \N{LATIN CAPITAL LETTER I WITH DOT ABOVE} -->"
    assert parse_page(comment + page(*GOOD)) == parse_page(page(*GOOD))


@pytest.mark.parametrize("label", ["Current Time", "Timestamp"])
@pytest.mark.parametrize(
    ("copies", "words"),
    [
        ([], 'has no "{}"'),
        (["20261122113002", "20261122113003"], '"{}" 2 times'),
        (["20261322113002"], "not a time"),  # month 13
        (["20260229113002"], "not a time"),  # no leap year
        (["20261122243002"], "not a time"),
        (["20261122113060"], "not a time"),
        (["00001122113002"], "not a time"),
        (["202611221130"], "not a time"),
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


@pytest.mark.parametrize("ahead", ["20261122113005", "20261122193003", "20261123020004"])
def test_a_stamp_in_the_servers_future_shows_two_clocks_and_no_age(ahead: str) -> None:
    assert parse_page(stamped(ahead, "20261122113004")).age_s <= 1


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
WATTS = st.one_of(st.integers(-9_000_000, 9_000_000), st.floats())


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
