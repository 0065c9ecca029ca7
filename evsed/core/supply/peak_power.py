# SPDX-License-Identifier: GPL-3.0-or-later
"""The mean power of any quarter of an hour, kept below a peak that costs money beyond.

Grid operators bill the highest mean of a quarter of an hour (Flanders, since 2023). Their quarters
begin by their own clock, so no 900 s may have a mean above the peak, wherever they begin. An
account of energy does that: what is taken beyond 95 % of the peak goes on it, and what is not taken
comes off, down to a credit of the other 5 % of one quarter.
"""

from __future__ import annotations

from typing import Final

QUARTER_S: Final = 900.0
"""The time over which the peak is a mean."""

AIM: Final = 0.95
"""The mean aimed at, as a share of the peak; the rest is the credit."""

REPAY_S: Final = 120.0
"""An excess is given up again within about this long."""


class PeakPower:
    """The account of one house; `peak_w` watts is the most that a quarter of an hour may have."""

    def __init__(self, peak_w: float) -> None:
        """Begin without credit and without debt."""
        self._aim_w = AIM * peak_w
        self._credit_ws = (1 - AIM) * peak_w * QUARTER_S
        self._account_ws = 0.0

    @property
    def in_credit(self) -> bool:
        """True while more than the aim may be taken for a while."""
        return self._account_ws < 0.0

    @property
    def allowed_w(self) -> float:
        """Return the power that the house, the car included, may take now."""
        return self._aim_w - max(0.0, self._account_ws) / REPAY_S

    def add(self, power_w: float, span_s: float) -> None:
        """Book *power_w* watts, taken from the grid for *span_s* seconds."""
        taken_ws = (max(0.0, power_w) - self._aim_w) * span_s
        self._account_ws = max(-self._credit_ws, self._account_ws + taken_ws)
