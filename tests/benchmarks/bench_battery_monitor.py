# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed behind each of BatteryMonitor's formulas, in closed loop, beside a perfect reader.

.venv/bin/python -m tests.benchmarks battery_monitor

The perfect reader runs the same rules at the same times on the same pages, but knows the battery's
power and the error of its charge exactly.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
from array import array
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final, NamedTuple

from evsed.core.solar.allotment import Allotment, AllotmentConfig, Reading
from evsed.core.solar.battery_monitor import BatteryMonitorDecoder
from evsed.sim.demand_manager import DemandManager, Formula
from tests.benchmarks.solar_weather import make_day

STEP_S: Final = 5
CAR_LATE_S: Final = 5
VOLTS: Final = 230.0
CHARGE_RATE_PER_H: Final = 0.5
TAPER_FROM: Final = 0.96
KWH: Final = (5.0, 15.0, 60.0)
TARGETS: Final = (0.70, 0.85, 0.98)
LATENCIES_S: Final = (5, 30, 59)
VERSIONS: Final = (
    (Formula.MINUTE, False),
    (Formula.MINUTE, True),
    (Formula.HOUR, False),
    (Formula.PLAIN, False),
)
LEAST_KWH: Final = 0.5
LEAST_SHARE: Final = 95.0
MOST_LENT: Final = 10.0
SKIES: Final = ("clear", "broken")


class Case(NamedTuple):
    """One house for one day."""

    formula: Formula
    tracking: bool
    kwh: float
    target: float
    charge: float
    sky: str
    latency_s: int
    seed: int = 0


@dataclass(slots=True)
class Outcome:
    """Energies of the day in kWh: into the car, the sun it could have had, lent by the battery."""

    car_kwh: float = 0.0
    sun_kwh: float = 0.0
    lent_kwh: float = 0.0
    starts: int = 0
    plain: bool = False


class _Exact(BatteryMonitorDecoder):
    """A decoder that knows the truth."""

    __slots__ = ("truth",)

    def __init__(self) -> None:
        super().__init__()
        self.truth = (0.0, 0.0)

    @property
    def settled(self) -> bool:
        return True

    @property
    def solar_w(self) -> float:
        return self.truth[0]

    @property
    def state_w(self) -> float:
        return self.truth[1]

    def decode(self, value_w: float, own_w: float, own_mean_w: float, span_s: float) -> None:
        del own_mean_w, span_s
        del value_w, own_w

    def settle(self, excess_w: float, own_w: float) -> None:
        del excess_w, own_w


def surplus_w(sky: str, seed: int) -> array[float]:
    """A day's surplus, a value a second."""
    if sky == "clear":
        return array(
            "d", [5000 * math.sin(math.pi * s / 43_200) ** 1.2 - 300 for s in range(43_200)]
        )
    return make_day(sky, 100 + seed)


