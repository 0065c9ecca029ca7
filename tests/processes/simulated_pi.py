# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Pi, box and car in a process of their own, moved by lines of JSON.

`python -m tests.processes.simulated_pi` prints the port of its pigpiod, then answers each line
`["name", {arguments}]` on standard input with one line, and ends when its input does. All that
happens on the wires is kept with the moment at which the simulator has carried it out, so that a
test never has to look at the time itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evsed.sim.__main__ import REAL_TIME_PRIORITY
from evsed.sim.cars.car import Car, CarFaults, CarModel
from evsed.sim.house import House
from evsed.sim.pigpiod.server import precise_event_loop
from evsed.sim.world import STEP_S, THREE_PHASES, World
from tests.processes.timeline import STALL_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.sim.gpio_lines import WireEvent

S2_OPEN_S = 0.8  # a brisk car: it stops half a second after the offer does, S2 opens then


class Orders:
    """The acts of a test on the world; each public method is an order, by its name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._happened: list[tuple[float, str, int, float]] = []
        self._beats = 0
        world.wires.listeners.append(self._note)

    def _note(self, event: WireEvent) -> None:
        self._happened.append((event.at_s, event.kind, event.gpio, event.value))
        self._beats += event.kind == "script"

    async def run(self) -> None:
        """Step the world, and note what the car does and when the machine stood still."""
        world = self._world
        s2_closed = False
        due_at = time.monotonic()
        while True:
            now = time.monotonic()
            if now - due_at > STALL_S:
                self._happened.append((now, "stall", -1, now - due_at))
            due_at = now + STEP_S
            world.step(now)
            if world.car.s2_closed != s2_closed:
                s2_closed = world.car.s2_closed
                self._happened.append((now, "s2", -1, float(s2_closed)))
            await asyncio.sleep(STEP_S)

    def state(self) -> dict[str, object]:
        """The state of the world."""
        world = self._world
        pins, wires = world.pins, world.wires
        wave, held = wires.pwm(pins.pilot), wires.pwm(pins.contactor)
        return {
            "now": time.monotonic(),
            "beats": self._beats,
            "contactor_pin": wires.level(pins.contactor),
            "contacts_closed": world.box.closed,
            "duty": None if wave is None else wave.duty,
            "s2_closed": world.car.s2_closed,
            "drawn_a": world.car.drawn_a,
            "drawn_w": world.car.drawn_w,
            "live": world.box.live,
            "short_circuit": world.car.short_circuit,
            "hold_duty": None if held is None else held.duty,
            "clients": len(world.pigpiod.clients),
            "alive": world.pigpiod.alive,
        }

    def history(self, since: int = 0) -> list[tuple[float, str, int, float]]:
        """The events from number *since* on."""
        return self._happened[since:]

    def plug(self) -> None:
        """Plug the car in; it wants to charge."""
        self._world.car.plug_in(time.monotonic())
        self._world.car.ask()

    def unplug(self) -> None:
        """Pull the plug."""
        self._world.car.unplug()

    def car(self, **faults: Any) -> None:  # noqa: ANN401 - of whatever type the fault is
        """Change how the car behaves (`evsed.sim.cars.car.Faults`)."""
        self._world.car.faults = replace(CarFaults(), **faults)

    def model(self, **changes: Any) -> None:  # noqa: ANN401 - of whatever type it is
        """Change how the car is built (`evsed.sim.cars.car.CarModel`)."""
        self._world.car.model = replace(self._world.car.model, **changes)

    def pump(self, *, fitted: bool) -> None:
        """Fit the charge pump, or leave it out."""
        self._world.box.pump_stuck = not fitted

    def freeze(self, *, scripts: bool) -> None:
        """Stop pigpiod, with or without its scripts."""
        self._world.pigpiod.freeze(scripts=scripts)

    def thaw(self) -> None:
        """Let it go on."""
        self._world.pigpiod.thaw()

    def kill(self) -> None:
        """Kill pigpiod."""
        self._world.pigpiod.kill()

    async def revive(self) -> None:
        """Start pigpiod again over the same wires."""
        await self._world.pigpiod.revive()

    async def restart(self) -> None:
        """Kill it and start it again, as `systemctl restart` does."""
        self._world.pigpiod.kill()
        await self._world.pigpiod.revive()

    def reset(self) -> None:
        """Reset every connection."""
        self._world.pigpiod.reset()

    def slow(self, *, by_s: float) -> None:
        """Answer so much later."""
        self._world.pigpiod.faults.slow_s = by_s

    def garbage(self, *, answers: int) -> None:
        """Answer so many times with random bytes."""
        self._world.pigpiod.faults.garbage = answers

    def steal_pwm(self) -> None:
        """Do what another client's wave does to the pilot."""
        self._world.pigpiod.steal_pwm()


async def _main() -> None:
    car = Car(CarModel(s2_close_s=0.1, s2_open_s=S2_OPEN_S, dead_time_s=0.1))
    house = House(time.monotonic(), datetime.now())  # noqa: DTZ005 - the house's local time
    world = World(house, car, pins=THREE_PHASES)
    await world.pigpiod.start()
    orders = Orders(world)
    stepping = asyncio.create_task(orders.run())
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _send(world.pigpiod.port)
    while line := await reader.readline():
        name, arguments = json.loads(line)
        order: Callable[..., object] = getattr(orders, name)
        outcome = order(**arguments)
        _send(await outcome if asyncio.iscoroutine(outcome) else outcome)
    stepping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await stepping
    await world.pigpiod.stop()


def _send(outcome: object) -> None:
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run until standard input ends; signals to the group are for others."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Hardware is never late: where it is allowed, this stands above everything it simulates for.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))
    with asyncio.Runner(loop_factory=precise_event_loop) as runner:
        runner.run(_main())


if __name__ == "__main__":
    main()
