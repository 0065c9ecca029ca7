# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a column to watts over time: power as it is, energy of a row, running total.

Where a name does not give the unit, the size does, if only one unit suits a house: 4.4 is
4.4 kW, because no house peaks at 4.4 W, and 4355 is 4355 W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from evsed.sim.dayfiles.units import (
    BY_NAME,
    IMPOSSIBLE_W,
    LEAST_PEAK_W,
    MOST_PEAK_W,
    SMALL_PEAK_W,
    TINY_W,
    Kind,
    Unit,
)

LONG_S: Final = 10 * 3600
"""Over so long a time the energy of a row falls again; a figure that never falls is a total."""

_REGULAR: Final = 0.9
_RESET: Final = 0.1
"""A total that falls to less than this share has begun again: a day's total at midnight."""
FINE_W: Final = 100.0
"""A meter whose steps are less than this from one row to the next shows clouds as they are."""

_RISES: Final = 5
_JITTER: Final = 0.001


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """A way to read a column: unit and kind; `factor` makes W or Wh of its figures."""

    unit: str
    kind: Kind
    factor: float

    def option(self) -> str:
        """The reading as `--unit` takes it."""
        return f"{self.unit}-total" if self.kind is Kind.TOTAL else self.unit

    def words(self) -> str:
        """The reading as a person reads it."""
        if self.kind is Kind.POWER:
            return self.unit
        return f"{self.unit}, " + (
            "running total" if self.kind is Kind.TOTAL else "energy of each row"
        )


@dataclass(frozen=True, slots=True)
class Points:
    """Moments in seconds and figures, in the order of time."""

    at_s: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Curve:
    """Watts over time.

    `steps` says that a value holds until the next moment, else a straight line leads there;
    `end_s` is where the last value ends.
    """

    at_s: list[float]
    watts: list[float]
    steps: bool
    end_s: float

    def peak_w(self) -> float:
        """The largest value either way."""
        return max((abs(value) for value in self.watts), default=0.0)


def by_option(text: str) -> ColumnReading:
    """The reading that `--unit` names."""
    name = text.removesuffix("-total")
    unit = BY_NAME[name]
    if unit.kind is Kind.POWER:
        return ColumnReading(name, Kind.POWER, unit.factor)
    return ColumnReading(
        name, Kind.TOTAL if text.endswith("-total") else Kind.INTERVAL, unit.factor
    )


def readings(
    points: Points, unit: Unit | None, *, power: bool, energy: bool, steady: bool
) -> list[ColumnReading]:
    """All ways to read a column that give a house; one where the file leaves no doubt.

    `power` and `energy` say what the name says where it has no unit. `steady` says that the house's
    base load is in the figures at night; an export may be small all day. An empty list means that
    no way gives a house.
    """
    units = [unit] if unit is not None else _by_name(power=power, energy=energy)
    if unit is not None and unit.name in ("mW", "MW"):  # mw in lower case is either
        units = [BY_NAME["mW"], BY_NAME["MW"]]
    if not any(points.values):
        first = units[0]
        return [
            ColumnReading(
                first.name, Kind.POWER if first.kind is Kind.POWER else Kind.INTERVAL, first.factor
            )
        ]
    found: list[ColumnReading] = []
    least_w = None if unit is not None and len(units) == 1 else _least_w(points, steady=steady)
    for candidate in units:
        if least_w is not None and candidate.name in ("kW", "kWh") and _whole(points):
            continue  # kilowatts are not written in whole numbers
        found.extend(_kinds(points, candidate, least_w))
    return _without_equals(points, found)


def _by_name(*, power: bool, energy: bool) -> list[Unit]:
    """Units that a name without one leaves open."""
    names = (
        ["W", "kW"]
        if power and not energy
        else ["Wh", "kWh"]
        if energy and not power
        else ["W", "kW", "Wh", "kWh"]
    )
    return [BY_NAME[name] for name in names]


def _least_w(points: Points, *, steady: bool) -> float:
    """The least peak of a column without a unit, in watts."""
    fine = any(abs(value * 100 - round(value * 100)) > _JITTER for value in points.values)
    return LEAST_PEAK_W if steady or min(points.values) < 0 or fine else SMALL_PEAK_W


def _whole(points: Points) -> bool:
    """Tell figures without fractions, of which there are several."""
    return len(set(points.values)) > _RISES and all(value % 1 == 0 for value in points.values)


