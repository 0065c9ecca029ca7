# SPDX-License-Identifier: GPL-3.0-or-later
"""The distance from clairvoyant switching on a feed once a minute, by cause.

.venv/bin/python -m tests.benchmarks solar_gap [--days FOLDER] [--latency 5 45]

Clairvoyant switching knows the day beforehand and starts and stops best, but follows the sun by the
last news, as any charger on a feed must. It charges at the same price of a lent kWh on all days,
the least price at which it lends no more than evsed does.
"""

from __future__ import annotations

import argparse
import os
from array import array
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from evsed.core.solar.allotment import AllotmentRule
from evsed.sim.dayfiles.reader import read_day
from tests.benchmarks.bench_solar_choice import BASE, DAYS, STEP_S, Figures, Job, play
from tests.benchmarks.solar_bound import PRICES, Point, best, best_minutes, by_news

BOTH: Final = "both charge: margin, steps, tests, the rise after a start"
EVSED_ALONE: Final = "evsed alone charges"
CAUSES: Final = {
    AllotmentRule.WAITING: "the last reading does not cover a start",
    AllotmentRule.CONFIRMING: "waits for another reading",
    AllotmentRule.STEADYING: "waits for steadier sun after a stop",
    AllotmentRule.PAUSE: "the pause after a stop",
}
"""Reasons for which evsed gives nothing."""


class Part(NamedTuple):
    """Sun that clairvoyant switching captures and evsed does not, and what it lends more (kWh)."""

    missed_kwh: float = 0.0
    more_lent_kwh: float = 0.0

    def plus(self, missed_kwh: float, more_lent_kwh: float) -> Part:
        """This and more."""
        return Part(self.missed_kwh + missed_kwh, self.more_lent_kwh + more_lent_kwh)


def knowing(job: Job) -> list[Point]:
    """Clairvoyant switching of a day at each price."""
    minutes = by_news(job.surplus_w, job.latency_s, from_w=0.0)
    return [best(minutes, price) for price in PRICES]


def parts(job: Job, price: float) -> dict[str, Part]:
    """The difference of a day by cause."""
    minutes = by_news(job.surplus_w, job.latency_s, from_w=0.0)
    charges = best_minutes(minutes, price)
    used, lent = [0.0] * len(charges), [0.0] * len(charges)
    rules: list[AllotmentRule | None] = [None] * len(charges)

    def note(now: int, used_w: float, lent_w: float, rule: AllotmentRule) -> None:
        minute = now // 60
        if minute < len(charges):
            used[minute] += used_w * STEP_S / 3.6e6
            lent[minute] += lent_w * STEP_S / 3.6e6
            rules[minute] = rule

    play(job, note)
    found: dict[str, Part] = defaultdict(Part)
    for minute, charging in enumerate(charges):
        drawn_kwh = used[minute] + lent[minute]
        if not charging:
            cause = EVSED_ALONE
        elif drawn_kwh > 0:
            cause = BOTH
        else:
            rule = rules[minute]
            cause = CAUSES.get(rule, "other") if rule is not None else "other"
        ideal_kwh = minutes.captured[minute] if charging else 0.0
        battery_kwh = minutes.battery[minute] if charging else 0.0
        found[cause] = found[cause].plus(ideal_kwh - used[minute], battery_kwh - lent[minute])
    return dict(found)


def report(latency_s: int, days: Sequence[array[float]], pool: ProcessPoolExecutor) -> None:
    """Print the table of one latency."""
    jobs = [Job(day, BASE, latency_s) for day in days]
    ours: list[Figures] = list(pool.map(play, jobs))
    points = list(pool.map(knowing, jobs))
    lent_kwh, surplus_kwh = (
        sum(day.lent_kwh for day in ours),
        sum(day.surplus_kwh for day in ours),
    )
    at = next(
        (at for at in range(len(PRICES)) if sum(day[at].battery_kwh for day in points) <= lent_kwh),
        len(PRICES) - 1,
    )
    count, share = len(days), 100 / surplus_kwh
    print(
        f"\n{count} days, {latency_s} s late: evsed captures "
        f"{share * sum(day.captured_kwh for day in ours):.2f} % of all surplus for "
        f"{lent_kwh / count:.2f} kWh lent and {sum(day.starts for day in ours) / count:.1f} starts "
        f"a day; clairvoyant switching {share * sum(day[at].captured_kwh for day in points):.2f} % "
        f"for {sum(day[at].battery_kwh for day in points) / count:.2f} kWh and "
        f"{sum(day[at].starts for day in points) / count:.1f} starts (a lent kWh at {PRICES[at]:g})"
    )
    print("| cause | captured less, points | lends more, kWh a day |\n|---|---|---|")
    whole: dict[str, Part] = defaultdict(Part)
    for found in pool.map(parts, jobs, [PRICES[at]] * count):
        for cause, part in found.items():
            whole[cause] = whole[cause].plus(*part)
    for cause, part in sorted(whole.items(), key=lambda item: -item[1].missed_kwh):
        lends = -part.more_lent_kwh / count
        print(f"| {cause} | {share * part.missed_kwh:.2f} | {lends:+.3f} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="distance from clairvoyant switching, by cause")
    parser.add_argument("--days", type=Path, default=DAYS)
    parser.add_argument("--latency", type=int, nargs="*", default=[5, 45])
    options = parser.parse_args()
    days = [read_day(path).surplus_w for path in sorted(options.days.glob("*.csv"))]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for latency_s in options.latency:
            report(latency_s, days, pool)


if __name__ == "__main__":
    main()
