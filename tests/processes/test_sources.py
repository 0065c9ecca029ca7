# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed and a house meter over HTTP steer a real charge, and lose it where they must."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.processes.test_controls import until
from tests.sources.devices import having, served

if TYPE_CHECKING:
    from aiohttp import web

    from tests.processes.rig import Rig

SETTINGS = """
[feed]
kind = "http"
url = "{url}/grid"
period_s = 1.0
grid_w = {{ path = "power" }}
[meters.house]
kind = "http"
url = "{url}/house"
period_s = 1.0
current_a = {{ path = "amperes" }}
"""


IN_VAIN = 30  # readings of the feed, one a second; the house meter's limit comes with its next


@pytest.mark.long
def test_a_grid_meter_feeds_a_real_charge_and_a_house_meter_keeps_its_fuse(rig: Rig) -> None:
    answers = {"/grid": json.dumps({"power": -4000}), "/house": json.dumps({"amperes": 2.0})}
    answered, asked = having(answers), Counter[str]()

    async def counted(request: web.Request) -> web.StreamResponse:
        asked[request.path] += 1
        return await answered(request)

    with served(counted) as url:
        fixed = '[feed]\nkind = "fixed"\ncurrent_a = 16.0\n'
        settings = rig.settings.read_text()
        assert fixed in settings
        settings = settings.replace(fixed, SETTINGS.format(url=url))
        rig.settings.write_text(
            settings.replace("[supply]", "[supply]\nmain_fuse_a = 25.0\nhouse_lost_a = 6.0")
        )
        rig.charge()

        until(rig, "the sun gives more than the least", lambda now: now["offered_a"] > 8)
        # Somebody turns on an oven: the car may have what is left at once.
        answers["/house"] = json.dumps({"amperes": 28.0})
        most = asked["/grid"] + IN_VAIN
        status = until(
            rig,
            "the house limits, or does not for half a minute",
            lambda now: now["limited_by"] == "house" or asked["/grid"] > most,
        )
        assert status["limited_by"] == "house"
        answers["/house"] = json.dumps({"amperes": 12.0})
        until(rig, "the house has room again", lambda now: now["limited_by"] == "feed")
        # The meter is gone: after ten seconds the fuse counts as loaded.
        del answers["/house"]
        status = until(
            rig,
            "full load",
            lambda now: now["limited_by"] == "house" and 5.9 < now["offered_a"] <= 6.1,
        )
        assert any("the meter of the house cannot be read" in e["text"] for e in status["events"])
