# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest that a car leaves of its offer, learned where a meter shows it."""

from __future__ import annotations

import math
from typing import Final

TRIM_AFTER_S: Final = 15.0
"""A meter shows what the car leaves of an offer that has stood for so long, in seconds."""

TRIM_STEADY_A: Final = 0.3
"""An offer stands while it moves by less than this, in amperes."""

TRIM_MOST_A: Final = 1.5
"""A car that leaves more than this has a limit of its own, and is not offered more; in amperes."""

TRIM_FROM_A: Final = 3.0
"""A car that draws less than this is not following the offer at all, in amperes."""

TRIM_RATE: Final = 0.1
"""The mean of what the car leaves is over about ten notes of its draw."""


class UntakenRest:
    """`left_a` is the mean rest of an offer that the car follows, in amperes."""

    def __init__(self) -> None:
        self.left_a = 0.0
        self._stood_a, self._stood_at = 0.0, -math.inf

    def on_draw(self, now: float, offer_a: float, drawn_a: float, *, follows: bool) -> None:
        """Note a draw of *drawn_a* at an offer of *offer_a*; *follows*: a meter shows the car's."""
        if abs(offer_a - self._stood_a) >= TRIM_STEADY_A:
            self._stood_a, self._stood_at = offer_a, now
        if not follows or drawn_a < TRIM_FROM_A or now - self._stood_at < TRIM_AFTER_S:
            return
        left_a = max(0.0, offer_a - drawn_a)
        self.left_a += TRIM_RATE * ((left_a if left_a <= TRIM_MOST_A else 0.0) - self.left_a)
