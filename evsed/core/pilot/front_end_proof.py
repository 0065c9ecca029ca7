# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that the front end reads the pilot rightly: 11.4 to 12.6 V with no car."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot import j1772
from evsed.core.pilot.j1772 import PilotState

if TYPE_CHECKING:
    from evsed.core.pilot.pilot_meter import PilotReading
    from evsed.core.pilot.presence import Presence

AFTER_S = 0.5  # of A: with A for that long there is no car


class FrontEndProof:
    """Whether the pilot was read without a car, in this life or an earlier one."""

    def __init__(self, *, proved: bool) -> None:
        self.proved = proved

    def update(self, now: float, pilot: PilotReading, presence: Presence) -> str:
        """Check the *pilot* where no car can be; return what is wrong with it, or ""."""
        high_v = pilot.high_v
        if presence.settled is not PilotState.A or presence.settled_for_s(now) < AFTER_S:
            return ""
        if pilot.state is not PilotState.A or high_v is None:
            return ""
        self.proved = reads_steady(high_v)
        if self.proved:
            return ""
        return f"with no car the pilot reads {high_v:.2f} V, not 11.4 to 12.6 V"


def reads_steady(high_v: float) -> bool:
    """Whether *high_v* is what the generator gives without a car (11.4-12.6 V)."""
    return j1772.STEADY_MIN_V <= high_v <= j1772.STEADY_MAX_V
