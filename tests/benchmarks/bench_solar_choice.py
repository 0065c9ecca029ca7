# SPDX-License-Identifier: GPL-3.0-or-later
"""The knobs of the solar rules, chosen on some places and judged on the others.

make solar DAYS=FOLDER, or .venv/bin/python -m tests.benchmarks solar_choice [--days FOLDER]

Each file of the folder is a day; its name up to the year is its place. The choice is made by
leave-one-place-out; differences are paired by day, with bootstrap intervals of 95 %. They are taken
to the rules that evsed grew out of (`solar_before.csv`, on the days that it has; else to the rules
here without a margin and with a `start_share` of 0.98), on all days and on the half with most
crossings of the least power. The end of the report says what keeps the shipped rules from the rest.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from evsed.core.solar.allotment import Allotment, AllotmentConfig, AllotmentRule, Reading
from evsed.sim.dayfiles.reader import read_day
from tests.benchmarks.solar_bound import bound_kwh, by_news, perfect

DAYS: Final = Path(__file__).parents[1] / "days" / "places"
BEFORE_FILE: Final = Path(__file__).with_name("solar_before.csv")
STEP_S: Final = 5
VOLTS: Final = 230.0
LEAST_W: Final = 6 * VOLTS
DRAWS: Final = 2000
PRICES: Final = (0.1, 0.35, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
LOANS_WH: Final = (40.0, 80.0, 320.0, 900.0)
LENT_PRICE: Final = 1.0
"""A kWh lent by the battery weighs as much as one captured; ..."""
START_PRICE_KWH: Final = 0.05
"""... a start as much as so many kWh: 2000 starts of a contactor's million are 100 kWh."""
BASE: Final = AllotmentConfig(semantics="battery_power")
BEFORE: Final = replace(BASE, start_share=0.98, margin_share=0.0)
"""The settings that the differences are taken to on days that `solar_before.csv` does not have."""
CANDIDATES: Final = {
    f"start_share {share:g}, margin_share {margin:g}": replace(
        BASE, start_share=share, margin_share=margin
    )
    for share in (0.98, 0.9, 0.8, 0.7)
    for margin in (0.0, 0.04, 0.08)
}


class Figures(NamedTuple):
    """A day's surplus, what of it the car got, what the battery lent (kWh), and the starts."""

    surplus_kwh: float
    captured_kwh: float
    lent_kwh: float
    starts: int
    feasible_kwh: float = 0.0
    captured_feasible_kwh: float = 0.0


class Job(NamedTuple):
    """One day under one set of knobs."""

    surplus_w: array[float]
    rules: AllotmentConfig
    latency_s: int
    metered: bool = False


def play(
    job: Job, note: Callable[[int, float, float, AllotmentRule], None] = lambda *_: None
) -> Figures:
    """Run a day in steps of five seconds: the car answers after the next of them.

    *note* gets each step's second, watts of sun in the car, watts lent, and the rule in force.
    """
    allotment = Allotment(job.rules)
    period_s = round(job.rules.period_s)
    news: list[tuple[int, Reading]] = []
    offers = [0.0, 0.0]
    captured = lent = surplus = feasible = captured_feasible = 0.0
    starts, before_a = 0, 0.0
    for now in range(0, len(job.surplus_w), STEP_S):
        solar_w, drawn_a = job.surplus_w[now], offers[0]
        drawn_w = drawn_a * VOLTS
        if now % period_s == 0:
            age_s = float(job.latency_s)
            reading = Reading(excess_w=solar_w - drawn_w, stamp=str(now), age_s=age_s)
            news.append((now + job.latency_s, reading))
        while news and news[0][0] <= now:
            allotment.on_reading(float(now), news.pop(0)[1])
        closed = offers[1] > 0
        known_a = drawn_a if job.metered else offers[1]
        allotment.on_draw(float(now), known_a, charging=closed, measured=job.metered)
        result = allotment.update(float(now))
        offered_a = result.current_a
        used_w = min(max(0.0, solar_w), drawn_w)
        note(now, used_w, drawn_w - used_w, result.reason.rule)
        offers = [offers[1] if offered_a > 0 else 0.0, offered_a]
        surplus += max(0.0, solar_w)
        captured += used_w
        if solar_w >= LEAST_W:
            feasible += solar_w
            captured_feasible += min(solar_w, drawn_w)
        lent += drawn_w - used_w
        starts += offered_a > 0 and before_a <= 0
        before_a = offered_a
    hours = STEP_S / 3.6e6
    return Figures(
        surplus * hours,
        captured * hours,
        lent * hours,
        starts,
        feasible * hours,
        captured_feasible * hours,
    )


