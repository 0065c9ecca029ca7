# SPDX-License-Identifier: GPL-3.0-or-later
"""A series whose unit and sign are settled: watts over time, and how it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.options import AmbiguousDay, Choice
from evsed.sim.dayfiles.power import ColumnReading, Curve, Points, by_option, readings, to_curve
from evsed.sim.dayfiles.series import Series, decimal_doubt, open_decimals, to_points
from evsed.sim.dayfiles.units import Kind
from evsed.sim.dayfiles.words import Role, says_energy, says_power

_BESIDE: Final = 12
_STEADY: Final = frozenset((Role.GRID, Role.CONSUMPTION))
"""Columns that have the house's base load in them."""

_FLOWS: Final = frozenset(
    (
        Role.SURPLUS,
        Role.IMPORT,
        Role.EXPORT,
        Role.GRID,
        Role.PRODUCTION,
        Role.CONSUMPTION,
        Role.CHARGE,
        Role.DISCHARGE,
    )
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A series as watts. `sign` is what makes its figures count for the surplus."""

    series: Series
    reading: ColumnReading
    points: Points
    curve: Curve
    by_size: bool

    def words(self) -> str:
        """The unit as the owner is shown it."""
        return self.reading.words() + (" (by its size)" if self.by_size else "")


def measure(series: Series, everything: Sequence[Series], unit: str | None, file: str) -> Quantity:
    """Settle decimal sign, unit and kind of a series. Raises DayError."""
    if unit is not None:
        reading = by_option(unit)
        series = _with_decimal(series, file)
        points = _enough(to_points(series, file), series, file)
        return Quantity(series, reading, points, to_curve(points, reading), by_size=False)
    doubts: list[tuple[Series, Points, list[ColumnReading]]] = []
    likely = open_decimals(series)
    unlikely = () if series.settled else tuple(sign for sign in ".," if sign not in likely)
    for decimal in (*likely, *unlikely):
        if decimal in unlikely and doubts:
            break  # the unit that makes a plausible house
        candidate = replace(series, decimal=decimal, points=None)
        try:
            points = _enough(to_points(candidate, file), candidate, file)
        except DayError:
            if decimal in unlikely:
                continue
            raise
        found = readings(
            points,
            candidate.named_unit,
            power=says_power(series.name),
            energy=says_energy(series.name),
            steady=series.role in _STEADY,
        )
        if found:
            doubts.append((candidate, points, found))
    if len(doubts) > 1:
        raise decimal_doubt(series, file)
    if not doubts:
        raise _no_house(series, file)
    series, points, found = doubts[0]
    if len(found) > 1 and series.named_unit is None:
        found = _like_others(series, everything, found, file) or found
    if len(found) > 1:
        raise AmbiguousDay(
            f"{file}: column {series.name!r} can be read in several units; nothing was replayed. "
            "Give one:",
            [
                Choice(
                    f"it peaks at {to_curve(points, each).peak_w() / 1000:.2f} kW",
                    (("unit", each.option()),),
                )
                for each in found
            ],
        )
    by_size = series.named_unit is None
    return Quantity(series, found[0], points, to_curve(points, found[0]), by_size=by_size)


def _like_others(
    series: Series, everything: Sequence[Series], found: Sequence[ColumnReading], file: str
) -> list[ColumnReading]:
    """Readings that another column without a unit has as its only one: a program has one unit."""
    units: set[tuple[str, Kind]] = set()
    for other in everything[:_BESIDE]:
        if other.name == series.name or other.named_unit is not None or other.role not in _FLOWS:
            continue
        try:
            points = to_points(replace(other, points=None), file)
        except DayError:
            continue
        if len(points.at_s) < 2:
            continue
        alone = readings(
            points,
            None,
            power=says_power(other.name),
            energy=says_energy(other.name),
            steady=other.role in _STEADY,
        )
        if len(alone) == 1 and any(points.values):
            units.add((alone[0].unit, alone[0].kind))
    return [each for each in found if len(units) == 1 and (each.unit, each.kind) in units]


def _with_decimal(series: Series, file: str) -> Series:
    """The series with its one decimal sign. Raises AmbiguousDay where it has two."""
    possible = open_decimals(series)
    if len(possible) > 1:
        raise decimal_doubt(series, file)
    return replace(series, decimal=possible[0], points=None)


def _enough(points: Points, series: Series, file: str) -> Points:
    """Points with two rows at least. Raises DayError."""
    if len(points.at_s) < 2:
        raise DayError(
            f"{file} has {len(points.at_s)} rows with a time and a figure in column "
            f"{series.name!r}; nothing "
            "was replayed. A day needs two at least, under a header such as time,surplus_w."
        )
    return points


def _no_house(series: Series, file: str) -> AmbiguousDay:
    """The error where no unit makes the figures those of a house."""
    points = to_points(series, file)
    most = max(abs(value) for value in points.values)
    unit = series.named_unit
    named = f" {unit.name}" if unit is not None else ""
    choices = []
    for name in ("W", "kW", "Wh", "kWh", "Wh-total", "kWh-total"):
        reading = by_option(name)
        peak_w = to_curve(points, reading).peak_w()
        if 50 <= peak_w <= 100_000:
            choices.append(Choice(f"it peaks at {peak_w / 1000:.2f} kW", (("unit", name),)))
    return AmbiguousDay(
        f"{file}: column {series.name!r} reaches {most:g}{named}, and no house does; nothing was "
        "replayed. "
        "Give the unit that it is in" + (":" if choices else ", --unit W, kW, Wh or kWh."),
        choices,
    )
