# SPDX-License-Identifier: GPL-3.0-or-later
"""The forecast of the owner's plan: a pure function of its state, the controls and the sun."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from evsed.core.user.plan_forecast import forecast, mode_powers
from evsed.daemon.local_zone import LocalZone
from evsed.frontends.hub import PlannedGoal

if TYPE_CHECKING:
    from evsed.core.user.controls import Controls
    from evsed.core.user.planner import PlanState
    from evsed.core.user.usual_sun import UsualSun


def planned_goal(
    plan: PlanState, controls: Controls, sun: UsualSun | None, now_w: float | None
) -> PlannedGoal:
    """Return the next goal in *plan* as it is expected to go under *controls* with *sun*.

    *now_w* is what the sun gives now, None where that is not known.
    """
    left_s = plan.inputs.left_s
    due = datetime.fromtimestamp(plan.due).astimezone()
    powers = mode_powers(
        controls,
        sun,
        plan.due - left_s,
        left_s,
        LocalZone(),
        least_w=plan.least_w,
        most_w=plan.power_w,
        now_w=now_w,
    )
    return PlannedGoal(
        at=due - timedelta(seconds=left_s),
        due=due,
        goal_wh=plan.inputs.goal_wh,
        sun_days=sun.days if sun else 0,
        forecast=forecast(plan.inputs, plan.begun_until_left_s, powers),
    )
