# SPDX-License-Identifier: GPL-3.0-or-later
"""The garage: everything one can do to the simulated world, each by a name, and how it looks then.

garage_page.py makes a page of buttons of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evsed.sim.cars.car import CarFaults
from evsed.sim.cars.library import LIBRARY, build_car
from evsed.sim.circuit import Diode
from evsed.sim.house import Clouds, FeedFault

if TYPE_CHECKING:
    from evsed.sim.world import World

KETTLE_W = 2_000.0
DARK = 0.9
MAXIMUM_W = 5_000.0  # "Maximum demand" of an untroubled house
MINIMUM_W = 2_000.0
OVERDRAW_A = 4.0
CHATTER_S = 1.0
SHORT_PRESS_S = 0.3
LONG_PRESS_S = 2.5


@dataclass(frozen=True, slots=True)
class Action:
    """One button: what it says, under which heading, what it does, and whether that is so now."""

    label: str
    group: str
    do: Callable[[], object]
    on: Callable[[], bool]


class Garage:
    """The actions of one world by their names, and its state for display."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chosen = "ordinary"
        self._under_way: set[asyncio.Task[Any]] = set()
        self.actions: Mapping[str, Action] = {
            **self._car(),
            **self._button(),
            **self._cars(),
            **self._sky(),
            **self._feed(),
            **self._car_faults(),
            **self._box_faults(),
            **self._pigpiod(),
        }

    def act(self, name: str) -> None:
        """Do the action *name*. Raises KeyError when there is no such action."""
        done = self.actions[name].do()
        if asyncio.iscoroutine(done):
            task = asyncio.get_running_loop().create_task(done)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def light(self) -> tuple[bool, ...]:
        """Return the red, green and blue of the light on the box, as they are now."""
        return self._world.light

    def state(self) -> dict[str, object]:
        """Return the state of the world as seen from outside; keys carry their units."""
        world, car, house = self._world, self._world.car, self._world.house
        battery = house.battery
        now = time.monotonic()
        return {
            "plugged": car.plugged,
            "asks": car.asks,
            "s2_closed": car.s2_closed,
            "offer_a": round(car.offer_a, 2),
            "drawn_a": round(car.drawn_a, 2),
            "drawn_w": round(car.drawn_w),
            "car_share": round(car.charge_wh / car.model.battery_wh, 4),
            "contactor_closed": world.box.closed,
            "live_phases": world.box.live_phases,
            "short_circuit": car.short_circuit,
            "high_v": round(world.circuit.high_v, 2),
            "low_v": round(world.circuit.low_v, 2),
            "duty": round(world.circuit.generator.duty, 4),
            "solar_w": round(house.solar_w),
            "load_w": round(house.load_w),
            "battery_w": round(house.battery_w),
            "battery_share": round(battery.charge_wh / battery.capacity_wh, 4),
            "day_s": round(house.day_s(now)),
            "pigpiod": self._pigpiod_state(),
            "on": [name for name, action in self.actions.items() if action.on()],
        }

    # ------------------------------------------------------------------------ what one can do

    def _car(self) -> dict[str, Action]:
        car = self._world.car

        def plug() -> None:
            car.plug_in(time.monotonic())
            car.ask()

        return {
            "plug": Action("Plug in", "Car", plug, lambda: car.plugged),
            "unplug": Action("Unplug", "Car", car.unplug, lambda: not car.plugged),
            "ask": Action("Let it ask", "Car", car.ask, lambda: car.asks),
            "stop": Action("Let it stop", "Car", car.stop_asking, lambda: not car.asks),
        }

    def _button(self) -> dict[str, Action]:
        """The button on the box, pressed by a person, or jammed."""
        world, group = self._world, "Button on the box"

        def press(seconds: float) -> Callable[[], object]:
            async def hold() -> None:
                world.button_pressed = True
                await asyncio.sleep(seconds)
                world.button_pressed = False

            return hold

        def jam() -> None:
            world.button_pressed = not world.button_pressed

        def never() -> bool:
            return False

        return {
            "press": Action("Press", group, press(SHORT_PRESS_S), never),
            "press_long": Action("Press long", group, press(LONG_PRESS_S), never),
            "jam_button": Action("Jam", group, jam, lambda: world.button_pressed),
        }

    def _cars(self) -> dict[str, Action]:
        """Every car of the library, in place of the one that is there."""

        def choose(name: str) -> Callable[[], None]:
            def change() -> None:
                self._world.car.become(build_car(name))
                self._chosen = name

            return change

        def chosen(name: str) -> Callable[[], bool]:
            return lambda: self._chosen == name

        return {
            f"choose_{name}": Action(entry.title, "Which car", choose(name), chosen(name))
            for name, entry in LIBRARY.items()
        }

    def _sky(self) -> dict[str, Action]:
        house = self._world.house

        def sky(cover: float, shade: float) -> Callable[[], None]:
            def change() -> None:
                house.clouds, house.shade = replace(house.clouds, cover=cover), shade

            return change

        def kettle() -> None:
            house.extra_load_w = 0.0 if house.extra_load_w else KETTLE_W

        def is_clear() -> bool:
            return house.shade == 0.0 and house.clouds.cover == Clouds().cover

        return {
            "clear": Action("Clear sky", "Sun and house", sky(Clouds().cover, 0.0), is_clear),
            "clouds": Action(
                "Passing clouds", "Sun and house", sky(0.5, 0.0), lambda: house.clouds.cover > 0.0
            ),
            "dark": Action(
                "Thick cloud", "Sun and house", sky(0.0, DARK), lambda: house.shade > 0.0
            ),
            "kettle": Action(
                "Kettle, 2 kW", "Sun and house", kettle, lambda: house.extra_load_w > 0.0
            ),
        }

    def _feed(self) -> dict[str, Action]:
        house = self._world.house
        labels = {
            FeedFault.NONE: "Feed is well",
            FeedFault.PULLED: "Pull the feed",
            FeedFault.STALE: "Nothing new",
            FeedFault.TORN: "Torn page",
            FeedFault.GARBAGE: "Garbage",
            FeedFault.ERROR: "Error 500",
            FeedFault.SLOW: "Too slow",
            FeedFault.HUGE: "Megabyte page",
        }

        def fault(kind: FeedFault) -> Action:
            def change() -> None:
                house.fault = kind

            return Action(labels[kind], "Feed", change, lambda: house.fault is kind)

        def demand(label: str, minimum_w: float, maximum_w: float) -> Action:
            def change() -> None:
                house.minimum_w, house.maximum_w = minimum_w, maximum_w

            return Action(
                label,
                "What the feed demands",
                change,
                lambda: (house.minimum_w, house.maximum_w) == (minimum_w, maximum_w),
            )

        return {f"feed_{kind.value}": fault(kind) for kind in FeedFault} | {
            "demand_none": demand("Nothing special", 0.0, MAXIMUM_W),
            "demand_maximum_0": demand("At most 0 W", 0.0, 0.0),
            "demand_minimum": demand("At least 2 kW", MINIMUM_W, MAXIMUM_W),
        }

    def _car_faults(self) -> dict[str, Action]:
        car = self._world.car
        cases = {
            "car_good": ("Car is well", CarFaults()),
            "diode_shorted": ("Diode shorted", CarFaults(diode=Diode.SHORTED)),
            "diode_open": ("Diode open", CarFaults(diode=Diode.OPEN)),
            "cp_short": ("Pilot shorted to earth", CarFaults(cp_short_ohm=0.0)),
            "pe_broken": ("Earth wire broken", CarFaults(pe_broken=True)),
            "ventilation": ("Wants ventilation", CarFaults(wants_ventilation=True)),
            "ignores_pilot": ("Ignores the pilot", CarFaults(ignores_pilot=True)),
            "overdraw": ("Takes 4 A too much", CarFaults(overdraw_a=OVERDRAW_A)),
            "chatter": ("S2 chatters", CarFaults(chatter_s=CHATTER_S)),
            "sleeps": ("Sleeps", CarFaults(sleeps=True)),
        }

        def case(label: str, faults: CarFaults) -> Action:
            def change() -> None:
                car.faults = replace(faults)

            return Action(label, "Faults of the car", change, lambda: car.faults == faults)

        return {name: case(label, faults) for name, (label, faults) in cases.items()}

    def _box_faults(self) -> dict[str, Action]:
        contactor, circuit = self._world.box.contactors[0], self._world.circuit
        group = "Faults of the box"

        def broken(
            label: str,
            *,
            welded: bool = False,
            jammed: bool = False,
            source_v: float | None = None,
        ) -> Action:
            wanted = (welded, jammed, source_v)

            def change() -> None:
                contactor.welded, contactor.jammed, circuit.stuck_source_v = wanted

            def on() -> bool:
                return (contactor.welded, contactor.jammed, circuit.stuck_source_v) == wanted

            return Action(label, group, change, on)

        return {
            "box_good": broken("Box is well"),
            "welded": broken("Contactor welds", welded=True),
            "stuck_open": broken("Contactor stays open", jammed=True),
            "pilot_high": broken("Pilot stuck at +12 V", source_v=12.0),
            "pilot_low": broken("Pilot stuck at −12 V", source_v=-12.0),
            "pilot_dead": broken("Pilot dead", source_v=0.0),
        }

    def _pigpiod(self) -> dict[str, Action]:
        pigpiod, group = self._world.pigpiod, "pigpiod"
        state = self._pigpiod_state

        def only_alive(do: Callable[[], object]) -> Callable[[], object]:
            return lambda: do() if pigpiod.alive else None

        def never() -> bool:
            return False

        return {
            "kill": Action("Kill", group, pigpiod.kill, lambda: state() == "dead"),
            "revive": Action("Revive", group, pigpiod.revive, lambda: state() == "running"),
            "freeze": Action(
                "Freeze", group, only_alive(pigpiod.freeze), lambda: state() == "frozen"
            ),
            "thaw": Action("Thaw", group, pigpiod.thaw, never),
            "steal_pwm": Action("Steal its PWM", group, only_alive(pigpiod.steal_pwm), never),
            "reset": Action("Reset connections", group, pigpiod.reset, never),
        }

    def _pigpiod_state(self) -> str:
        pigpiod = self._world.pigpiod
        if not pigpiod.alive:
            return "dead"
        return "frozen" if pigpiod.frozen else "running"
