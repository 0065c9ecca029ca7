# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of the API beside the status; each field has its description beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from evsed.core.energy.history import MINUTE_S, QUARTER_S, By
from evsed.core.energy.sessions import EndReason
from evsed.frontends.claim_orders import LONGEST_CLAIM_S
from evsed.frontends.doc import Doc
from evsed.frontends.web.auth.tokens import NAME, Scope


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an order."""

    outcome: Annotated[str, Doc("what came of the order, for people")]


@dataclass(frozen=True, slots=True)
class ClaimOrder:
    """The claim of programs over HTTP; what is left out is null, or stays as it is with PATCH."""

    charging: Annotated[
        bool | None,
        Doc("true: charge, whatever feed and weekly window say; false: do not; null: no opinion"),
    ] = None
    max_current_a: Annotated[
        float | None, Doc("highest current on each phase; null: no ceiling", "A", 0, 80)
    ] = None
    until_unplugged: Annotated[bool | None, Doc("true: it ends when the car is unplugged")] = None
    for_s: Annotated[
        float | None, Doc("it ends after so long; null: no deadline", "s", 0, LONGEST_CLAIM_S)
    ] = None


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """A token to be created."""

    name: Annotated[str, Doc("its name: the program that gets it", pattern=f"^{NAME.pattern}$")]
    scope: Annotated[
        str, Doc("read, or control: give orders, too", choices=tuple(s.value for s in Scope))
    ] = Scope.CONTROL.value


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was created."""

    token: Annotated[str, Doc("the token; it is not shown again")]
    name: Annotated[str, Doc("its name")]
    scope: Annotated[str, Doc("read or control", choices=tuple(s.value for s in Scope))]


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token, as it is kept."""

    name: Annotated[str, Doc("its name: the program that has it")]
    scope: Annotated[str, Doc("read or control", choices=tuple(s.value for s in Scope))]
    created: Annotated[datetime, Doc("when it was created")]


@dataclass(frozen=True, slots=True)
class TokensView:
    """The tokens."""

    tokens: Annotated[tuple[TokenView, ...], Doc("the oldest first")]


@dataclass(frozen=True, slots=True)
class LoginView:
    """The login of this browser."""

    password_set: Annotated[bool, Doc("there is a password, so that logging in is possible")]
    logged_in: Annotated[bool, Doc("this browser is logged in")]
    setup_s: Annotated[
        float,
        Doc("so long may a first password still be set here; 0: switch the box off and on",
            unit="s"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecentView:
    """The last hour: columns of equal length, the newest last."""

    every_s: Annotated[float, Doc("between two points", unit="s")]
    available_w: Annotated[
        tuple[float | None, ...],
        Doc("solar power that the car could have used; null without a fresh figure", unit="W"),
    ]
    offered_w: Annotated[tuple[float, ...], Doc("power that the pilot offered", unit="W")]
    power_w: Annotated[tuple[float, ...], Doc("power that the car drew", unit="W")]


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session, under way or over."""

    id: Annotated[str, Doc("its name for good")]
    started: Annotated[datetime, Doc("when the car was plugged in")]
    ended: Annotated[datetime | None, Doc("when it was unplugged; null while it is connected")]
    energy_wh: Annotated[
        float,
        Doc("energy given to the car", unit="Wh"),
    ]
    solar_wh: Annotated[
        float | None, Doc("the solar part of energy_wh; null where it is not known", unit="Wh")
    ]
    peak_a: Annotated[float, Doc("highest current on a phase", unit="A")]
    charge_s: Annotated[float, Doc("time during which power flowed", unit="s")]
    energy_measured: Annotated[
        bool, Doc("false: part of it is an estimate from the current offered")
    ]
    reason: Annotated[
        str | None,
        Doc(
            "why the current last stopped; null while it flows, and before it ever did",
            choices=tuple(reason.value for reason in EndReason),
        ),
    ]
    cost: Annotated[
        float | None,
        Doc("what the imported part cost, in the currency of `prices`; null: no price was known"),
    ] = None
    savings: Annotated[
        float | None, Doc("what the solar part would have cost more; null: no price was known")
    ] = None


@dataclass(frozen=True, slots=True)
class SessionsView:
    """A page of sessions."""

    sessions: Annotated[tuple[PastSession, ...], Doc("the newest first, by their start")]


@dataclass(frozen=True, slots=True)
class Period:
    """A day, month or year on which energy was charged."""

    start: Annotated[date, Doc("its first day, a local one")]
    energy_wh: Annotated[float, Doc("energy given to the car", unit="Wh")]
    solar_wh: Annotated[
        float | None, Doc("the solar part of energy_wh; null where it is not known", unit="Wh")
    ]
    charge_s: Annotated[float, Doc("time during which power flowed", unit="s")]
    cost: Annotated[
        float | None,
        Doc("what the imported part cost, in the currency of `prices`; null: no price was known"),
    ] = None
    savings: Annotated[
        float | None, Doc("what the solar part would have cost more; null: no price was known")
    ] = None


