# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of `evsed replay` for reading a file, and the errors that ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from evsed.errors import DayError

MAX_GAP_S: Final = 900.0
"""Rows may lie this far apart, in seconds: the meters of most grid operators and portals give a
value every 15 minutes. What happens between rows that lie further apart is not known."""

UNITS: Final = ("W", "kW", "MW", "mW", "Wh", "kWh", "MWh", "Wh-total", "kWh-total", "MWh-total")
"""Units of `--unit`; `-total` is a meter's running total, without it an energy per row."""

DateOrder = Literal["dmy", "mdy", "ymd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Statements of the owner about a file; None leaves it to the file.

    Columns are named by their header or counted from 1. `imports` and `exports` may be the same
    kind of signed column: the option then says which sign is which.
    """

    time: str | None = None
    surplus: str | None = None
    imports: str | None = None
    exports: str | None = None
    production: str | None = None
    consumption: str | None = None
    unit: str | None = None
    decimal: str | None = None
    timezone: str | None = None
    date_order: DateOrder | None = None
    max_gap_s: float = MAX_GAP_S

    def with_choice(self, choice: Choice) -> ReadOptions:
        """These options and what was chosen."""
        changes: dict[str, Any] = dict(choice.options)
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several readings: its `words`, and the `options` that select it."""

    words: str
    options: tuple[tuple[str, str | float], ...]

    def command(self) -> str:
        """The options as they are typed."""
        return " ".join(_typed(name, value) for name, value in self.options)


class AmbiguousDay(DayError):
    """A file that has several readings, or that needs an option; `choices` are the readings."""

    def __init__(self, message: str, choices: Sequence[Choice] = ()) -> None:
        """Keep message and choices, so that the error can cross a process boundary."""
        super().__init__(message, tuple(choices))
        self.message = message
        self.choices = tuple(choices)

    def __str__(self) -> str:
        """The message, with the option of each reading."""
        lines = [self.message]
        lines.extend(f"  {choice.command():32} {choice.words}" for choice in self.choices)
        return "\n".join(lines)


_FLAGS: Final = {"imports": "--import", "exports": "--export", "max_gap_s": "--max-gap"}


def _typed(name: str, value: str | float) -> str:
    """An option as it is typed."""
    flag = _FLAGS.get(name, "--" + name.replace("_", "-"))
    text = duration(value) if isinstance(value, (int, float)) else value
    return (
        f'{flag} "{text}"'
        if not text.replace("-", "").replace(":", "").isalnum()
        else f"{flag} {text}"
    )


def duration(seconds: float) -> str:
    """A time span as an option takes it and as a person reads it: 45s, 15min, 5h."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f}{name}"
    return f"{seconds:.0f}s" if seconds < 120 else f"{-(-seconds // 60):.0f}min"
