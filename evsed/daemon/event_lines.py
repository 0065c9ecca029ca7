# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines for what happens: each event has one, until a loop makes more than one a minute.

A car that starts and stops all night would fill the log and hide what matters. So lines come out of
a budget. What does not fit is counted, and summed up in one line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from evsed.core.pilot import events as ev
from evsed.core.text import listed, text

MOST: Final = 60.0
"""So many lines may come at once: an hour's. A charge that begins, is interrupted and goes on has
16."""

EVERY_S: Final = 60.0
"""In so long one more line may come, in seconds ..."""

SUMMED_EVERY_S: Final = 300.0
"""... and what was left out is summed up so often."""

FAULT_AGAIN_S: Final = 600.0
"""A fault has its line in any case where it has had none for so long, in seconds."""

ROUTINE: Final = (
    ev.StateChanged,
    ev.CarPluggedIn,
    ev.CarUnplugged,
    ev.CarAsked,
    ev.CarStopped,
    ev.CarFlinched,
    ev.CarWoken,
    ev.ContactorClosed,
    ev.ContactorOpened,
    ev.OfferMade,
    ev.OfferWithdrawn,
    ev.StateFShown,
    ev.FaultRaised,
    ev.FaultCleared,
)
"""Events that a loop repeats. What a person or a button asks for always has its line."""


@dataclass(frozen=True, slots=True)
class LinesLeftOut(ev.Event):
    """A sum of the events that had no line of their own, since `since_s` seconds."""

    counts: tuple[tuple[str, int], ...]
    since_s: float

    def __str__(self) -> str:
        found = listed(
            text("{event} ({count} times)", event=event, count=count)
            for event, count in self.counts
        )
        return text(
            "too often for a line each, in the last {since_min:.0f} min: {found}",
            since_min=self.since_s / 60,
            found=found,
        )


class EventLines:
    """Decides which events have a line; moments are those of the events."""

    def __init__(self) -> None:
        self._left = MOST
        self._at: float | None = None
        self._fault_at: dict[str, float] = {}
        self._open: set[str] = set()
        self._out: Counter[str] = Counter()
        self._out_at = 0.0

    def has_line(self, event: ev.Event) -> bool:
        """Return whether *event* has a line of its own; count it where it has none."""
        if not isinstance(event, ROUTINE):
            return True
        self._refill(event.at)
        if self._left >= 1.0 or self._is_due(event):
            if isinstance(event, ev.FaultRaised):
                self._fault_at[event.fault] = event.at
                self._open.add(event.fault)
            elif isinstance(event, ev.FaultCleared):
                self._open.discard(event.fault)
            self._left -= 1.0
            return True
        if not self._out:
            self._out_at = event.at
        if not isinstance(event, ev.StateChanged):
            self._out[_kind(event)] += 1
        return False

    def sum_up(self, now: float) -> LinesLeftOut | None:
        """Return the line for what was left out, once it is due at *now*; or None."""
        since_s = now - self._out_at
        if not self._out or since_s < SUMMED_EVERY_S:
            return None
        self._refill(now)
        self._left -= 1.0
        counts, self._out = tuple(self._out.most_common()), Counter()
        return LinesLeftOut(now, counts, since_s)

    def _refill(self, now: float) -> None:
        passed_s = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._left = min(MOST, self._left + passed_s / EVERY_S)

    def _is_due(self, event: ev.Event) -> bool:
        """Return True for a fault that had no line of late, and for the end of one that had."""
        if isinstance(event, ev.FaultCleared):
            return event.fault in self._open
        if not isinstance(event, ev.FaultRaised):
            return False
        last_at = self._fault_at.get(event.fault)
        return last_at is None or event.at - last_at >= FAULT_AGAIN_S


def _kind(event: ev.Event) -> str:
    """The beginning of the event's sentence, the same for all of its kind."""
    match event:
        case ev.ContactorOpened():
            return text("contactor opened")
        case ev.OfferWithdrawn():
            return text("offer withdrawn")
        case ev.CarFlinched():
            return text("car stopped asking for a moment")
        case ev.CarWoken():
            return text("trying to wake the car")
        case ev.StateFShown(for_s=for_s):
            return text("state F for {for_s:.0f} s", for_s=for_s)
        case ev.FaultRaised(fault=fault):
            return fault
        case ev.FaultCleared(fault=fault):
            return text("{fault} cleared", fault=fault)
        case _:
            return str(event)
