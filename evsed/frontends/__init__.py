# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told and who may ask: what the daemon shows, and the seam behind which it shows it.

`Status` is everything a frontend may know, put together by the daemon; a frontend renders it and
never reaches further. `Hub` is what the daemon is to a frontend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import date, datetime
    from typing import BinaryIO

    from evsed.core.energy.history import By, DayTrace, PeriodTotal
    from evsed.core.energy.sessions import SessionRecord
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

    `energy_measured` is False where energy is an estimate from the offered current; `sun_wh` is the
    part known to be from the sun, None where nobody knew.
    """

    active: bool
    energy_wh: float
    charge_s: float
    peak_a: float
    started: datetime | None
    energy_measured: bool = False
    sun_wh: float | None = None


@dataclass(frozen=True, slots=True)
class OwnerView:
    """The owner's controls, as `core.user.controls` has them in JSON; None is no such limit."""

    mode: str = "solar"
    session_kwh: float | None = None
    session_h: float | None = None
    max_current_a: float | None = None
    window: str | None = None

    @classmethod
    def of(cls, wishes: Controls) -> OwnerView:
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
    "F" or "-" with no board); `evse_status` is OCPP's name for it; `words` is the sentence for
    people and `why` the reason in words for the current now offered.
    """

    at: datetime
    version: str
    state: str
    evse_status: str
    words: str
    why: str
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
    owner: OwnerView = OwnerView()
    override: OverrideView | None = None
    sun_w: float | None = None
    day_sun_wh: float | None = None
    lent_wh: float | None = None

    @property
    def classic_state(self) -> int:
        """The original's State: 1 no car, 2 connected, 3 charging, 4 error."""
        if self.faults or not self.board_ok or self.state in ("-", "E", "F"):
            return 4
        if self.state == "A":
            return 1
        return 3 if self.contactor_closed else 2


class History(Protocol):
    """The past, as a frontend may ask for it; days are local ones.

    Nothing here makes the daemon wait. What cannot be read or written raises
    `evsed.errors.StoreError`.
    """

    async def sessions(self, limit: int, before: datetime | None = None) -> list[SessionRecord]:
        """The newest *limit* sessions, the newest first; started before *before*, if given."""

    async def energy(self, by: By, first: date, last: date) -> list[PeriodTotal]:
        """What was charged on the days from *first* to *last*, by period, the oldest first.

        A period without energy is left out.
        """

    async def days(self) -> list[date]:
        """The days of which there is a trace, the oldest first."""

    async def day(self, day: date) -> DayTrace | None:
        """The trace of *day*, up to this moment; None where there is nothing."""

    async def delete(self, who: str, before: date) -> str:
        """Delete traces and sessions older than the day *before*, for *who*; what came of it.

        The totals of days and of the lifetime stay.
        """

    async def backup(self, who: str) -> BinaryIO:
        """A copy of the whole store, made for *who*: a file that is gone when it is closed."""


class Hub(Protocol):
    """The daemon, as a frontend sees it."""

    @property
    def history(self) -> History:
        """The past."""

    def status(self) -> Status:
        """The status now; cheap (built at most a few times a second, then shared)."""

    def changes(self) -> AsyncIterator[Status]:
        """The status now and again at each change, at most twice a second, without end."""

    async def acknowledge(self, who: str) -> str:
        """Acknowledge latched faults for *who*; returns what came of it, in words."""

    async def change(self, who: str, patch: Mapping[str, object]) -> str:
        """Change the owner's wishes that *patch* names, for *who*; what came of it, in words.

        Raises `core.user.controls.WishesError`, and changes nothing, where one cannot be granted.
        """

    async def alter(self, who: str, how: Callable[[Controls], Controls]) -> str:
        """Make of the owner's wishes what *how* does, for *who*; else as `change()`."""


class Frontend(Protocol):
    """Something that tells people; the daemon runs it for as long as it lives."""

    async def run(self, hub: Hub) -> None:
        """Serve until cancelled."""