def play(case: Case, sun: array[float], *, exact: bool) -> Outcome:
    """Run one day."""
    config = AllotmentConfig(mains_v=VOLTS, max_current_a=32)
    allotment = Allotment(config)
    perfect = _Exact()
    if exact:
        allotment._surplus._decoder._decoder = perfect  # noqa: SLF001 - the truth in its place
    manager = DemandManager(case.formula, case.target, tracking=case.tracking)
    capacity_wh = 1000 * case.kwh
    charge_wh = capacity_wh * case.charge
    outcome = Outcome()
    news: list[tuple[int, Reading, tuple[float, float]]] = []
    offers = [0.0] * (CAR_LATE_S // STEP_S + 1)
    drawn_a, battery_w, on = 0.0, 0.0, False
    for now in range(0, len(sun), STEP_S):
        drawn_a = offers[0]
        drawn_w = drawn_a * VOLTS
        room = min(1.0, max(0.0, (1 - charge_wh / capacity_wh) / (1 - TAPER_FROM)))
        left_w = sun[now] - drawn_w
        battery_w = min(left_w, CHARGE_RATE_PER_H * capacity_wh * room)
        charge_wh += battery_w * STEP_S / 3600
        if now % 60 == 0:
            figure_w = float(round(manager.excess_w(battery_w, charge_wh, capacity_wh)))
            reading = Reading(
                excess_w=figure_w,
                maximum_w=manager.allowed_w(),
                stamp=str(now),
                age_s=float(case.latency_s),
            )
            news.append(
                (now + case.latency_s, reading, (battery_w + drawn_w, figure_w - battery_w))
            )
        while news and news[0][0] <= now:
            _, reading, perfect.truth = news.pop(0)
            allotment.on_reading(float(now), reading)
        allotment.on_draw(float(now), offers[-1], charging=offers[-1] > 0)
        offered_a = allotment.update(float(now)).current_a
        offers = [*offers[1:], offered_a]
        hours = STEP_S / 3.6e6
        outcome.car_kwh += drawn_w * hours
        outcome.sun_kwh += max(0.0, sun[now]) * hours
        outcome.lent_kwh += max(0.0, drawn_w - max(0.0, sun[now])) * hours
        outcome.starts += offered_a > 0 and not on
        on = offered_a > 0
    outcome.plain = allotment._surplus._decoder.plain  # noqa: SLF001 - shown in the table
    return outcome


def run(case: Case) -> tuple[Case, Outcome, Outcome]:
    """The day with evsed's decoder, and with the truth."""
    sun = surplus_w(case.sky, case.seed)
    return case, play(case, sun, exact=False), play(case, sun, exact=True)


def cases(formula: Formula, *, tracking: bool, every: int) -> list[Case]:
    """Every house of one formula, or each so many of them."""
    return [
        Case(formula, tracking, kwh, target, charge, sky, latency_s)
        for kwh, target, sky, latency_s in itertools.product(KWH, TARGETS, SKIES, LATENCIES_S)
        for charge in (1.0, min(1.0, target + 0.02), target - 0.02)
    ][::every]


class Row(NamedTuple):
    """Figures of one house, in percent: `bound` is what the perfect reader lends."""

    share: float
    lent: float
    bound: float
    text: str


def row(case: Case, ours: Outcome, truth: Outcome) -> Row:
    """Compare evsed with the perfect reader."""
    share = 100 * ours.car_kwh / truth.car_kwh if truth.car_kwh > LEAST_KWH else 100.0
    lent = 100 * ours.lent_kwh / ours.car_kwh if ours.car_kwh > 0 else 0.0
    truth_lent = 100 * truth.lent_kwh / truth.car_kwh if truth.car_kwh > 0 else 0.0
    house = f"{case.kwh:g} kWh, target {case.target:.0%}, begins at {case.charge:.0%}"
    return Row(
        share,
        lent,
        truth_lent,
        (
            f"{share:6.1f} % {lent:5.1f} % ({truth_lent:4.1f} %) {ours.car_kwh:6.2f} kWh "
            f"{ours.starts:3} starts  {house}, {case.sky}, {case.latency_s} s late"
        ),
    )


def main() -> None:
    """Print a summary of each formula, and the houses that miss the limits."""
    options = argparse.ArgumentParser(description="BatteryMonitor's formulas in closed loop")
    options.add_argument("--every", type=int, default=1, help="play only each so many houses")
    every = options.parse_args().every
    print("share of a perfect reader's energy, lent by the battery (by a perfect reader), energy")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for formula, tracking in VERSIONS:
            chosen = cases(formula, tracking=tracking, every=every)
            rows = [row(*played) for played in pool.map(run, chosen, chunksize=4)]
            name = formula.value + (", target follows" if tracking else "")
            near = sum(r.share >= LEAST_SHARE for r in rows)
            few = sum(r.lent <= MOST_LENT for r in rows)
            bound = sum(r.bound <= MOST_LENT for r in rows)
            print(
                f"\n{name}: {len(rows)} houses, {near} at {LEAST_SHARE:g} % or more (least "
                f"{min(r.share for r in rows):.1f} %), {few} lend {MOST_LENT:g} % or less (most "
                f"{max(r.lent for r in rows):.1f} %), the perfect reader in {bound}; more than it "
                f"lends by {max(r.lent - r.bound for r in rows):.1f} points at the most"
            )
            for each in sorted(rows):
                if each.share < LEAST_SHARE or each.lent > MOST_LENT:
                    print(each.text)


if __name__ == "__main__":
    main()
