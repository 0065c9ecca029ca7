# SPDX-License-Identifier: GPL-3.0-or-later
"""The comments of the shipped evsed.toml, by section and key: the page shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from evsed.core.text import Text

_HEADER: Final = re.compile(r"\[([\w.]+)\]\s*(?:#\s*(.*))?$")
_ENTRY: Final = re.compile(r"(?:# )?(\w+) = (.*)$")
_MORE: Final = re.compile(r"\s{4,}#\s*(.*)$")
_COMMENT: Final = re.compile(r"""(?:[^"#]|"[^"]*")*#\s*(.*)$""")


@dataclass(frozen=True, slots=True)
class Comments:
    """The text before each section, and beside each key (dotted); "" where there is none."""

    sections: dict[str, str]
    keys: dict[str, str]

    def of(self, key: str) -> str:
        """Return the comment of *key*; that of its namesake where it has none.

        The file explains a key that the sections of boards, or those of devices, share only where
        it comes first.
        """
        if found := self.keys.get(key):
            return found
        top, name = key.split(".", maxsplit=1)[0], key.rpartition(".")[2]
        for section in (top, "feed") if top == "meters" else (top,):
            for namesake, text in self.keys.items():
                if text and namesake.startswith(f"{section}.") and namesake.endswith(f".{name}"):
                    return text
        return ""


@cache
def comments() -> Comments:
    """Read the shipped file: its comments are sentences for the owner, so they are translated."""
    shipped = resources.files("evsed.settings") / "shipped.toml"
    found = parse(shipped.read_text(encoding="utf-8"))
    return Comments(
        {name: Text(comment) for name, comment in found.sections.items()},
        {key: Text(comment) for key, comment in found.keys.items()},
    )


def parse(text: str) -> Comments:
    """Return the comments of *text*, which has the form of the shipped file."""
    sections: dict[str, str] = {}
    keys: dict[str, str] = {}
    section, key = "", ""
    before: list[str] = []
    for line in text.splitlines():
        if header := _HEADER.match(line):
            section, key = header[1], ""
            sections[section] = _joined([*before, header[2] or ""])
            before = []
        elif section and (entry := _ENTRY.match(line)):
            key, before = f"{section}.{entry[1]}", []
            found = _COMMENT.match(entry[2])
            keys[key] = _joined([found[1]]) if found else ""
        elif key and (more := _MORE.match(line)):
            keys[key] = _joined([keys[key], more[1]])
        elif line.startswith("#"):
            before.append(line.removeprefix("#"))
        else:
            before = []
    return Comments(sections, keys)


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
