# SPDX-License-Identifier: GPL-3.0-or-later
"""The commanded contactor: closed or open, since when, and how often it was closed."""

from __future__ import annotations

from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause
from evsed.core.pilot.closing_budget import ClosingBudget

OPEN_MIN_S = 1.0  # between two closings, whatever asks


class ContactorState:
    """The command to the contactor; `cycles` counts closings since the process started."""

    def __init__(self, now: float) -> None:
        self.closed = False
        self.cycles = 0
        self.budget = ClosingBudget()
        self._opened_at = now - OPEN_MIN_S

    def rested(self, now: float) -> bool:
        """Return True where it was open for long enough to be closed again."""
        return now - self._opened_at >= OPEN_MIN_S

    def close(self, now: float) -> list[ev.Event]:
        """Close it and return the event."""
        self.closed = True
        self.cycles += 1
        self.budget.on_close(now)
        return [ev.ContactorClosed(now, self.cycles)]

    def open(self, now: float, cause: Cause, why: str, *, excused: bool = False) -> list[ev.Event]:
        """Open it because of *why* and return the event; nothing where it is open."""
        if not self.closed:
            return []
        self.closed = False
        self._opened_at = now
        self.budget.on_open(now, excused=excused)
        return [ev.ContactorOpened(now, cause, why)]
