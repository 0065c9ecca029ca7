# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of a simulated day, of a control tick, and of a burst of conversions.

.venv/bin/python -m tests.benchmarks.bench_day
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

from evsed.control import Control
from evsed.core.solar.allotment import Allotment, AllotmentConfig
from evsed.sim.cars.car import Car, CarModel
from evsed.sim.circuit import CAR_C_OHM, Circuit, Load
from evsed.sim.house import Clouds, House
from tests.sim.bench import CONFIG, Bench
from tests.sim.day import Day

AIM_S = 60.0
HOUR_S = 3600.0


def burst_us(count: int) -> float:
    """Microseconds for a burst of *count* conversions at 10 % duty, the best of many."""
    circuit = Circuit(load=Load(CAR_C_OHM))
    circuit.drive(0.1, 0.0)
    moments = [place * 53e-6 for place in range(count)]
    best_s = 1.0
    for _ in range(200):
        before_s = time.process_time()
        circuit.codes(moments)
        best_s = min(best_s, time.process_time() - before_s)
    return best_s * 1e6


def tick_us(seconds: float = 40.0) -> float:
    """Microseconds for a tick while charging at 16 A: burst, meter, state machine, car."""
    bench = Bench(Control)
    bench.run(1)
    bench.plug_in()
    bench.offer(16)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    before_s = time.process_time()
    bench.run(seconds)
    return (time.process_time() - before_s) / (seconds * 50) * 1e6


def day() -> Day:
    """Midnight to midnight in June under passing clouds; the car is there from eight to seven."""
    bench = Bench(
        Control,
        car=Car(CarModel(max_a=16.0, battery_wh=80_000.0)),
        config=replace(CONFIG, supply_max_a=16.0),
    )
    midnight = datetime(2026, 6, 21)  # noqa: DTZ001 - the feed's clock has no zone
    clouds = Clouds(cover=0.4, seed=1)
    house = House(bench.now, midnight, sun_h=0.0, clouds=clouds, maximum_w=9_000.0)
    config = AllotmentConfig(
        period_s=60.0, window_s=10.0, semantics="battery_power", max_current_a=16.0
    )
    bench.after(8 * HOUR_S, bench.plug_in)
    bench.after(8 * HOUR_S + 5, bench.car.ask)
    bench.after(19 * HOUR_S, bench.unplug)
    return Day(bench, house, Allotment(config))


def main() -> None:
    """Print the figures."""
    print(f"burst of 64: {burst_us(64):.0f} us, of 128: {burst_us(128):.0f} us")
    print(f"tick while charging: {tick_us():.0f} us")
    it = day()
    summary = it.run(24 * HOUR_S)
    print(
        f"simulated day: {summary.took_s:.1f} s of processor time (aim: under {AIM_S:.0f} s), "
        f"{summary.ticks} ticks, every tick for {summary.fine_s:.0f} s of it"
    )
    print(
        f"  car {summary.car_wh / 1000:.1f} kWh of {summary.spare_wh / 1000:.1f} kWh spare, "
        f"{summary.contactor_cycles} contactor cycles"
    )


if __name__ == "__main__":
    main()
