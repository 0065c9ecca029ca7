# SPDX-License-Identifier: GPL-3.0-or-later
"""What each key that the API tells or takes means, and which values it may have.

One table: the schemas of `/api/v1/openapi.json`, the page that reads them and docs/api.md have
their words from here, and a dataclass that is not in it has no form in JSON. The types are those
of the dataclasses' fields, the units are the keys' suffixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from evsed.core.energy.history import MINUTE_S, QUARTER_S, By
from evsed.core.energy.sessions import EndReason
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.controls import RANGES
from evsed.core.user.weekly_window import MOST_RANGES
from evsed.frontends.status import (
    ControlsView,
    EventView,
    FaultView,
    LimitView,
    OverrideView,
    SessionView,
    Status,
    TickView,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order."""

    outcome: str


@dataclass(frozen=True, slots=True)
class LoginView:
    """Whether this browser is logged in, and whether it could be."""

    password_set: bool
    logged_in: bool


@dataclass(frozen=True, slots=True)
class RecentView:
    """The last hour: columns of equal length, the newest last."""

    every_s: float
    available_w: tuple[float | None, ...]
    offered_w: tuple[float, ...]
    power_w: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PastSession:
    """One session, under way or over."""

    id: str
    started: datetime
    ended: datetime | None
    energy_wh: float
    solar_wh: float | None
    peak_a: float
    charge_s: float
    energy_measured: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class SessionsView:
    """Sessions, the newest first."""

    sessions: tuple[PastSession, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """A day, month or year on which something was charged."""

    start: date
    energy_wh: float
    solar_wh: float | None
    charge_s: float


@dataclass(frozen=True, slots=True)
class EnergyView:
    """Periods, the oldest first."""

    by: str
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class DaysView:
    """Days, the oldest first."""

    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class DayView:
    """The trace of a day: columns of equal length, the newest last."""

    day: date
    start: datetime
    every_s: int
    at_s: tuple[int, ...]
    covered_s: tuple[int, ...]
    available_w: tuple[int | None, ...]
    offered_w: tuple[int, ...]
    power_w: tuple[int, ...]
    battery_loan_wh: tuple[int | None, ...]
    state: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Password:
    """What logging in takes."""

    password: str


MEANINGS: dict[type, dict[str, str]] = {
    Status: {
        "classic_state": "State of the classic line: 1 no car, 2 connected, 3 charging, 4 error",
        "at": "when this was put together (the Pi's wall clock, which may be wrong)",
        "version": "of evsed",
        "state": "the settled pilot state: A no car, B1/B2 car there without/with an offer, C1/C2 "
        "car asks, D2 asks for ventilation, E no pilot, F evsed's own fault, - no board",
        "evse_status": "OCPP's name: Available, Preparing, Charging, SuspendedEV, SuspendedEVSE, "
        "Finishing, Unavailable or Faulted",
        "summary": "the state as a sentence for people",
        "reason": "why the current offered is what it is, for people",
        "board_ok": "whether the wires answer",
        "ticking": "whether the control process comes round",
        "high_v": "the high plateau of the pilot",
        "low_v": "the low plateau; null while there is none (steady +12 V)",
        "duty": "of the pilot, 0-1; 1 is steady +12 V: nothing offered",
        "contactor_closed": "whether the car is connected to the mains",
        "offered_a": "what the pilot tells the car it may take; 0 while nothing is offered",
        "drawn_a": "what the car takes; without a meter, what it is offered while charging",
        "drawn_measured": "whether drawn_a, power_w and the energies come from a meter",
        "power_w": "what the car takes, over all phases",
        "mains_v": "line to neutral, as set or measured",
        "phases": "how many phases the car is charged on",
        "excess_w": "the feed's last word: spare watts, negative when too much is taken",
        "available_w": "what the car may use of the sun: excess plus what it draws already",
        "feed_kind": "where news of spare power comes from",
        "feed_age_s": "how old that news is, by the feed's own clock",
        "feed_error": "what is wrong with the feed; null when nothing is",
        "limits": "every ceiling on the current; the lowest wins",
        "limited_by": "the owner of the lowest one",
        "session": "the charge under way, or the last one",
        "day_wh": "energy since midnight",
        "total_wh": "energy ever",
        "contactor_cycles": "how often the contactor has closed, ever",
        "faults": "what is wrong now or latched, with what to do; empty when all is well",
        "events": "the recent past",
        "tick": "how the control process fares",
        "uptime_s": "since evsed started",
        "controls": "what the owner wishes",
        "override": "another program has taken over the owner's mode and max_current_a, which are "
        "as it has them; null: none has",
        "solar_w": "the part of power_w that the surplus of sun covers, by the feed's last news; "
        "null where there is none, or none that is fresh",
        "day_solar_wh": "of day_wh, what is known to be from the sun; null where nobody knew",
        "battery_loan_wh": "what the battery has lent to the car and not got back; null where that "
        "is not counted (mode fast, no news)",
    },
    LimitView: {
        "owner": "who sets it: supply, feed, owner, session, schedule, ...",
        "max_a": "the ceiling; under 6 A means no charging",
        "reason": "for people",
        "left_s": "until it ends or is thought over; null without a timer",
    },
    SessionView: {
        "active": "false: it has ended",
        "energy_wh": "given to the car",
        "charge_s": "with the contactor closed",
        "peak_a": "the most that was taken",
        "started": "when the car was plugged in; null before the first session",
        "energy_measured": "false: an estimate from the current offered and mains_v",
        "solar_wh": "of energy_wh, what is known to be from the sun; null where nobody knew",
    },
    FaultView: {
        "name": "EVerest's name for it",
        "what": "what happened",
        "done": "what evsed did about it",
        "todo": "what to do now",
        "recovery": "how it ends: auto, unplug, acknowledge or service",
        "since": "when it began",
    },
    EventView: {
        "at": "when",
        "text": "what, for people",
        "level": "info, warning or error",
    },
    ControlsView: {
        "mode": "off; solar: the sun alone; solar_min: the sun, and the least current without it; "
        "fast: all that supply and feed allow",
        "session_kwh": "kilowatt-hours that this session, or the next, ends with (0.1-1000); "
        "forgotten when the car is unplugged; null: no such limit",
        "session_h": "hours with power that it ends with (0.1-168); the same",
        "max_current_a": "the most on each phase (6-80); null: what the supply allows",
        "window": 'when charging is allowed, such as "Mon-Fri 22:00-06:00, Sat,Sun 10:00-16:00", '
        "by the Pi's clock; null: always",
    },
    OverrideView: {
        "charging": "true: it says charge, false: do not, null: it says nothing of that",
        "until_unplugged": "whether it ends when the car is unplugged; a mode that the owner "
        "chooses ends it, too",
        "mode": "the mode that comes back when it ends",
        "max_current_a": "the most current that comes back; null: what the supply allows",
    },
    TickView: {
        "count": "ticks since the control process started",
        "worst_ms": "the longest of the last minute",
        "late": "how many came so late that a dead-man may have fired",
    },
    Outcome: {
        "outcome": "what came of it, for people",
    },
    LoginView: {
        "password_set": "whether anybody could log in",
        "logged_in": "whether this browser is",
    },
    RecentView: {
        "every_s": "between two points",
        "available_w": "what the car could have used of the sun; null where the feed said nothing",
        "offered_w": "what the pilot told the car it could take",
        "power_w": "what the car took",
    },
    SessionsView: {
        "sessions": "the newest first, by their start",
    },
    PastSession: {
        "id": "its name for good",
        "started": "when the car was plugged in",
        "ended": "when it was unplugged; null while it is there",
        "energy_wh": "given to the car; of a session under way, up to a minute ago",
        "solar_wh": "what of it is known to be from the sun; null where nobody knew",
        "peak_a": "the most that was taken on a phase",
        "charge_s": "during which power flowed",
        "energy_measured": "false: some of it is an estimate from the current offered",
        "reason": "why the current last stopped; null while it flows, and before it ever did",
    },
    EnergyView: {
        "by": "how long a period is",
        "periods": "those on which anything was charged, the oldest first",
    },
    Period: {
        "start": "its first day, a local one",
        "energy_wh": "given to the car",
        "solar_wh": "what of it is known to be from the sun; null where nobody knew",
        "charge_s": "during which power flowed",
    },
    DaysView: {
        "days": "local days of which anything is kept, the oldest first",
    },
    DayView: {
        "day": "the local day",
        "start": "its first moment; it is 23, 24 or 25 hours long",
        "every_s": "what a row is the mean of: 60, or 900 once it is a hundred days old",
        "at_s": "from start to the row's beginning; what is not known has no row",
        "covered_s": "how much of the row's time was seen: energy is power_w times this",
        "available_w": "what the car could have used of the sun; null where nobody knew",
        "offered_w": "what the pilot told the car it could take",
        "power_w": "what the car took",
        "battery_loan_wh": "what the battery had lent to the car; null where that was not counted",
        "state": "the settled pilot state at the row's end",
    },
    Password: {
        "password": "the one that `evsed password` has set",
    },
}

TITLES = {
    Status: "Status",
    LimitView: "A limit",
    SessionView: "The session",
    FaultView: "A fault",
    EventView: "An event",
    ControlsView: "Controls",
    OverrideView: "An override",
    TickView: "The tick",
    Outcome: "An outcome",
    LoginView: "Whether one is logged in",
    RecentView: "The last hour",
    SessionsView: "Sessions",
    PastSession: "A session of the past",
    EnergyView: "Energy by periods",
    Period: "A period",
    DaysView: "Days",
    DayView: "A day",
    Password: "Logging in",
}

_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_RANGE = f"({_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)* )?{_TIME}-({_TIME}|24:00)"
_RANGE = f"({_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)* )?{_TIME}-({_TIME}|24:00)"
WINDOW_PATTERN = f"^{_RANGE}(, {_RANGE}){{0,{MOST_RANGES - 1}}}$"
"""How evsed itself writes a weekly window; longer names of days and more spaces are taken, too."""

_STATES = ["A", "B1", "B2", "C1", "C2", "D1", "D2", "E", "F", "-"]

RULES: dict[type, dict[str, dict[str, Any]]] = {
    Status: {
        "classic_state": {"enum": [1, 2, 3, 4]},
        "state": {"enum": _STATES},
        "duty": {"minimum": 0, "maximum": 1},
    },
    PastSession: {"reason": {"enum": [reason.value for reason in EndReason]}},
    EnergyView: {"by": {"enum": [by.value for by in By]}},
    DayView: {"every_s": {"enum": [MINUTE_S, QUARTER_S]}},
    EventView: {"level": {"enum": ["info", "warning", "error"]}},
    FaultView: {"recovery": {"enum": ["auto", "unplug", "acknowledge", "service"]}},
    OverrideView: {"mode": {"enum": [mode.value for mode in Mode]}},
    ControlsView: {
        "mode": {"enum": [mode.value for mode in Mode]},
        "window": {
            "pattern": WINDOW_PATTERN,
            "not": {"type": "string", "pattern": r"(..:..)-\1(,|$)"},
        },
        **{key: {"minimum": least, "maximum": most} for key, (least, most, _) in RANGES.items()},
    },
}
"""What a key may be beyond its type, in JSON schema's words; where the code checks, from there."""
