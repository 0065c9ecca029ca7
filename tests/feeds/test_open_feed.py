# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed in use, and the error where it cannot be used."""

from __future__ import annotations

import pytest

from evsed.errors import FeedError
from evsed.feeds import Feed, FeedConfig, FixedFeed, open_feed


async def test_batterymonitor_is_a_feed_that_wants_to_be_polled_at_once() -> None:
    opened = open_feed(FeedConfig(url="http://192.0.2.1/excesspwr.php"))
    assert not isinstance(opened, FixedFeed)
    feed: Feed = opened

    assert feed.next_poll_s() == 0
    await feed.close()


async def test_fixed_is_a_number_and_needs_no_network() -> None:
    match open_feed(FeedConfig(kind="fixed", current_a=13.5)):
        case FixedFeed(current_a=current_a) as feed:
            await feed.close()
        case _:
            pytest.fail("fixed is not a feed to poll")

    assert current_a == 13.5


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (FeedConfig(kind="fixed"), r"set it to the amperes to offer"),
        (
            FeedConfig(kind="tarot"),
            r'"tarot" is not a feed .* use "batterymonitor", "fixed", "http"',
        ),
        (FeedConfig(url=""), r"must begin with http:// or https://"),
        (FeedConfig(url="ftp://192.0.2.1/page"), r"must begin with http:// or https://"),
        (FeedConfig(url="192.0.2.1/page"), r"must begin with http:// or https://"),
        (FeedConfig(url="http://[::1/page"), r"feed\.url is not an address"),
        (FeedConfig(url="http://a/", timezone="Mars/Olympus"), r'"Mars/Olympus" is not known here'),
    ],
)
def test_a_feed_that_cannot_be_says_what_to_set(config: FeedConfig, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        open_feed(config)
