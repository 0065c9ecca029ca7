# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon as a frontend sees it: the `Hub`, and the `History` that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import date, datetime
    from typing import BinaryIO

    from evsed.core.energy.history import By, DayTrace, PeriodTotal
    from evsed.core.energy.sessions import SessionRecord
    from evsed.core.ocpp.ceiling import Ceiling
    from evsed.core.pilot.events import Event
    from evsed.core.user.claims import Claim
    from evsed.core.user.plan_forecast import PlanForecast
    from evsed.core.user.usual_sun import UsualSun
    from evsed.frontends.settings import SettingsService
    from evsed.frontends.status import Status
    from evsed.frontends.views import OcppView


class History(Protocol):
    """The past, as a frontend may ask for it; days are local ones.

    Nothing here makes the daemon wait. What cannot be read or written raises
    `evsed.errors.StoreError`.
    """

    async def sessions(self, limit: int, before: datetime | None = None) -> list[SessionRecord]:
        """The newest *limit* sessions, the newest first; started before *before*, if given."""

    async def energy(self, by: By, first: date, last: date) -> list[PeriodTotal]:
        """Return the energy of the days from *first* to *last*, by period, the oldest first.

        A period without energy is left out.
        """

    async def days(self) -> list[date]:
        """The days of which there is a trace, the oldest first."""

    async def day(self, day: date) -> DayTrace | None:
        """The trace of *day*, up to this moment; None where there is nothing."""

    async def usual_sun(self) -> UsualSun | None:
        """The usual sun of the last days; None where too few of them are kept."""

    async def delete(self, who: str, before: date) -> str:
        """Delete traces and sessions older than the day *before*, for *who*; return the outcome.

        The totals of days and of the lifetime stay.
        """

    async def backup(self, who: str) -> BinaryIO:
        """A copy of the whole store, made for *who*: a file that is gone when it is closed."""

    async def restore(self, who: str, backup: BinaryIO) -> str:
        """Check *backup*, and put it in place as evsed begins again, for *who*.

        Return the outcome. Raises `evsed.errors.BackupError`, and changes nothing, where it is
        none.
        """

    async def undo_restore(self, who: str) -> str:
        """Put back what there was before the last restore; return the outcome.

        Raises `evsed.errors.BackupError` where nothing was restored.
        """


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A session began: a car was plugged in, or is still there from an earlier life of evsed."""

    session: SessionRecord


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session ended; its record is final."""

    session: SessionRecord


@dataclass(frozen=True, slots=True)
class OcppReport:
    """A report of the charge point of OCPP: the ceiling that it sets, and what is shown of it."""

    ceiling: Ceiling
    view: OcppView


@dataclass(frozen=True, slots=True)
class PlannedGoal:
    """The next goal of the owner's plan, seen from the moment `at`, and what is expected of it.

    `sun_days` is the number of days by which the sun is expected, 0 where it is not.
    """

    at: datetime
    due: datetime
    goal_wh: float
    sun_days: int
    forecast: PlanForecast


SessionEvent = SessionStarted | SessionEnded


@dataclass(frozen=True, slots=True)
class HubEvent:
    """An event and the wall-clock time at which it reached the daemon."""

    at: datetime
    event: Event | SessionEvent


class Hub(Protocol):
    """The daemon, as a frontend sees it.

    Each frontend has a hub of its own, which it uses in its own thread and loop. Orders beyond 20 a
    second raise `evsed.errors.HubBusyError` and are not carried out.
    """

    @property
    def history(self) -> History:
        """The past."""

    @property
    def settings(self) -> SettingsService:
        """The settings."""

    def status(self) -> Status:
        """Return the status now; cheap (built at most a few times a second, then shared)."""

    async def forecast(self) -> PlannedGoal | None:
        """Return what is expected of the owner's plan; None without one.

        Raises `evsed.errors.StoreError` where the last days cannot be read.
        """

    def changes(self) -> AsyncIterator[Status]:
        """Yield the status now and again at each change, at most twice a second, without end."""

    def events(self) -> AsyncIterator[HubEvent]:
        """Yield each event from now on, oldest first, without end.

        A reader that falls behind by 1,000 events loses the oldest of them.
        """

    async def identity(self) -> str:
        """Return the name of this evsed: eight hexadecimal digits, made once and kept in the store.

        Raises `evsed.errors.StoreError` while the store cannot be read.
        """

    async def acknowledge(self, who: str) -> str:
        """Acknowledge latched faults for *who*; return the outcome in words."""

    async def wake(self, who: str) -> str:
        """Wake a car that leaves its offer untaken, for *who*; return the outcome in words."""

    async def update_controls(
        self, who: str, patch: Mapping[str, object], *, program: str = ""
    ) -> str:
        """Change the owner's controls that *patch* names, for *who*; return the outcome in words.

        It is the owner's own order, unless *program* names the program that gives it by itself: a
        mode that the owner chooses ends the claims that yield to it, and a program may not choose
        one while the owner, or another program, has switched off. Raises
        `core.user.controls.ControlsError`, and changes nothing, where something is refused.
        """

    async def place_claim(self, who: str, program: str, claim: Claim) -> str:
        """Put *claim* in place of what *program* claimed before; return the outcome in words.

        *program* is one of `core.user.claims.PROGRAMS`, *who* the user or address behind it. Raises
        `core.user.controls.ControlsError`, and changes nothing, where it would charge although the
        owner has switched off.
        """

    async def withdraw_claim(self, who: str, program: str) -> str:
        """Withdraw the claim of *program*; return the outcome in words."""

    async def report_ocpp(self, report: OcppReport) -> None:
        """Put the ceiling in *report* in force, in place of the one before, and show the rest."""
