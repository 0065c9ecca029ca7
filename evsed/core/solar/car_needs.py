# SPDX-License-Identifier: GPL-3.0-or-later
"""The needs of the car that is plugged in, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNTAKEN_RISES_S: Final = 60.0
"""An offer of the least current that no car takes for this long rises to what is spare, in seconds.
Nothing is risked while nothing is drawn, and some cars do not begin at 6 A."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarNeeds:
    """The settings of its owner and the evidence of this stay; the defaults are an ordinary car's.

    Currents in amperes, times in seconds.
    """

    least_a: float = 6.0
    """Below this the car does not charge."""
    phases: int = 0
    """The phases that it uses; 0: not known, as many as the box has."""
    phases_known: bool = False
    """The owner or a meter gave their number: the feed need not show it."""
    set_phases: int = 0
    """The phases that a closing closes; 0: all of the box."""
    soft_start_s: float = 0.0
    """After each begin of a charge the offer stays at the least current for so long."""
    change_every_s: float = 0.0
    """The offer changes no more often than this ..."""
    change_by_a: float = 0.0
    """... and by no less than this, because each change makes the car open S2 for a moment."""
    rises_after_s: float = UNTAKEN_RISES_S
    """An untaken offer of the least current rises to what is spare after so long."""
    search_a: float = 0.0
    """An offer that the car leaves is raised to this, whatever the sun gives, to find out from
    which current on it begins; 0: it is not."""
    welcome: bool = False
    """The car is to be offered its least current now, whatever the sun gives."""
    uninterrupted: bool = False
    """The car bears no further interruption: the battery lends more before a run ends."""


ORDINARY_CAR = CarNeeds()