@dataclass(frozen=True, slots=True)
class EnergyView:
    """Energy by period."""

    by: Annotated[str, Doc("the length of a period", choices=tuple(by.value for by in By))]
    periods: Annotated[
        tuple[Period, ...], Doc("those on which energy was charged, the oldest first")
    ]


@dataclass(frozen=True, slots=True)
class DaysView:
    """The days that have a chart."""

    days: Annotated[tuple[date, ...], Doc("local days of which anything is kept, the oldest first")]


@dataclass(frozen=True, slots=True)
class DayView:
    """The trace of a day: columns of equal length, the newest last."""

    day: Annotated[date, Doc("the local day")]
    start: Annotated[datetime, Doc("its first moment; the day is 23, 24 or 25 hours long")]
    every_s: Annotated[
        int,
        Doc(
            "the time of which a row is the mean: 60, or 900 once it is a hundred days old",
            unit="s",
            choices=(MINUTE_S, QUARTER_S),
        ),
    ]
    at_s: Annotated[
        tuple[int, ...],
        Doc("from start to the row's beginning; time that was not seen has no row", unit="s"),
    ]
    covered_s: Annotated[
        tuple[int, ...],
        Doc("seconds of the row that were seen: its energy is power_w times this", unit="s"),
    ]
    available_w: Annotated[
        tuple[int | None, ...],
        Doc("solar power that the car could have used; null where it was not known", unit="W"),
    ]
    offered_w: Annotated[tuple[int, ...], Doc("power that the pilot offered", unit="W")]
    power_w: Annotated[tuple[int, ...], Doc("power that the car drew", unit="W")]
    battery_loan_wh: Annotated[
        tuple[int | None, ...],
        Doc("energy on loan from the battery; null where that was not counted", unit="Wh"),
    ]
    state: Annotated[tuple[str, ...], Doc("the settled pilot state at the row's end")]


@dataclass(frozen=True, slots=True)
class PlanForecastView:
    """The next goal of the owner's plan as it is expected to go.

    The columns are of equal length, the last row is at the moment when it is due.
    """

    at: Annotated[datetime | None, Doc("the moment of the forecast; null: there is no plan")] = None
    due: Annotated[datetime | None, Doc("when the goal is due; null: there is no plan")] = None
    goal_wh: Annotated[float, Doc("energy of the goal", unit="Wh")] = 0.0
    expected_wh: Annotated[
        float, Doc("energy that is expected to count for it when it is due", unit="Wh")
    ] = 0.0
    sun_wh: Annotated[float, Doc("of what is still to come, the sun's", unit="Wh")] = 0.0
    sun_days: Annotated[
        int, Doc("days of which the usual sun is the median; 0: too few are kept, none is expected")
    ] = 0
    begins: Annotated[
        datetime | None,
        Doc("when it is charged for whatever the sun gives; null: that is not expected"),
    ] = None
    reached: Annotated[
        datetime | None, Doc("when the goal is expected to be reached; null: it is not")
    ] = None
    at_s: Annotated[tuple[int, ...], Doc("from `at` to the row's beginning", unit="s")] = ()
    power_w: Annotated[
        tuple[int, ...], Doc("power that the car is expected to take", unit="W")
    ] = ()
    energy_wh: Annotated[
        tuple[int, ...], Doc("energy that counts for the goal at the row's beginning", unit="Wh")
    ] = ()
    planned: Annotated[tuple[bool, ...], Doc("it is charged for, whatever the sun gives")] = ()


@dataclass(frozen=True, slots=True)
class Password:
    """A password for logging in."""

    password: Annotated[str, Doc("the password that `evsed password` has set")]


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that shall be the owner's from now on."""

    password: Annotated[str, Doc("the new password, 8 characters or more")]
    old: Annotated[str, Doc("the password until now, where there is one")] = ""


@dataclass(frozen=True, slots=True)
class PasswordAgain:
    """The password, where the order needs it once more."""

    password: Annotated[str, Doc("the owner's password")] = ""


@dataclass(frozen=True, slots=True)
class SettingsChanges:
    """Changes of settings."""

    changes: Annotated[
        dict[str, Any], Doc("the value of each setting, by its dotted name; null takes it back")
    ]


@dataclass(frozen=True, slots=True)
class SettingsOrder:
    """Changes of settings, and the password where they need it."""

    changes: Annotated[
        dict[str, Any], Doc("the value of each setting, by its dotted name; null takes it back")
    ]
    password: Annotated[str, Doc("the password again, where a setting's guard wants it")] = ""
