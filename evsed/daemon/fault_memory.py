# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that wait for an acknowledgement, kept in the store from one life to the next."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.text import text
from evsed.store import LatchedFault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from evsed.daemon.store_writer import StoreWriter
    from evsed.store import Store

LATCHING: Final = (Recovery.ACKNOWLEDGE, Recovery.SERVICE)
"""The recoveries of faults that outlive a restart."""


class FaultMemory:
    """The latched faults; *store* keeps them, *writer* writes there."""

    def __init__(self, store: Store, writer: StoreWriter) -> None:
        self._store = store
        self._writer = writer
        self.latched: dict[Fault, str] = {}
        self.found: dict[Fault, str] = {}
        """Faults that only the daemon can see, and that the control process does not know yet."""
        self._unknown: tuple[str, ...] = ()  # latched faults of another version of evsed
        self._damaged: Path | None = None

    def restore(self, stored: Iterable[LatchedFault]) -> None:
        """Restore what earlier lives have latched; what happened since stays as it is."""
        known = {fault.value for fault in Fault}
        kept = tuple(stored)
        latched = {Fault(fault.name): fault.detail for fault in kept if fault.name in known}
        self.latched = {**latched, **self.latched}
        self._unknown = tuple(fault.name for fault in kept if fault.name not in known)
        if self._unknown:
            names = ", ".join(self._unknown)
            self.find(
                Fault.STORE_DAMAGED,
                text(
                    "another version of evsed latched {names}, which this one does not know",
                    names=names,
                ),
            )

    def find(self, fault: Fault, detail: str) -> None:
        """Latch a fault that only the daemon can see, and have it reported."""
        if fault not in self.latched:
            self.found[fault] = detail
            self._latch(fault, detail)

    def look_for_damage(self) -> None:
        """Latch a fault where the database was damaged, at the start or while evsed ran."""
        aside = self._store.moved_aside
        if aside != self._damaged:
            self._damaged = aside
            self.find(
                Fault.STORE_DAMAGED,
                text("the database was damaged; what was left of it is {aside}", aside=str(aside)),
            )

    def pop_found(self) -> dict[Fault, str]:
        """Return the faults that were found since the last call."""
        found, self.found = self.found, {}
        return found

    def on_raised(self, fault: Fault, detail: str) -> None:
        """Keep a fault that was raised, where it waits for somebody."""
        if fault.kind.recovery in LATCHING:
            self._latch(fault, detail)

    def on_cleared(self, fault: Fault) -> None:
        """Forget a fault that is over."""
        if self.latched.pop(fault, None) is not None:
            self._writer.submit(lambda: self._store.release(fault.value))
        if fault is Fault.STORE_DAMAGED:
            unknown, self._unknown = self._unknown, ()
            for name in unknown:
                self._writer.submit(partial(self._store.release, name))
        if fault is Fault.PERMANENT:
            self._writer.submit(self._store.forget_crashes)

    def _latch(self, fault: Fault, detail: str) -> None:
        self.latched[fault] = detail
        now = datetime.now().astimezone()
        latched = LatchedFault(fault.value, detail, now, fault.kind.recovery.value)
        self._writer.submit(lambda: self._store.latch(latched))
