# SPDX-License-Identifier: GPL-3.0-or-later
"""The forecast of the owner's plan, over HTTP."""

from __future__ import annotations

from datetime import timedelta

import aiohttp

from evsed.core.user.plan_forecast import ForecastPart, PlanForecast
from evsed.frontends.hub import PlannedGoal
from tests.frontends.web.web_world import NOON, served

PLANNED = PlannedGoal(
    at=NOON,
    due=NOON + timedelta(hours=4),
    goal_wh=8000.0,
    sun_days=7,
    forecast=PlanForecast(
        parts=(
            ForecastPart(0.0, 3600.0, 2000.4, 0.0, planned=False),
            ForecastPart(3600.0, 7200.0, 0.0, 2000.4, planned=False),
            ForecastPart(7200.0, 10_122.6, 7360.0, 2000.4, planned=True),
            ForecastPart(10_122.6, 14_400.0, 0.0, 7975.7, planned=False),
        ),
        energy_wh=7975.7,
        sun_wh=2000.4,
        begins_s=7200.0,
        reached_s=None,
    ),
)


async def test_the_forecast_is_in_columns_that_end_when_the_goal_is_due() -> None:
    async with served() as web, aiohttp.ClientSession(web.url) as client:
        web.hub.planned = PLANNED
        async with client.get("/api/v1/plan") as answer:
            found = await answer.json()
        assert answer.status == 200
    assert found["at_s"] == [0, 3600, 7200, 10123, 14400]
    assert found["power_w"] == [2000, 0, 7360, 0, 0]
    assert found["energy_wh"] == [0, 2000, 2000, 7976, 7976]
    assert found["planned"] == [False, False, True, False, False]
    assert (found["expected_wh"], found["sun_wh"], found["sun_days"]) == (7975.7, 2000.4, 7)
    assert found["reached"] is None
    seconds = (found["begins"][11:19], found["due"][11:19])
    assert [time[2:] for time in seconds] == [":00:03", ":00:03"]


async def test_without_a_plan_it_has_no_rows_and_a_store_that_fails_is_said() -> None:
    async with served() as web, aiohttp.ClientSession(web.url) as client:
        async with client.get("/api/v1/plan") as answer:
            found = await answer.json()
        assert (answer.status, found["due"], found["at_s"]) == (200, None, [])
        web.hub.broken = True
        async with client.get("/api/v1/plan") as answer:
            assert answer.status == 503
