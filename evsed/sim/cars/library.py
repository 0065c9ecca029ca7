# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: cars that owners have reported, each a name, a source and the habits it needs.

A source is the public thread or file that reports the car. `fact` is what it says, `assumed` what
the simulation had to add: reports give seldom more than "a few seconds". So try other values:
`build_car("asleep-2h", after_s=600)` makes the same car with another number.
"""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from typing import Any, Final

from evsed.sim.cars.car import Car, CarModel
from evsed.sim.cars.habit import Signal
from evsed.sim.cars.reported_beginnings import BEGINNINGS
from evsed.sim.cars.reported_currents import CURRENTS
from evsed.sim.cars.reported_phases import PHASES
from evsed.sim.cars.reported_stops import STOPS

LIBRARY: Final = {entry.name: entry for entry in (*CURRENTS, *BEGINNINGS, *STOPS, *PHASES)}

Value = float | bool | tuple[Signal, ...]
"""The types of a parameter of a car."""


def build_car(name: str, **values: Value) -> Car:
    """The car *name*, with other *values* of its parameters or of its `CarModel`.

    Raises KeyError for a name that is not in the library, TypeError for a parameter that the car
    does not have.
    """
    entry = LIBRARY[name]
    own = inspect.signature(entry.make).parameters
    habits = entry.make(**{key: value for key, value in values.items() if key in own})
    rest: dict[str, Any] = {key: value for key, value in values.items() if key not in own}
    model = replace(entry.model, **rest)
    charge_wh = model.battery_wh if entry.full else 10_000.0
    return Car(model, charge_wh=charge_wh, habits=habits)


def parse_car(text: str) -> Car:
    """Build the car that *text* names: "bmw", or with other values "bmw,after_s=0.3,for_s=0.05".

    Raises ValueError, in the user's words, for a name or a value that makes no car.
    """
    name, *settings = text.split(",")
    if name not in LIBRARY:
        raise ValueError(f"there is no car {name!r}; there are {', '.join(LIBRARY)}")
    values: dict[str, Value] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        try:
            values[key] = float(value)
        except ValueError:
            raise ValueError(f"{setting!r} is not a name, =, and a number") from None
    try:
        return build_car(name, **values)
    except TypeError:
        entry = inspect.signature(LIBRARY[name].make).parameters
        known = [*entry, *(field.name for field in fields(CarModel))]
        raise ValueError(
            f"the car {name!r} has not all of {', '.join(values)}; it has {', '.join(known)}"
        ) from None
