# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases that a car is believed to use, by the feed alone, in the first hours of a charge.

    .venv/bin/python -m tests.benchmarks car_phases --half odd --cases 240
    .venv/bin/python -m tests.benchmarks car_phases --days FOLDER --half even

Each stay has a recorded day, a box of three phases, a car that uses one, two or all of them and
takes no more than some current, and a feed with a period and a delay. `--half` takes every other
day, and noise of its own, so that one half chooses and the other judges. A stay is judged an hour
after the car began to draw: "right", "wrong", or "unknown": nothing is believed, and the box counts
on all its phases. "wrong for" sums the time in which a wrong number was believed, in all stays.
"""

from __future__ import annotations

import argparse
import os
from array import array
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple

from evsed.core.solar.allotment import Allotment, AllotmentConfig, Reading
from evsed.core.solar.car_needs import CarNeeds
from evsed.sim.dayfiles import read_day
from evsed.sim.demand_manager import DemandManager, Formula
from tests.benchmarks.solar_house import Battery, battery_flow_w

DAYS: Final = Path(__file__).parents[1] / "days" / "places"
BOX: Final = 3
MAINS_V: Final = 230.0
STAY_S: Final = 3 * 3600
BEFORE_S: Final = 1200
HOUR_S: Final = 3600
FULL_FROM: Final = 0.96  # the battery of BatteryMonitor takes less and less from here on
TARGET: Final = 0.52

Feed = Literal["spare", "batterymonitor", "full", "held", "no export"]
FEEDS: Final[tuple[Feed, ...]] = ("spare", "batterymonitor", "full", "held", "no export")
"""A plain figure; BatteryMonitor's, of a battery that does not fill meanwhile; of one that is full,
so that panels are throttled; a grid that a battery holds at 0; and a house that may not export."""
MONITORS: Final = ("batterymonitor", "full")


@dataclass(frozen=True)
class Stay:
    """The parts of one stay: kettles of `kettle_w`, a battery with so much in it."""

    seed: int
    day: Path
    scale: float
    phases: int
    feed: Feed
    period_s: int
    late_s: int
    most_a: float
    box_a: float
    answers_s: int
    rough_w: float
    kettle_w: float
    formula: Formula
    battery_kwh: float
    soc: float


class Outcome(NamedTuple):
    """Belief at the hour, since when it is right, and for how long it was wrong."""

    stay: Stay
    verdict: str
    right_s: float | None
    wrong_s: int
    drew_s: int
    lent_wh: float
    lost_wh: float


def draw(seed: int, days: Sequence[Path], feeds: Sequence[Feed]) -> Stay:
    """Draw a stay."""
    random = Random(seed)
    feed = random.choice(feeds)
    return Stay(
        seed=seed,
        day=random.choice(days),
        scale=random.choice((1.6, 2.4)),
        phases=random.choice((1, 2, 3)),
        feed=feed,
        period_s=random.choice((5, 10, 45, 60)),
        late_s=random.choice((1, 5, 15, 45)),
        most_a=random.choice((8.0, 10.0, 13.0, 16.0, 16.0, 32.0)),
        box_a=random.choice((16.0, 32.0)),
        answers_s=random.choice((2, 2, 5, 10)),
        rough_w=random.choice((10.0, 30.0, 80.0)),
        kettle_w=random.choice((0.0, 0.0, 1500.0, 2200.0)),
        formula=random.choice((Formula.MINUTE, Formula.MINUTE, Formula.HOUR, Formula.PLAIN)),
        battery_kwh=random.choice((10.0, 20.0)) if feed in ("full", "held") else 60.0,
        soc=random.choice((0.93, 0.97)) if feed == "full" else random.choice((0.5, 0.65)),
    )


@cache
def _recorded(day: Path) -> array[float]:
    return array("d", read_day(day).surplus_w)


def surplus_w(stay: Stay) -> array[float]:
    """Return the surplus in each second from some minutes before the car comes, kettles and all.

    The car comes at a random moment at which the sun is enough for three phases.
    """
    noise = Random(stay.seed + 1)
    day = array("d", (stay.scale * sun_w for sun_w in _recorded(stay.day)))
    enough = 6.0 * MAINS_V * BOX
    moments = [at for at in range(BEFORE_S, len(day) - 2 * HOUR_S, 60) if day[at] > enough]
    if not moments:
        return array("d")
    first_s = noise.choice(moments) - BEFORE_S
    spare_w = day[first_s : first_s + BEFORE_S + STAY_S]
    at_s = 0.0
    while stay.kettle_w:
        at_s += noise.expovariate(1 / 900)
        until_s = at_s + noise.uniform(60.0, 400.0)
        if at_s >= len(spare_w):
            break
        for now_s in range(int(at_s), min(len(spare_w), int(until_s))):
            spare_w[now_s] -= stay.kettle_w
    return array("d", (sun_w + noise.gauss(0.0, stay.rough_w) for sun_w in spare_w))


class House:
    """The house around the car: what the feed shows of what is left over."""

    def __init__(self, stay: Stay) -> None:
        self._stay = stay
        self._battery = Battery(kwh=stay.battery_kwh, soc=stay.soc)
        self._stored_wh = 1000 * stay.battery_kwh * stay.soc
        self._flow_w = 0.0
        self._manager = DemandManager(stay.formula, TARGET)

    def update(self, left_w: float) -> float:
        """Let a second pass with *left_w* spare; return what a meter shows, in watts."""
        stay, capacity_wh = self._stay, 1000 * self._stay.battery_kwh
        if stay.feed == "held":
            self._flow_w = battery_flow_w(self._battery, self._stored_wh, self._flow_w, left_w)
            self._stored_wh += self._flow_w / 3600
            return left_w - self._flow_w
        if stay.feed == "no export":
            return min(left_w, 0.0)
        if stay.feed in MONITORS:
            room = min(1.0, max(0.0, (1.0 - self._stored_wh / capacity_wh) / (1.0 - FULL_FROM)))
            power_w = min(left_w, 0.5 * capacity_wh * room)
            self._stored_wh += power_w / 3600
            return power_w
        return left_w

    def page_w(self, shown_w: float) -> tuple[float, float | None]:
        """Return the figure and the maximum of the feed's page."""
        if self._stay.feed not in MONITORS:
            return shown_w, None
        figure_w = self._manager.excess_w(shown_w, self._stored_wh, 1000 * self._stay.battery_kwh)
        return round(figure_w), None if self._manager.gate_open else 0.0


