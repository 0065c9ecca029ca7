# SPDX-License-Identifier: GPL-3.0-or-later
"""What the desk makes of snapshot and allotment: the sun's share, and what the history keeps."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from evsed.core.energy.history import Sample
from evsed.core.solar.allotment import AllotmentResult, AllotmentRule, Reason
from evsed.daemon.hub import Desk
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from tests.daemon.test_controls import desk
from tests.daemon.test_summary import CHARGING, NO_CAR

SUNNY = AllotmentResult(
    12.0,
    Reason(AllotmentRule.FOLLOWING),
    available_w=2500.0,
    excess_w=0.0,
    sun_w=2900.0,
    lent_wh=17.0,
)
DUTY_12_A = 0.2  # 0.6 A for each percent


@pytest_asyncio.fixture
async def charging(tmp_path: Path) -> AsyncIterator[Desk]:
    books = await SessionRecorder.open(
        SessionRecorderConfig(tmp_path / "evsed.db", tmp_path, "as built")
    )
    made = desk(books)
    made.take(replace(CHARGING, at=time.monotonic() + 3600, duty=DUTY_12_A))
    made.allotted = SUNNY
    yield made
    await books.close(clean=True)


async def test_all_is_from_the_sun_while_its_surplus_covers_the_car(charging: Desk) -> None:
    assert charging.flow.sun_w == pytest.approx(2760)
    assert charging.status().solar_w == pytest.approx(2760)
    assert charging.status().battery_loan_wh == 17.0


async def test_no_more_is_from_the_sun_than_there_is(charging: Desk) -> None:
    charging.allotted = replace(SUNNY, sun_w=700.0)
    assert charging.flow.sun_w == pytest.approx(700)


async def test_without_fresh_news_nobody_knows_and_the_history_says_so(charging: Desk) -> None:
    for allotted in (None, replace(SUNNY, sun_w=None)):
        charging.allotted = allotted
        assert charging.flow.sun_w is None
        assert charging.sample.available_w is None


async def test_the_history_keeps_watts_lent_energy_and_state(charging: Desk) -> None:
    sample = charging.sample
    assert replace(sample, offered_w=0.0, power_w=0.0) == Sample(2500.0, 0.0, 0.0, 17.0, "C2")
    assert (sample.offered_w, sample.power_w) == pytest.approx((2760, 2760))


async def test_what_nobody_drives_is_kept_as_such(charging: Desk) -> None:
    no_board = replace(NO_CAR, at=time.monotonic() + 3600, board_ok=False)
    for snapshot in (no_board, replace(CHARGING, at=0.0)):
        charging.take(snapshot)
        assert (charging.sample.state, charging.sample.offered_w, charging.sample.power_w) == (
            "-",
            0.0,
            0.0,
        )
