# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a frontend may show, at one moment: the `Status`. Its parts are in `views`.

A new field is a line here and a line where the daemon builds the status. The rest follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

from evsed.core.user.expected_end import EndBy
from evsed.frontends.doc import Doc
from evsed.frontends.views import (
    ClaimView,
    ControlsView,
    EventView,
    FaultView,
    LightView,
    LimitView,
    OcppView,
    PartView,
    PhaseSetView,
    PlanView,
    PricesView,
    SessionView,
    TickView,
)

PILOT_STATES: Final = ("A", "B1", "B2", "C1", "C2", "D1", "D2", "E", "F", "-")


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
    controls: Annotated[ControlsView, Doc("the owner's controls")] = field(
        default_factory=ControlsView
    )
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
