# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of the library: a reported car, where it is reported, and the habits that make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from evsed.sim.cars.car import CarModel
from evsed.sim.cars.habit import Habit

ORDINARY: Final = CarModel()


def _no_habits() -> tuple[Habit, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One car of the library.

    `make` builds its habits; its parameters are what can be varied. `model` is the rest
    of it. `full`: its battery is full when it is plugged in. `settings`:
    what its owner sets in evsed.toml, as ("car.welcome_s", 300.0). `owner`: what no station
    can do for this car, and its owner has to; the table sets no goal for such a car.
    """

    name: str
    title: str
    source: str
    fact: str
    assumed: str
    make: Callable[..., tuple[Habit, ...]] = _no_habits
    model: CarModel = ORDINARY
    full: bool = False
    settings: tuple[tuple[str, float], ...] = ()
    owner: str = ""
