# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the `Status`: limits, faults, controls, plans, programs, phases ..."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

from evsed.core.box.light import Colour, LightState
from evsed.core.pilot.faults import FOR_PEOPLE, Recovery
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.claims import PROGRAMS
from evsed.core.user.controls import RANGES
from evsed.frontends.doc import Doc
from evsed.frontends.patterns import EMPTY_RANGE, PLAN_PATTERN, WINDOW_PATTERN

if TYPE_CHECKING:
    from evsed.core.user.controls import Controls

MODES: Final = tuple(mode.value for mode in Mode)
RECOVERIES: Final = ("auto", "unplug", "acknowledge", "service")
PART_STATES: Final = ("running", "waiting", "stuck")
LIGHT_STATES: Final = tuple(state.value for state in LightState)
LIGHT_COLOURS: Final = tuple(colour.value for colour in Colour)
LEVELS: Final = ("info", "warning", "error")
_FOR_PEOPLE: Final = frozenset(fault.value for fault in FOR_PEOPLE)


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

    @property
    def for_people(self) -> bool:
        """True where no program may acknowledge it: somebody has to have looked."""
        return self.recovery == Recovery.SERVICE.value or self.name in _FOR_PEOPLE


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
