# SPDX-License-Identifier: GPL-3.0-or-later
"""Every limit that holds in the control process: the daemon's, the box's own, the supply's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evsed.core.pilot.evse import Evse
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import NO_LIMIT, Limit
from evsed.core.pilot.pilot_proof import NOT_PROVED
from evsed.core.text import text
from evsed.link import LIMIT_HOLDS_S

if TYPE_CHECKING:
    from evsed.core.pilot.protection import ProtectionResult

SILENT: Final = Limit("daemon", 0.0, why=text("the daemon has not repeated its limits for 3 s"))
GONE: Final = Limit("daemon", 0.0, why=text("the daemon is gone"))


class Ceilings:
    """The daemon's limits, each until its deadline, beside those of this process.

    *supply_max_a*: all that the supply allows, amperes.
    """

    def __init__(self, supply_max_a: float) -> None:
        self._supply = Limit("supply", supply_max_a, why=text("all that the supply allows"))
        self._daemon: tuple[Limit, ...] = (NO_LIMIT,)

    def update(self, now: float, limits: tuple[Limit, ...]) -> None:
        """Replace the daemon's limits: each is over `LIMIT_HOLDS_S` from *now*, or before."""
        over_at = now + LIMIT_HOLDS_S
        self._daemon = tuple(
            limit if limit.until_at <= over_at else replace(limit, until_at=over_at)
            for limit in limits or (NO_LIMIT,)
        )

    def on_link_lost(self) -> None:
        """Allow nothing more: the daemon is gone, and with it every limit."""
        self._daemon = (GONE,)

    def at(self, now: float, guard: ProtectionResult, busy: Limit | None) -> tuple[Limit, ...]:
        """Return every limit at *now*; one that was not repeated in time is the daemon's 0 A.

        *guard*: what the optional inputs allow. *busy*: the limit of a machine that ticks too late.
        """
        return (
            *(limit if now < limit.until_at else SILENT for limit in self._daemon),
            *guard.limits,
            *(() if busy is None else (busy,)),
            self._supply,
        )


def found_by(evse: Evse) -> tuple[Limit, ...]:
    """Return the ceilings of what the state machine itself found: none is above 0 A."""
    found = []
    if not evse.front_end_proved:
        found.append(Limit("self_test", 0.0, why=NOT_PROVED))
    for fault, detail in evse.faults.items():
        if fault in (Fault.GROUND, Fault.GROUND_TEST):
            found.append(Limit("ground_fault", 0.0, why=detail))
    return tuple(found)
