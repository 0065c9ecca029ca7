# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases that a car is believed to use, by the feed alone, over made-up stays of three hours.

    .venv/bin/python -m tests.benchmarks car_phases --first 0 --cases 400

Each stay has a box of three phases, a car that uses one, two or all of them and takes no more than
some current, a feed with a period and a delay, a sky that moves, and kettles. With the semantics of
BatteryMonitor there is a house battery, too, and panels that are throttled when it is full.
"few" and "many": at some moment a wrong number was believed; too few have the house battery pay.
"unknown": nothing was believed, and the box counts on all phases.
"""

from __future__ import annotations

import argparse
import math
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Final

from evsed.core.solar.allotment import AllotmentConfig
from evsed.core.solar.car_needs import CarNeeds
from evsed.sim.demand_manager import Formula
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import PlantConfig, play

if TYPE_CHECKING:
    from evsed.core.solar.allotment_config import Semantics

BOX: Final = 3
STAY_S: Final = 3 * 3600


@dataclass(frozen=True)
class Stay:
    """The parts of one stay: kettles of `kettle_w`, a sky that swings by `swing_w`."""

    phases: int
    semantics: Semantics
    period_s: int
    late_s: int
    most_a: float
    rough_w: float
    sun_w: float
    kettle_w: float
    swing_w: float
    span_s: float
    formula: Formula
    battery_kwh: float
    soc: float

    @classmethod
    def draw(cls, random: Random) -> Stay:
        """Draw one."""
        kinds: tuple[Semantics, ...] = ("battery_power", "battery_power", "batterymonitor")
        return cls(
            phases=random.choice((1, 1, 2, 3, 3)),
            semantics=random.choice(kinds),
            period_s=random.choice((5, 10, 30, 60)),
            late_s=random.choice((0, 2, 5, 10, 20, 40)),
            most_a=random.choice((6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 13.0, 16.0)),
            rough_w=random.choice((20.0, 60.0, 150.0, 300.0)),
            sun_w=random.choice((3000.0, 4500.0, 6500.0, 9000.0, 12000.0)),
            kettle_w=random.choice((0.0, 0.0, 1500.0, 2200.0, 3500.0)),
            swing_w=random.choice((100.0, 400.0, 1500.0)),
            span_s=random.choice((300.0, 900.0, 3000.0)),
            formula=random.choice(tuple(Formula)),
            battery_kwh=random.choice((5.0, 10.0, 20.0)),
            soc=random.choice((0.7, 0.9, 0.97)),
        )


def surplus_w(stay: Stay, noise: Random) -> array[float]:
    """Return the surplus in each second, kettles and all."""
    kettles: list[tuple[float, float]] = []
    at_s = 0.0
    while stay.kettle_w and at_s < STAY_S:
        at_s += noise.expovariate(1 / 900)
        kettles.append((at_s, at_s + noise.uniform(60.0, 400.0)))
    spare_w = array("d")
    for now_s in range(STAY_S):
        sun_w = stay.sun_w + stay.swing_w * math.sin(now_s / stay.span_s)
        on = any(begin <= now_s < end for begin, end in kettles)
        spare_w.append(sun_w - stay.kettle_w * on + noise.gauss(0.0, stay.rough_w))
    return spare_w


class Follows(Evsed):
    """evsed, which counts on the phases that it believes, as the daemon does."""

    def __init__(self, config: AllotmentConfig) -> None:
        super().__init__(config, datetime(2026, 6, 21, tzinfo=UTC))
        self.believed = [0]

    def update(self, now_s: int, drawn_a: float) -> tuple[float, bool]:
        phases = self.allotment.car_phases
        if phases != self.believed[-1]:
            self.believed.append(phases)
            self.allotment.set_car(CarNeeds(phases=phases))
        return super().update(now_s, drawn_a)


def believed(stay: Stay, seed: int) -> list[int]:
    """Return the numbers of phases that are believed one after the other; 0 is none."""
    rules = AllotmentConfig(
        phases=BOX,
        max_current_a=16.0,
        semantics=stay.semantics,
        period_s=float(stay.period_s),
    )
    plant = PlantConfig(
        feed_period_s=stay.period_s,
        feed_latency_s=stay.late_s,
        phases=stay.phases,
        semantics=stay.semantics,
        car_most_a=stay.most_a,
        formula=stay.formula,
        battery_kwh=stay.battery_kwh if stay.semantics == "batterymonitor" else None,
        soc=stay.soc,
    )
    charger = Follows(rules)
    play(surplus_w(stay, Random(seed)), plant, charger)
    return charger.believed


def verdict(seed: int) -> tuple[str, Stay]:
    """Return "right", "unknown", "few" or "many", and the stay of *seed*."""
    stay = Stay.draw(Random(seed))
    found = [phases for phases in believed(stay, seed + 1) if phases]
    if any(phases < stay.phases for phases in found):
        return "few", stay
    if any(phases > stay.phases for phases in found):
        return "many", stay
    return ("right" if found else "unknown"), stay


def main() -> None:
    """Print the sums, and each stay in which a wrong number was believed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--cases", type=int, default=400)
    options = parser.parse_args()
    sums: dict[tuple[str, str], int] = {}
    for seed in range(options.first, options.first + options.cases):
        found, stay = verdict(seed)
        key = (stay.semantics, found)
        sums[key] = sums.get(key, 0) + 1
        if found in ("few", "many"):
            print(f"{seed}: {found}, {stay}")
    for (semantics, found), count in sorted(sums.items()):
        print(f"{semantics:16}{found:10}{count:5}")


if __name__ == "__main__":
    main()
