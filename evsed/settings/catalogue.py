# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting there is, as a form needs it: read from the models, listed nowhere else."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from evsed.settings.comments import comments
from evsed.settings.common import Applies, Guard, KeyMark, Section
from evsed.settings.messages import UNITS, allowed, section_of
from evsed.settings.root import Settings


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One key: `key` is dotted, `kind` one of switch, choice, decimal, whole, text, list and table.

    `allowed` says in words what it may be, `minimum` and `maximum` bound a number. `optional`: it
    may be absent. `applies` says when a change takes effect. `safer_lower`: less, or false, may be
    set at any time, whatever `guard` says.
    """

    key: str
    comment: str
    kind: str
    allowed: str
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str | int, ...]
    optional: bool
    default: object
    guard: Guard
    applies: Applies
    safer_lower: bool
    secret: bool

    @property
    def section(self) -> str:
        """The dotted name of its section."""
        return self.key.rpartition(".")[0]

    def raises(self, before: object, after: object) -> bool:
        """Return True where a change from *before* to *after* is not to the safer side.

        An absent limit is no limit.
        """
        if before == after:
            return False
        if not self.safer_lower:
            return True
        if after is None:
            return True
        if before is None:
            return False
        if isinstance(before, bool | int | float) and isinstance(after, bool | int | float):
            return after > before
        return True


@cache
def catalogue() -> dict[str, SettingInfo]:
    """Return every setting by its key, in the order of the models."""
    return {info.key: info for info in _infos(Settings, "", Guard.NONE)}


def current(settings: Settings, key: str) -> object:
    """Return the value of *key* (dotted) that is in effect, as TOML and JSON have it."""
    found: Any = settings
    for part in key.split("."):
        found = getattr(found, part)
    return _plain(found)


def _infos(model: type[BaseModel], prefix: str, guard: Guard) -> Iterator[SettingInfo]:
    applies = model.applies if issubclass(model, Section) else Applies.UNPLUGGED
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        section = section_of(field)
        if section is None:
            yield _info(key, field, guard, applies)
        else:
            own = section.guard if issubclass(section, Section) else Guard.NONE
            yield from _infos(section, f"{key}.", own)


def _info(key: str, field: FieldInfo, guard: Guard, applies: Applies) -> SettingInfo:
    kind, choices, optional, marks = _type_of(field)
    name = key.rpartition(".")[2]
    least = next((mark.ge for mark in marks if isinstance(mark, Ge)), None)
    most = next((mark.le for mark in marks if isinstance(mark, Le)), None)
    unit = next((unit.strip() for suffix, unit in UNITS.items() if name.endswith(suffix)), "")
    number = kind in ("decimal", "whole")
    return SettingInfo(
        key=key,
        comment=comments().of(key),
        kind=kind,
        allowed=_allowed(name, field),
        unit=unit if number else "",
        minimum=_number(least) if number else None,
        maximum=_number(most) if number else None,
        choices=choices,
        optional=optional,
        default=_plain(field.default),
        guard=guard,
        applies=next((mark for mark in marks if isinstance(mark, Applies)), applies),
        safer_lower=KeyMark.SAFER_LOWER in marks,
        secret=KeyMark.HIDDEN in marks,
    )


def _allowed(name: str, field: FieldInfo) -> str:
    try:
        return allowed(name, field)
    except StopIteration:  # no range of its own: any value of its type
        return ""


def _number(bound: object) -> float | None:
    return float(bound) if isinstance(bound, int | float) else None


def _type_of(field: FieldInfo) -> tuple[str, tuple[str | int, ...], bool, list[Any]]:
    """Return the kind of *field*, its choices, whether it may be absent, and all its marks."""
    annotation: Any = field.annotation
    marks: list[Any] = list(field.metadata)
    optional = field.default is None
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            for mark in more:
                marks += mark.metadata if isinstance(mark, FieldInfo) else [mark]
        elif origin in (Union, types.UnionType):
            annotation = next(arm for arm in get_args(annotation) if arm is not type(None))
        else:
            break
    choices: tuple[str | int, ...] = ()
    if origin is Literal:
        kind, choices = "choice", get_args(annotation)
    elif annotation is bool:
        kind = "switch"
    elif annotation is int:
        kind = "whole"
    elif annotation is float:
        kind = "decimal"
    elif annotation in (str, Path):
        kind = "text"
    elif origin is tuple:
        kind = "list"
    else:
        kind = "table"
    return kind, choices, optional, marks


def _plain(value: object) -> object:
    """Return *value* as JSON and TOML have it."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value
