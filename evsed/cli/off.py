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
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evsed.boards import BoardConfig, make_safe
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHIN_S = 1.2  # of the 2 s; the rest is for starting Python: 0.13 s of a PC, some 0.6 s of a Pi
DONE, UNAVAILABLE = 0, 75
KINDS = [field.name for field in fields(BoardConfig) if field.name in ("pigpio", "kernel")]


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
    board = _table(found, "board")
    shipped = BoardConfig()
    kind = environ.get("EVSED_BOARD__KIND", board.get("kind", shipped.kind))
    if kind not in KINDS:
        trouble.append(f"board.kind = {kind!r} makes no sense")
        kind = shipped.kind
    wires = getattr(shipped, kind)
    keys = _table(board, kind)
    prefix = f"EVSED_BOARD__{kind.upper()}__"
    for name, text in environ.items():
        if name.startswith(prefix):
            keys[name.removeprefix(prefix).lower()] = _value(text)
    usable: dict[str, Any] = {}
    for field in fields(wires):
        if field.name in keys:
            value = keys[field.name]
            if isinstance(value, list):
                value = tuple(value)
            if _fits(value, field.default):
                usable[field.name] = value
            else:
                trouble.append(f"board.{kind}.{field.name} = {value!r} makes no sense")
    return replace(shipped, kind=kind, **{kind: replace(wires, **usable)}), trouble


def _table(found: object, name: str) -> dict[str, Any]:
    """A copy of the table *name* in *found*; an empty one where there is none."""
    table = found.get(name) if isinstance(found, dict) else None
    return dict(table) if isinstance(table, dict) else {}


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}").get("value")
    except tomllib.TOMLDecodeError:
        return text


def _fits(value: object, shipped: object) -> bool:
    """Tell whether *value* is of the kind of *shipped*, and a number that a request can carry."""
    if isinstance(shipped, tuple):
        return isinstance(value, tuple) and bool(value) and all(_fits(one, 0) for one in value)
    if isinstance(shipped, int):
        return type(value) is int and 0 <= value < 1 << 32
    return isinstance(value, str) and bool(value)
