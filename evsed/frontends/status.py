# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a frontend may show, at one moment: the `Status` and its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from evsed.core.user.controls import Controls, Override


@dataclass(frozen=True, slots=True)
class LimitView:
    """One ceiling on the current: its owner, amperes, the reason in words, seconds left if any."""

    owner: str
    max_a: float
    reason: str
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class FaultView:
    """A fault for people: what happened, what evsed did, what to do now, and how it ends.

    `recovery` is "auto", "unplug", "acknowledge" or "service"; `since` is wall-clock time.
    """

    name: str
    what: str
    done: str
    todo: str
    recovery: str
    since: datetime


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the recent past; `level` is "info", "warning" or "error"."""

    at: datetime
    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class SessionView:
    """The charge under way, or the last one (`active` False).

    `energy_measured` is False where energy is an estimate from the offered current; `solar_wh` is
    the part known to be from the sun, None where that is not known.
    """

    active: bool
    energy_wh: float
    charge_s: float
    peak_a: float
    started: datetime | None
    energy_measured: bool = False
    solar_wh: float | None = None


@dataclass(frozen=True, slots=True)
class ControlsView:
    """The owner's controls, as `core.user.controls` has them in JSON; None is no such limit."""

    mode: str = "solar"
    session_kwh: float | None = None
    session_h: float | None = None
    max_current_a: float | None = None
    window: str | None = None

    @classmethod
    def of(cls, wishes: Controls) -> ControlsView:
        """How *wishes* are shown."""
        return cls(
            mode=wishes.mode.value,
            session_kwh=wishes.session_kwh,
            session_h=wishes.session_h,
            max_current_a=wishes.max_current_a,
            window=str(wishes.window) if wishes.window else None,
        )


@dataclass(frozen=True, slots=True)
class OverrideView:
    """An order of another program, and the controls it replaced: `core.user.controls.Override`."""

    charging: bool | None
    until_unplugged: bool
    mode: str
    max_current_a: float | None

    @classmethod
    def of(cls, override: Override | None) -> OverrideView | None:
        """How *override* is shown."""
        if override is None:
            return None
        return cls(
            override.charging,
            override.until_unplugged,
            override.mode.value,
            override.max_current_a,
        )


@dataclass(frozen=True, slots=True)
class TickView:
    """How the control process fares: `worst_ms` is the longest tick of the last minute."""

    count: int
    worst_ms: float
    late: int


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that is shown, at one moment.

    `state` is the settled pilot state with its suffix ("A", "B1", "B2", "C1", "C2", "D2", "E",
    "F" or "-" with no board); `evse_status` is OCPP's name for it; `summary` is the sentence for
    people and `reason` the reason in words for the current now offered.
    """

    at: datetime
    version: str
    state: str
    evse_status: str
    summary: str
    reason: str
    board_ok: bool
    ticking: bool
    high_v: float | None
    low_v: float | None
    duty: float
    contactor_closed: bool
    offered_a: float
    drawn_a: float
    drawn_measured: bool
    power_w: float
    mains_v: float
    phases: int
    excess_w: float | None
    available_w: float | None
    feed_kind: str
    feed_age_s: float | None
    feed_error: str | None
    limits: tuple[LimitView, ...]
    limited_by: str
    session: SessionView
    day_wh: float
    total_wh: float
    contactor_cycles: int
    faults: tuple[FaultView, ...]
    events: tuple[EventView, ...]
    tick: TickView
    uptime_s: float
    controls: ControlsView = ControlsView()
    override: OverrideView | None = None
    solar_w: float | None = None
    day_solar_wh: float | None = None
    battery_loan_wh: float | None = None

    @property
    def classic_state(self) -> int:
        """The original's State: 1 no car, 2 connected, 3 charging, 4 error."""
        if self.faults or not self.board_ok or self.state in ("-", "E", "F"):
            return 4
        if self.state == "A":
            return 1
        return 3 if self.contactor_closed else 2
