# SPDX-License-Identifier: GPL-3.0-or-later
"""From a snapshot with a meter's amperes to the desk, the books and the feed's own draw."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from evsed.core.solar.allotment import AllotmentConfig
from evsed.core.solar.surplus import Reading
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.feeds import FeedConfig, open_feed
from tests.daemon.test_controls import desk, life, plug_in
from tests.daemon.test_summary import CHARGING

OFFERED_A = 12.0  # the duty of 20 % that CHARGING has
METERED = replace(CHARGING, drawn_a=7.5)


async def test_what_a_meter_reads_goes_before_what_is_offered(tmp_path: Path) -> None:
    async with life(tmp_path) as books:
        here = desk(books)
        here.take(replace(CHARGING, at=time.monotonic()))
        assert here.drawn_a == pytest.approx(OFFERED_A)
        assert not here.drawn_measured
        here.take(replace(METERED, at=time.monotonic()))
        assert here.drawn_a == 7.5
        assert here.drawn_measured
        assert here.flow.power_w == 7.5 * 230
        assert here.flow.measured
        status = here.status()
        assert status.drawn_measured
        assert status.drawn_a == 7.5


async def test_with_the_contactor_open_nothing_is_drawn_whatever_a_meter_reads(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as books:
        here = desk(books)
        here.take(replace(METERED, at=time.monotonic(), closed=0))
        assert here.drawn_a == 0.0
        assert not here.charging


async def test_a_session_is_measured_as_long_as_every_part_of_it_was(tmp_path: Path) -> None:
    async with life(tmp_path) as books:
        here = desk(books)
        plug_in(books)
        at = time.monotonic()
        for second in range(3):
            snapshot = replace(METERED, at=at + second)
            here.take(snapshot)
            books.take(snapshot, here.flow)
        assert books.session is not None
        assert books.session.measured
        assert books.session.energy_wh == pytest.approx(2 * 7.5 * 230 / 3600)
        for second in (3, 4):
            snapshot = replace(CHARGING, at=at + second)
            here.take(snapshot)
            books.take(snapshot, here.flow)
        assert not books.session.measured


async def test_the_feed_is_given_back_what_the_meter_reads(tmp_path: Path) -> None:
    given = {}
    for name, snapshot in (("metered", METERED), ("offered", CHARGING)):
        (tmp_path / name).mkdir()
        async with life(tmp_path / name) as books:
            here = desk(books)
            steer = LimitCalculator(
                AllotmentConfig(semantics="battery_power", window_s=0.0),
                open_feed(FeedConfig(url="http://sun.example/")),
                here,
                books,
            )
            at = time.monotonic()
            here.take(replace(snapshot, at=at))
            for second in range(20):
                steer.limits(at - 20 + second)
            steer._allotment.on_reading(at, Reading(excess_w=0.0, stamp="1", age_s=0.0))  # noqa: SLF001 - the feed's way in
            assert here.allotted is not None
            steer.limits(at)
            given[name] = here.allotted.available_w
    assert given["metered"] == pytest.approx(7.5 * 230, abs=1)
    assert given["offered"] == pytest.approx(12.0 * 230, abs=1)
