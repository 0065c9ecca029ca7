# SPDX-License-Identifier: GPL-3.0-or-later
"""What the owner wishes: mode, limits for this session, most current, weekly window.

A wish only ever takes away: each becomes a ceiling (`ceilings.py`) beside those of supply and feed,
and the lowest of all wins, so no wish goes round what is safe.  In JSON, as kept and as asked for::

    {"mode": "solar_min", "session_kwh": 10, "session_h": null, "max_current_a": 16,
     "window": "Mon-Fri 22:00-06:00"}

null is no such limit.

Another program (Home Assistant, evcc) may be let in beside the owner's own hand.  What it says is
an `Override`: laid over mode and most current, and what they were comes back when it lets go.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from evsed.core.solar.allotment_config import Mode
from evsed.core.user.weekly_window import WeeklyWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RANGES: Final = {
    # The largest batteries of cars hold some 200 kWh; a week is the longest that a window repeats.
    "session_kwh": (0.1, 1000.0, "kWh"),
    "session_h": (0.1, 168.0, "h"),
    # What a pilot can say: IEC 61851-1 Table A.7.
    "max_current_a": (6.0, 80.0, "A"),
}
"""Least, most and unit of each wish that is a number."""


OFF_STAYS: Final = (
    "evsed is off by its owner's own word, which no other program takes back; "
    "choose another mode on its page, or with `evsed set`"
)


class ControlsError(ValueError):
    """A wish that cannot be granted; `problems` are (key, what is wrong with it) pairs."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Override:
    """What another program says, and what was wished before it came.

    `charging`: True charge at once, False do not, None it says nothing of that.  It ends when the
    program lets go, when the owner chooses a mode, and, if `until_unplugged`, when the car is
    unplugged; then `mode` and `max_current_a` are in force again.
    """

    charging: bool | None
    until_unplugged: bool
    mode: Mode
    max_current_a: float | None


