# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns, or the entities of a long table, as series of their own: name, unit, times and cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.numbers import (
    column_decimals,
    is_missing,
    split_unit,
    sure_decimals,
    to_number,
)
from evsed.sim.dayfiles.options import AmbiguousDay, Choice
from evsed.sim.dayfiles.power import Points
from evsed.sim.dayfiles.sheet import Sheet
from evsed.sim.dayfiles.units import Kind, Unit, parse_unit, unit_of_name
from evsed.sim.dayfiles.words import Role, plain, role_of

SHOWN_MAX: Final = 10
"""So many wrong rows are named; of the others only how many there are."""

_ID: Final = re.compile(
    r"entity|statistic id|\bname\b|measurement|\bfield\b|sensor|metric|\bseries\b|topic|\bitem\b|"
    r"channel|datapoint|variable|bezeichnung|\bregister\b|\bobis\b|\bkennung\b|friendly|\btype\b|\btag\b"
)
_NO_ID: Final = re.compile(
    r"\bresult\b|\btable\b|unit|einheit|eenheid|enhed|enhet|jednostka|status|quality|qualitat|attribut|flag|"
    r"\bstate class|device class|\bhost\b|\bdomain\b"
)
_UNIT_COLUMN: Final = re.compile(
    r"^(unit( of measurement)?|units|einheit|unite|unidade?s?|unit name|eenheid|maleenhed|enhed|"
    r"enhet|yksikko|jednostka|jednotka|unita( di misura)?|mertekegyseg)$"
)
_PLAIN_VALUE: Final = re.compile(
    r"^(state|value|values|mean|average|avg|wert|valeur|valor|val|last|reading|messwert)$"
)
_NO_FIGURE: Final = re.compile(
    r"^(table|result|index|row|rows|no|nr|id|unnamed \d+|metadata id|state id|attributes id|inv|"
    r"ean( code)?|cups|prm|nmi|mpan|meter|meterpoint|malepunkts? ?id|zahlpunkt|zahlernummer|pod|"
    r"identifiant prm|point de livraison|meter (number|id)|serial( number| no)?)$"
)
"""Numbers of rows, tables, meters and connections."""
_MOST_KEYS: Final = 60
_SAMPLE: Final = 200
_NUMERIC: Final = 0.5


@dataclass(slots=True)
class Series:
    """Cells of one quantity with their times and lines; `at` is its column in the file, from 0."""

    name: str
    at: int
    unit: Unit | None
    times: list[float | None]
    cells: list[str]
    lines: list[int]
    role: Role = Role.UNKNOWN
    decimal: str = "."
    settled: bool = False
    cell_unit: Unit | None = None
    points: Points | None = field(default=None, repr=False)

    @property
    def named_unit(self) -> Unit | None:
        """The unit of the cells, of a unit column, or of the name."""
        return self.cell_unit or self.unit


def all_series(sheet: Sheet, used: frozenset[int], times: list[float | None]) -> list[Series]:
    """Every numeric column; one for each entity where the table is long."""
    columns = [
        at
        for at in range(len(sheet.names))
        if at not in used and not _NO_FIGURE.match(plain(sheet.names[at]))
    ]
    numeric = [at for at in columns if _is_numeric(sheet.column(at))]
    texts = [at for at in columns if at not in numeric and any(sheet.column(at))]
    keys = _key_columns(sheet, texts, times)
    lines = [row.line for row in sheet.rows]
    if not keys:
        return [
            Series(
                _name(sheet, at),
                at,
                sheet.units[at] or unit_of_name(sheet.names[at]),
                times,
                sheet.column(at),
                lines,
            )
            for at in numeric
        ]
    units = next((at for at in texts if _UNIT_COLUMN.match(plain(sheet.names[at]))), None)
    return _long(sheet, keys, numeric, units, times, lines)


def _name(sheet: Sheet, at: int) -> str:
    """The name of a column, or its number."""
    return sheet.names[at] or f"column {at + 1}"


def _is_numeric(cells: Sequence[str]) -> bool:
    """Return True for a column of figures."""
    filled = [cell for cell in cells[: 20 * _SAMPLE] if not is_missing(cell)][:_SAMPLE]
    return bool(filled) and sum(1 for cell in filled if split_unit(cell)) >= _NUMERIC * len(filled)


def _key_columns(sheet: Sheet, texts: Sequence[int], times: Sequence[float | None]) -> list[int]:
    """Text columns that say whose value a row has."""
    named = [
        at for at in texts
        if _ID.search(plain(sheet.names[at])) and not _NO_ID.search(plain(sheet.names[at]))
    ]  # fmt: skip
    if named:
        return named
    known = [time for time in times if time is not None]
    if len(set(known)) > len(known) * 0.7:
        return []
    return [
        at
        for at in texts
        if 1 < len(set(sheet.column(at))) <= _MOST_KEYS
        and not _UNIT_COLUMN.match(plain(sheet.names[at]))
    ]