def place(name: str) -> str:
    """The place that a day's name begins with."""
    return re.split(r"-\d{4}-", name)[0]


def crossings(surplus_w: array[float]) -> int:
    """The number of times that a day crosses the least power, minute by minute."""
    above = [surplus_w[now] >= LEAST_W for now in range(0, len(surplus_w), 60)]
    return sum(before != after for before, after in pairwise(above))


def worth(day: Figures) -> float:
    """One number for a day, in kWh of sun."""
    return day.captured_kwh - LENT_PRICE * day.lent_kwh - START_PRICE_KWH * day.starts


def interval(
    ours: Sequence[Figures], theirs: Sequence[Figures], chosen: Sequence[int]
) -> tuple[float, float, float]:
    """More captured, in percent of the surplus, over the chosen days; with its interval."""

    def points(days: Sequence[int]) -> float:
        more = sum(ours[at].captured_kwh - theirs[at].captured_kwh for at in days)
        return 100 * more / sum(ours[at].surplus_kwh for at in days)

    random = Random(1)
    drawn = sorted(points(random.choices(chosen, k=len(chosen))) for _ in range(DRAWS))
    return points(chosen), drawn[DRAWS // 40], drawn[-DRAWS // 40]


def rules_before(names: Sequence[str], latency_s: int, base: list[Figures]) -> list[Figures]:
    """The days under the rules that evsed grew out of, where the file has them all."""
    with BEFORE_FILE.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        known = {row["day"]: row for row in rows if int(row["latency_s"]) == latency_s}
    if not set(names) <= set(known):
        print("not all of these days are known of the rules before: beside 0.98 without a margin")
        return base
    return [
        day._replace(
            captured_kwh=float(known[name]["captured_kwh"]),
            lent_kwh=float(known[name]["lent_kwh"]),
            starts=int(known[name]["starts"]),
        )
        for name, day in zip(names, base, strict=True)
    ]


def causes(job: Job) -> tuple[float, float, float]:
    """The part of a day that the shipped rules leave, by cause, in kWh.

    Sun below the least power; news once a minute; not knowing when to start and stop. The last two
    beside somebody who knows the day beforehand and lends no more.
    """
    day = play(job)
    known = bound_kwh(perfect(job.surplus_w), day.lent_kwh)
    switched = bound_kwh(by_news(job.surplus_w, job.latency_s), day.lent_kwh)
    return (
        (day.surplus_kwh - day.feasible_kwh) - (day.captured_kwh - day.captured_feasible_kwh),
        day.feasible_kwh - known + max(0.0, known - switched),
        switched - day.captured_feasible_kwh,
    )


def show(
    name: str, ours: Sequence[Figures], theirs: Sequence[Figures], parts: list[list[int]]
) -> None:
    """Print a line of differences: captured on each part with its interval, lent, starts."""
    cells = []
    for part in parts:
        mid, low, high = interval(ours, theirs, part)
        cells.append(f"{mid:+5.2f} [{low:+.2f} {high:+.2f}]")
    count = len(ours)
    lent = sum(a.lent_kwh - b.lent_kwh for a, b in zip(ours, theirs, strict=True)) / count
    starts = sum(a.starts - b.starts for a, b in zip(ours, theirs, strict=True)) / count
    print(f"{name:38} {'   '.join(cells)}   {lent:+.3f} kWh {starts:+.2f} starts", flush=True)


def choose(
    names: Sequence[str], table: dict[str, list[Figures]]
) -> tuple[list[Figures], dict[str, str]]:
    """For each place the knobs that are worth most on all others; the days under them."""
    chosen: dict[str, str] = {}
    judged: list[Figures] = []
    for at, name in enumerate(names):
        here = place(name)
        if here not in chosen:
            others = [o for o, other in enumerate(names) if place(other) != here]
            chosen[here] = max(table, key=lambda knobs: sum(worth(table[knobs][o]) for o in others))
        judged.append(table[chosen[here]][at])
    return judged, chosen


def show_prices(all_days: Callable[[AllotmentConfig], list[Figures]]) -> None:
    """Print what a day is worth, in kWh of sun, by fixed loans and by the price."""
    print("captured less price x imported, kWh a day: price, loans of ..., the price rule")
    loans = {loan_wh: all_days(replace(BASE, loan_wh=loan_wh)) for loan_wh in LOANS_WH}
    print(f"{'price':>6}" + "".join(f"{loan_wh:>9.0f} Wh" for loan_wh in loans) + f"{'rule':>12}")
    for price in PRICES:
        priced = all_days(replace(BASE, import_price=1 + price, later_price=1.0, feed_in_price=0.0))
        worths = [
            sum(day.captured_kwh - price * day.lent_kwh for day in days) / len(days)
            for days in (*loans.values(), priced)
        ]
        print(f"{price:6.2f}" + "".join(f"{worth:12.2f}" for worth in worths), flush=True)


def judge(
    latency_s: int,
    days: Sequence[tuple[str, array[float]]],
    all_days: Callable[..., list[Figures]],
) -> None:
    """Print the differences of each candidate at one latency, and those of the choice."""
    names = [name for name, _ in days]
    whole = list(range(len(days)))
    parts = [whole, sorted(whole, key=lambda at: -crossings(days[at][1]))[: (len(days) + 1) // 2]]
    base = rules_before(names, latency_s, all_days(BEFORE, latency_s))
    surplus = sum(day.surplus_kwh for day in base)
    captured = sum(day.captured_kwh for day in base)
    print(f"\n{len(days)} days of {len(set(map(place, names)))} places, {latency_s} s late")
    print(
        f"before: {100 * captured / surplus:.2f} % of all surplus, "
        f"{sum(day.lent_kwh for day in base) / len(days):.3f} kWh lent and "
        f"{sum(day.starts for day in base) / len(days):.2f} starts a day"
    )
    print("more captured in points of all surplus, whole and most restless half; lent; starts")
    show("as shipped", all_days(BASE, latency_s), base, parts)
    show("as shipped, with a meter", all_days(BASE, latency_s, metered=True), base, parts)
    table = {name: all_days(rules, latency_s) for name, rules in CANDIDATES.items()}
    for name, judged in table.items():
        show(name, judged, base, parts)
    judged, chosen = choose(names, table)
    show("chosen on the other places", judged, base, parts)
    for here, name in chosen.items():
        print(f"  {here}: {name}")


def main() -> None:
    """Print the differences of the candidates and of the choice, and the causes of what is left."""
    parser = argparse.ArgumentParser(description="choice of the solar knobs by place")
    parser.add_argument("--days", type=Path, default=DAYS)
    parser.add_argument("--latency", type=int, nargs="*", default=[5, 45])
    parser.add_argument("--prices", action="store_true", help="the worth of prices, not the choice")
    options = parser.parse_args()
    days = [(path.stem, read_day(path).surplus_w) for path in sorted(options.days.glob("*.csv"))]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:

        def all_days(
            rules: AllotmentConfig, latency_s: int = 5, *, metered: bool = False
        ) -> list[Figures]:
            jobs = [Job(surplus_w, rules, latency_s, metered) for _, surplus_w in days]
            return list(pool.map(play, jobs))

        if options.prices:
            show_prices(all_days)
            return
        for latency_s in options.latency:
            judge(latency_s, days, all_days)
            jobs = [Job(surplus_w, BASE, latency_s) for _, surplus_w in days]
            below, news, switching = (
                sum(part) for part in zip(*pool.map(causes, jobs), strict=True)
            )
            share = 100 / sum(figures.surplus_kwh for figures in all_days(BASE, latency_s))
            print(
                f"not captured, as shipped: {share * below:.1f} % lies below the least power, "
                f"{share * news:.1f} % for news once a minute, "
                f"{share * switching:.1f} % for not knowing when to start and stop",
                flush=True,
            )


if __name__ == "__main__":
    main()
