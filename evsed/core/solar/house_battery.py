# SPDX-License-Identifier: GPL-3.0-or-later
"""House battery behind a feed that gives its state of charge: full, or first in turn."""

from __future__ import annotations

from typing import Final

FULL_SOC: Final = 0.97
"""From this state of charge on, a battery may be throttling the panels."""

EXPORTS_W: Final = 50.0
"""A house that gives more than this to the grid throttles nothing, in watts."""

FIRST_AGAIN: Final = 0.03
"""A battery that has reached the charge up to which it comes first may lose this much of it before
it comes first again."""


class BatteryTurn:
    """Order of the house battery and the car, by the state of charge."""

    __slots__ = ("_reached", "below")

    def __init__(self, below: float) -> None:
        """`below` this state of charge, 0 to 1, the battery comes first; 0: the car always does."""
        self.below = below
        self._reached = False

    def update(self, soc: float | None) -> bool:
        """Return True while the battery comes before the car."""
        if soc is None or self.below <= 0:
            return False
        self._reached = soc >= (self.below - FIRST_AGAIN if self._reached else self.below)
        return not self._reached


def throttles(soc: float | None, grid_w: float | None, battery_w: float | None) -> bool:
    """Return True where a full battery may be throttling the panels, and the figure would show it.

    `grid_w` comes from the grid and `battery_w` from the battery; None where the feed does not know
    it.
    """
    if soc is None or soc < FULL_SOC:
        return False
    if grid_w is None:
        return True
    return battery_w is not None and grid_w > -EXPORTS_W
