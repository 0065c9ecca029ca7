# SPDX-License-Identifier: GPL-3.0-or-later
"""Troubles of the feed are reported once each, with how long they lasted."""

from __future__ import annotations

from evsed.core.solar.feed_trouble import FeedReport, FeedTroubles, Notice


def report(kinds: list[str | None]) -> list[FeedReport]:
    """The lines of a feed that is polled each minute, with these troubles."""
    troubles = FeedTroubles()
    lines = []
    for minute, kind in enumerate(kinds):
        notice = None if kind is None else Notice(kind, f"{kind} at {minute}")
        lines += troubles.on_poll(60.0 * minute, notice)
    return lines


def texts(kinds: list[str | None]) -> list[str]:
    return [line.text for line in report(kinds)]


def test_a_night_without_a_feed_is_two_lines_and_three_with_a_change_of_its_kind() -> None:
    lines = report([None, *["unreachable"] * 299, *["status"] * 300, None, None])
    assert [line.warning for line in lines] == [True, True, False]
    assert lines[0].text == "feed: unreachable at 1"
    assert lines[1].text == "feed: status at 300"
    assert lines[2].text == "the feed is back to normal after 9 h 59 min"


def test_short_troubles_tell_their_length_too() -> None:
    for length_s, words in ((20.0, "20 s"), (150.0, "2 min"), (3600.0, "1 h 0 min")):
        troubles = FeedTroubles()
        troubles.on_poll(0.0, Notice("torn", "torn"))
        (end,) = troubles.on_poll(length_s, None)
        assert end.text.endswith(f"after {words}")


def test_a_night_in_which_every_second_page_is_torn_is_four_lines() -> None:
    night: list[str | None] = ["torn", None] * 300
    assert texts([*night, *[None] * 20]) == [
        "feed: torn at 0",
        "the feed is back to normal after 1 min",
        "feed (it comes and goes): torn at 2",
        "the feed is back to normal after 9 h 59 min",
    ]


def test_troubles_of_two_kinds_in_turn_are_two_lines_and_an_end() -> None:
    assert texts([*["torn", "slow"] * 300, None]) == [
        "feed: torn at 0",
        "feed: slow at 1",
        "the feed is back to normal after 10 h 0 min",
    ]


def test_a_kind_that_comes_back_after_long_is_reported_again() -> None:
    lines = texts([*["slow"] * 5, *["status"] * 30, "slow", None])
    assert lines[2] == "feed: slow at 35"


def test_a_trouble_of_another_kind_is_reported_also_where_one_comes_and_goes() -> None:
    night: list[str | None] = ["torn", None] * 3
    lines = texts([*night, "login", None, "login", *[None] * 16, "torn", None])
    assert lines[2:] == [
        "feed (it comes and goes): torn at 2",
        "feed: login at 6",
        "the feed is back to normal after 9 min",
        "feed: torn at 25",
        "the feed is back to normal after 1 min",
    ]


def test_what_the_readings_show_begins_and_ends_with_a_line_each() -> None:
    troubles = FeedTroubles()
    held, slow = (
        Notice("held", "the battery holds", "Mend it."),
        Notice("period", "every 300 s", "Set"),
    )
    lines = []
    for minute in range(100):
        now = tuple(n for n, least in ((held, 10), (slow, 20)) if least <= minute < 70)
        lines += [line.text for line in troubles.on_notices(60.0 * minute, now)]
    assert lines == [
        "feed: the battery holds. Mend it.",
        "feed: every 300 s. Set",
        "feed: over after 1 h 0 min: the battery holds",
        "feed: over after 50 min: every 300 s",
    ]
