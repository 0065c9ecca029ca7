# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of power and energy, where a column names one, and which one it can be by its size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

LEAST_PEAK_W: Final = 100.0
MOST_PEAK_W: Final = 30_000.0
"""A house with panels peaks between these at some moment of a day, in watts: 100 W are less than
the base load of nearly all houses, 30 kW more than a main fuse of 3 x 40 A passes."""

SMALL_PEAK_W: Final = 1.0
"""An export of so many watts is possible on a dull day; kilowatts have fractions then."""

IMPOSSIBLE_W: Final = 250_000.0
"""No house connection passes this; a unit that makes it so is wrong."""

TINY_W: Final = 20.0
"""A day whose largest value is less than this, with fractions, is in kilowatts, not in watts."""


class Kind(Enum):
    """Kinds of figures."""

    POWER = "power"
    INTERVAL = "energy of the row"
    TOTAL = "running total"
    ENERGY = "energy"  # one of the two, not known yet
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its name, kind, and what makes it W or Wh."""

    name: str
    kind: Kind
    factor: float


_POWER: Final = {"mW": 1e-3, "W": 1.0, "kW": 1e3, "MW": 1e6}
_ENERGY: Final = {"mWh": 1e-3, "Wh": 1.0, "kWh": 1e3, "MWh": 1e6, "GWh": 1e9}
_JOULE: Final = {"J": 1 / 3600, "Ws": 1 / 3600, "kJ": 1 / 3.6, "MJ": 1e6 / 3600}
_OTHER: Final = (
    "V", "mV", "kV", "A", "mA", "Ah", "Hz", "mHz", "%", "VA", "kVA", "var", "kvar", "VAh", "kVAh", "varh",
    "kvarh", "W/m2", "W/m²", "kWp", "Wp", "kWh/kWp", "kW/kWp", "°C", "°F", "C", "F", "K", "EUR", "€", "ct", "ct/kWh",
    "€/kWh", "EUR/kWh", "$", "$/kWh", "£", "p/kWh", "CHF", "km", "m/s", "hPa", "lx", "g", "gCO2",
    "gCO₂eq", "s", "ms", "min", "h", "Ohm", "kg", "lm", "bar", "l",
)  # fmt: skip

BY_NAME: Final[dict[str, Unit]] = {
    **{name: Unit(name, Kind.POWER, factor) for name, factor in _POWER.items()},
    **{name: Unit(name, Kind.ENERGY, factor) for name, factor in (_ENERGY | _JOULE).items()},
    **{name: Unit(name, Kind.OTHER, 0.0) for name in _OTHER},
}

_WORDS: Final = (
    (r"kilo[- ]?watt[- ]?(stunden?|hours?|heures?|timer|uur|hora|ora)|kilovattora|kilovatios? hora", "kWh"),
    (r"mega[- ]?watt[- ]?(stunden?|hours?|heures?)", "MWh"),
    (r"watt[- ]?(stunden?|hours?|heures?|timmar|timer|uur)|wattheures?", "Wh"),
    (r"kilo[- ]?watts?|kilovatios?|k[- ]?watts?", "kW"),
    (r"milli[- ]?watts?", "mW"),
    (r"mega[- ]?watts?", "MW"),
    (r"watts?|vatios?", "W"),
)  # fmt: skip
_LOWER: Final = {
    name.lower(): name for name in (*_POWER, *_ENERGY, *_JOULE, "VA", "kVA", "Hz", "var", "kvar")
}
_BRACKET: Final = re.compile(r"[\[(<{]\s*([^\[\](){}<>]{1,14}?)\s*[\])>}]")
_LAST: Final = re.compile(r"(?:^|[\s_.,;:/|#-])([A-Za-z%°€/²³0-9]{1,8})\s*$")
_INNER: Final = re.compile(r"(?:^|[\s_.,:/-])([kKMm]?[Ww][Hh]?)(?=$|[\s_.,:/-])")


def parse_unit(text: str) -> Unit | None:
    """The unit that a text is, and nothing else."""
    text = text.strip().strip("[](){}<>").strip()
    if text in BY_NAME:
        return BY_NAME[text]
    lower = text.lower()
    if lower == "mw":
        return BY_NAME["MW" if text[:1] == "M" else "mW"]
    if lower == "mwh":
        return BY_NAME["mWh" if text == "mwh" else "MWh"]
    if lower in _LOWER and len(lower) > 0:
        return BY_NAME[_LOWER[lower]]
    for pattern, name in _WORDS:
        if re.fullmatch(pattern, lower):
            return BY_NAME[name]
    return None


def unit_of_name(name: str) -> Unit | None:
    """The unit that a column's name has: in brackets, at its end, or as a word of its own."""
    for found in _BRACKET.finditer(name):
        unit = parse_unit(found[1])
        if unit is not None:
            return unit
    found_last = _LAST.search(name)
    if found_last is not None and (unit := _safe(found_last[1])) is not None:
        return unit
    inner = _INNER.search(name)
    if inner is not None and (unit := _safe(inner[1])) is not None:
        return unit
    lower = name.lower()
    for pattern, unit_name in _WORDS:
        if re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", lower):
            return BY_NAME[unit_name]
    return None


def _safe(word: str) -> Unit | None:
    """A unit without brackets; single letters that are as well words or numbers are none."""
    unit = parse_unit(word)
    if unit is None or (
        unit.kind is Kind.OTHER and word in ("C", "F", "K", "h", "s", "g", "l", "ms", "min")
    ):
        return None
    if word in ("j", "mj", "J") or (word.islower() and unit.name in ("var", "MJ", "kJ")):
        return None
    return unit