def play(stay: Stay) -> Outcome | None:
    """Play a stay; None where the sun of its day is too little for three phases."""
    sun = surplus_w(stay)
    if not sun:
        return None
    monitor = stay.feed in MONITORS
    rules = AllotmentConfig(
        phases=BOX,
        max_current_a=stay.box_a,
        period_s=float(stay.period_s),
        semantics="batterymonitor" if monitor else "battery_power",
    )
    allotment, house = Allotment(rules), House(stay)
    waiting: deque[tuple[int, Reading]] = deque()
    offers = deque([0.0] * stay.answers_s, maxlen=stay.answers_s)
    drawn_a = offered_a = lent_ws = lost_ws = 0.0
    begun_s: int | None = None
    right_s: float | None = None
    believed, wrong_s, verdict = 0, 0, "unknown"
    for now_s, sun_w in enumerate(sun):
        plugged, now = now_s >= BEFORE_S, float(now_s)
        target_a = min(offers[0], stay.most_a) if offered_a > 0 else 0.0
        drawn_a = min(drawn_a + 4.0, max(drawn_a - 4.0, target_a)) if offered_a > 0 else 0.0
        drawn_w = drawn_a * MAINS_V * stay.phases
        shown_w = house.update(sun_w - drawn_w)
        if now_s % stay.period_s == 0:
            figure_w, maximum_w = house.page_w(shown_w)
            reading = Reading(
                excess_w=figure_w, maximum_w=maximum_w, stamp=str(now_s), age_s=float(stay.late_s)
            )
            waiting.append((now_s + stay.late_s, reading))
        while waiting and waiting[0][0] <= now_s:
            allotment.on_reading(now, waiting.popleft()[1])
        charging = offered_a > 0
        allotment.on_draw(now, offered_a, charging=charging)
        allotment.set_car(CarNeeds(phases=allotment.car_phases))
        offered_a = allotment.update(now).current_a if plugged else 0.0
        offers.append(offered_a)
        if begun_s is None and drawn_a > 0:
            begun_s = now_s
        if begun_s is None:
            continue
        believed = allotment.car_phases
        wrong_s += believed not in (0, stay.phases)
        if believed != stay.phases:
            right_s = None
        elif right_s is None:
            right_s = now - begun_s
        if now_s == begun_s + HOUR_S:
            verdict = {0: "unknown", stay.phases: "right"}.get(believed, "wrong")
        lent_ws += max(0.0, drawn_w - max(0.0, sun_w))
        possible_a = min(stay.most_a, stay.box_a, sun_w / MAINS_V / stay.phases)
        lost_ws += max(0.0, possible_a * MAINS_V * stay.phases - drawn_w) if possible_a >= 6 else 0
    if begun_s is None or begun_s + HOUR_S >= len(sun):
        return None
    drew_s = len(sun) - begun_s
    return Outcome(stay, verdict, right_s, wrong_s, drew_s, lent_ws / 3600, lost_ws / 3600)


