# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's controls: mode, limits for this session, most current, weekly window, plan.

Each becomes a ceiling (`Controls.limits()`) beside those of supply and feed, and the lowest of all
wins, so no control goes round what is safe.  In JSON, as kept and as asked for::

    {"mode": "solar_min", "session_kwh": 10, "session_h": null, "max_current_a": 16,
     "window": "Mon-Fri 22:00-06:00", "plan": "20 kWh by Mon-Fri 07:00"}

null is no such limit. The plan is no ceiling: `planner` makes what follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from evsed.core.pilot.limits import Limit
from evsed.core.solar.allotment_config import Mode
from evsed.core.text import listed, text
from evsed.core.user.plan import ChargePlan
from evsed.core.user.weekly_window import WeeklyWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

RANGES: Final = {
    # The largest batteries of cars hold some 200 kWh; a week is the longest that a window repeats.
    "session_kwh": (0.1, 1000.0, "kWh"),
    "session_h": (0.1, 168.0, "h"),
    # What a pilot can say: IEC 61851-1 Table A.7.
    "max_current_a": (6.0, 80.0, "A"),
}
"""Least, most and unit of each control that is a number."""


OFF_STAYS: Final = text(
    "the owner has switched evsed off, and no other program may switch it "
    "on; choose another mode on its page, or with `evsed set`"
)


class ControlsError(ValueError):
    """A control that is refused; `problems` are (key, what is wrong with it) pairs."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(listed(words for _, words in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Remaining:
    """The rest of a session's limit, in words; `left_s` seconds at this power, if any."""

    why: str
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Controls:
    """The owner's controls; the defaults hold until the owner changes something.

    `session_kwh` and `session_h` (kilowatt-hours, hours with power) limit the session under way, or
    the next one, and are over when the car is unplugged.  `max_current_a` is per phase.  None is no
    such limit.  Raises `ControlsError` for a number out of its range.
    """

    mode: Mode = Mode.SOLAR
    session_kwh: float | None = None
    session_h: float | None = None
    max_current_a: float | None = None
    window: WeeklyWindow | None = None
    plan: ChargePlan | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _read_all({key: getattr(self, key) for key in RANGES})

    @classmethod
    def from_json(cls, stored: object) -> Controls:
        """Return what `to_json()` gave; a missing key has its default.  Raises `ControlsError`."""
        if not isinstance(stored, dict):
            raise ControlsError(
                (("", text("controls are a JSON object, not {stored}", stored=_shown(stored))),)
            )
        return cls().updated(stored)

    def to_json(self) -> dict[str, Any]:
        """Return the controls in JSON's own types."""
        return {
            "mode": self.mode.value,
            "session_kwh": self.session_kwh,
            "session_h": self.session_h,
            "max_current_a": self.max_current_a,
            "window": None if self.window is None else str(self.window),
            "plan": None if self.plan is None else str(self.plan),
        }

    def updated(self, patch: Mapping[str, object]) -> Controls:
        """Return these controls with what *patch* names changed, all of it or nothing.

        Raises `ControlsError` with everything that is wrong with it.
        """
        return replace(self, **_read_all(patch))

    def after_unplug(self) -> Controls:
        """Return what is left when the car is unplugged: a limit for one session ends with it."""
        return replace(self, session_kwh=None, session_h=None)

    def changes_since(self, before: Controls) -> str:
        """Describe what has changed since *before*; "" when nothing has."""
        described = {
            "mode": text("mode {mode}", mode=self.mode.value),
            "session_kwh": _of_session(self.session_kwh, "kWh"),
            "session_h": _of_session(self.session_h, "h"),
            "max_current_a": text("no limit in A")
            if self.max_current_a is None
            else text("at most {current_a:g} A", current_a=self.max_current_a),
            "window": text("only {window}", window=str(self.window))
            if self.window
            else text("at any time of the week"),
            "plan": text("ready with {plan}", plan=str(self.plan))
            if self.plan
            else text("no plan"),
        }
        return listed(
            words for key, words in described.items() if getattr(self, key) != getattr(before, key)
        )

    # --- the ceilings that follow -------------------------------------------------------------

    def limits(
        self, session_wh: float, session_charge_s: float, local: datetime, until_at: float
    ) -> tuple[Limit, ...]:
        """Return the ceilings that follow, each holding until *until_at* (monotonic seconds).

        *session_wh* and *session_charge_s* are what the session under way has had, watt-hours and
        seconds with power, 0 without one.  *local* is the wall-clock time, with its zone;
        ValueError without.
        """
        if local.tzinfo is None:
            raise ValueError("local is without a zone; a weekly window needs the owner's own time")
        found = []
        if self.mode is Mode.OFF:
            found.append(Limit("owner", 0.0, until_at, text("off, as the owner set it")))
        elif self.max_current_a is not None:
            why = text(
                "no more than {max_current_a:g} A, as the owner set it",
                max_current_a=self.max_current_a,
            )
            found.append(Limit("owner", self.max_current_a, until_at, why))
        if self.session_kwh is not None and session_wh >= self.session_kwh * 1000:
            why = text(
                "this session's {session_kwh:g} kWh are charged", session_kwh=self.session_kwh
            )
            found.append(Limit("session", 0.0, until_at, why))
        elif self.session_h is not None and session_charge_s >= self.session_h * 3600:
            why = text("this session's {session_h:g} h are used up", session_h=self.session_h)
            found.append(Limit("session", 0.0, until_at, why))
        if self.window is not None and not self.window.open_at(local):
            why = text("outside the weekly window until {opens}", opens=self.window.opens(local)[0])
            found.append(Limit("schedule", 0.0, until_at, why))
        return tuple(found)

    def session_left(
        self, session_wh: float, session_charge_s: float, power_w: float
    ) -> Remaining | None:
        """Return what the limits of the session leave; None without one, or if one is reached.

        *power_w* is what the car takes now.  Time with power is counted, so without power there are
        no seconds to give; with two limits, the seconds are those of the one that comes first.
        """
        words, seconds = [], []
        if self.session_kwh is not None:
            left_wh = self.session_kwh * 1000 - session_wh
            words.append(
                text(
                    "{left_kwh:.2f} of {session_kwh:g} kWh",
                    left_kwh=max(left_wh, 0.0) / 1000,
                    session_kwh=self.session_kwh,
                )
            )
            seconds.append(left_wh / power_w * 3600 if power_w > 0 else left_wh)
        if self.session_h is not None:
            left_s = self.session_h * 3600 - session_charge_s
            words.append(
                text(
                    "{left_h:.1f} of {session_h:g} h",
                    left_h=max(left_s, 0.0) / 3600,
                    session_h=self.session_h,
                )
            )
            seconds.append(left_s)
        if not words or min(seconds) <= 0:
            return None
        left = words[0] if len(words) == 1 else text("{kwh} and {h}", kwh=words[0], h=words[1])
        return Remaining(
            text("this session has {left} left", left=left), min(seconds) if power_w > 0 else None
        )

    def opens_in_s(self, local: datetime) -> float | None:
        """Seconds until the weekly window opens; None where it is open or there is none."""
        if self.window is None or self.window.open_at(local):
            return None
        return self.window.opens(local)[1]


