# SPDX-License-Identifier: GPL-3.0-or-later
"""Every interface counts on the phases that the car is charged on, also where they are switched."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evsed.core.ocpp.profiles import Supply
from evsed.core.ocpp.stack import Bound, CompositeStep
from evsed.frontends import openevse
from evsed.frontends.metrics import render
from evsed.frontends.ocpp.profiles import schedule_json
from evsed.frontends.ocpp.readings import samples, view_of
from evsed.frontends.serialization import to_json
from evsed.frontends.views import PhaseSetView
from tests.frontends.web.web_world import CHARGING

AMPERES = 10.0


@pytest.mark.parametrize("phases", [1, 2, 3])
def test_current_and_power_of_every_interface_are_those_of_the_phases_in_use(phases: int) -> None:
    power_w = AMPERES * 230.0 * phases
    closes = PhaseSetView(
        closes=phases, wished=3, why="", switching_to=None, left_s=None, switching="auto", hazard=""
    )
    status = replace(
        CHARGING,
        mains_v=230.0,
        phases=phases,
        offered_a=AMPERES,
        drawn_a=AMPERES,
        power_w=power_w,
        available_w=power_w,
        phase_set=closes,
    )
    view = view_of(status)
    supply = Supply(view.mains_v, view.phases)
    period = schedule_json([CompositeStep(0.0, Bound())], "W", supply, AMPERES)
    told = json.loads(to_json(status))

    assert (told["phases"], told["phase_set"]["closes"]) == (phases, phases)
    assert told["power_w"] == power_w
    assert openevse.status(status)["power"] == round(power_w)
    assert openevse.status(status)["available_current"] == AMPERES
    assert openevse.status(status)["phases"] == phases
    assert openevse.config(status, "serial", "host")["is_threephase"] is (phases == 3)
    assert samples(view, ["Power.Offered"]) == [("Power.Offered", power_w, "W")]
    assert period["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": power_w, "numberPhases": phases}
    ]
    assert f"evsed_power_watts {power_w:g}" in render(status)
