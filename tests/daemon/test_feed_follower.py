# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed's troubles in the journal and among the page's events, through a night without it."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from evsed.core.solar.allotment import Mode, Reading
from evsed.core.user.controls import Controls
from evsed.daemon.feed_follower import FeedFollower
from evsed.daemon.feed_memory import FeedMemory
from evsed.daemon.gate import Gate
from evsed.errors import FeedError
from evsed.feeds import FeedConfig
from tests.daemon.daemon_world import NOON, life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from evsed.daemon.limit_calculator import LimitCalculator

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
            Gate(asyncio.get_running_loop()),
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


@asynccontextmanager
async def life_with(folder: Path, mode: Mode = Mode.FAST) -> AsyncIterator[LimitCalculator]:
    """Begin a life in *folder* with a feed of which nothing has come yet."""
    async with life(folder) as world:
        world.recorder.orders.set_controls(Controls(mode=mode))
        source = FeedConfig(url="http://owner:secret@192.0.2.1/excesspwr.php")
        limits = world.limits(None, source=source)
        yield limits
        limits.update(MINUTE_S, NOON)
        await world.recorder.writer.flush()


def offered_a(limits: LimitCalculator, now: float) -> float:
    """The feed's limit, in amperes."""
    return next(limit.max_a for limit in limits.update(now, NOON) if limit.owner == "feed")


def files(folder: Path) -> bytes:
    """All that the store has written."""
    return b"".join(path.read_bytes() for path in folder.rglob("*.db*"))


def news(excess_w: float, maximum_w: float | None) -> Reading:
    return Reading(excess_w=excess_w, maximum_w=maximum_w, stamp="1", age_s=5.0)


async def test_a_feed_that_was_below_0_once_is_known_for_it_after_a_restart(
    tmp_path: Path,
) -> None:
    for excess_w, known in ((0.0, False), (-1.0, True), (0.0, True)):
        async with life_with(tmp_path) as limits:
            limits.update(0.0, NOON)
            limits.on_reading(1.0, news(excess_w, None))
            assert limits.feed.allotment.feed_was_below_0 is known
    stored = files(tmp_path)
    assert b"below_0" in stored
    assert b"secret" not in stored


async def test_what_the_feed_forbade_last_stays_forbidden_through_a_restart(
    tmp_path: Path,
) -> None:
    """The power came back, and the computer of the feed takes longer to begin than the box."""
    async with life_with(tmp_path) as limits:
        assert offered_a(limits, 0.0) > 0
        limits.on_reading(1.0, news(-9000.0, 0.0))
        assert offered_a(limits, 2.0) == 0
    for _ in range(2):
        async with life_with(tmp_path) as limits:
            assert offered_a(limits, 0.0) == 0
            assert offered_a(limits, 30 * MINUTE_S) == 0
    async with life_with(tmp_path) as limits:
        offered_a(limits, 0.0)
        limits.on_reading(1.0, news(-9000.0, 5000.0))
        assert offered_a(limits, 2.0) > 0
    async with life_with(tmp_path) as limits:
        assert offered_a(limits, 0.0) > 0


async def test_the_owners_new_mode_permits_what_the_feed_forbade_before_a_restart(
    tmp_path: Path,
) -> None:
    async with life_with(tmp_path) as limits:
        limits.on_reading(1.0, news(-9000.0, 0.0))
        offered_a(limits, 2.0)
    async with life_with(tmp_path) as limits:
        assert offered_a(limits, 0.0) == 0
        orders = limits._recorder.orders  # noqa: SLF001
        orders.set_controls(Controls(mode=Mode.SOLAR))
        offered_a(limits, 1.0)
        orders.set_controls(Controls(mode=Mode.FAST))
        assert offered_a(limits, 2.0) > 0
    async with life_with(tmp_path) as limits:
        assert offered_a(limits, 0.0) > 0


def test_a_memory_of_the_feed_that_makes_no_sense_is_none() -> None:
    whole = FeedMemory("a", below_0=True, proven=True, forbidding_w=0.0)
    assert FeedMemory.from_json(whole.to_json()) == whole
    for stored in (None, "a", {}, {**whole.to_json(), "feed": 1}, {**whole.to_json(), "proven": 1}):
        assert FeedMemory.from_json(stored) == FeedMemory()
    odd = FeedMemory.from_json({**whole.to_json(), "forbidding_w": "0"})
    assert odd == replace(whole, forbidding_w=None)