def _long(
    sheet: Sheet, keys: Sequence[int], numeric: Sequence[int], units: int | None,
    times: list[float | None], lines: list[int],
) -> list[Series]:  # fmt: skip
    """One series for each entity and column of figures."""
    key_cells = [sheet.column(at) for at in keys]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(sheet.rows)):
        groups.setdefault(tuple(cells[row] for cells in key_cells), []).append(row)
    found: list[Series] = []
    for at in numeric:
        cells = sheet.column(at)
        value = plain(sheet.names[at])
        for key, rows in list(groups.items())[:_MOST_KEYS]:
            label = " ".join(dict.fromkeys(part for part in key if part))
            name = (
                label
                if _PLAIN_VALUE.match(value) or len(numeric) == 1
                else f"{label} {sheet.names[at]}"
            )
            unit = parse_unit(sheet.column(units)[rows[0]]) if units is not None else None
            unit = unit or sheet.units[at] or unit_of_name(sheet.names[at]) or unit_of_name(label)
            found.append(
                Series(
                    name or sheet.names[at], at, unit,
                    [times[row] for row in rows], [cells[row] for row in rows],
                    [lines[row] for row in rows],
                )
            )  # fmt: skip
    return found


def classify(series: Sequence[Series]) -> None:
    """Give each series the unit of its cells and the role of its name."""
    for each in series:
        found = {
            parts[1] for cell in each.cells[:_SAMPLE] if (parts := split_unit(cell)) is not None
        }
        named = [unit for text in found if (unit := parse_unit(text)) is not None]
        if named and len({unit.kind for unit in named}) == 1:
            each.cell_unit = named[0]
        unit = each.named_unit
        if unit is not None and unit.kind is Kind.OTHER:
            role = role_of(each.name, measured=False)
            each.role = role if role is Role.SOC else Role.OTHER
        else:
            each.role = role_of(each.name, measured=unit is not None)


def settle_decimals(series: Sequence[Series], decimal: str | None, file: str) -> None:
    """Find out the decimal sign of each series. Raises AmbiguousDay within a column."""
    if decimal is not None:
        for each in series:
            each.decimal, each.settled = decimal, True
        return
    sure = {id(each): sure_decimals(each.cells) for each in series}
    everywhere = {sign for signs in sure.values() for sign in signs}
    for each in series:
        own = sure[id(each)]
        if len(own) > 1:
            raise AmbiguousDay(
                f"{file}: column {each.name!r} has {own['.']!r} and {own[',']!r}; one of them "
                "cannot be right, "
                "and nothing was replayed. Correct the file, or give the decimal sign:",
                _decimal_choices(own["."] if own else ""),
            )
        if own or len(everywhere) == 1:
            each.decimal, each.settled = next(iter(own or everywhere)), True


def open_decimals(each: Series) -> tuple[str, ...]:
    """Decimal signs with which a series can be read, the certain one where there is one."""
    return (each.decimal,) if each.settled else column_decimals(each.cells)


def _decimal_choices(example: str) -> list[Choice]:
    """Point or comma."""
    del example
    return [
        Choice("1.504 is one and a half, 1,504 is one thousand", (("decimal", "."),)),
        Choice("1,504 is one and a half, 1.504 is one thousand", (("decimal", ","),)),
    ]


def decimal_doubt(each: Series, file: str) -> AmbiguousDay:
    """The error where a number has two readings."""
    example = next((cell for cell in each.cells if "." in cell or "," in cell), "")
    return AmbiguousDay(
        f"{file}: {example.strip()!r} in column {each.name!r} has a decimal sign or a thousands "
        "separator; "
        "nothing was replayed. Give the decimal sign:",
        _decimal_choices(example),
    )


def to_points(each: Series, file: str) -> Points:
    """Figures of a series in the order of time; cells without a value are left out.

    Raises DayError for a cell that is neither, and for one moment with two different values.
    """
    if each.points is not None:
        return each.points
    pairs: list[tuple[float, float]] = []
    wrong: list[str] = []
    base = each.cell_unit
    for time_s, cell, line in zip(each.times, each.cells, each.lines, strict=True):
        if time_s is None or is_missing(cell):
            continue
        try:
            number = to_number(cell, each.decimal)
            pairs.append((time_s, number if base is None else number * _factor(cell, base)))
        except ValueError as error:
            wrong.append(f"{file}, line {line}: column {each.name!r}: {error}")
    if wrong:
        more = [f"... and {len(wrong) - SHOWN_MAX} more rows"] if len(wrong) > SHOWN_MAX else []
        lines = "\n".join(wrong[:SHOWN_MAX] + more)
        raise DayError(f"{lines}\nNothing was replayed. Correct these rows, or delete them.")
    each.points = _ordered(pairs, each.name, file)
    return each.points


def _factor(cell: str, base: Unit) -> float:
    """The factor that brings a cell to one unit: Grafana writes 950 W and then 1.2 kW."""
    parts = split_unit(cell)
    unit = parse_unit(parts[1]) if parts is not None and parts[1] else None
    return (
        unit.factor / base.factor
        if unit is not None and unit.kind is base.kind and base.factor
        else 1.0
    )


def _ordered(pairs: list[tuple[float, float]], name: str, file: str) -> Points:
    """Rows by time; the same row twice counts once."""
    pairs.sort(key=lambda pair: pair[0])
    at_s: list[float] = []
    values: list[float] = []
    for time_s, value in pairs:
        if at_s and time_s == at_s[-1]:
            if abs(value - values[-1]) > 1e-9 * max(1.0, abs(value)):
                raise DayError(
                    f"{file}: column {name!r} has two values for one time, {values[-1]:g} and "
                    f"{value:g}; nothing was "
                    "replayed. Delete one of the rows; at a change of clocks give --timezone."
                )
            continue
        at_s.append(time_s)
        values.append(value)
    return Points(at_s, values)
