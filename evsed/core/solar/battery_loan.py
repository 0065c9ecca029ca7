# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy that the battery lends to a run while the sun does not cover it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Loan:
    """The energy a run took from the battery and has not given back, in watt-hours.

    Up to the last stamp the sun is known at both ends of each period, so the account is settled
    with a straight line between them; from there to now it runs on with the last sun.
    """

    _settled_wh: float = 0.0
    _running_wh: float = 0.0
    _settled_at: float = math.inf

    @property
    def battery_loan_wh(self) -> float:
        """Energy lent now: never less than 0, since the sun taken in advance is not kept."""
        return max(0.0, self._settled_wh + self._running_wh)

    def open(self, now: float) -> None:
        """Open the account of a new run."""
        self._settled_wh = self._running_wh = 0.0
        self._settled_at = now

    def accrue(self, span_s: float, lacking_w: float) -> None:
        """Lend `lacking_w` for `span_s`; a negative power pays back."""
        self._running_wh += lacking_w * span_s / 3600

    def settle(
        self, stamp_at: float, lacking_w: float, since_s: float, lacking_now_w: float
    ) -> None:
        """Replace the guess since the last stamp by the mean `lacking_w` up to `stamp_at`.

        `since_s` passed from the stamp until now, with `lacking_now_w` lacking.
        """
        span_s = stamp_at - self._settled_at
        if span_s <= 0:
            return
        self._settled_wh = max(0.0, self._settled_wh + lacking_w * span_s / 3600)
        self._settled_at = stamp_at
        self._running_wh = lacking_now_w * since_s / 3600
