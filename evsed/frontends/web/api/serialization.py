# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses as JSON: the form in which the API tells anything, and the schema of that form.

Keys may be added, never renamed. Units are suffixes (`UNITS`); the rest are words, counts, true or
false, or times of the wall clock (ISO 8601 with the offset from UTC; null where there is none).
"""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from evsed.frontends.web.api.models import MEANINGS, RULES
from evsed.frontends.web.api.operation import Schema
from evsed.frontends.web.http.responses import JSON, VERSION, PreparedResponse, answer

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

UNITS = {
    "a": "A",
    "v": "V",
    "w": "W",
    "wh": "Wh",
    "kwh": "kWh",
    "s": "s",
    "h": "h",
    "ms": "ms",
}
"""Suffix of a key: its unit."""

PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def body(*told: object) -> bytes:
    """The JSON object with `api` and the fields of the dataclasses *told*, in one line."""
    made: dict[str, Json] = {"api": VERSION}
    for one in told:
        made |= _object(one)
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False).encode()


def said(*told: object, extra: dict[str, str] | None = None) -> PreparedResponse:
    """`body()` as an answer, with *extra* headers."""
    return answer(body(*told), JSON, extra=extra)


def unit(key: str) -> str:
    """The unit that the suffix of *key* says; "" for none."""
    return UNITS.get(key.rpartition("_")[2], "") if "_" in key else ""


def keys(kind: type) -> dict[str, object]:
    """Each key that a dataclass has in JSON, with its type: fields, and what is told beside."""
    hints = get_type_hints(kind, localns={"datetime": datetime, "date": date})
    named = [one.name for one in fields(kind)]
    beside = [key for key in MEANINGS[kind] if key not in named]
    derived = {key: get_type_hints(getattr(kind, key).fget)["return"] for key in beside}
    return derived | {name: hints[name] for name in named}


def parts_of(kind: type) -> list[type]:
    """*kind* and every dataclass within it, each once, outermost first."""
    found = [kind]
    for hint in keys(kind).values():
        for one in (hint, *get_args(hint)):
            if isinstance(one, type) and is_dataclass(one):
                found += [inner for inner in parts_of(one) if inner not in found]
    return found


def schema(kind: type, *, telling: bool = True) -> Schema:
    """The schema of a dataclass that is told: all of its keys are there, and more may come.

    Where it is not *telling* but taken, only those without a default must be there, and no other
    may.
    """
    rules, meanings = RULES.get(kind, {}), MEANINGS[kind]
    properties = {}
    for key, hint in keys(kind).items():
        made = _with_rule(_of(hint), rules.get(key, {}))
        made["description"] = meanings[key]
        if unit(key):
            made["x-unit"] = unit(key)
        properties[key] = made
    if telling:
        return {"type": "object", "properties": properties, "required": list(properties)}
    wanted = [one.name for one in fields(kind) if one.default is MISSING]
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return made | ({"required": wanted} if wanted else {})


def name(kind: type) -> str:
    """What the schema of *kind* is called."""
    return kind.__name__.removesuffix("View")


def _of(hint: object) -> Schema:
    """The schema of a type."""
    if hint in PLAIN:
        return dict(PLAIN[hint])
    if isinstance(hint, type) and is_dataclass(hint):
        return {"$ref": f"#/components/schemas/{name(hint)}"}
    inner = get_args(hint)
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(inner[0])}
    if get_origin(hint) in (Union, types.UnionType) and type(None) in inner:
        (other,) = (one for one in inner if one is not type(None))
        made = _of(other)
        if "type" not in made:
            return {"anyOf": [made, {"type": "null"}]}
        return made | {"type": [made["type"], "null"]}
    raise TypeError(f"{hint} has no form in JSON")


def _with_rule(made: Schema, rule: Schema) -> Schema:
    """*made* with *rule*; null stays what it was."""
    if "enum" in rule and isinstance(made.get("type"), list):
        rule = rule | {"enum": [*rule["enum"], None]}
    return made | rule


def _object(told: object) -> dict[str, Json]:
    if not is_dataclass(told) or isinstance(told, type):
        raise TypeError(f"{type(told).__name__} is no dataclass and has no keys in JSON")
    return {key: _plain(getattr(told, key)) for key in _names(type(told))}


def _names(kind: type) -> tuple[str, ...]:
    found = _NAMES.get(kind)
    if found is None:
        found = _NAMES[kind] = tuple(keys(kind))
    return found


_NAMES: dict[type, tuple[str, ...]] = {}


def _plain(value: object) -> Any:  # noqa: ANN401 - Json, which mypy cannot follow through itself
    """*value* in JSON's own kinds; numbers to four decimals, which is finer than any is known."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            # JSON knows neither infinity nor NaN; evsed has no reason to send either.
            return round(value, 4) if abs(value) < float("inf") else None
        case datetime():
            return value.astimezone().isoformat(timespec="milliseconds")
        case date():
            return value.isoformat()
        case tuple() | list():
            return [_plain(one) for one in value]
        case _:
            return _object(value)
