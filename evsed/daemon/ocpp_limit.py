# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit that the central system sets by OCPP, followed to its end without the part that speaks.

The plan of the ceiling is kept here, in the daemon's own loop. A charge point of OCPP that hangs,
is started again or is gone changes nothing in it: after the keep time comes the offline limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.ocpp.ceiling import Offline, starting
from evsed.core.pilot.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.faults import Fault
    from evsed.daemon.charger_state import Charger
    from evsed.frontends.ocpp import OcppConfig

STARTS_WITHIN_S: Final = 60.0
"""The charge point has reported by then, also on a Pi Zero, where its library takes ten seconds."""


class OcppLimit:
    """The limit of the central system, as the state of *charger* has its ceiling."""

    def __init__(self, config: OcppConfig, charger: Charger, started_at: float) -> None:
        self._charger = charger
        to_all = config.authorize == "free"
        offline = Offline(config.offline_keep_s, config.offline_max_a) if to_all else None
        self._before = starting(started_at + STARTS_WITHIN_S, offline)

    def limits(self, now: float, until_at: float) -> tuple[Limit, ...]:
        """Return the limit at *now*, which holds until *until_at*; none where nothing limits."""
        state = self._charger.state
        step = (state.ocpp_ceiling or self._before).at(now)
        # The phases may have changed since the ceiling was made.
        max_a = step.on(state.phases)
        return () if max_a is None else (Limit("ocpp", max_a, until_at, step.why),)

    def faults(self, now: float) -> Mapping[Fault, str]:
        """Return none: a central system that is away is no fault of the EVSE."""
        del now
        return {}
