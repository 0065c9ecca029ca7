# SPDX-License-Identifier: GPL-3.0-or-later
"""The most that is possible with knowledge of the whole day beforehand.

Decisions fall once a minute, runs last ten minutes and pauses five at least. Two kinds of knowing:
one who sees the sun of every second (`perfect`), and one who knows when to start and stop but
follows the sun by the last news, as a charger on a feed must (`by_news`). Captured and drawn are
weighed against each other, `price` kWh of the one for the other, and the best switching is found by
dynamic programming; over all prices this gives a frontier, and a bound for any amount drawn.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final, NamedTuple

MIN_ON, MIN_OFF = 10, 5
LEAST_W, MOST_W = 1380.0, 7360.0
PRICES: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)


class Point(NamedTuple):
    """Feasible surplus captured and battery drawn, in kWh, and how often it was switched on."""

    captured_kwh: float
    battery_kwh: float
    starts: int


@dataclass(frozen=True, slots=True)
class Minutes:
    """The yield of each minute of charging: feasible surplus captured, battery drawn, kWh."""

    captured: list[float]
    battery: list[float]


def perfect(surplus_w: array[float]) -> Minutes:
    """Charging with the sun of each second, between 6 and 32 A."""
    return _minutes(surplus_w, surplus_w)


def by_news(
    surplus_w: array[float], latency_s: int, *, period_s: int = 60, from_w: float = LEAST_W
) -> Minutes:
    """Charging by the last news, one every `period_s`, `latency_s` and the car's own time late.

    Sun from `from_w` on counts as captured.
    """
    late = latency_s + 3
    follows = array("d")
    for second in range(len(surplus_w)):
        stamp = max(0, (second - late) // period_s * period_s)
        follows.append(surplus_w[stamp])
    return _minutes(surplus_w, follows, from_w)


def best(minutes: Minutes, price: float) -> Point:
    """The best switching where a kWh drawn costs `price` kWh captured."""
    return _best(minutes, price)[0]


def best_minutes(minutes: Minutes, price: float) -> list[bool]:
    """The minutes in which the best switching charges, where a kWh drawn costs `price`."""
    return _best(minutes, price)[1]


def _best(minutes: Minutes, price: float) -> tuple[Point, list[bool]]:
    """The best switching, and its minutes of charging."""
    gains = [
        captured - price * battery
        for captured, battery in zip(minutes.captured, minutes.battery, strict=True)
    ]
    never = float("-inf")
    on, off = [never] * MIN_ON, [never] * MIN_OFF
    off[-1] = 0.0
    started: list[tuple[bool, bool, bool]] = []  # from off to on, stayed on, stayed off
    for gain in gains:
        start, stop = off[-1] + gain - 1e-6, on[-1]
        stay_on = on[-1] + gain
        longest_on = max(stay_on, on[-2] + gain)
        longest_off = max(off[-1], off[-2])
        started.append((start > never, stay_on >= on[-2] + gain, off[-1] >= off[-2]))
        on = [start, *(value + gain for value in on[:-2]), longest_on]
        off = [stop, *off[:-2], longest_off]
    return _walk_back(minutes, started, on, off)


def bound_kwh(minutes: Minutes, battery_kwh: float) -> float:
    """The most that could be captured with no more than `battery_kwh` drawn (Lagrange's bound)."""
    bounds = []
    for price in PRICES:
        point = best(minutes, price)
        bounds.append(point.captured_kwh - price * (point.battery_kwh - battery_kwh))
    return min(bounds)


def _minutes(surplus_w: array[float], follows_w: array[float], from_w: float = LEAST_W) -> Minutes:
    """Add up each minute; sun from `from_w` on counts as captured."""
    captured, battery = [], []
    for begin in range(0, len(surplus_w) - 59, 60):
        captured_ws = battery_ws = 0.0
        for second in range(begin, begin + 60):
            solar_w = max(0.0, surplus_w[second])
            drawn_w = min(MOST_W, max(LEAST_W, follows_w[second]))
            used_w = min(solar_w, drawn_w)
            battery_ws += drawn_w - used_w
            if solar_w >= from_w:
                captured_ws += used_w
        captured.append(captured_ws / 3.6e6)
        battery.append(battery_ws / 3.6e6)
    return Minutes(captured, battery)


def _walk_back(
    minutes: Minutes, started: list[tuple[bool, bool, bool]], on: list[float], off: list[float]
) -> tuple[Point, list[bool]]:
    """Follow the choices from the end to the beginning."""
    ends = [(value, True, age) for age, value in enumerate(on)]
    ends += [(value, False, age) for age, value in enumerate(off)]
    _, charging, age = max(ends)
    captured = battery = 0.0
    starts = 0
    charges: list[bool] = []
    for minute in range(len(started) - 1, -1, -1):
        _, stayed_on, stayed_off = started[minute]
        charges.append(charging)
        if charging:
            captured += minutes.captured[minute]
            battery += minutes.battery[minute]
            if age == 0:
                charging, age, starts = False, MIN_OFF - 1, starts + 1
            elif age < MIN_ON - 1 or not stayed_on:
                age = age - 1
        elif age == 0:
            charging, age = True, MIN_ON - 1
        elif age < MIN_OFF - 1 or not stayed_off:
            age = age - 1
    return Point(captured, battery, starts), charges[::-1]