def _kinds(points: Points, unit: Unit, least_w: float | None) -> list[ColumnReading]:
    """Ways to read a column in a unit."""
    if unit.kind is Kind.POWER:
        reading = ColumnReading(unit.name, Kind.POWER, unit.factor)
        return [reading] if _plausible(to_curve(points, reading), points, least_w) else []
    kinds = []
    interval = ColumnReading(unit.name, Kind.INTERVAL, unit.factor)
    total = ColumnReading(unit.name, Kind.TOTAL, unit.factor)
    rises = _is_total(points)
    regular = is_regular(points.at_s)
    if rises and _plausible(to_curve(points, total), points, least_w):
        kinds.append(total)
    surely = (
        rises and points.at_s[-1] - points.at_s[0] >= LONG_S and len(set(points.values)) > _RISES
    )
    if not surely and regular and _plausible(to_curve(points, interval), points, least_w):
        kinds.append(interval)
    return kinds


def _plausible(curve: Curve, points: Points, least_w: float | None) -> bool:
    """Return True for a curve that a house can have."""
    peak_w = curve.peak_w()
    if least_w is not None:
        return least_w <= peak_w <= MOST_PEAK_W
    return peak_w <= IMPOSSIBLE_W and not (
        peak_w < TINY_W and any(value % 1 for value in points.values) and peak_w > 0
    )


def _is_total(points: Points) -> bool:
    """Return True for a running total: it rises or stands still, and falls only to restart."""
    values = points.values
    span = max(values) - min(values)
    if min(values) < 0 or not any(values):
        return False
    falls = [
        (before, after) for before, after in pairwise(values) if after < before - _JITTER * span
    ]
    days = (points.at_s[-1] - points.at_s[0]) / 86_400
    rises = sum(1 for before, after in pairwise(values) if after > before)
    if falls and rises <= _RISES:
        return False  # one that begins again has to have counted
    return len(falls) <= 1 + days and all(after <= _RESET * before for before, after in falls)


def is_regular(at_s: Sequence[float]) -> bool:
    """Tell rows at equal distances, some of which may be missing."""
    step_s = usual_step_s(at_s)
    if step_s <= 0:
        return False
    steps = [after - before for before, after in pairwise(at_s)]
    near = sum(
        1
        for step in steps
        if abs(step / step_s - round(step / step_s)) < 0.05 and step >= step_s * 0.5
    )
    return near >= _REGULAR * len(steps)


def usual_step_s(at_s: Sequence[float]) -> float:
    """The distance that most rows have, in seconds: their median."""
    steps = sorted(after - before for before, after in pairwise(at_s))
    return steps[len(steps) // 2] if steps else 0.0


def _without_equals(points: Points, found: Sequence[ColumnReading]) -> list[ColumnReading]:
    """Of readings that give the same watts the first: an hour's Wh are its mean W."""
    distinct: list[tuple[ColumnReading, Curve]] = []
    for reading in found:
        curve = to_curve(points, reading)
        if not any(_same(curve, other) for _, other in distinct):
            distinct.append((reading, curve))
    return [reading for reading, _ in distinct]


def _same(curve: Curve, other: Curve) -> bool:
    """Tell curves with equal figures."""
    return len(curve.watts) == len(other.watts) and all(
        abs(left - right) < 1e-6 * max(1.0, abs(left))
        for left, right in zip(curve.watts, other.watts, strict=True)
    )


def to_curve(points: Points, reading: ColumnReading) -> Curve:
    """Watts over time."""
    if reading.kind is Kind.POWER:
        watts = [value * reading.factor for value in points.values]
        return Curve(list(points.at_s), watts, steps=False, end_s=points.at_s[-1])
    if reading.kind is Kind.INTERVAL:
        return _from_intervals(points, reading.factor)
    return _from_total(points, reading.factor)


def _from_intervals(points: Points, factor: float) -> Curve:
    """Each row's energy spread over the row's own time, which begins at its stamp."""
    step_s = usual_step_s(points.at_s) or 1.0
    watts = [value * factor * 3600 / step_s for value in points.values]
    return Curve(list(points.at_s), watts, steps=True, end_s=points.at_s[-1] + step_s)


def _from_total(points: Points, factor: float) -> Curve:
    """The rise between two rows spread over the time between them.

    Where one step of the meter is more than `FINE_W` between two rows, the rise between two
    different figures is spread over all the rows between them instead.
    """
    rises = [after - before for before, after in pairwise(points.values) if after > before]
    row_s = usual_step_s(points.at_s) or 1.0
    coarse = bool(rises) and min(rises) * factor * 3600 / row_s > FINE_W
    at_s, watts = [], []
    since_s, last = points.at_s[0], points.values[0]
    before_s = since_s
    for now_s, value in zip(points.at_s[1:], points.values[1:], strict=True):
        again = value < _RESET * last
        if value > last or again or not coarse:
            rise = value if again else max(0.0, value - last)
            start_s = before_s if again else since_s
            at_s.append(start_s)
            watts.append(rise * factor * 3600 / max(now_s - start_s, 1.0))
            since_s, last = now_s, value
        before_s = now_s
    if since_s < points.at_s[-1] or not at_s:
        at_s.append(since_s)
        watts.append(0.0)
    return Curve(at_s, watts, steps=True, end_s=points.at_s[-1])
