# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon as a frontend sees it: the `Hub`, and the `History` that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import date, datetime
    from typing import BinaryIO

    from evsed.core.energy.history import By, DayTrace, PeriodTotal
    from evsed.core.energy.sessions import SessionRecord
    from evsed.core.user.controls import Controls
    from evsed.frontends.status import Status


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
