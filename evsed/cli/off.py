# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off`: contactor open, pilot steady, whoever runs and whatever the settings say.

It has two seconds, on a Pi whose Python takes the first of them to start. So it reads the few keys
that it needs by itself: pydantic alone would take longer than all the rest. What is wrong with the
file is `evsed check`'s to say; here every key that cannot be used has its shipped value.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evsed.boards import BoardConfig, PigpioConfig, make_safe
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHIN_S = 1.2  # of the 2 s; the rest is for starting Python: 0.13 s of a PC, some 0.6 s of a Pi
DONE, UNAVAILABLE = 0, 75
SECTION = ("board", "pigpio")
VARIABLES = "EVSED_BOARD__PIGPIO__"


def switch_off(path: Path | None) -> int:
    """Make the wires safe that the settings at *path* name; the exit code: 0, 75 if in doubt."""
    config, trouble = wiring(path, os.environ)
    for line in trouble:
        print(f"evsed: {line}; the shipped value is used", file=sys.stderr)
    try:
        print(make_safe(config, WITHIN_S))
    except BoardError as error:
        print(f"evsed: {error}", file=sys.stderr)
        return UNAVAILABLE
    return DONE


def wiring(path: Path | None, environ: Mapping[str, str]) -> tuple[BoardConfig, list[str]]:
    """The board of the file at *path* (None: no file) and of EVSED_ variables; what was unusable.

    Never raises: a broken file must not keep the contactor closed.
    """
    trouble: list[str] = []
    found: object = {}
    if path is not None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            trouble.append(f"{path} cannot be read ({error})")
    for name in SECTION:
        found = found.get(name, {}) if isinstance(found, dict) else {}
    keys = dict(found) if isinstance(found, dict) else {}
    for name, text in environ.items():
        if name.startswith(VARIABLES):
            keys[name.removeprefix(VARIABLES).lower()] = _value(text)
    usable: dict[str, Any] = {}
    for field in fields(PigpioConfig):
        if field.name in keys:
            value = keys[field.name]
            if isinstance(value, list):
                value = tuple(value)
            if _fits(value, field.default):
                usable[field.name] = value
            else:
                trouble.append(f"board.pigpio.{field.name} = {value!r} makes no sense")
    return BoardConfig(pigpio=PigpioConfig(**usable)), trouble


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}").get("value")
    except tomllib.TOMLDecodeError:
        return text


def _fits(value: object, shipped: object) -> bool:
    """Whether *value* is of the kind that *shipped* is, and a number that a request can carry."""
    if isinstance(shipped, tuple):
        return isinstance(value, tuple) and bool(value) and all(_fits(one, 0) for one in value)
    if isinstance(shipped, int):
        return type(value) is int and 0 <= value < 1 << 32
    return isinstance(value, str) and bool(value)
