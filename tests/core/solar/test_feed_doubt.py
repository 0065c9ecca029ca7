# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds that contradict the car's own draw are named and not followed; honest ones are not."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from evsed.core.solar.allotment import AllotmentConfig, AllotmentRule, Mode
from evsed.sim.dayfiles.reader import read_day
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import PlantConfig, play
from tests.core.solar.solar_day import Day

DAYS = sorted((Path(__file__).parents[2] / "days").glob("*.csv"))


def weather(seed: int, sun_w: float, rough_w: float = 60.0) -> list[float]:
    """A sun that wanders by so many watts a minute."""
    random = Random(seed)
    watts = [sun_w]
    for _ in range(2000):
        watts.append(watts[-1] + 0.3 * (sun_w - watts[-1]) + random.gauss(0.0, rough_w))
    return watts


def night_with_a_kettle(now: float) -> float:
    return -400.0 - (2000.0 if 1200 <= now < 1400 else 0.0)


def test_a_reversed_sign_is_named_within_minutes_and_nothing_runs_away() -> None:
    day = Day(sun_w=night_with_a_kettle, meter=lambda sun_w, car_w: car_w - sun_w)
    taken_wh = 0.0
    for _ in range(7200):
        day.run(1)
        taken_wh += day.drawn_a * 230 / 3600
    assert day.result.reason.rule is AllotmentRule.DOUBTED
    assert "its sign is reversed" in str(day.result.reason)
    assert taken_wh < 700
    assert [notice.kind for notice in day.allot.notices] == ["doubt REVERSED"]


@pytest.mark.parametrize("seed", range(5))
def test_a_car_that_the_meter_does_not_see_is_named(seed: int) -> None:
    """Without a meter at the box only starts and amperes tell, and both are unanswered."""
    sun_w = weather(seed, 3000)
    day = Day(
        sun_w=lambda now: sun_w[int(now / 60)],
        meter=lambda sun_w, _: sun_w,
    )
    for _ in range(60):
        day.run(60)
        if day.result.reason.rule is AllotmentRule.DOUBTED:
            break
    assert "does not see the car" in str(day.result.reason)


def test_a_meter_that_ends_at_zero_is_named_after_sunset() -> None:
    day = Day(
        sun_w=lambda now: 3000.0 if now < 3600 else -300.0,
        meter=lambda sun_w, car_w: round(max(0.0, sun_w - car_w)),
    )
    taken_wh = 0.0
    for _ in range(600):
        day.run(60)
        taken_wh += day.drawn_a * 230 / 60 if day.now > 3600 else 0.0
    assert "never falls below 0" in str(day.result.reason)
    assert taken_wh < 2600


def test_a_doubted_feed_gets_another_chance_when_the_owner_sets_the_mode() -> None:
    day = Day(sun_w=night_with_a_kettle, meter=lambda sun_w, car_w: car_w - sun_w)
    day.run(3000)
    assert day.result.reason.rule is AllotmentRule.DOUBTED
    day.meter = lambda sun_w, car_w: sun_w - car_w
    day.sun_w = 3000.0
    day.run(3600)
    assert day.result.current_a == 0
    day.allot.set_mode(Mode.FAST)
    day.run(60)
    day.allot.set_mode(Mode.SOLAR)
    assert day.run(400).current_a == pytest.approx(13.04, abs=0.1)


def test_a_battery_that_holds_the_grid_at_zero_is_not_judged() -> None:
    """Grid alone reads about 0 whatever the car takes; that is no contradiction."""
    noise = Random(1)
    day = Day(
        sun_w=lambda now: 3000.0 if now % 4000 < 2000 else 500.0,
        meter=lambda sun_w, car_w: (
            (sun_w - car_w - 2500 if sun_w - car_w > 2500 else 0.0) + noise.gauss(0, 20)
        ),
    )
    for _ in range(300):
        day.run(60)
        assert day.result.reason.rule is not AllotmentRule.DOUBTED


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
