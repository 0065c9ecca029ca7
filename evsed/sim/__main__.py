# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world as a program: `python -m evsed.sim`.

It starts pigpiod, pilot circuit, box, car, house and BatteryMonitor, and the garage page to control
them. It prints one line of JSON with its ports and ends when its standard input does, so that it
never outlives its parent; signals to the whole process group are left to that one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from evsed.sim.cars.car import Car, CarModel
from evsed.sim.cars.library import parse_car
from evsed.sim.demand_manager import DemandManager, Formula
from evsed.sim.garage_page import garage_app
from evsed.sim.house import Battery, Clouds, House, Sun
from evsed.sim.house_server import feed_app
from evsed.sim.pigpiod.server import precise_event_loop
from evsed.sim.scenario_controls import Garage
from evsed.sim.world import THREE_PHASES, Pins, World

REAL_TIME_PRIORITY = 30
ABOVE_TARGET_WH = 100.0  # just above BatteryMonitor's target, so that the car may charge
LIVED_BEFORE_S = 60  # of the world, so that its first page is a real one
THREE_PHASES_W = 12_000.0  # a roof whose sun is enough for three phases, and not all day
PLUGGED_IN_AFTER_S = 2.0  # of pilot, so that the front end is read without a car first


async def _serve(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    return runner, runner.addresses[0][1]


async def _until_stdin_ends() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass


async def _plug_in(world: World, garage: Garage) -> None:
    """Plug the car in when evsed, however slowly it started, has driven the pilot for a while."""
    driven = asyncio.Event()
    world.wires.listeners.append(lambda event: driven.set() if event.kind == "pwm" else None)
    await driven.wait()
    await asyncio.sleep(PLUGGED_IN_AFTER_S)
    garage.act("plug")


def _feed(options: argparse.Namespace) -> dict[str, Any]:
    """The house's battery and what its page shows of it."""
    demand = DemandManager(Formula(options.formula), pace=options.speed)
    capacity_wh = 1000 * options.battery_kwh
    charge_wh = demand.target_share * capacity_wh + ABOVE_TARGET_WH
    return {"battery": Battery(capacity_wh, charge_wh), "demand": demand}


async def _main(options: argparse.Namespace) -> None:
    began_at = time.monotonic() - LIVED_BEFORE_S
    house = House(
        began_at,
        # BatteryMonitor's pages are in its local time.
        datetime.now() - timedelta(seconds=LIVED_BEFORE_S),  # noqa: DTZ005
        sun_h=options.sun_h - LIVED_BEFORE_S * options.speed / 3600,
        speed=options.speed,
        period_s=options.period_s,
        window_s=min(10.0, options.period_s / 2),
        clouds=Clouds(seed=options.seed),
        **_feed(options),
    )
    if options.phases > 1:
        house.sun, house.maximum_w = Sun(THREE_PHASES_W).power_w, THREE_PHASES_W
    for second in range(LIVED_BEFORE_S):
        house.step(began_at + second, 0.0)
    car = (
        parse_car(options.car)
        if options.car
        else Car(CarModel(max_a=options.car_max_a, phases=options.phases))
    )
    pins = THREE_PHASES if options.phases > 1 else Pins()
    world = World(house, car, pins=pins, pigpiod_port=options.pigpiod_port)
    await world.pigpiod.start()
    feed, feed_port = await _serve(feed_app(house), "127.0.0.1", 0)
    garage = Garage(world)
    garage_runner, garage_port = await _serve(
        garage_app(garage, options.page_port), options.garage_host, options.garage_port
    )
    # A collection of all that is loaded takes 40 ms, in which no simulated hardware moves.
    gc.collect()
    gc.freeze()
    ports = {"pigpiod": world.pigpiod.port, "feed": feed_port, "garage": garage_port}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    tasks = [asyncio.create_task(world.run())]
    if options.plugged:
        tasks.append(asyncio.create_task(_plug_in(world, garage)))
    try:
        await _until_stdin_ends()
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await world.pigpiod.stop()
        await feed.cleanup()
        await garage_runner.cleanup()


def main() -> int:
    """Parse the options, run until standard input ends."""
    parser = argparse.ArgumentParser(prog="evsed.sim", description=__doc__)
    parser.add_argument("--garage-host", default="127.0.0.1")
    parser.add_argument("--garage-port", type=int, default=0)
    parser.add_argument("--page-port", type=int, default=0, help="of evsed's page, for a link")
    parser.add_argument("--pigpiod-port", type=int, default=0, help="a real one has 8888")
    parser.add_argument("--period-s", type=float, default=10.0)
    parser.add_argument("--speed", type=float, default=30.0, help="seconds of sun a second")
    parser.add_argument("--sun-h", type=float, default=10.0, help="the sun's hour at the start")
    parser.add_argument("--car-max-a", type=float, default=16.0)
    parser.add_argument("--car", help="a car of the library: NAME, or NAME,parameter=number,...")
    parser.add_argument(
        "--formula",
        choices=[each.value for each in Formula],
        default=Formula.MINUTE.value,
        help="BatteryMonitor's version: how the error of charge counts",
    )
    parser.add_argument("--battery-kwh", type=float, default=15.0, help="the house's battery")
    parser.add_argument("--phases", type=int, choices=[1, 3], default=1, help="contactors")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plugged", action="store_true")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Hardware is never late: where it is allowed, it runs above everything it simulates.
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))
    with asyncio.Runner(loop_factory=precise_event_loop) as runner:
        runner.run(_main(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
