# SPDX-License-Identifier: GPL-3.0-or-later
"""The feeds of recorded days are honest: none is doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

from evsed.core.solar.allotment import AllotmentConfig
from evsed.sim.dayfiles.reader import read_day
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import PlantConfig, play

DAYS = sorted((Path(__file__).parents[2] / "days").glob("*.csv"))


@pytest.mark.parametrize("day", DAYS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("heater_w", "latency_s"), [(0.0, 5), (2000.0, 45)])
def test_no_recorded_day_is_doubted_with_loads_switching(
    day: Path, heater_w: float, latency_s: int
) -> None:
    """A thermostat of 2 kW, five minutes on and five off, on top of the house's own loads."""
    recorded = read_day(day)
    for second in range(len(recorded.surplus_w)):
        recorded.surplus_w[second] -= heater_w if second % 600 < 300 else 0.0
    charger = Evsed(AllotmentConfig(semantics="battery_power"), recorded.started)
    play(recorded.surplus_w, PlantConfig(feed_latency_s=latency_s), charger)
    assert charger.allotment.notices == ()
