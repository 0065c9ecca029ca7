# SPDX-License-Identifier: GPL-3.0-or-later
"""Cars that stop and ask in ways that were reported, behind a receiver with noise: no fault."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.sim.cars.library import build_car
from tests.scenarios.cars_with_noise import lived
from tests.scenarios.stage import raised

CARS = {
    "tucson": {"from_wh": 0.0},
    "egolf-3-4": {},
    "egolf-10-20": {},
    "zoe-grid": {},
    "bcb": {},
    "bmw": {},
    "spike": {},
}


@pytest.mark.parametrize("name", CARS)
def test_a_car_that_stops_and_asks_as_it_likes_is_no_fault(name: str) -> None:
    bench = lived(build_car(name, **CARS[name]), for_s=90.0)

    assert raised(bench) == []
    assert bench.events_of(ev.ContactorClosed), "it is charged between its pauses"
