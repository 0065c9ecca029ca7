# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the offer from one current to the next: in steps, not too fast, not before a stamp."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evsed.core.solar.allotment_config import AllotmentConfig
    from evsed.core.solar.car_needs import CarNeeds

STEP_A: Final = 0.02
"""The allotment moves in steps of this size, in amperes, rounded down."""

QUIET_S: Final = 5.0
"""The allotment does not move during this long before the next stamp is due, in seconds: a car that
is still on its way to a new current would make that reading ambiguous."""


class OfferRamp:
    """The current on offer: `offer_a` amperes before rounding, 0 where nothing is offered."""

    def __init__(self) -> None:
        self.offer_a = 0.0
        self._moved_at = self._changed_at = -math.inf

    def end(self) -> None:
        """Offer nothing; the next offer begins at the least current."""
        self.offer_a = 0.0

    def move(
        self,
        now: float,
        wanted_a: float,
        config: AllotmentConfig,
        needs: CarNeeds,
        *,
        charging: bool,
        quiet_s: tuple[float, float],
    ) -> float:
        """Move towards *wanted_a*, and return the offer, in steps of `STEP_A`.

        Up no faster than the configured slew, down at once; for a car that *needs* it only by large
        changes while it is *charging*. *quiet_s* is the seconds until the next stamp of the feed
        and the time before it in which the offer stands still.
        """
        to_stamp_s, before_s = quiet_s
        least_a = config.car_min_current_a
        span_s, self._moved_at = now - self._moved_at, now
        if needs.change_by_a > 0 and charging and self.offer_a >= least_a:
            if (
                abs(wanted_a - self.offer_a) >= needs.change_by_a
                and now - self._changed_at >= needs.change_every_s
            ):
                self.offer_a, self._changed_at = max(wanted_a, least_a), now
        elif self.offer_a <= 0 or wanted_a <= least_a:
            self.offer_a = least_a
        elif not 0 < to_stamp_s <= before_s:
            self.offer_a = min(wanted_a, self.offer_a + config.up_slew_a_per_s * span_s)
        return max(least_a, round(math.floor(self.offer_a / STEP_A + 1e-6) * STEP_A, 6))