# --- reading what the owner wrote ----------------------------------------------------------------


def _read_all(patch: Mapping[str, object]) -> dict[str, Any]:
    values: dict[str, object] = {}
    problems = []
    for key, value in patch.items():
        try:
            values[key] = _READERS.get(key, _no_such)(key, value)
        except ValueError as error:
            problems.append((key, str(error)))
    if problems:
        raise ControlsError(tuple(problems))
    return values


def _mode(key: str, value: object) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        choices = ", ".join(mode.value for mode in Mode)
        raise ValueError(
            text(
                "{key} is {value}; it must be one of {choices}",
                key=key,
                value=_shown(value),
                choices=choices,
            )
        ) from None


def _number(key: str, value: object) -> float | None:
    if value is None:
        return None
    least, most, unit = RANGES[key]
    # bool is an int to Python; NaN lies in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(
            text(
                "{key} is {value}; it must be {least:g} to {most:g} {unit}, or none",
                key=key,
                value=_shown(value),
                least=least,
                most=most,
                unit=unit,
            )
        )
    return float(value)


def _parser(kind: type[WeeklyWindow | ChargePlan]) -> Callable[[str, object], object]:
    """Return what reads a *kind*, or its text."""

    def parse(key: str, value: object) -> object:
        if value is None or isinstance(value, kind):
            return value
        try:
            return kind.parse(value if isinstance(value, str) else "")
        except ValueError as error:
            raise ValueError(
                text(
                    "{key} is {value}: {error}, or none",
                    key=key,
                    value=_shown(value),
                    error=str(error),
                )
            ) from None

    return parse


def _no_such(key: str, _value: object) -> None:
    near = get_close_matches(key, _READERS, 1)
    if near:
        raise ValueError(
            text("there is no {key}; did you mean {near}?", key=_shown(key), near=near[0])
        )
    raise ValueError(
        text("there is no {key}; there are {known}", key=_shown(key), known=", ".join(_READERS))
    )


_READERS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "mode": _mode,
    **dict.fromkeys(RANGES, _number),
    "window": _parser(WeeklyWindow),
    "plan": _parser(ChargePlan),
}


def _of_session(value: float | None, unit: str) -> str:
    if value is None:
        return text("no limit in {unit} this session", unit=unit)
    return text("at most {value:g} {unit} this session", value=value, unit=unit)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."  # noqa: PLR2004 - a line stays a line
