# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that are active now, each with what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


class ActiveFaults:
    """The active faults in the order in which they were raised."""

    def __init__(self) -> None:
        self._details: dict[Fault, str] = {}

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._details))

    def __contains__(self, fault: Fault) -> bool:
        return fault in self._details

    def __getitem__(self, fault: Fault) -> str:
        return self._details[fault]

    def as_dict(self) -> dict[Fault, str]:
        """Every active fault with what was measured, as a copy."""
        return dict(self._details)

    @property
    def first(self) -> Fault | None:
        """The fault that was raised first; None where there is none."""
        return next(iter(self._details), None)

    @property
    def first_at_once(self) -> Fault | None:
        """The first fault that opens the contactor at once; None where there is none."""
        return next((fault for fault in self._details if fault.kind.at_once), None)

    def restore(self, faults: Mapping[Fault, str]) -> None:
        """Add latched faults of an earlier life."""
        self._details.update(faults)

    def add(self, now: float, fault: Fault, detail: str) -> list[ev.Event]:
        """Raise *fault* and return the event; nothing where it is active already."""
        if fault in self._details:
            return []
        self._details[fault] = detail
        return [ev.FaultRaised(now, fault.value, detail)]

    def clear(self, now: float, fault: Fault, how: str) -> list[ev.Event]:
        """End *fault* and return the event."""
        del self._details[fault]
        return [ev.FaultCleared(now, fault.value, how)]

    def acknowledge(self, now: float, only: Collection[Fault] = ()) -> list[ev.Event]:
        """End every fault that waits for the owner and return the events; or *only* some."""
        events: list[ev.Event] = []
        for fault in self:
            if only and fault not in only:
                continue
            if fault.kind.recovery in (Recovery.ACKNOWLEDGE, Recovery.SERVICE):
                events += self.clear(now, fault, text("acknowledged"))
        return events
