# SPDX-License-Identifier: GPL-3.0-or-later
"""Troubles of the feed are reported once each, with how long they lasted."""

from __future__ import annotations

from evsed.core.solar.feed_trouble import FeedTroubles, Notice


def test_a_night_without_a_feed_is_two_lines_and_three_with_a_change_of_its_kind() -> None:
    troubles = FeedTroubles()
    lines = [troubles.update(0.0, None)]
    for minute in range(1, 600):
        kind = "unreachable" if minute < 300 else "status"
        lines.append(troubles.update(60.0 * minute, Notice(kind, f"{kind} at {minute}")))
    lines.append(troubles.update(36_000.0, None))
    lines.append(troubles.update(36_060.0, None))
    told = [line for line in lines if line is not None]
    assert [line.warning for line in told] == [True, True, False]
    assert told[0].text == "feed: unreachable at 1"
    assert told[1].text == "feed: status at 300"
    assert told[2].text == "the feed is back to normal after 9 h 59 min"
    assert troubles.current is None


def test_short_troubles_tell_their_length_too() -> None:
    for length_s, words in ((20.0, "20 s"), (150.0, "2 min"), (3600.0, "1 h 0 min")):
        troubles = FeedTroubles()
        troubles.update(0.0, Notice("torn", "torn"))
        end = troubles.update(length_s, None)
        assert end is not None
        assert end.text.endswith(f"after {words}")
