# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a frontend may show, at one moment: the `Status` and its parts.

A new field is a line here and a line where the daemon builds the status. The rest follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from evsed.core.box.light import Colour, LightState
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.claims import PROGRAMS
from evsed.core.user.controls import RANGES
from evsed.core.user.expected_end import EndBy
from evsed.core.user.plan import MOST_GOALS
from evsed.core.user.weekly_window import MOST_RANGES
from evsed.frontends.doc import Doc

if TYPE_CHECKING:
    from evsed.core.user.controls import Controls

PILOT_STATES: Final = ("A", "B1", "B2", "C1", "C2", "D1", "D2", "E", "F", "-")
MODES: Final = tuple(mode.value for mode in Mode)
RECOVERIES: Final = ("auto", "unplug", "acknowledge", "service")
PART_STATES: Final = ("running", "waiting", "stuck")
LIGHT_STATES: Final = tuple(state.value for state in LightState)
LIGHT_COLOURS: Final = tuple(colour.value for colour in Colour)
LEVELS: Final = ("info", "warning", "error")

_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_RANGE = f"({_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)* )?{_TIME}-({_TIME}|24:00)"
WINDOW_PATTERN: Final = f"^{_RANGE}(, {_RANGE}){{0,{MOST_RANGES - 1}}}$"
"""The form in which evsed writes a weekly window; it also reads longer names of days and more
spaces."""
EMPTY_RANGE: Final = r"(..:..)-\1(,|$)"
"""A range that ends when it begins."""

_KWH = "(0[.][1-9][0-9]{0,5}|[1-9][0-9]{0,2}([.][0-9]{1,5})?|1000)"
_31 = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
_30 = "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
_28 = "02-(0[1-9]|1[0-9]|2[0-8])"
_WHEN = f"(20[0-9]{{2}}-({_31}|{_30}|{_28}) |{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)* )?{_TIME}"
_GOAL = f"{_KWH} kWh by {_WHEN}"
PLAN_PATTERN: Final = f"^{_GOAL}(, {_GOAL}){{0,{MOST_GOALS - 1}}}$"
"""The form in which evsed writes a plan, and the same without a day; it also reads other spaces,
longer names of days and states of charge."""


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit: one ceiling on the current."""

    owner: Annotated[str, Doc("who sets it: supply, feed, owner, session, schedule, ...")]
    max_a: Annotated[float, Doc("the ceiling; under 6 A nothing is offered", unit="A")]
    reason: Annotated[str, Doc("the reason, for people")]
    left_s: Annotated[
        float | None, Doc("until it ends or is reconsidered; null without a timer", unit="s")
    ] = None


@dataclass(frozen=True, slots=True)
class FaultView:
    """A fault that is present or latched."""

    name: Annotated[str, Doc("EVerest's name for it")]
    what: Annotated[str, Doc("what happened")]
    done: Annotated[str, Doc("what evsed did about it")]
    todo: Annotated[str, Doc("what to do now")]
    recovery: Annotated[
        str, Doc("how it ends: auto, unplug, acknowledge or service", choices=RECOVERIES)
    ]
    since: Annotated[datetime, Doc("when it began")]


@dataclass(frozen=True, slots=True)
class EventView:
    """An event of the recent past."""

    at: Annotated[datetime, Doc("when")]
    text: Annotated[str, Doc("what happened, for people")]
    level: Annotated[str, Doc("info, warning or error", choices=LEVELS)] = "info"


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session: the charge under way, or the last one."""

    active: Annotated[bool, Doc("false: it has ended")]
    energy_wh: Annotated[float, Doc("energy given to the car", unit="Wh")]
    charge_s: Annotated[float, Doc("time with the contactor closed", unit="s")]
    peak_a: Annotated[float, Doc("highest current drawn", unit="A")]
    started: Annotated[
        datetime | None, Doc("when the car was plugged in; null before the first session")
    ]
    energy_measured: Annotated[
        bool, Doc("false: an estimate from the current offered and mains_v")
    ] = False
    solar_wh: Annotated[
        float | None, Doc("the solar part of energy_wh; null where it is not known", unit="Wh")
    ] = None
    id: Annotated[str, Doc("the session's own name; empty before the first")] = ""
    cost: Annotated[
        float | None,
        Doc(
            "what the imported part of the energy cost, in the currency of `prices`; energy of "
            "which the solar part is not known counts as imported; null: no price was known"
        ),
    ] = None
    savings: Annotated[
        float | None, Doc("what the solar part would have cost more; null: no price was known")
    ] = None


