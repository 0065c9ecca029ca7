# SPDX-License-Identifier: GPL-3.0-or-later
"""From evsed.toml, the page's file and the environment to `Settings`.

The owner writes evsed.toml, and evsed never does. What is set on the page lies in a file of its
own beside the store and goes before evsed.toml; the environment goes before both.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from evsed.errors import SettingsError
from evsed.settings import toml_errors
from evsed.settings.messages import field_at, hidden_keys, is_text, problems, section_of
from evsed.settings.root import Settings

PREFIX: Final = "EVSED_"
BETWEEN: Final = "__"
SIZE_MAX: Final = 256 * 1024  # bytes; the shipped file has 5 KiB
PAGE_FILE: Final = "settings.toml"
"""The name of the page's own file, in the folder of the store."""

Tables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that is given, the first wins: *overrides*, environment, page, *base*, file.

    *overrides* belongs to whoever starts evsed, *base* is below the page: what a demo begins with.
    *path* is the owner's file, None without one, and *text* what it holds; *page_path* is the
    page's file, which need not exist; `page_seen` is False where this user may not read it.
    """

    path: Path | None
    text: str
    file: Tables
    page_path: Path
    page: Tables
    variables: Mapping[str, str]
    overrides: Tables
    base: Tables
    page_seen: bool = True

    def settings(self) -> Settings:
        """Return the settings. Raises `SettingsError` with a line for every mistake there is."""
        environment = _environment(self.variables)

        class Layered(Settings):
            """`Settings` from the layers at hand."""

            layers = (environment, self.page, self.base, self.file)

        try:
            return Layered(**self.overrides)
        except ValidationError as error:
            named = dict.fromkeys(dotted(self.page), f"set on the page, {self.page_path}")
            named |= {".".join(_location(name)): name for name in self.variables}
            found, hidden = problems(error, named), hidden_keys()
            places = tuple(
                "" if key in named or key in hidden else toml_errors.quote(self.text, key)
                for key in found.values()
            )
            raise SettingsError(tuple(found), places, tuple(found.values())) from None

    def with_page(self, page: Tables) -> Layers:
        """Return the same with *page* in the page's file."""
        return replace(self, page=page)

    def origin(self, key: str) -> str:
        """Return where the value of *key* (dotted) comes from.

        "start" is whoever starts evsed, such as the demo; else "environment", "page", "file" or
        "default".
        """
        for origin, tables in (
            ("start", self.overrides),
            ("environment", _environment(self.variables)),
            ("page", self.page),
            ("file", self.base),
            ("file", self.file),
        ):
            if _has(tables, key):
                return origin
        return "default"


def read_layers(
    path: Path | None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] | None = None,
) -> Layers:
    """Read the file at *path* (None: no file), the page's file, and EVSED_ variables.

    *overrides* is nested as the file is (``{"web": {"port": 0}}``) and wins over the environment
    (*environ*, by default the process's own). *base* wins over the owner's file alone.

    Raises `SettingsError` where a file cannot be read or is not TOML.
    """
    variables = {
        name: text
        for name, text in sorted((os.environ if environ is None else environ).items())
        if name.startswith(PREFIX)
    }
    text = _read(path)
    file, above, below = _parsed(path, text), dict(overrides or {}), dict(base or {})
    page_path = _page_path(above, _environment(variables), below, file)
    try:
        page = _parsed(page_path, _read(page_path) if page_path.exists() else "")
        seen = True
    except PermissionError:  # another user than evsed's, such as one who asks `evsed status`
        page, seen = {}, False
    return Layers(path, text, file, page_path, page, variables, above, below, page_seen=seen)


def load_settings(
    path: Path | None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the settings of `read_layers()`; what none of its layers names has its default.

    Raises `SettingsError` with a line for every mistake there is.
    """
    return read_layers(path, environ=environ, overrides=overrides).settings()


def dotted(tables: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield every key of *tables*, dotted; a table within a key is part of its value."""
    for name, value in tables.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and field_at(tuple(key.split("."))) is None:
            yield key
        elif isinstance(value, Mapping) and _is_section(key):
            yield from dotted(value, f"{key}.")
        else:
            yield key


def value_at(tables: Mapping[str, Any], key: str) -> object:
    """Return the value of *key* (dotted) in *tables*; None where it is not there."""
    found: object = tables
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _has(tables: Mapping[str, Any], key: str) -> bool:
    above, _, last = key.rpartition(".")
    table = value_at(tables, above) if above else tables
    return isinstance(table, Mapping) and last in table


def _is_section(key: str) -> bool:
    field = field_at(tuple(key.split(".")))
    return field is not None and section_of(field) is not None


def _page_path(*layers: Tables) -> Path:
    """Return the path of the page's file: beside the store that the other *layers* name."""
    for tables in layers:
        store = value_at(tables, "store.path")
        if isinstance(store, str | Path) and Path(store).is_absolute():
            return Path(store).with_name(PAGE_FILE)
    shipped: Path = Settings.model_fields["store"].default.path
    return shipped.with_name(PAGE_FILE)


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
    except PermissionError:
        if path.name == PAGE_FILE:
            raise
        raise SettingsError((f"{path}: cannot be read: Permission denied",)) from None
    except OSError as error:
        raise SettingsError((f"{path}: cannot be read: {error.strerror}",)) from None
    if len(content) > SIZE_MAX:
        raise SettingsError((f"{path}: larger than {SIZE_MAX // 1024} KiB; is it evsed's?",))
    try:
        return content.decode("utf-8-sig")  # Windows' Notepad writes a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError((f"{path}: line {line} is not UTF-8 text",)) from None


def _parsed(path: Path | None, text: str) -> Tables:
    """Parse *text*. Raises `SettingsError` where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sentence, place = toml_errors.describe(text, error)
        raise SettingsError((f"{path}: is not TOML: {sentence}",), (place,)) from None


def _environment(variables: Mapping[str, str]) -> Tables:
    """EVSED_WEB__PORT=8080 as ``{"web": {"port": 8080}}``."""
    root: Tables = {}
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
