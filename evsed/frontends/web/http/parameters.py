# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters of a query or a path: how each is read, and the schema that describes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from evsed.frontends.doc import JsonSchema


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query, or the text in the braces of a path.

    *read* converts its text, and raises ValueError with what it must be; *schema* describes the
    same to programs. Without the parameter the value is *default*.
    """

    name: str
    meaning: str
    read: Callable[[str], object]
    schema: JsonSchema
    default: object = None
    required: bool = False


def whole(name: str, meaning: str, *, least: int, most: int, default: int) -> Parameter:
    """Return a parameter that is a whole number from *least* to *most*."""

    def read(text: str) -> int:
        # As JSON writes it: int() alone would also read "1_0", " 1" and other scripts' digits.
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"it must be a whole number from {least} to {most}")
        return int(text)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Parameter(name, meaning, read, schema, default)


def choice(name: str, meaning: str, *choices: str) -> Parameter:
    """Return a parameter that is one of *choices*; the first is the default."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it must be one of {', '.join(choices)}")
        return text

    return Parameter(name, meaning, read, {"type": "string", "enum": list(choices)}, choices[0])


def text(name: str, meaning: str, pattern: re.Pattern[str]) -> Parameter:
    """Return a parameter that is text of the form *pattern*."""

    def read(given: str) -> str:
        if not pattern.fullmatch(given):
            raise ValueError(f"it must be of the form {pattern.pattern}")
        return given

    schema = {"type": "string", "pattern": f"^{pattern.pattern}$"}
    return Parameter(name, meaning, read, schema)


def day(name: str, meaning: str, *, required: bool = False) -> Parameter:
    """Return a parameter that is a day of the calendar, as a `date`; None without it."""

    def read(text: str) -> date:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError("it must be a day such as 2026-11-24")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("there is no such day; 2026-11-24 is one") from None

    return Parameter(name, meaning, read, {"type": "string", "format": "date"}, required=required)


_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
"""A month of this century: others are beyond what clocks and the standard library can do."""


def month(name: str, meaning: str) -> Parameter:
    """Return a parameter that is a month of the calendar, as its first `date`; None without it."""

    def read(text: str) -> date:
        if not _MONTH.fullmatch(text):
            raise ValueError("it must be a month such as 2026-11")
        return date.fromisoformat(f"{text}-01")

    return Parameter(name, meaning, read, {"type": "string", "pattern": f"^{_MONTH.pattern}$"})


def moment(name: str, meaning: str) -> Parameter:
    """Return a parameter that is a moment, as a `datetime` in UTC; None without it."""
    wanted = "it must be a time with its offset, such as 2026-11-24T12:00:00+01:00"

    def read(text: str) -> datetime:
        # The plus of an offset that was not escaped arrives as a space.
        text = re.sub(r" (?=\d\d:\d\d$)", "+", text)
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is None:
                raise ValueError(wanted)
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(wanted) from None

    return Parameter(name, meaning, read, {"type": "string", "format": "date-time"})
