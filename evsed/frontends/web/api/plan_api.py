# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation on what is to come: the owner's plan as it is expected to go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from evsed.errors import StoreError
from evsed.frontends.web.api.models import PlanForecastView
from evsed.frontends.web.api.operation import ApiRequest, Operation, Reply
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.responses import PreparedResponse, problem

if TYPE_CHECKING:
    from evsed.frontends.hub import PlannedGoal
    from evsed.frontends.web.api.context import AppContext


async def plan(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the forecast of the next goal."""
    try:
        found = await context.hub.forecast()
    except StoreError as error:
        return problem(503, str(error), {"Retry-After": "10"})
    return json_response(PlanForecastView() if found is None else _view(found))


def _view(goal: PlannedGoal) -> PlanForecastView:
    def moment(after_s: float | None) -> datetime | None:
        return None if after_s is None else goal.at + timedelta(seconds=round(after_s))

    forecast = goal.forecast
    parts = forecast.parts
    left_s = (goal.due - goal.at).total_seconds()
    return PlanForecastView(
        at=goal.at,
        due=goal.due,
        goal_wh=goal.goal_wh,
        expected_wh=round(forecast.energy_wh, 1),
        sun_wh=round(forecast.sun_wh, 1),
        sun_days=goal.sun_days,
        begins=moment(forecast.begins_s),
        reached=moment(forecast.reached_s),
        at_s=(*(round(part.begin_s) for part in parts), round(left_s)),
        power_w=(*(round(part.power_w) for part in parts), 0),
        energy_wh=(*(round(part.energy_wh) for part in parts), round(forecast.energy_wh)),
        planned=(*(part.planned for part in parts), False),
    )


OPERATIONS = (
    Operation(
        "GET", "/api/v1/plan", "The next goal of the owner's plan as it is expected to go",
        plan, Reply("the forecast; without a plan, one without rows", (PlanForecastView,)),
        refusals={503: "the last days cannot be read now: Retry-After says when"},
    ),
)  # fmt: skip
