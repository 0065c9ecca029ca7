# SPDX-License-Identifier: GPL-3.0-or-later
"""Terms: where one number is found, and what it is multiplied by. Pure.

A number of a feed or a meter is a sum of terms, which may lie at different devices.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from evsed.core.text import text
from evsed.errors import SourceError

UNITS: Final = {
    "": ("", 1.0),
    "W": ("w", 1.0),
    "kW": ("w", 1e3),
    "MW": ("w", 1e6),
    "mW": ("w", 1e-3),
    "A": ("a", 1.0),
    "mA": ("a", 1e-3),
    "Wh": ("wh", 1.0),
    "kWh": ("wh", 1e3),
    "MWh": ("wh", 1e6),
    "%": ("share", 0.01),
}
"""The quantity that a unit measures, and how much of evsed's own unit one of it is."""

DIMENSIONS: Final = {
    "excess_w": "w",
    "grid_w": "w",
    "battery_w": "w",
    "minimum_w": "w",
    "maximum_w": "w",
    "pv_w": "w",
    "power_w": "w",
    "soc": "share",
    "current_a": "a",
    "energy_wh": "wh",
}
"""The numbers there are, and what each measures."""

LARGEST: Final = {"w": 1e6, "a": 1e4, "wh": 1e12, "share": 1.0}
"""More than this is no figure of a house: a megawatt, ten kiloampere, a thousand GWh."""

EXCESS_W: Final = 1e9
"""BatteryMonitor's excess is a wish to repair the charge within a minute: 1.2 MW for 20 kWh."""

_NUMERIC: Final = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*")
_SHOWN_MAX: Final = 40
_WORDS: Final = {
    "w": text("power"),
    "a": text("current"),
    "wh": text("energy"),
    "share": text("a share"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Common part of all terms.

    The number found is multiplied by `scale` and by the size of `unit`, which must be a unit of
    what the number `measures`. An `optional` term may be absent or null: it then adds nothing, so
    long as another term of the sum is there.
    """

    scale: float = 1.0
    unit: str = ""
    measures: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAccess:
    """Access to an address: a bearer token or a user with a password, and whose certificates."""

    token_file: str = ""
    user: str = ""
    password_file: str = ""
    digest: bool = False
    ca_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTerm(Term):
    """A number in a JSON document: `path` is a JMESPath expression in what `url` answers.

    `valid`, `stamp` and `unit_path` are expressions too, or "": what must be true for the number to
    hold, the moment of measuring (ISO 8601 with a zone, or Unix seconds), and the unit's name.
    """

    url: str
    path: str
    valid: str = ""
    stamp: str = ""
    unit_path: str = ""
    access: HttpAccess = HttpAccess()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """A broker: its address, mqtt:// or mqtts://, and who logs in."""

    url: str
    user: str = ""
    password_file: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttTerm(Term):
    """A number that `broker` passes on under `topic`: the payload itself, or by JMESPath in it.

    `ask` is a topic that is published to, empty, to have the number sent; `keepalive` one that must
    be published to every half minute. Both are of Victron's making, and "" elsewhere.
    """

    broker: BrokerAccess
    topic: str
    path: str = ""
    stamp: str = ""
    ask: str = ""
    keepalive: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusTerm(Term):
    """A number in registers of a Modbus device at `url`, tcp:// or rtu://.

    `register` counts from 0, as it is sent. `type` is int16, uint16, int32, uint32, int64, uint64
    or float32; `little` has the low word first. In a SunSpec device `models` names the models of
    which any will do, and `register` and `exponent_register` count from the model's own beginning;
    the latter, where it is not 0, holds a power of ten. `instance` is which of several models.
    """

    url: str
    device_id: int = 1
    input: bool = False
    register: int = 0
    type: str = "int16"
    little: bool = False
    models: tuple[int, ...] = ()
    instance: int = 1
    exponent_register: int = 0


def number_of(found: object, name: str) -> float | None:
    """The finite number that *found* is, also where it is written as text; None for null.

    Raises `SourceError`, which says that *name* is no number, for anything else.
    """
    if found is None or (isinstance(found, str) and found in {"unavailable", "unknown"}):
        return None
    value = math.nan
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
    elif isinstance(found, str) and len(found) <= _SHOWN_MAX and _NUMERIC.fullmatch(found):
        value = float(found)
    if not math.isfinite(value):
        excerpt = repr(found)
        excerpt = excerpt if len(excerpt) <= _SHOWN_MAX else excerpt[:_SHOWN_MAX] + "..."
        raise SourceError(
            text("{name} is {excerpt}, which is not a number", name=name, excerpt=excerpt)
        )
    return value


def scaled(term: Term, value: float, unit: str = "") -> float:
    """*value* in evsed's unit; *unit* is what the source itself named, and goes before the term's.

    Raises `SourceError` for a unit that evsed does not know.
    """
    name = unit or term.unit
    if name not in UNITS:
        raise SourceError(
            text(
                'the unit "{name}" is not one that evsed knows; it knows {units}',
                name=name[:_SHOWN_MAX],
                units=", ".join(unit for unit in UNITS if unit),
            )
        )
    dimension, size = UNITS[name]
    if dimension and term.measures and dimension != term.measures:
        raise SourceError(
            text(
                'its unit is "{name}", which is not one of {quantity}',
                name=name,
                quantity=_WORDS[term.measures],
            )
        )
    return value * size * term.scale


def check_figure(name: str, value: float) -> float:
    """*value*, where it may be the number called *name*; `SourceError` where no house has it."""
    dimension = DIMENSIONS[name]
    most = EXCESS_W if name == "excess_w" else LARGEST[dimension]
    least = 0.0 if dimension == "share" else -most
    if not least <= value <= most:
        raise SourceError(
            text(
                "{name} is {value:g}, outside {least:g} to {most:g}: its unit or its "
                "scale is wrong",
                name=name,
                value=value,
                least=least,
                most=most,
            )
        )
    return value
