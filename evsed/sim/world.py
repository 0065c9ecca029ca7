# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Pi and all around it, in real time and in a process of its own.

`python -m evsed.sim.world` starts pigpiod, pilot circuit, box, car, house and BatteryMonitor, and
the garage page to move them. It prints one line of JSON with its ports and ends when its standard
input does, so that it never outlives who started it; signals sent to the whole group are left to
that one.
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
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aiohttp import web

from evsed.sim.cars.car import Car, CarModel
from evsed.sim.circuit import Circuit, Generator
from evsed.sim.contactor_drive import Box, Contactor
from evsed.sim.garage_page import garage_app
from evsed.sim.gpio_lines import Wires
from evsed.sim.house import Clouds, House
from evsed.sim.house_server import feed_app
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.server import SimulatedPigpiod, precise_event_loop
from evsed.sim.scenario_controls import Garage
from evsed.sim.transformer import CHANNEL, CurrentTransformer

if TYPE_CHECKING:
    from evsed.sim.gpio_lines import WireEvent

REAL_TIME_PRIORITY = 30
STEP_S = 0.01
PLUGGED_IN_AFTER_S = 2.0  # of pilot, so that the front end is read without a car first


@dataclass(frozen=True, slots=True)
class Pins:
    """The GPIO (BCM) that the box is wired to; the shipped settings."""

    pilot: int = 18
    contactor: int = 23
    heartbeat: int = 24
    feedback: int = 25


class World:
    """The simulated Pi, its box, a car on the cable and the house, on one clock."""

    def __init__(
        self, house: House, car: Car, *, pins: Pins | None = None, pigpiod_port: int = 0
    ) -> None:
        self.pins = pins or Pins()
        self.house = house
        self.car = car
        self.box = Box([Contactor(poles=1)])
        self.circuit = Circuit()
        self.transformer = CurrentTransformer(lambda: self.car.drawn_a)
        self.wires = Wires()
        self.wires.listeners.append(self._on_wire)
        self.pigpiod = SimulatedPigpiod(
            self.wires, spi_device=Mcp3008(self._code_at), port=pigpiod_port
        )
        self._drive(time.monotonic())

    def _code_at(self, adc_channel: int, at_s: float) -> int:
        if adc_channel == CHANNEL:
            return self.transformer.code_at(at_s)
        return self.circuit.code(at_s) if adc_channel == 0 else 0

    def _on_wire(self, event: WireEvent) -> None:
        if event.gpio == self.pins.heartbeat and event.kind == "level":
            self.box.edge(event.at_s)
        elif event.gpio == self.pins.contactor:
            wave = self.wires.pwm(self.pins.contactor)
            level = float(self.wires.level(self.pins.contactor, event.at_s))
            self.box.drive(0, event.at_s, level if wave is None else wave.duty)
        elif event.gpio == self.pins.pilot:
            self._drive(event.at_s)

    def _drive(self, at_s: float) -> None:
        """Put on the pilot what the Pi's pin says: a pin that is low, or nothing, gives -12 V."""
        wave = self.wires.pwm(self.pins.pilot)
        if wave is None:
            self.circuit.generator = Generator(
                1.0 if self.wires.level(self.pins.pilot, at_s) else 0.0
            )
        else:
            self.circuit.generator = Generator(wave.duty, wave.frequency_hz, wave.started_at_s)

    def step(self, now: float) -> None:
        """Let the time pass until *now*."""
        self.box.step(now)
        # The mirror contact opens when the contacts close; the pin is pulled up.
        self.wires.drive_input(self.pins.feedback, int(self.box.closed))
        self.car.step(now, self.circuit, self.box.live_phases)
        self.house.step(now, self.car.drawn_w)

    async def run(self) -> None:
        """Step until cancelled."""
        while True:
            self.step(time.monotonic())
            await asyncio.sleep(STEP_S)


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


async def _main(options: argparse.Namespace) -> None:
    now = time.monotonic()
    house = House(
        now,
        datetime.now(),  # noqa: DTZ005 - BatteryMonitor's pages are in its local time
        sun_h=options.sun_h,
        speed=options.speed,
        period_s=options.period_s,
        window_s=min(10.0, options.period_s / 2),
        clouds=Clouds(seed=options.seed),
    )
    car = Car(CarModel(max_a=options.car_max_a))
    world = World(house, car)
    await world.pigpiod.start()
    feed, feed_port = await _serve(feed_app(house), "127.0.0.1", 0)
    garage = Garage(world)
    garage_runner, garage_port = await _serve(
        garage_app(garage), options.garage_host, options.garage_port
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
    parser = argparse.ArgumentParser(prog="evsed.sim.world", description=__doc__)
    parser.add_argument("--garage-host", default="127.0.0.1")
    parser.add_argument("--garage-port", type=int, default=0)
    parser.add_argument("--period-s", type=float, default=10.0)
    parser.add_argument("--speed", type=float, default=30.0, help="seconds of sun a second")
    parser.add_argument("--sun-h", type=float, default=10.0, help="the sun's hour at the start")
    parser.add_argument("--car-max-a", type=float, default=16.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plugged", action="store_true")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Hardware is never late: where it is allowed, this stands above everything it simulates for.
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))
    with asyncio.Runner(loop_factory=precise_event_loop) as runner:
        runner.run(_main(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
