# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that is not TOML: the line itself, a caret under the place, and what to write instead."""

from __future__ import annotations

import re
import tomllib
from typing import Final

SHOWN_MAX: Final = 100  # characters of a line

_PLACE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")
_SECTION: Final = re.compile(r"\s*\[\s*([\w.\-]+)\s*\]")
_ENTRY: Final = re.compile(r"\s*([\w.\-]+)\s*=\s*(.*?)\s*(?:#.*)?$")
_NUMBER: Final = r"[+-]?\d+(?:\.\d+)?"


def describe(text: str, error: tomllib.TOMLDecodeError) -> tuple[str, str]:
    """Describe *error*, which reading *text* raised: a sentence, and the line with a caret."""
    found = _PLACE.search(str(error))
    lines = text.splitlines()
    if found is None or not lines:  # "(at end of document)"
        number, column = max(len(lines), 1), len(lines[-1]) + 1 if lines else 1
    else:
        number, column = int(found[1]), int(found[2])
    if number > len(lines) or not lines[number - 1].strip():  # the end of a statement before it
        number = max((n for n in range(1, number) if lines[n - 1].strip()), default=1)
        column = len(lines[number - 1]) + 1 if lines else 1
    line = lines[number - 1] if lines else ""
    hint = _duplicate(lines, number, str(error)) or _hint(line) or _PLACE.sub("", str(error))
    return f"line {number}: {hint}", _excerpt(line, number, column)


def quote(text: str, key: str) -> str:
    """Return the line of *text* that sets *key* (dotted), with a caret under its value.

    It begins with a line break; "" where no line sets it.
    """
    section, _, name = key.rpartition(".")
    lines = text.splitlines()
    number = _first(lines, len(lines) + 1, section, name)
    if not number:
        return ""
    line = lines[number - 1]
    equals = line.index("=") + 1
    return _excerpt(line, number, equals + len(line[equals:]) - len(line[equals:].lstrip()) + 1)


def _excerpt(line: str, number: int, column: int) -> str:
    margin = f"    {number} | "
    excerpt = line.replace("\t", " ")[:SHOWN_MAX]
    caret = " " * (min(column, SHOWN_MAX) - 1) + "^"
    return f"\n{margin}{excerpt}\n{' ' * (len(margin) - 2)}| {caret}"


def _hint(line: str) -> str:
    """Return what to write instead, for the mistakes that people make; "" for others."""
    if _ENTRY.fullmatch(line) is None:
        colon = re.match(r"\s*([\w.\-]+)\s*:\s*(\S.*)$", line)
        if colon:
            return f"write {colon[1]} = {colon[2]}"
        if re.match(r"\s*[\w.\-]+\s+\S", line) and "=" not in line:
            return 'there is no "=" between key and value'
        return ""
    found = _ENTRY.fullmatch(line)
    value = found[2] if found else ""
    if comma := re.fullmatch(r"([+-]?\d+),(\d+)", value):
        return f"write a point, not a comma: {comma[1]}.{comma[2]}"
    if value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return "write true or false, in small letters"
    if unit := re.fullmatch(rf"({_NUMBER})\s*[A-Za-z%°Ω]+", value):
        return f"write the number without its unit: {unit[1]}"
    if re.fullmatch(r"[A-Za-z/][^\"'\[\]{}]*", value):
        return f'text stands in quotes: "{value}"'
    return "" if value else "there is no value after the ="


def _duplicate(lines: list[str], number: int, message: str) -> str:
    """Return the name that is there twice and the line of the first; "" where that is no matter."""
    twice = re.search(r"Cannot declare \((.*)\) twice", message)
    if twice:
        section = ".".join(re.findall(r"'([^']*)'", twice[1]))
        first = _first(lines, number, section, "")
        return f"the section [{section}] is there twice, first in line {first}"
    if "Cannot overwrite" in message:
        found = _ENTRY.fullmatch(lines[number - 1])
        section = _section_at(lines, number)
        if found and (first := _first(lines, number, section, found[1])):
            return f"{found[1]} is there twice, first in line {first}"
    return ""


def _section_at(lines: list[str], number: int) -> str:
    found = [_SECTION.match(line) for line in lines[:number]]
    return next((each[1] for each in reversed(found) if each), "")


def _first(lines: list[str], before: int, section: str, key: str) -> int:
    """Return the number of the first line of *section*, or of *key* in it; 0 without one."""
    here = ""
    for number, line in enumerate(lines[: before - 1], 1):
        if heading := _SECTION.match(line):
            here = heading[1]
            if here == section and not key:
                return number
        elif key and here == section and (entry := _ENTRY.fullmatch(line)) and entry[1] == key:
            return number
    return 0
