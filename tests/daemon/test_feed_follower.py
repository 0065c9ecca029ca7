# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed's troubles in the journal and among the page's events, through a night without it."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from evsed.core.solar.allotment import Reading
from evsed.daemon.feed_follower import FeedFollower
from evsed.errors import FeedError
from evsed.feeds import FeedConfig
from tests.daemon.daemon_world import life

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_S = 60.0
FALLS_SILENT, OTHER_KIND, COMES_BACK = 10, 310, 610


async def night(folder: Path, journal: io.StringIO) -> tuple[list[str], list[str | None]]:
    """Ten hours without the feed, polled each minute; the page's events, and its `feed_error`."""
    async with life(folder, journal=journal) as world:
        follower = FeedFollower(
            FeedConfig(url="http://192.0.2.1/excesspwr.php"),
            world.limits(None),
            world.charger,
            world.hub,
            asyncio.get_running_loop(),
        )
        shown: list[str | None] = []
        for minute in range(COMES_BACK + 10):
            now = MINUTE_S * minute
            # The moments are the simulated ones, so the two callbacks are called as run() does.
            if FALLS_SILENT <= minute < OTHER_KIND:
                error = FeedError(f"cannot be reached (try {minute})", kind="unreachable")
                follower._on_error(now, error)  # noqa: SLF001
            elif OTHER_KIND <= minute < COMES_BACK:
                error = FeedError(f"answered with status 500 (try {minute})", kind="status")
                follower._on_error(now, error)  # noqa: SLF001
            else:
                reading = Reading(excess_w=-300.0, stamp=f"{minute}", age_s=5.0)
                follower._on_reading(now, reading)  # noqa: SLF001
            shown.append(world.charger.state.feed_error)
        return [event.text for event in world.charger.state.events], shown


def test_a_night_without_the_feed_is_three_lines_in_the_journal_and_on_the_page(
    tmp_path: Path,
) -> None:
    journal = io.StringIO()
    events, shown = asyncio.run(night(tmp_path, journal))

    assert events == [
        f"feed: cannot be reached (try {FALLS_SILENT})",
        f"feed: answered with status 500 (try {OTHER_KIND})",
        "the feed is back to normal after 10 h 0 min",
    ]
    lines = [line for line in journal.getvalue().splitlines() if "feed" in line]
    assert len(lines) == len(events)
    for line, event in zip(lines, events, strict=True):
        assert event in line
    # What is shown as wrong now has its newest words, and ends with the trouble.
    assert shown[OTHER_KIND - 1] == f"cannot be reached (try {OTHER_KIND - 1})"
    assert shown[-1] is None