def show(label: str, outcomes: Sequence[Outcome]) -> None:
    """Print a row of the table."""
    if not outcomes:
        return
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    times = sorted(outcome.right_s for outcome in outcomes if outcome.right_s is not None)
    median_min = times[len(times) // 2] / 60 if times else float("nan")
    late_min = times[int(0.9 * len(times))] / 60 if times else float("nan")
    wrong_min = sum(outcome.wrong_s for outcome in outcomes) / 60
    longest_min = max(outcome.wrong_s for outcome in outcomes) / 60
    lent = sum(outcome.lent_wh for outcome in outcomes) / len(outcomes)
    lost = sum(outcome.lost_wh for outcome in outcomes) / len(outcomes)
    print(
        f"{label:22}{verdicts['right']:5} right{verdicts['unknown']:5} unknown"
        f"{verdicts['wrong']:4} wrong; after {median_min:5.1f}, {late_min:5.1f} min; "
        f"wrong for {wrong_min:5.0f} min, at most {longest_min:4.0f}; "
        f"lent {lent:4.0f}, lost {lost:5.0f} Wh",
        flush=True,
    )


def main() -> None:
    """Print the table, and each stay that did not end right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=Path, default=DAYS)
    parser.add_argument("--half", choices=("even", "odd"), default="odd")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--feeds", nargs="+", choices=FEEDS, default=FEEDS[:2])
    parser.add_argument("--verbose", action="store_true", help="each stay that is not right")
    options = parser.parse_args()
    odd = options.half == "odd"
    days = sorted(options.days.glob("*.csv"))[int(odd) :: 2]
    first = 2 * options.first + 1_000_000 * odd
    seeds = range(first, first + 2 * options.cases, 2)
    stays = [draw(seed, days, options.feeds) for seed in seeds]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        outcomes = [found for found in pool.map(play, stays, chunksize=4) if found is not None]
    show("all", outcomes)
    for phases in (1, 2, 3):
        show(f"{phases} phases", [o for o in outcomes if o.stay.phases == phases])
    for feed in options.feeds:
        show(feed, [o for o in outcomes if o.stay.feed == feed])
    for period_s in (5, 10, 45, 60):
        show(f"every {period_s} s", [o for o in outcomes if o.stay.period_s == period_s])
    for most_a in (8.0, 10.0, 13.0, 16.0, 32.0):
        show(f"at most {most_a:.0f} A", [o for o in outcomes if o.stay.most_a == most_a])
    if options.verbose:
        for outcome in outcomes:
            if outcome.verdict != "right" or outcome.wrong_s:
                print(outcome.verdict, f"{outcome.wrong_s / 60:.0f} min wrong,", outcome.stay)


if __name__ == "__main__":
    main()
