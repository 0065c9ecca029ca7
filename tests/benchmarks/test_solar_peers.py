# SPDX-License-Identifier: GPL-3.0-or-later
"""The peers behave as published; the bound is one; the weather is repeatable."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from evsed.sim.dayfiles import read_day
from evsed.sim.replay.plant import PlantConfig, measure, play
from evsed.sim.replay.report import total
from tests.benchmarks.solar_bound import PRICES, best, bound_kwh, perfect
from tests.benchmarks.solar_peers import (
    Evcc,
    EvccPv,
    OpenEvse,
    Original,
    Peer,
    Reference,
    Timer,
    evcc_phases,
)
from tests.benchmarks.solar_weather import KINDS, make_day

DAYS = [read_day(path).surplus_w for path in sorted((Path(__file__).parents[1] / "days").glob("*"))
        if path.suffix == ".csv"]  # fmt: skip
DT = 60.0
NS = 1e-9

# Site power and the current that follows, as in evcc's own tests: three phases of 100 V, 6-16 A,
# delays of a minute, no current of its own.
SERIES = [
    (False, 0, 0, [(0, 0, 0), (NS, 0, 0), (DT - 1, 0, 0), (DT + 1, 0, 0)]),
    (False, 0, 0, [(0, -1800, 0), (NS, -1800, 0), (DT - 1, -1800, 0), (DT + 1, -1800, 6)]),
    (False, 0, 0, [(0, -400, 0), (DT - 1, -400, 0), (DT + 1, -400, 0)]),
    (False, -500, 0, [(0, -400, 0), (DT - 1, -400, 0), (DT + 1, -400, 0)]),
    (False, -2100, 0, [(0, -1800, 0), (DT - 1, -1800, 0), (DT + 1, -1800, 0)]),
    (False, -500, 0, [(0, -500, 0), (1, -500, 0), (DT - 1, -500, 0), (DT + 1, -500, 6)]),
    (True, 500, 0, [(0, -4800, 16)]),
    (True, 500, 0, [(0, -1800, 6)]),
    (True, 0, 500, [(0, -500, 6), (DT + 1, -500, 6)]),
    (True, 0, 500, [(0, 500, 6), (1, 500, 6), (DT - 1, 500, 6), (DT + 1, 500, 0)]),
    (False, -500, 0, [(0, -500, 0), (1, -500, 0), (DT - 1, -499, 0), (DT + 1, -500, 0),
                      (2 * DT, -500, 0), (2 * DT + 1, -500, 6)]),
    (True, 0, 500, [(0, 500, 6), (1, 500, 6), (DT - 1, 499, 6), (DT + 1, 500, 6),
                    (2 * DT, 500, 6), (2 * DT + 1, 500, 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("enabled", "enable_w", "disable_w", "series"), SERIES)
def test_evccs_pv_rule_gives_its_own_vectors(
    enabled: bool,  # noqa: FBT001 - a column of the table
    enable_w: float,
    disable_w: float,
    series: list[tuple[float, float, float]],
) -> None:
    rule = EvccPv(100.0, 3, 6.0, 16.0, enable_w, disable_w, DT, DT)
    for now_s, site_w, expected_a in series:
        assert rule.decide(now_s, site_w, 0.0, enabled=enabled) == expected_a


@pytest.mark.parametrize(
    ("active", "site_w", "charge_w", "timer", "enabled", "charging", "expected"),
    [
        (1, -4140.0, 0.0, Timer.KICKOFF, True, True, 1),
        (1, -4140.0, 0.0, Timer.RUNNING, True, True, 1),
        (1, -4140.0, 0.0, Timer.ELAPSED, True, True, 3),
        (3, 0.1, 4140.0, Timer.KICKOFF, True, True, 3),
        (3, 0.1, 4140.0, Timer.RUNNING, True, True, 3),
        (3, 0.1, 4140.0, Timer.ELAPSED, True, True, 1),
        (3, 0.0, 4140.0, Timer.ELAPSED, True, True, 3),
        (3, 0.0, 0.0, Timer.ELAPSED, False, True, 1),
        (3, 0.1, 4140.0, Timer.KICKOFF, True, False, 1),
    ],
)
def test_evccs_phases_switch_as_its_timers_say(
    active: int,
    site_w: float,
    charge_w: float,
    timer: Timer,
    enabled: bool,  # noqa: FBT001 - a column of the table
    charging: bool,  # noqa: FBT001 - the same
    expected: int,
) -> None:
    switched = evcc_phases(site_w, charge_w, active, timer, enabled=enabled, charging=charging)
    assert switched == expected


@pytest.mark.parametrize(
    ("peer", "latency_s", "captured_pct", "battery_kwh", "starts"),
    [
        (OpenEvse, 5, 87.2, 0.97, 4.8),
        (OpenEvse, 45, 85.6, 1.12, 4.8),
        (Evcc, 5, 89.5, 0.56, 5.5),
        (Evcc, 45, 88.0, 0.70, 5.5),
        (Original, 5, 94.0, 2.24, 4.5),
        (Original, 45, 92.2, 2.48, 4.5),
        (Reference, 5, 94.3, 0.80, 3.5),
        (Reference, 45, 92.5, 0.97, 3.5),
    ],
)
def test_the_plant_gives_the_peers_the_figures_measured_elsewhere(
    peer: type[Peer], latency_s: int, captured_pct: float, battery_kwh: float, starts: float
) -> None:
    """An independent plant measured these over the same days; so this one is no kinder."""
    plant = PlantConfig(feed_latency_s=latency_s)
    charger = peer()
    assert isinstance(charger, (OpenEvse, Evcc, Original, Reference))
    days = [measure(play(day, plant, type(charger)())) for day in DAYS]
    figures = total(days)
    assert figures.captured_feasible_pct == pytest.approx(captured_pct, abs=0.4)
    assert figures.battery_kwh / 4 == pytest.approx(battery_kwh, abs=0.08)
    assert figures.starts / 4 == pytest.approx(starts, abs=0.3)


@pytest.mark.parametrize("day", DAYS)
def test_nobody_beats_the_bound(day: array[float]) -> None:
    figures = measure(play(day, PlantConfig(), Reference()))
    captured_kwh = figures.captured_feasible_pct / 100 * figures.feasible_kwh
    assert captured_kwh <= bound_kwh(perfect(day), figures.battery_kwh)


def test_a_dearer_battery_is_drawn_less() -> None:
    points = [best(perfect(DAYS[1]), price) for price in PRICES]
    drawn = [point.battery_kwh for point in points]
    assert drawn == sorted(drawn, reverse=True)
    assert points[0].captured_kwh > points[-1].captured_kwh


@pytest.mark.parametrize("kind", KINDS)
def test_the_weather_of_a_seed_is_always_the_same(kind: str) -> None:
    assert make_day(kind, 3) == make_day(kind, 3)
    assert make_day(kind, 3) != make_day(kind, 4)
