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


async def life_with(folder: Path, excess_w: float, url: str) -> bool:
    """Begin a life in *folder* with one reading; return whether the feed was below 0 before."""
    async with life(folder) as world:
        config = FeedConfig(url=url)
        limits = world.limits(None)
        follower = FeedFollower(
            config, limits, world.charger, world.hub, asyncio.get_running_loop()
        )
        known = world.recorder.feed_below_0 is not None
        for minute in range(2):
            reading = Reading(excess_w=excess_w, stamp=f"{minute}", age_s=5.0)
            follower._on_reading(MINUTE_S * minute, reading)  # noqa: SLF001
        await world.recorder.writer.flush()
        assert limits._allotment.feed_was_below_0 is (excess_w < 0 or known)  # noqa: SLF001
        return known


def test_a_feed_that_was_below_0_once_is_known_for_it_after_a_restart(tmp_path: Path) -> None:
    url = "http://owner:secret@192.0.2.1/excesspwr.php"
    assert not asyncio.run(life_with(tmp_path, 0.0, url))
    assert not asyncio.run(life_with(tmp_path, -1.0, url))
    assert asyncio.run(life_with(tmp_path, 0.0, url))
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    assert b"feed_below_0" in stored
    assert b"secret" not in stored
