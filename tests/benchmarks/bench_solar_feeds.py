# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds of every period and delay, with and without a meter, beside the minute feed, day by day.

.venv/bin/python -m tests.benchmarks solar_feeds [--days FOLDER] [--half even|odd] [--every N]

Differences are paired by day, with bootstrap intervals of 95 %. `--half` takes every second day of
the sorted names, so that what is chosen on one half can be judged on the other. `--bound` prints
for each feed what clairvoyant switching could capture with its readings: who knows when to start
and stop best, but follows the sun by the last news, for the energy that evsed lends on that feed
and for what it lends on the minute feed. `--thermostat` plays a load of 2 kW on top of the days,
five minutes on and five off, with evsed and with OpenEVSE's divert.
"""

from __future__ import annotations

import argparse
import os
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from evsed.core.solar.allotment import AllotmentConfig
from evsed.sim.dayfiles.reader import read_day
from evsed.sim.replay.plant import PlantConfig, measure
from evsed.sim.replay.plant import play as replay
from tests.benchmarks.bench_solar_choice import DAYS, DRAWS
from tests.benchmarks.solar_bound import bound_kwh, by_news
from tests.benchmarks.solar_house import Energy, House, play_house
from tests.benchmarks.solar_peers import OpenEvse

MINUTE: Final = House()
HEATED: Final = House(heater_w=2000.0)
FEEDS: Final = {
    "every second, 1 s late": House(period_s=1, latency_s=1),
    "every 2 s, 2 s late": House(period_s=2, latency_s=2),
    "every 5 s, 1 s late": House(period_s=5, latency_s=1),
    "every 5 s, 30 s late": House(period_s=5, latency_s=30),
    "every 10 s, 1 s late": House(period_s=10, latency_s=1),
    "every 10 s, 5 s late": House(period_s=10, latency_s=5),
    "every 10 s, 20 s late": House(period_s=10, latency_s=20),
    "every 10 s, 60 s late": House(period_s=10, latency_s=60),
    "every 30 s, 5 s late": House(period_s=30, latency_s=5),
    "every 30 s, 60 s late": House(period_s=30, latency_s=60),
    "every 60 s, 120 s late": House(latency_s=120),
    "every 300 s, 5 s late": House(period_s=300),
    "every 900 s, 5 s late": House(period_s=900),
    "a minute, car answers in 10 s": House(answers_s=10),
    "1 s, car in 5 s": House(period_s=1, latency_s=1, answers_s=5),
    "1 s, car in 10 s": House(period_s=1, latency_s=1, answers_s=10),
    "5 s, car in 5 s": House(period_s=5, latency_s=1, answers_s=5),
    "5 s, car in 10 s": House(period_s=5, latency_s=1, answers_s=10),
    "5 s, 10 s late, car in 10 s": House(period_s=5, latency_s=10, answers_s=10),
    "10 s, car in 10 s": House(period_s=10, latency_s=5, answers_s=10),
    "10 s, 20 s late, car in 10 s": House(period_s=10, latency_s=20, answers_s=10),
    "10 s, car in 15 s": House(period_s=10, latency_s=5, answers_s=15),
    "10 s, a car that moves by 0.25 A/s": House(period_s=10, latency_s=5, slew_a_per_s=0.25),
    "a minute, a thermostat of 2 kW": HEATED,
    "10 s, 5 s late, a meter": House(period_s=10, latency_s=5, metered=True),
    "1 s, 1 s late, a meter": House(period_s=1, latency_s=1, metered=True),
}


BOUNDED: Final = (
    "every 10 s, 5 s late",
    "every 10 s, 60 s late",
    "every 30 s, 60 s late",
    "every 60 s, 120 s late",
    "every 300 s, 5 s late",
    "every 900 s, 5 s late",
    "a minute, car answers in 10 s",
)


class Job(NamedTuple):
    """A day in a house."""

    surplus_w: array[float]
    house: House


def play(job: Job) -> Energy:
    """Play the shipped rules."""
    rules = AllotmentConfig(semantics="battery_power", period_s=float(job.house.period_s))
    return play_house(job.surplus_w, job.house, rules)


def paired(
    ours: Sequence[Energy],
    theirs: Sequence[Energy],
    more: Callable[[Energy], float],
    per: Callable[[Energy], float],
) -> str:
    """The mean of what is *more*, divided by *per*, with its interval."""

    def mean(days: Sequence[int]) -> float:
        return sum(more(ours[at]) - more(theirs[at]) for at in days) / sum(
            per(theirs[at]) for at in days
        )

    whole, random = range(len(ours)), Random(1)
    drawn = sorted(mean(random.choices(whole, k=len(ours))) for _ in range(DRAWS))
    return f"{mean(whole):+.2f} [{drawn[DRAWS // 40]:+.2f} {drawn[-DRAWS // 40]:+.2f}]"


def bounds(job: Job, lent_kwh: Sequence[float]) -> list[float]:
    """The most that clairvoyant switching captures with the job's readings for each loan, kWh.

    A car that answers later follows older news.
    """
    house = job.house
    late_s = house.latency_s + house.answers_s - MINUTE.answers_s
    minutes = by_news(job.surplus_w, late_s, period_s=house.period_s, from_w=0.0)
    return [bound_kwh(minutes, lent) for lent in lent_kwh]


def show_bounds(days: Sequence[array[float]], pool: ProcessPoolExecutor, only: str = "") -> None:
    """Print how far evsed is from clairvoyant switching on each feed, or those named *only*."""
    print("| the feed | evsed | clairvoyant, lends as much | lends as evsed on a minute feed |")
    print("|---|---|---|---|")
    base: list[Energy] = []
    for name in ("every minute, 5 s late", *(name for name in BOUNDED if only in name)):
        jobs = [Job(day, FEEDS.get(name, MINUTE)) for day in days]
        ours = list(pool.map(play, jobs))
        base = base or ours
        loans = [(day.lent_kwh, minute.lent_kwh) for day, minute in zip(ours, base, strict=True)]
        share = 100 / sum(day.surplus_kwh for day in ours)
        most = [share * sum(each) for each in zip(*pool.map(bounds, jobs, loans), strict=True)]
        print(
            f"| {name} | {share * sum(day.captured_kwh for day in ours):.1f} % "
            f"{sum(day.lent_kwh for day in ours) / len(ours):.2f} kWh | {most[0]:.1f} % | "
            f"{most[1]:.1f} % |",
            flush=True,
        )


def divert(surplus_w: array[float]) -> Energy:
    """OpenEVSE's divert on a day with the thermostat."""
    heated_w = array("d", surplus_w)
    for second in range(len(heated_w)):
        if second // HEATED.heater_s % 2 == 0:
            heated_w[second] -= HEATED.heater_w
    day = measure(replay(heated_w, PlantConfig(feed_latency_s=HEATED.latency_s), OpenEvse()))
    return Energy(
        day.surplus_kwh,
        day.feasible_kwh,
        day.captured_kwh,
        day.captured_feasible_pct / 100 * day.feasible_kwh,
        day.battery_kwh,
        0.0,
        day.starts,
        0,
    )


