# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's own file of settings: written as a whole, with the one before kept beside it.

::

    settings.toml           what is set on the page
    settings.toml.previous  the same before the last change: undo puts it back
    settings.toml.trial     there from a change until feed and board are up with it
    settings.toml.fallback  there when evsed has put the previous back, until that is reported
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from evsed import private_file
from evsed.settings.load import Tables, dotted, value_at
from evsed.settings.messages import as_toml

HEAD: Final = """\
# What is set on evsed's page. It goes before /etc/evsed.toml, and evsed rewrites it at each change
# there: write your own settings into /etc/evsed.toml.
"""
MODE: Final = 0o640


@dataclass(frozen=True, slots=True)
class SettingsTrial:
    """A change that is not confirmed yet: the keys, and how often evsed has begun with it."""

    keys: tuple[str, ...]
    starts: int = 0


class PageFile:
    """The page's file at *path*, and the two beside it. All methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._previous = path.with_name(f"{path.name}.previous")
        self._trial = path.with_name(f"{path.name}.trial")
        self._fallback = path.with_name(f"{path.name}.fallback")

    def write(self, tables: Tables) -> None:
        """Put *tables* in place of what is there, which becomes the previous."""
        now = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        private_file.write(self._previous, now, MODE)
        private_file.write(self.path, as_text(tables), MODE)

    def previous(self) -> Tables | None:
        """Return what was there before the last change; None where there was none."""
        try:
            return tomllib.loads(self._previous.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def undo(self) -> None:
        """Put the previous file in place of the present one, and that in place of the previous."""
        now = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        before = self._previous.read_text(encoding="utf-8")
        private_file.write(self._previous, now, MODE)
        private_file.write(self.path, before, MODE)

    def trial(self) -> SettingsTrial | None:
        """Return the change that is not confirmed; None without one."""
        try:
            found = json.loads(self._trial.read_text(encoding="utf-8"))
            return SettingsTrial(tuple(str(key) for key in found["keys"]), int(found["starts"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def set_trial(self, trial: SettingsTrial | None) -> None:
        """Keep *trial*; None: the change is confirmed or undone."""
        if trial is None:
            self._trial.unlink(missing_ok=True)
        else:
            private_file.write(self._trial, json.dumps(asdict(trial)), MODE)

    def fall_back(self, text: str) -> None:
        """Put the previous file back, and keep *text*, which says why."""
        self.undo()
        self.set_trial(None)
        private_file.write(self._fallback, text, MODE)

    def fell_back(self) -> str:
        """Return the text of the last `fall_back()`, once; "" without one."""
        try:
            text = self._fallback.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        self._fallback.unlink(missing_ok=True)
        return text


def changed(tables: Tables, changes: Mapping[str, Any]) -> Tables:
    """Return *tables* with *changes* (dotted keys); a value of None takes the key out."""
    values = {key: value_at(tables, key) for key in dotted(tables)}
    values |= changes
    found: Tables = {}
    for key, value in values.items():
        if value is None:
            continue
        *above, last = key.split(".")
        table: Any = found
        for part in above:
            table = table.setdefault(part, {})
        table[last] = value
    return found


def differences(before: Tables, after: Tables) -> dict[str, Any]:
    """Return the changes (dotted keys) that make *after* of *before*."""
    keys = dict.fromkeys((*dotted(before), *dotted(after)))
    return {
        key: value_at(after, key) for key in keys if value_at(before, key) != value_at(after, key)
    }


def as_text(tables: Tables) -> str:
    """Return *tables* as TOML."""
    sections: dict[str, list[str]] = {}
    for key in dotted(tables):
        section, _, name = key.rpartition(".")
        sections.setdefault(section, []).append(f"{name} = {as_toml(value_at(tables, key))}")
    return HEAD + "".join(f"\n[{section}]\n{_lines(at)}" for section, at in sections.items())


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