@dataclass(frozen=True, slots=True)
class ControlsView:
    """The owner's controls: mode, limits and weekly window."""

    mode: Annotated[
        str,
        Doc(
            "off; solar: surplus solar power alone; solar_min: surplus, and the least current "
            "without it; fast: all that supply and feed allow",
            choices=MODES,
        ),
    ] = "solar"
    session_kwh: Annotated[
        float | None,
        Doc(
            "energy after which this session, or the next, ends; cleared when the car is "
            "unplugged; null: no such limit",
            "kWh",
            *RANGES["session_kwh"][:2],
        ),
    ] = None
    session_h: Annotated[
        float | None,
        Doc("hours with power after which it ends; likewise", "h", *RANGES["session_h"][:2]),
    ] = None
    max_current_a: Annotated[
        float | None,
        Doc(
            "highest current on each phase; null: what the supply allows",
            "A",
            *RANGES["max_current_a"][:2],
        ),
    ] = None
    window: Annotated[
        str | None,
        Doc(
            'when charging is allowed, such as "Mon-Fri 22:00-06:00, Sat,Sun 10:00-16:00", by the '
            "Pi's clock; null: always",
            pattern=WINDOW_PATTERN,
            never=EMPTY_RANGE,
        ),
    ] = None

    plan: Annotated[
        str | None,
        Doc(
            'energy by a time, such as "20 kWh by 07:00", "20 kWh by Mon-Fri 07:00, 40 kWh by Sat '
            '10:00" or "40-80 % of 58 kWh by 07:00", by the Pi\'s clock; null: no plan',
            pattern=PLAN_PATTERN,
        ),
    ] = None

    @classmethod
    def of(cls, controls: Controls) -> ControlsView:
        """Return *controls* as they are shown."""
        return cls(
            mode=controls.mode.value,
            session_kwh=controls.session_kwh,
            session_h=controls.session_h,
            max_current_a=controls.max_current_a,
            window=str(controls.window) if controls.window else None,
            plan=str(controls.plan) if controls.plan else None,
        )


@dataclass(frozen=True, slots=True)
class PlannedTime:
    """A time in which the car is to be charged without the sun."""

    begin: Annotated[datetime, Doc("when it begins")]
    end: Annotated[datetime, Doc("when it ends")]


@dataclass(frozen=True, slots=True)
class PlanView:
    """The next goal of the owner's plan."""

    goal_kwh: Annotated[float, Doc("energy of the goal", unit="kWh")]
    due: Annotated[datetime, Doc("when it is due")]
    done_wh: Annotated[
        float,
        Doc("energy that counts: since the goal is the next, or the car was plugged in", unit="Wh"),
    ]
    charges: Annotated[bool, Doc("it is charged for now, whatever the sun gives")]
    begins: Annotated[
        datetime | None, Doc("when that begins at the latest; null: it has, or it does not")
    ]
    expected_wh: Annotated[
        float, Doc("energy that the car will have had when it is due, without the sun", unit="Wh")
    ]
    power_w: Annotated[float, Doc("power that is reckoned with", unit="W")]
    reached: Annotated[bool, Doc("the goal is reached")]
    short: Annotated[bool, Doc("with the car as it is now it will not be reached")]
    text: Annotated[str, Doc("all of that as a sentence, for people")]
    trouble: Annotated[
        str | None, Doc("why it may not be reached, for people; null: nothing is in the way")
    ]
    times: Annotated[
        tuple[PlannedTime, ...],
        Doc("when it is to be charged for without the sun, with power_w; the first one first"),
    ] = ()


@dataclass(frozen=True, slots=True)
class PricesView:
    """The prices of the grid."""

    now: Annotated[
        float | None, Doc("what an imported kWh costs now; null where that is not known")
    ]
    currency: Annotated[str, Doc("the currency, as set; empty: not set")]
    until: Annotated[
        datetime | None, Doc("the end of the list of prices; null where there is no list")
    ]
    text: Annotated[str, Doc("all of that as a sentence, for people")]
    trouble: Annotated[str | None, Doc("what is wrong with the list, for people; null: nothing")]


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim: what one program asks for, beside the owner's controls."""

    program: Annotated[str, Doc("the program that claims", choices=PROGRAMS)]
    charging: Annotated[
        bool | None,
        Doc(
            "true: charge, whatever feed and weekly window say; false: do not charge; null: no "
            "opinion on that"
        ),
    ]
    max_current_a: Annotated[
        float | None, Doc("highest current on each phase; null: no ceiling", unit="A")
    ]
    until_unplugged: Annotated[bool, Doc("ends when the car is unplugged")]
    only_sun: Annotated[bool, Doc("true: surplus solar power alone, whatever others ask")] = False
    left_s: Annotated[float | None, Doc("until it ends; null: no deadline", unit="s")] = None
    client: Annotated[
        str, Doc("the part of the program that claims; empty where the program is one")
    ] = ""


