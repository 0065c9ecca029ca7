# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred charge points on one central system that shares 63 A among them, for a simulated day.

    .venv/bin/python -m tests.benchmarks fleet --points 200 --hours 24

Client, queue and limits are evsed's own, the sockets real, the time simulated. During the day 30 %
of the connections drop, the central system is killed for 20 minutes and then for an hour; half of
the chargers have a wrong clock, half of the cars follow a lower offer 5 s late.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import structlog

from evsed.frontends.ocpp import OcppConfig
from tests.benchmarks.fleet_central import FleetCentral
from tests.benchmarks.fleet_points import HOUR_S, Charger
from tests.benchmarks.warp_loop import WarpLoop

SUPPLY_A = 63.0
KEEP_S = 300.0
RESERVED = 10
"""Chargers that may go on at 6 A offline: 60 A of the 63."""


class Supply:
    """The sums of what is offered and drawn, and the most that they came to."""

    def __init__(self) -> None:
        self._offered: dict[Charger, float] = {}
        self._drawn: dict[Charger, float] = {}
        self.most_offered_a = self.most_drawn_a = 0.0
        self.most_offered_at = 0.0

    def on_current(self, charger: Charger) -> None:
        self._offered[charger] = charger.offered_a
        self._drawn[charger] = charger.drawn_a
        offered_a = sum(self._offered.values())
        if offered_a > self.most_offered_a:
            self.most_offered_a = offered_a
            self.most_offered_at = asyncio.get_running_loop().time()
        self.most_drawn_a = max(self.most_drawn_a, sum(self._drawn.values()))


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def day(points: int, hours: float, folder: Path) -> Supply:
    """Live through a day, print its figures and return its sums."""
    names = [f"CP{n:05}" for n in range(points)]
    offline = {name: 6.0 if n < RESERVED else 0.0 for n, name in enumerate(names)}
    central = FleetCentral(SUPPLY_A, KEEP_S, offline)
    await central.start()
    supply, random = Supply(), Random(points)
    before_mb = memory_mb()
    chargers = []
    for n, name in enumerate(names):
        config = OcppConfig(
            url=f"ws://127.0.0.1:{central.port}",
            path=folder / f"{name}.db",
            identity=name,
            version="1.6",
            offline_keep_s=KEEP_S,
            offline_max_a=offline[name],
        )
        wrong_s = random.uniform(-1e9, 1e9) if n % 2 else 0.0
        chargers.append(Charger(config, Random(n), wrong_s, supply.on_current))
    tasks = [asyncio.create_task(charger.run()) for charger in chargers]
    cpu_before = time.process_time()

    async def trouble(at_h: float) -> None:
        await asyncio.sleep(max(0.0, at_h * HOUR_S - asyncio.get_running_loop().time()))

    await trouble(hours * 0.3)
    await central.drop(set(random.sample(names, points * 3 // 10)))
    await trouble(hours * 0.45)
    await central.kill()
    await asyncio.sleep(20 * 60)
    came_back_at = asyncio.get_running_loop().time()
    await central.start()
    await central.all_reached.wait()
    back_s = asyncio.get_running_loop().time() - came_back_at
    print(f"after its restart all were back within {back_s:.0f} s")
    await trouble(hours * 0.7)
    await central.kill()
    await asyncio.sleep(HOUR_S)
    await central.start()
    await trouble(hours)
    cpu_s = time.process_time() - cpu_before
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await central.kill()
    waiting = sum(charger.station.memory.count() for charger in chargers)
    charged_kwh = sum(charger.charged_wh for charger in chargers) / 1000
    print(f"{points} charge points, {hours:g} h, {SUPPLY_A:g} A")
    print(
        f"most offered {supply.most_offered_a:.1f} A (at {supply.most_offered_at / HOUR_S:.2f} h)"
    )
    print(f"most drawn {supply.most_drawn_a:.1f} A")
    print(
        f"charged {charged_kwh:.0f} kWh of {SUPPLY_A * 230 * hours / 1000:.0f} that the supply has"
    )
    print(
        f"messages of charge points {central.messages}, {central.messages / hours / HOUR_S:.2f}/s"
    )
    print(f"still queued {waiting}")
    print(
        f"CPU {cpu_s:.0f} s, both sides: {1000 * cpu_s / points / hours:.1f} ms an hour and point"
    )
    print(
        f"memory {memory_mb():.0f} MB, {1000 * (memory_mb() - before_mb) / points:.0f} KB a point"
    )
    return supply


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--hours", type=float, default=24.0)
    options = parser.parse_args()
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)  # a line for each of hundreds says nothing
    shared = Path("/dev/shm")
    place = shared if shared.is_dir() else None
    with (
        tempfile.TemporaryDirectory(dir=place) as folder,
        asyncio.Runner(loop_factory=WarpLoop) as runner,
    ):
        supply = runner.run(day(options.points, options.hours, Path(folder)))
    if supply.most_offered_a > SUPPLY_A:
        sys.exit("the supply was overloaded")


if __name__ == "__main__":
    main()