def show_thermostat(days: Sequence[array[float]], pool: ProcessPoolExecutor) -> None:
    """Print evsed and OpenEVSE's divert in a house with the thermostat."""
    theirs = list(pool.map(divert, days))
    ours = list(pool.map(play, [Job(day, HEATED) for day in days]))
    for name, played in (("OpenEVSE's divert", theirs), ("evsed", ours)):
        share = 100 / sum(day.surplus_kwh for day in played)
        print(
            f"{name}: {share * sum(day.captured_kwh for day in played):.1f} % of all surplus, "
            f"{sum(day.lent_kwh for day in played) / len(played):.2f} kWh lent and "
            f"{sum(day.starts for day in played) / len(played):.1f} starts a day"
        )
    print(f"evsed starts at most {max(day.hour_starts for day in ours)} times within an hour")
    print(
        "evsed beside OpenEVSE's divert:\n| | captured, points | lent, kWh a day | starts a day |"
    )
    print("|---|---|---|---|\n" + row("a thermostat of 2 kW", ours, theirs))


def row(name: str, ours: Sequence[Energy], theirs: Sequence[Energy]) -> str:
    """A line of the table."""
    captured = paired(ours, theirs, lambda day: 100 * day.captured_kwh, lambda day: day.surplus_kwh)
    lent = paired(ours, theirs, lambda day: day.lent_kwh, lambda _: 1)
    starts = paired(ours, theirs, lambda day: day.starts, lambda _: 1)
    return f"| {name} | {captured} | {lent} | {starts} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="feeds beside the minute feed")
    parser.add_argument("--days", type=Path, default=DAYS)
    parser.add_argument("--half", choices=["even", "odd"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="", help="the feeds with this in their name")
    parser.add_argument("--bound", action="store_true", help="beside clairvoyant switching")
    parser.add_argument("--thermostat", action="store_true", help="beside OpenEVSE's divert")
    options = parser.parse_args()
    paths = sorted(options.days.glob("*.csv"))
    if options.half:
        paths = paths[options.half == "odd" :: 2]
    paths = paths[:: options.every]
    days = [read_day(path).surplus_w for path in paths]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        if options.bound:
            show_bounds(days, pool, options.only)
            return
        if options.thermostat:
            show_thermostat(days, pool)
            return
        base = list(pool.map(play, [Job(day, MINUTE) for day in days]))
        surplus = sum(day.surplus_kwh for day in base)
        print(
            f"{len(days)} days, every minute, 5 s late: "
            f"{100 * sum(day.captured_kwh for day in base) / surplus:.2f} % of all surplus, "
            f"{sum(day.lent_kwh for day in base) / len(days):.2f} kWh lent and "
            f"{sum(day.starts for day in base) / len(days):.1f} starts a day"
        )
        print("| the feed | captured, points | lent, kWh a day | starts a day |\n|---|---|---|---|")
        for name, house in FEEDS.items():
            if options.only in name:
                played = list(pool.map(play, [Job(day, house) for day in days]))
                print(row(name, played, base), flush=True)


if __name__ == "__main__":
    main()