@dataclass(frozen=True, slots=True)
class LightView:
    """The light on the box as it is now; docs/box.md has every state."""

    state: Annotated[str, Doc("the state that it shows", choices=LIGHT_STATES)]
    colour: Annotated[str, Doc("its colour while it is lit", choices=LIGHT_COLOURS)]
    pattern_s: Annotated[
        tuple[float, ...],
        Doc("its rhythm: seconds lit and dark in turn; empty: it stands still", unit="s"),
    ]
    text: Annotated[str, Doc("the light and its meaning as a sentence, for people")]


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of evsed that runs beside the charging: a frontend, a feed or a meter."""

    name: Annotated[str, Doc("which part: web, feed, ...")]
    state: Annotated[
        str,
        Doc("running, waiting to be started again, or stuck", choices=PART_STATES),
    ]
    trouble: Annotated[str, Doc("what went wrong last; empty: nothing")] = ""
    restarts: Annotated[int, Doc("how often it was started again")] = 0


@dataclass(frozen=True, slots=True)
class OcppView:
    """evsed as a charge point of a central system, by OCPP."""

    url: Annotated[str, Doc("the address of the central system")]
    identity: Annotated[str, Doc("the name under which it knows this charger")]
    connected: Annotated[bool, Doc("it is connected, and has accepted this charger")]
    version: Annotated[str, Doc("the version of OCPP that is spoken; empty: not known yet")]
    trouble: Annotated[str, Doc("why it is not connected; empty: it is")]
    id_tag: Annotated[str | None, Doc("who has the transaction under way; null: there is none")]
    profile: Annotated[str, Doc("the charging profile in force, for people; empty: none")]
    profiles: Annotated[int, Doc("charging profiles that it has installed")]
    queued: Annotated[int, Doc("messages about transactions that wait for it")]


@dataclass(frozen=True, slots=True)
class PhaseSetView:
    """The phases that a closing closes, where that may change (`contactor.switching`)."""

    closes: Annotated[int, Doc("phases that the next closing closes: L1 alone, or all")]
    wished: Annotated[int, Doc("phases that suit the surplus best")]
    why: Annotated[str, Doc("the reason of that, for people")]
    switching_to: Annotated[
        int | None, Doc("phases that it is being changed to, all being open; null: it is not")
    ]
    left_s: Annotated[
        float | None, Doc("until another set may be wished; null: nothing is waited for", unit="s")
    ]
    switching: Annotated[
        str, Doc("when it may change, as set", choices=("unplugged", "down", "auto"))
    ]
    hazard: Annotated[str | None, Doc("what the owner has accepted with `auto`; null otherwise")]


@dataclass(frozen=True, slots=True)
class TickView:
    """The tick of the control process."""

    count: Annotated[int, Doc("ticks since the control process started")]
    worst_ms: Annotated[float, Doc("the longest of the last minute", unit="ms")]
    late: Annotated[int, Doc("ticks so late that a dead-man may have fired")]


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that evsed shows, at one moment."""

    classic_state: Annotated[
        int,
        Doc(
            "State of the classic line: 1 no car, 2 connected, 3 charging, 4 error",
            choices=(1, 2, 3, 4),
        ),
    ] = field(init=False, default=4)
    at: Annotated[datetime, Doc("when this was built, by the Pi's wall clock, which may be wrong")]
    version: Annotated[str, Doc("the version of evsed")]
    state: Annotated[
        str,
        Doc(
            "the settled pilot state: A no car, B1/B2 car connected without/with an offer, C1/C2 "
            "car asks, D1/D2 asks for ventilation, E no pilot, F evsed's own fault, - no board",
            choices=PILOT_STATES,
        ),
    ]
    evse_status: Annotated[
        str,
        Doc(
            "OCPP's name: Available, Preparing, Charging, SuspendedEV, SuspendedEVSE, Finishing, "
            "Unavailable or Faulted"
        ),
    ]
    summary: Annotated[str, Doc("the state as a sentence, for people")]
    reason: Annotated[str, Doc("the reason for the current now offered, for people")]
    board_ok: Annotated[bool, Doc("the board answers")]
    ticking: Annotated[bool, Doc("the control process ticks")]
    high_v: Annotated[float | None, Doc("the high plateau of the pilot", unit="V")]
    low_v: Annotated[
        float | None, Doc("the low plateau; null while there is none (steady +12 V)", unit="V")
    ]
    duty: Annotated[
        float,
        Doc("duty cycle of the pilot; 1 is steady +12 V: nothing offered", minimum=0, maximum=1),
    ]
    contactor_closed: Annotated[bool, Doc("the car is connected to the mains")]
    offered_a: Annotated[
        float, Doc("current that the pilot offers; 0 while nothing is offered", unit="A")
    ]
    drawn_a: Annotated[
        float,
        Doc("current that the car draws; without a meter, what it is offered while charging", "A"),
    ]
    drawn_measured: Annotated[bool, Doc("drawn_a, power_w and the energies come from a meter")]
    power_w: Annotated[float, Doc("power that the car draws, over all phases", unit="W")]
    mains_v: Annotated[float, Doc("line to neutral, as set or measured", unit="V")]
    phases: Annotated[int, Doc("phases that the car is charged on")]
    excess_w: Annotated[
        float | None,
        Doc("the feed's last figure: spare power, negative when too much is taken", unit="W"),
    ]
    excess_counts_charge: Annotated[
        bool, Doc("excess_w is the battery's power and its lack or surplus of charge together")
    ]
    available_w: Annotated[
        float | None,
        Doc("solar power that the car may use: the excess and what it draws already", unit="W"),
    ]
    feed_kind: Annotated[str, Doc("where the figure of spare power comes from")]
    feed_age_s: Annotated[
        float | None, Doc("age of that figure, by the feed's own clock", unit="s")
    ]
    feed_error: Annotated[str | None, Doc("what is wrong with the feed; null: nothing")]
    limits: Annotated[tuple[LimitView, ...], Doc("every ceiling on the current; the lowest wins")]
    limited_by: Annotated[str, Doc("the owner of the lowest limit")]
    session: Annotated[SessionView, Doc("the charge under way, or the last one")]
    day_wh: Annotated[float, Doc("energy since midnight", unit="Wh")]
    total_wh: Annotated[float, Doc("energy ever", unit="Wh")]
    contactor_cycles: Annotated[int, Doc("times that the contactor has closed, ever")]
    faults: Annotated[
        tuple[FaultView, ...],
        Doc("what is wrong now or latched, with what to do; empty when all is well"),
    ]
    events: Annotated[tuple[EventView, ...], Doc("the recent past")]
    tick: Annotated[TickView, Doc("the pace of the control process")]
    uptime_s: Annotated[float, Doc("since evsed started", unit="s")]
    controls: Annotated[ControlsView, Doc("the owner's controls")] = ControlsView()
    claims: Annotated[
        tuple[ClaimView, ...],
        Doc("what other programs ask for; of several, one that does not want to charge wins"),
    ] = ()
    meter_wh: Annotated[
        float | None, Doc("the own counter of the car's meter; null without one", unit="Wh")
    ] = None
    solar_w: Annotated[
        float | None,
        Doc(
            "the part of power_w that the solar surplus covers, by the feed's last figure; null "
            "where there is no figure, or none that is fresh",
            unit="W",
        ),
    ] = None
    day_solar_wh: Annotated[
        float | None, Doc("the solar part of day_wh; null where it is not known", unit="Wh")
    ] = None
    day_cost: Annotated[
        float | None, Doc("what the imported part of day_wh cost; null: no price was known")
    ] = None
    day_savings: Annotated[
        float | None,
        Doc("what the solar part of day_wh would have cost more; null: no price was known"),
    ] = None
    battery_loan_wh: Annotated[
        float | None,
        Doc(
            "energy that the battery has lent to the car and not got back; null where that is not "
            "counted (mode fast, no figure of the feed)",
            unit="Wh",
        ),
    ] = None

    expected_end: Annotated[
        datetime | None, Doc("when this charge is expected to end; null where that is not known")
    ] = None
    expected_end_by: Annotated[
        str | None,
        Doc(
            "the cause: a limit of the session, the weekly window, or the usual energy of a charge",
            choices=tuple(by.value for by in EndBy),
        ),
    ] = None
    parts: Annotated[
        tuple[PartView, ...], Doc("the parts that run beside the charging, and how they fare")
    ] = ()
    ocpp: Annotated[
        OcppView | None, Doc("the central system and its part in the charging; null: OCPP is off")
    ] = None
    light: Annotated[LightView | None, Doc("the light on the box; null where there is none")] = None
    box_trouble: Annotated[
        str | None, Doc("what is wrong with the light or the button on the box; null: nothing")
    ] = None
    phase_set: Annotated[
        PhaseSetView | None, Doc("one phase or all; null where that never changes, or is not known")
    ] = None
    plan: Annotated[
        PlanView | None, Doc("the next goal of the owner's plan; null: there is none")
    ] = None
    prices: Annotated[PricesView | None, Doc("the prices of the grid; null where none are set")] = (
        None
    )

    def __post_init__(self) -> None:
        """Derive the state of the classic line."""
        object.__setattr__(self, "classic_state", self._classic_state())

    def _classic_state(self) -> int:
        if self.faults or not self.board_ok or self.state in ("-", "E", "F"):
            return 4
        if self.state == "A":
            return 1
        return 3 if self.contactor_closed else 2