@dataclass(frozen=True, slots=True)
class Controls:
    """What the owner wishes; the defaults are what an owner gets who never says anything.

    `session_kwh` and `session_h` (kilowatt-hours, hours with power) limit the session under way, or
    the next one, and are over when the car is unplugged.  `max_current_a` is per phase.  None is no
    such limit.  With an `override`, `mode` and `max_current_a` are as it has them.  Raises
    `ControlsError` for a number out of its range.
    """

    mode: Mode = Mode.SOLAR
    session_kwh: float | None = None
    session_h: float | None = None
    max_current_a: float | None = None
    window: WeeklyWindow | None = None
    override: Override | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _read_all({key: getattr(self, key) for key in RANGES})

    @classmethod
    def from_json(cls, told: object) -> Controls:
        """What `to_json()` gave; a missing key has its default.  Raises `ControlsError`."""
        if not isinstance(told, dict):
            raise ControlsError((("", f"wishes are a JSON object, not {_shown(told)}"),))
        wishes = cls().changed({key: told[key] for key in told if key != "override"})
        return replace(wishes, override=_override(told.get("override")))

    def to_json(self) -> dict[str, Any]:
        """In JSON's own kinds; without an override, none is mentioned."""
        told: dict[str, Any] = {
            "mode": self.mode.value,
            "session_kwh": self.session_kwh,
            "session_h": self.session_h,
            "max_current_a": self.max_current_a,
            "window": None if self.window is None else str(self.window),
        }
        if self.override is not None:
            told["override"] = {**asdict(self.override), "mode": self.override.mode.value}
        return told

    def changed(self, patch: Mapping[str, object]) -> Controls:
        """These wishes with what *patch* names changed, all of it or nothing.

        It is the owner's own hand: a mode ends an override, a most current outlives it.  Raises
        `ControlsError` with everything that is wrong with it.
        """
        values = _read_all(patch)
        kept = self.given_back() if "mode" in values else self
        if kept.override is not None and "max_current_a" in values:
            values["override"] = replace(kept.override, max_current_a=values["max_current_a"])
        return replace(kept, **values)

    def taken_over(
        self, *, charging: bool | None, max_current_a: float | None, until_unplugged: bool
    ) -> Controls:
        """These wishes with what another program says laid over them; see `Override`.

        None for *max_current_a* is what the owner wished.  Raises `ControlsError` where it would
        charge although the owner has switched off.
        """
        before = self.override or Override(None, until_unplugged, self.mode, self.max_current_a)
        if charging and before.mode is Mode.OFF:
            raise ControlsError((("mode", OFF_STAYS),))
        return replace(
            self,
            mode=before.mode if charging is None else Mode.FAST if charging else Mode.OFF,
            max_current_a=before.max_current_a if max_current_a is None else max_current_a,
            override=replace(before, charging=charging, until_unplugged=until_unplugged),
        )

    def given_back(self) -> Controls:
        """These wishes without the override: as they were before it."""
        before = self.override
        if before is None:
            return self
        return replace(self, mode=before.mode, max_current_a=before.max_current_a, override=None)

    def diverted(self, mode: Mode) -> Controls:
        """These wishes with another program's choice of *mode*; an override goes before it.

        Raises `ControlsError` where the owner has switched off.
        """
        if (self.override or self).mode is Mode.OFF:
            raise ControlsError((("mode", OFF_STAYS),))
        if self.override is None:
            return replace(self, mode=mode)
        under = replace(self.override, mode=mode)
        shown = mode if under.charging is None else self.mode
        return replace(self, mode=shown, override=under)

    def after_unplug(self) -> Controls:
        """What is left when the car is unplugged: a limit for one session is over with it."""
        over = self.override is not None and self.override.until_unplugged
        kept = self.given_back() if over else self
        return replace(kept, session_kwh=None, session_h=None)

    def news(self, before: Controls) -> str:
        """What has changed since *before*, in words; "" when nothing has."""
        said = {
            "mode": f"mode {self.mode.value}",
            "session_kwh": _most(self.session_kwh, "kWh", " this session"),
            "session_h": _most(self.session_h, "h", " this session"),
            "max_current_a": _most(self.max_current_a, "A", ""),
            "window": f"only {self.window}" if self.window else "at any time of the week",
            "override": _said_of(self.override),
        }
        return ", ".join(
            text for key, text in said.items() if getattr(self, key) != getattr(before, key)
        )


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
        raise ValueError(f"{key} is {_shown(value)}; it must be one of {choices}") from None


def _number(key: str, value: object) -> float | None:
    if value is None:
        return None
    least, most, unit = RANGES[key]
    # bool is an int to Python; NaN lies in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(
            f"{key} is {_shown(value)}; it must be {least:g} to {most:g} {unit}, or none"
        )
    return float(value)


def _window(key: str, value: object) -> WeeklyWindow | None:
    if value is None or isinstance(value, WeeklyWindow):
        return value
    try:
        return WeeklyWindow.parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"{key} is {_shown(value)}: {error}, or none") from None


def _override(kept: object) -> Override | None:
    """An override as it was kept.  Raises `ControlsError`."""
    match kept:
        case None:
            return None
        case {
            "charging": bool() | None as charging,
            "until_unplugged": bool() as until_unplugged,
            "mode": mode,
            "max_current_a": max_current_a,
        }:
            before = _read_all({"mode": mode, "max_current_a": max_current_a})
            return Override(charging, until_unplugged, **before)
        case _:
            raise ControlsError((("override", f"override is {_shown(kept)}, which is none"),))


def _no_such(key: str, _value: object) -> None:
    near = get_close_matches(key, _READERS, 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(_READERS)}"
    raise ValueError(f"there is no {_shown(key)}; {meant}")


_READERS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "mode": _mode,
    **dict.fromkeys(RANGES, _number),
    "window": _window,
}


def _said_of(override: Override | None) -> str:
    if override is None:
        return "given back"
    return "taken over until the car is unplugged" if override.until_unplugged else "taken over"


def _most(value: float | None, unit: str, of: str) -> str:
    return f"no limit in {unit}{of}" if value is None else f"at most {value:g} {unit}{of}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 - a line stays a line
