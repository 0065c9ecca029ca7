# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings in the owner's words: what is wrong with them, and what they are in effect.

A problem is one line: the key, the value given, what is allowed. The ranges are read from the
models, so that a message can never name another range than the one that is checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from evsed.core.text import text
from evsed.settings.common import HIDDEN, Allowed, KeyMark
from evsed.settings.root import Settings

VALUE_MAX = 60  # characters; a line stays a line
Location = tuple[int | str, ...]

UNITS = {
    "_a_per_s": " A/s",
    "_a_per_v": " A/V",
    "_wh": " Wh",
    "_hz": " Hz",
    "_a": " A",
    "_v": " V",
    "_w": " W",
    "_s": " s",
}


def problems(error: ValidationError, named: Mapping[str, str]) -> dict[str, str]:
    """Return one line for each thing that is wrong, in the order of the models, with its key.

    *named* gives the origin of each key (dotted) that does not come from the owner's file.
    """
    errors = error.errors(include_url=False)
    lines: dict[str, str] = {}
    for each in errors:
        if not _follows(each, errors):
            location, _ = _place(each)
            key = _dotted(location).partition("[")[0]
            lines.setdefault(_line(each, named), key)
    return lines


def _follows(details: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Tell whether a list is too short only because one of its items was refused."""
    place = details["loc"]
    return details["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in errors
    )


def describe(settings: Settings) -> str:
    """Return the settings in effect as TOML; keys that are not set are marked as defaults."""
    return "\n".join(_tables(settings, "")).strip() + "\n"


def hidden_keys() -> frozenset[str]:
    """Return the keys whose values are shown to the owner alone."""
    return frozenset(
        key
        for key in keys()
        if (field := field_at(tuple(key.split(".")))) and KeyMark.HIDDEN in field.metadata
    )


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every key there is, dotted."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is None:
            yield prefix + name
        else:
            yield from keys(section, f"{prefix}{name}.")


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model behind *field* where it is a section, else None."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def is_text(field: FieldInfo) -> bool:
    """Return True where the values of *field* are written as text."""
    if get_origin(field.annotation) is Literal:
        return all(isinstance(choice, str) for choice in get_args(field.annotation))
    return field.annotation in (str, Path)


def field_at(location: Location) -> FieldInfo | None:
    """The field a key names, or None where there is no such key."""
    model: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    for name in location:
        if isinstance(name, int):  # one item of a list
            return (
                None if field is None else FieldInfo.from_annotation(get_args(field.annotation)[0])
            )
        field = None if model is None else model.model_fields.get(name)
        if field is None:
            return None
        model = section_of(field)
    return field


def _tables(model: BaseModel, name: str) -> Iterator[str]:
    subtables: list[str] = []
    lines: list[str] = []
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if section_of(field) is not None:
            subtables += _tables(value, f"{name}.{key}".strip("."))
        else:
            mark = "" if key in model.model_fields_set else "  # default"
            # TOML has no word for what is absent.
            if KeyMark.HIDDEN in field.metadata and value:
                value = HIDDEN
            lines.append(f"# {key}: absent" if value is None else f"{key} = {as_toml(value)}{mark}")
    if lines:
        yield from ("", f"[{name}]", *lines)
    yield from subtables


# --- what is wrong -------------------------------------------------------------------------------


def _line(details: ErrorDetails, named: Mapping[str, str]) -> str:
    location, value = _place(details)
    key = _dotted(location)
    if details["type"] == "extra_forbidden":
        return text(
            "{given}: {trouble}", given=_given(key, value, named), trouble=_no_such(location, value)
        )
    return text(
        "{given}: must be {wanted}",
        given=_given(key, value, named),
        wanted=_wanted(details, location, value),
    )


def _place(details: ErrorDetails) -> tuple[Location, object]:
    """Return the location of the key that is wrong, and its value."""
    context = details.get("ctx", {})
    if "key" in context:
        return (*details["loc"], *context["key"].split(".")), context["value"]
    return details["loc"], details["input"]


def _given(key: str, value: object, named: Mapping[str, str]) -> str:
    """The key and what it was given, and where from if not from the file."""
    plain = key.partition("[")[0]
    variable = named.get(plain)
    origin = f" ({variable})" if variable else ""
    if plain in hidden_keys():
        return f"{key} = {HIDDEN}{origin}"
    if isinstance(value, dict):
        return f"[{key}]{origin}"
    return f"{key} = {_written(value)}{origin}"


def _wanted(details: ErrorDetails, location: Location, value: object) -> str:
    if details["type"] == "must_be":
        return str(details["ctx"]["words"])
    field = field_at(location)
    if field is None:
        return details["msg"]
    if section_of(field) is not None:
        return text("a section: [{location}]", location=_dotted(location))
    return _of_kind(field, value, allowed(str(location[-1]), field))


def allowed(name: str, field: FieldInfo) -> str:
    """Return the values that a key may have: its own text, its range with unit, or its choices."""
    for mark in field.metadata:
        if isinstance(mark, Allowed):
            return mark.words
    if get_origin(field.annotation) is Literal:
        choices = tuple(_written(choice) for choice in get_args(field.annotation))
        whole: str = choices[-1]
        for choice in reversed(choices[:-1]):
            whole = text("{first} or {rest}", first=choice, rest=whole)
        return whole
    if field.annotation is bool:
        return text("true or false")
    least = next(mark.ge for mark in field.metadata if isinstance(mark, Ge))
    most = next(mark.le for mark in field.metadata if isinstance(mark, Le))
    unit = next((unit for suffix, unit in UNITS.items() if name.endswith(suffix)), "")
    return text("{least} to {most}{unit}", least=_written(least), most=_written(most), unit=unit)


def _of_kind(field: FieldInfo, value: object, words: str) -> str:
    """Return *words*, with the kind of number that is wanted where the value is of another."""
    right = isinstance(value, int) and not isinstance(value, bool)
    if field.annotation is int and not right:
        return text("a whole number, {allowed}", allowed=words)
    if field.annotation is float and not right and not isinstance(value, float):
        return text("a number, {allowed}", allowed=words)
    return words


def _no_such(location: Location, value: object) -> str:
    """That there is no such key, and the nearest one: in its section first, then anywhere."""
    *above, last = (str(part) for part in location)
    section = isinstance(value, dict)
    prefix = "".join(f"{part}." for part in above)
    everywhere = list(keys())
    here = [key for key in (*everywhere, *_sections()) if key.rpartition(".")[0] == ".".join(above)]
    by_last = {key.rpartition(".")[2]: key for key in reversed(everywhere)}
    near = [by_last[last]] if last in by_last else get_close_matches(prefix + last, here, 1, 0.7)
    if not near:
        near = [by_last[name] for name in get_close_matches(last, by_last, 1, 0.7)]
    if near and section:
        return text("there is no such section; did you mean {near}?", near=near[0])
    if near:
        return text("there is no such key; did you mean {near}?", near=near[0])
    names = ", ".join(key.rpartition(".")[2] for key in here)
    if section:
        return text("there is no such section; there are {names}", names=names)
    return text("there is no such key; there are {names}", names=names)


def _sections(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is not None:
            yield prefix + name
            yield from _sections(section, f"{prefix}{name}.")


def _dotted(location: Location) -> str:
    """A location as it is written: board.pigpio.contactor_gpios[1]."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def _written(value: Any) -> str:  # noqa: ANN401 - whatever stands in a TOML file
    """A value as TOML has it, on one line and not too long."""
    text = as_toml(value)
    return text if len(text) <= VALUE_MAX else text[: VALUE_MAX - 3] + "..."


def as_toml(value: Any) -> str:  # noqa: ANN401 - whatever stands in a TOML file
    """A value as TOML has it, on one line."""
    match value:
        case bool():
            text = str(value).lower()
        case int() | float():
            text = str(value)
        case str() | Path():
            text = json.dumps(str(value), ensure_ascii=False)
            text = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
        case list() | tuple():
            text = f"[{', '.join(as_toml(item) for item in value)}]"
        case dict():
            pairs = ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items())
            text = f"{{ {pairs} }}"
        case _:
            text = " ".join(str(value).split())
    return text
