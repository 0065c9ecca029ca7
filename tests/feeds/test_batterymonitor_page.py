# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's page: every form in which it is read, and how old the news is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.solar.allotment import Reading
from evsed.errors import FeedError
from evsed.feeds.batterymonitor import elapsed_s, find_zone, parse_page
from evsed.feeds.page_fetch import decode
from tests.feeds.batterymonitor_pages import GOOD, POWERS, VIENNA, page, stamped, with_copies

PAGES = Path(__file__).parents[1] / "pages"


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


def test_stamps_in_the_form_of_iso_8601_are_read() -> None:
    reading = parse_page(stamped("2026-11-22 11:30:02", "2026-11-22T11:30:04.5+01:00"))
    assert (reading.stamp, reading.age_s) == ("20261122113002", 2)


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
