# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world with a stop-watch in it: a process of its own, with orders as lines of JSON.

`python -m tests.benchmarks.measured_world` prints its ports, then answers each line on standard
input with one on standard output, and ends when the input does. Whatever is measured is stamped
here, where the wires are: when the car left C, when the contactor command and each beat arrived.
Beside it stands how late this process itself was meanwhile:

* `stall_s`: how long its event loop came round late, in spells of over 3 ms (the scheduler, the
  machine under it, or work of its own);
* `answer_late_s`: the worst of its answers, behind the moment at which a Pi would have given it;
* `control_wait_s`: how long the control process stood ready with no processor free (schedstat).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import os
import random
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from evsed.sim.cars.car import Car, CarModel
from evsed.sim.house import House
from evsed.sim.house_server import feed_app
from evsed.sim.pigpiod.server import precise_event_loop
from evsed.sim.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.sim.gpio_lines import WireEvent

REAL_TIME_PRIORITY = 30  # above the control process: hardware is never late
PROBE_S = 0.002
STALL_S = 0.003
ENTRIES_BETWEEN_PLUGS = 4  # a fifth entry into C without A between is chatter, and a pause of 60 s
SETTLED_S = 0.15  # the contactor has been closed at least this long when the car lets go
PHASES_S = 0.1  # ... and up to so much longer, at random: five ticks
CLOSED_WITHIN_S = 90.0  # a pause after a late beat included
OPENED_WITHIN_S = 2.0


class Stopwatch:
    """The events on the wires of *world*, and the delay of this process meanwhile."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pins = world.pins
        self.first_pilot_at: float | None = None
        self.beats: list[float] = []
        self.stalls: list[tuple[float, float]] = []
        self.opened_at: float | None = None
        self.contactor = asyncio.Event()  # it moved
        world.wires.listeners.append(self._on_wire)

    def _on_wire(self, event: WireEvent) -> None:
        if event.kind == "script":
            self.beats.append(event.at_s)
        elif event.kind == "level" and event.gpio == self._pins.contactor:
            if not event.value:
                self.opened_at = event.at_s
            self.contactor.set()
        elif event.gpio == self._pins.pilot and event.kind == "pwm" and not self.first_pilot_at:
            self.first_pilot_at = event.at_s

    async def probe(self) -> None:
        """Note every spell in which the loop did not come round."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(PROBE_S)
            late_s = time.monotonic() - before - PROBE_S
            if late_s >= STALL_S:
                self.stalls.append((before + PROBE_S, before + PROBE_S + late_s))

    def stalled_s(self, start: float, end: float) -> float:
        """Seconds between two moments in which this process came round late."""
        return sum(
            max(0.0, min(until, end) - max(since, start))
            for since, until in reversed(self.stalls[-1000:])
        )

    def intervals(self) -> list[tuple[float, float]]:
        """The time between each beat and the one before, with the stall in it; then forgets."""
        beats, self.beats = self.beats, self.beats[-1:]
        stalls, self.stalls = self.stalls, []
        found = []
        at = 0
        for before, after in itertools.pairwise(beats):
            while at < len(stalls) and stalls[at][1] <= before:
                at += 1
            late_s, look = 0.0, at
            while look < len(stalls) and stalls[look][0] < after:
                late_s += min(stalls[look][1], after) - max(stalls[look][0], before)
                look += 1
            found.append((after - before, late_s))
        return found


