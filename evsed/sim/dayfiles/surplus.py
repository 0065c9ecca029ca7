# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a plan to one value a second: gaps, and what lies between two rows."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from evsed.sim.dayfiles.plan import PlanPart
from evsed.sim.dayfiles.power import Curve, usual_step_s
from evsed.sim.dayfiles.quantity import Quantity
from evsed.sim.dayfiles.units import Kind

_LATE: Final = 1.5
"""A row that comes later than this many usual distances has lost one before it."""

_JITTER: Final = 1.05
"""Clocks of meters wander by a few seconds."""


class Gap(NamedTuple):
    """Two rows in seconds with nothing between them."""

    from_s: float
    to_s: float

    @property
    def length_s(self) -> float:
        """The length in seconds."""
        return self.to_s - self.from_s


def span(parts: Sequence[PlanPart]) -> tuple[float, float]:
    """From when to when all parts are known, in seconds."""
    quantities = [each for part in parts for each in part.quantities]
    return max(each.points.at_s[0] for each in quantities), min(
        each.curve.end_s for each in quantities
    )


def step_s(parts: Sequence[PlanPart]) -> float:
    """The usual distance of the rows, of the coarsest part, in seconds."""
    return max(usual_step_s(each.points.at_s) for part in parts for each in part.quantities)


def gaps(parts: Sequence[PlanPart], longest_s: float, *, changes: bool) -> list[Gap]:
    """Find where rows lie further apart than `longest_s`.

    With `changes` a row is written when a value changes: while it is 0, no row is no gap.
    """
    found: dict[tuple[float, float], Gap] = {}
    for part in parts:
        for each in part.quantities:
            rows = zip(pairwise(each.points.at_s), each.points.values, strict=False)
            for (before, after), value in rows:
                if after - before > _JITTER * longest_s and not (changes and value == 0):
                    found[before, after] = Gap(before, after)
    return sorted(found.values())


def missing(parts: Sequence[PlanPart]) -> int:
    """Rows that are missing within the longest gap allowed."""
    each = parts[0].quantities[0]
    usual = usual_step_s(each.points.at_s)
    if usual <= 0:
        return 0
    return sum(
        round((after - before) / usual) - 1
        for before, after in pairwise(each.points.at_s)
        if after - before > _LATE * usual
    )


def per_second(
    parts: Sequence[PlanPart], start_s: float, end_s: float, *, changes: bool = False
) -> array[float]:
    """The surplus in watts, a value a second from `start_s` to `end_s`, both ends included."""
    count = math.floor(end_s - start_s) + 1
    total = array("d", bytes(8 * count))
    for part in parts:
        for each in part.quantities:
            values = sampled(_held(each) if changes else each.curve, start_s, count)
            if part.absolute:
                values = array("d", map(abs, values))
            join = operator.add if part.sign > 0 else operator.sub
            total = array("d", map(join, total, values))
    return total


def _held(each: Quantity) -> Curve:
    """Power that is written when it changes holds until the next row."""
    curve = each.curve
    if each.reading.kind is not Kind.POWER:
        return curve
    return Curve(curve.at_s, curve.watts, steps=True, end_s=curve.end_s)


def sampled(curve: Curve, start_s: float, count: int) -> array[float]:
    """A curve at each of `count` seconds from `start_s` on."""
    at_s, watts = curve.at_s, curve.watts
    values = array("d")
    done = 0
    for place, (from_s, value) in enumerate(zip(at_s, watts, strict=True)):
        last = place == len(at_s) - 1
        ends = count if last else min(count, math.ceil(at_s[place + 1] - start_s))
        if ends <= done:
            continue
        if curve.steps or last:
            values.extend([value] * (ends - done))
        elif ends == done + 1 and start_s + done == from_s:
            values.append(value)  # rows a second apart, as most of a day of seconds
        else:
            slope = (watts[place + 1] - value) / (at_s[place + 1] - from_s)
            since_s = start_s - from_s
            values.extend(
                [value + slope * max(0.0, since_s + second) for second in range(done, ends)]
            )
        done = ends
    return values


def total_kwh(parts: Sequence[PlanPart]) -> float:
    """The surplus above 0 in kWh."""
    start_s, end_s = span(parts)
    if end_s - start_s > 3 * 86_400:
        end_s = start_s + 3 * 86_400  # enough to compare with another way
    return (
        sum(max(0.0, value) for value in per_second(parts, start_s, end_s)) / 3.6e6
        if end_s > start_s
        else 0.0
    )
