# SPDX-License-Identifier: GPL-3.0-or-later
"""The main fuse's limit, from readings of the house meter and the car's draw (`core.supply`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot import j1772
from evsed.core.pilot.limits import Limit
from evsed.core.supply.main_fuse import HouseReading, MainFuse, MainFuseConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.faults import Fault
    from evsed.daemon.charger_state import Charger


class HouseGuard:
    """Limits the current to what the house leaves of *config*'s fuse and peak."""

    def __init__(self, config: MainFuseConfig, charger: Charger) -> None:
        self._guard = MainFuse(config)
        self._charger = charger

    def on_reading(self, now: float, reading: HouseReading) -> None:
        """Use *reading* of the house meter, with the car's draw as it is at *now*."""
        self._note_draw(now)
        self._guard.on_reading(reading)

    def limits(self, now: float, until_at: float) -> tuple[Limit, ...]:
        """Return the limit at *now*, which holds until *until_at*."""
        self._note_draw(now)
        limit = self._guard.update(now)
        return (Limit("house", limit.max_a, until_at, limit.why),)

    def faults(self, now: float) -> Mapping[Fault, str]:
        """Return no faults: a house meter that is silent is a limit, not a fault of the EVSE."""
        del now
        return {}

    def _note_draw(self, now: float) -> None:
        """Note what the car draws: by the current transformer, else as it is offered.

        A meter of the car on the network is seconds late. Beside a house meter that is not, it
        would show the draw before a change, and the limit would be wrong by all that changed.
        """
        snapshot = self._charger.state.driven(now)
        if snapshot is None or not snapshot.closed:
            self._guard.on_draw(now, 0.0, measured=False)
        elif snapshot.drawn_a is not None:
            self._guard.on_draw(now, snapshot.drawn_a, measured=True)
        else:
            offered_a = j1772.current_for_duty(snapshot.duty)
            self._guard.on_draw(now, offered_a, measured=False)