async def until(so: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait until it is *so*. Raises TimeoutError after *within_s* seconds."""
    end = time.monotonic() + within_s
    while not so():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {within_s:g} s in vain until {what}")
        await asyncio.sleep(0.005)


class Trials:
    """Lets the car leave C at random phases and measures until the contactor command arrives."""

    def __init__(self, world: World, watch: Stopwatch, seed: int) -> None:
        self._world = world
        self._watch = watch
        self._random = random.Random(seed)
        self._entries = 0
        self.control_pid: int | None = None

    async def run(self, count: int, end: float) -> list[dict[str, float]]:
        """At most *count* trials, none begun after *end* (monotonic seconds)."""
        done: list[dict[str, float]] = []
        while len(done) < count and time.monotonic() < end:
            if (trial := await self._one()) is not None:
                done.append(trial)
        return done

    async def _one(self) -> dict[str, float] | None:
        """One trial; None when the contactor opened before the car let go."""
        world, watch = self._world, self._watch
        car = world.car
        if self._entries == ENTRIES_BETWEEN_PLUGS:
            await self._plug_anew()
        self._entries += 1
        car.ask()
        await until(lambda: world.box.closed, CLOSED_WITHIN_S, "the contactor closes")
        await asyncio.sleep(SETTLED_S + self._random.uniform(0.0, PHASES_S))
        if not world.wires.level(world.pins.contactor):
            return None
        watch.contactor.clear()
        watch.opened_at = None
        world.pigpiod.lateness.clear()
        waited_s = self._control_wait_s()
        car.stop_asking()
        left_at = time.monotonic()
        car.step(left_at, world.circuit, live_phases=int(world.box.closed))
        assert not car.s2_closed
        async with asyncio.timeout(OPENED_WITHIN_S):
            await watch.contactor.wait()
        opened_at = watch.opened_at
        assert opened_at is not None, "closed again before it opened"
        return {
            "reaction_s": opened_at - left_at,
            "answer_late_s": world.pigpiod.lateness.max_s,
            "stall_s": watch.stalled_s(left_at, opened_at),
            "control_wait_s": self._control_wait_s() - waited_s,
            "duty": world.circuit.generator.duty,
        }

    async def _plug_anew(self) -> None:
        """Unplug for a second: evsed counts the entries into C of each car from 0.

        The plug is out of a car only after S2 is open, so B is there for a while first.
        """
        self._world.car.stop_asking()
        await asyncio.sleep(1.0)
        self._world.car.unplug()
        await asyncio.sleep(1.0)
        self._world.car.plug_in(time.monotonic())
        self._entries = 0

    def _control_wait_s(self) -> float:
        """The wait of the control process for a processor so far (proc(5), schedstat)."""
        if self.control_pid is None:
            return 0.0
        return int(Path(f"/proc/{self.control_pid}/schedstat").read_text().split()[1]) / 1e9


class Bench:
    """The orders, by their names."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._watch = Stopwatch(world)
        self._trials = Trials(world, self._watch, seed)
        self.probing = asyncio.get_running_loop().create_task(self._watch.probe())

    async def carry_out(self, order: dict[str, Any]) -> object:
        """Do what `order["do"]` says; what it gives."""
        car = self._world.car
        match order["do"]:
            case "plug":
                car.plug_in(time.monotonic())
                if order.get("ask"):
                    car.ask()
            case "until_charging":
                await until(lambda: car.drawn_a > 0, order["within_s"], "the car charges")
            case "control":
                self._trials.control_pid = order["pid"]
            case "trials":
                end = time.monotonic() + order.get("for_s", 1e9)
                return await self._trials.run(order["count"], end)
            case "begin_beats":
                self._watch.intervals()
            case "beats":
                return self._watch.intervals()
            case "first_pilot":
                return self._watch.first_pilot_at
            case other:
                raise ValueError(f"nobody knows how to {other}")
        return None


async def main(seed: int) -> None:
    """Serve until standard input ends."""
    now = time.monotonic()
    # Follows at once and asks again at once: the trials measure evsed, not the car's manners.
    model = CarModel(max_a=32.0, battery_wh=1e9, s2_close_s=0.0, s2_open_s=0.0)
    local = datetime.now().astimezone().replace(tzinfo=None)
    house = House(now, local, period_s=10.0, window_s=5.0)
    world = World(house, Car(model))
    await world.pigpiod.start()
    runner = web.AppRunner(feed_app(house), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bench = Bench(world, seed)
    running = asyncio.create_task(world.run())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    # A collection of all that is loaded takes 40 ms, in which no simulated hardware moves.
    gc.collect()
    gc.freeze()
    gc.disable()
    print(json.dumps({"pigpiod": world.pigpiod.port, "feed": runner.addresses[0][1]}), flush=True)
    while line := await reader.readline():
        try:
            said: object = {"gave": await bench.carry_out(json.loads(line))}
        except (TimeoutError, AssertionError) as error:
            said = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)
    running.cancel()
    bench.probing.cancel()
    await world.pigpiod.stop()
    await runner.cleanup()


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))
    with asyncio.Runner(loop_factory=precise_event_loop) as loop_runner:
        loop_runner.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
