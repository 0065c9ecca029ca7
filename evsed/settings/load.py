# SPDX-License-Identifier: GPL-3.0-or-later
"""From evsed.toml and the environment to `Settings`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from evsed.errors import SettingsError
from evsed.settings import toml_errors
from evsed.settings.messages import field_at, is_text, problems
from evsed.settings.root import Settings

PREFIX: Final = "EVSED_"
BETWEEN: Final = "__"
SIZE_MAX: Final = 256 * 1024  # bytes; the shipped file has 5 KiB


def load_settings(
    path: Path | None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of the file at *path* (None: no file), of EVSED_ variables, and *overrides*.

    *overrides* is nested as the file is (``{"web": {"port": 0}}``) and wins over the environment
    (*environ*, by default the process's own), which wins over the file. What none of them names
    has its default.

    Raises `SettingsError` with a line for every mistake there is.
    """
    variables = {
        name: text
        for name, text in sorted((os.environ if environ is None else environ).items())
        if name.startswith(PREFIX)
    }

    text = _read(path)

    class Layered(Settings):
        """`Settings` from the layers at hand."""

        layers = (_environment(variables), _parsed(path, text))

    try:
        return Layered(**(overrides or {}))
    except ValidationError as error:
        named = {".".join(_location(name)): name for name in variables}
        found = problems(error, named)
        places = tuple(toml_errors.quote(text, key) for key in found.values())
        raise SettingsError(tuple(found), places) from None


def _read(path: Path | None) -> str:
    """Return the text of the file. Raises `SettingsError` when it cannot be read."""
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_MAX + 1)
    except FileNotFoundError:
        raise SettingsError(
            (f"{path}: no such file; copy etc/evsed.toml there, or name yours with --config",)
        ) from None
    except OSError as error:
        raise SettingsError((f"{path}: cannot be read: {error.strerror}",)) from None
    if len(content) > SIZE_MAX:
        raise SettingsError((f"{path}: larger than {SIZE_MAX // 1024} KiB; is it evsed's?",))
    try:
        return content.decode("utf-8-sig")  # Windows' Notepad writes a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError((f"{path}: line {line} is not UTF-8 text",)) from None


def _parsed(path: Path | None, text: str) -> dict[str, Any]:
    """Parse *text*. Raises `SettingsError` where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sentence, place = toml_errors.describe(text, error)
        raise SettingsError((f"{path}: is not TOML: {sentence}",), (place,)) from None


def _environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """EVSED_WEB__PORT=8080 as ``{"web": {"port": 8080}}``."""
    root: dict[str, Any] = {}
    for name, text in variables.items():
        *above, last = _location(name)
        table: Any = root
        for part in above:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                break  # EVSED_WEB=1 beside EVSED_WEB__PORT: the first is the mistake to report
        else:
            table[last] = _value((*above, last), text)
    return root


def _location(name: str) -> tuple[str, ...]:
    return tuple(name.removeprefix(PREFIX).lower().split(BETWEEN))


def _value(location: tuple[str, ...], text: str) -> object:
    """*text* as the file would have it: text for a text key, else what TOML reads."""
    field = field_at(location)
    if field is not None and is_text(field):
        return text
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return read["value"] if len(read) == 1 else text
