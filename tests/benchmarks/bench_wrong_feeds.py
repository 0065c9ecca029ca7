# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds that do not see the car, or with their sign reversed, beside right ones, on recorded days.

.venv/bin/python -m tests.benchmarks wrong_feeds [--days FOLDER] [--half even|odd] [--every N]

A house with a battery of 10 kWh. For each formula of the figure, each reading of it and each fault:
what the battery and the grid gave to the car, and on how many days the feed was named. A right feed
that is named is a false alarm.
"""

from __future__ import annotations

import argparse
import os
from array import array
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from evsed.core.solar.allotment import Allotment, AllotmentConfig, Reading, Semantics
from evsed.core.solar.allotment_result import AllotmentRule
from evsed.sim.dayfiles.reader import read_day
from evsed.sim.demand_manager import DemandManager, Formula
from evsed.sim.replay.plant import PlantBattery, PlantConfig

DAYS: Final = Path(__file__).parents[1] / "days" / "places"
STEP_S: Final = 5
CAR_LATE_S: Final = 5
LATENCY_S: Final = 5
VOLTS: Final = 230.0
CAPACITY_WH: Final = 10_000.0
HOUSE: Final = PlantConfig(battery_kwh=CAPACITY_WH / 1000, soc=0.4, target_soc=0.9)

FAULTS: Final = ("right", "unseen", "unseen by the battery", "reversed")
LOADS: Final = ("none", "kettles", "twin")


class Case(NamedTuple):
    """A house with one feed, on one day.

    "unseen" is the surplus of the house, "unseen by the battery" what a battery would take that
    the car does not reach. A "twin" is a load that switches with the car.
    """

    formula: Formula
    semantics: Semantics
    fault: str
    load: str
    metered: bool


class Outcome(NamedTuple):
    """Energies of the day in kWh; the kinds of doubt that were named, and for how long."""

    car_kwh: float
    lent_kwh: float
    named: frozenset[str]
    doubted_s: float
    starts: int


def load_w(load: str, now: int, drawn_w: float) -> float:
    """Power of a load of the house that is not in the recorded day, in watts."""
    if load == "kettles":
        return 2000.0 if now % 1740 < 180 else 0.0
    if load == "twin":
        return 900.0 if drawn_w > 0 else 0.0
    return 0.0


def play(case: Case, sun: array[float]) -> Outcome:
    """Run one day."""
    allotment = Allotment(AllotmentConfig(mains_v=VOLTS, semantics=case.semantics))
    manager = DemandManager(case.formula, HOUSE.target_soc)
    battery, unseen = PlantBattery(HOUSE), PlantBattery(HOUSE)
    news: list[tuple[int, Reading]] = []
    offers = [0.0] * (CAR_LATE_S // STEP_S + 1)
    named: set[str] = set()
    drawn_w = car_wh = lent_wh = doubted_s = 0.0
    starts, on = 0, False

    for now in range(0, len(sun), STEP_S):
        spare_w = sun[now] - load_w(case.load, now, drawn_w)
        drawn_w = offers[0] * VOLTS
        battery_w = battery.charge(spare_w - drawn_w, STEP_S)
        unseen_w = unseen.charge(spare_w, STEP_S)
        if now % 60 == 0:
            seen_w = {"unseen": spare_w, "unseen by the battery": unseen_w}
            figure_w = manager.excess_w(
                seen_w.get(case.fault, battery_w),
                CAPACITY_WH * ((unseen if "unseen" in case.fault else battery).soc or 0.0),
                CAPACITY_WH,
            )
            if case.fault == "reversed":
                figure_w = -figure_w
            reading = Reading(excess_w=round(figure_w), stamp=str(now), age_s=LATENCY_S)
            news.append((now + LATENCY_S, reading))
        while news and news[0][0] <= now:
            allotment.on_reading(now, news.pop(0)[1])
        charging = offers[-1] > 0
        amperes = drawn_w / VOLTS if case.metered else offers[-1]
        allotment.on_draw(now, amperes, charging=charging, measured=case.metered)
        result = allotment.update(now)
        offers = [*offers[1:], result.current_a]
        doubted_s += STEP_S * (result.reason.rule is AllotmentRule.DOUBTED)
        named |= {note.kind.removeprefix("doubt ") for note in allotment.notices if note.wrong}
        car_wh += drawn_w * STEP_S / 3600
        lent_wh += max(0.0, drawn_w - max(0.0, spare_w)) * STEP_S / 3600
        starts += result.current_a > 0 and not on
        on = result.current_a > 0
    return Outcome(car_wh / 1000, lent_wh / 1000, frozenset(named), doubted_s, starts)


def run(job: tuple[Case, Path]) -> Outcome:
    """Read the day and play it."""
    return play(job[0], read_day(job[1]).surplus_w)


def cases(faults: tuple[str, ...], formulas: tuple[Formula, ...]) -> list[Case]:
    """Every reading of every formula with these faults."""
    found = [
        Case(formula, semantics, fault, load, metered)
        for formula in formulas
        for semantics in ("batterymonitor", "battery_power")
        for fault in faults
        for load in (LOADS if fault == "right" else LOADS[:1])
        for metered in (True, False)
    ]
    # A charge that counts is no power: that reading is another fault.
    return [case for case in found if case[:2] != (Formula.MINUTE, "battery_power")]


def main() -> None:
    """Print a row for each house."""
    options = argparse.ArgumentParser(description="wrong feeds on recorded days")
    options.add_argument("--days", type=Path, default=DAYS)
    options.add_argument("--half", choices=("even", "odd"))
    options.add_argument("--every", type=int, default=1, help="play only each so many days")
    options.add_argument("--fault", choices=FAULTS, action="append")
    options.add_argument("--formula", choices=[f.value for f in Formula], action="append")
    given = options.parse_args()
    paths = sorted(given.days.glob("*.csv"))
    if given.half:
        paths = paths[given.half == "odd" :: 2]
    paths = paths[:: given.every]
    formulas = tuple(Formula(word) for word in given.formula or ("plain", "minute"))
    print(f"{len(paths)} days; a day: into the car, of it not from the sun, starts, days named")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for case in cases(tuple(given.fault or FAULTS), formulas):
            played = list(pool.map(run, [(case, path) for path in paths]))
            days = len(played)
            named = ", ".join(sorted({name for day in played for name in day.named}))
            meter = "car meter" if case.metered else "no meter"
            print(
                f"{case.formula.value:6} read as {case.semantics:14} {case.fault:21} "
                f"{case.load:7} {meter:9}"
                f" {sum(day.car_kwh for day in played) / days:5.1f} kWh"
                f" {sum(day.lent_kwh for day in played) / days:5.2f} kWh"
                f" {sum(day.starts for day in played) / days:5.1f}"
                f" {sum(bool(day.named) for day in played):3} {named}",
                flush=True,
            )


if __name__ == "__main__":
    main()
