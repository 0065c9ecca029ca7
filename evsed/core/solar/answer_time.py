# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer time of a car without a meter: how long after a change of its offer the figure answers.

Adding the car's draw back leaves the sun alone, but only with the draw of the right moment: with
another one each change of the offer shows twice, once as what it was and once as its echo. So of
several answer times the true one leaves the smoothest sun. That needs a fast feed, whose offer
moves often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

SLOW_S: Final = 15.0
"""Any car may answer so much later than `own_consumption.DEAD_TIME_S`, in seconds: the slowest
reported cars follow within 10 s, and some take their time to get there."""

LATER_S: Final = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0)
"""Answer times that are compared, in seconds later than that, up to a car that takes a minute."""

THIN_S: Final = 5.0
"""Readings closer together than this are left out, in seconds."""

MEMORY_S: Final = 600.0
"""The evidence fades with this time constant, in seconds: ten minutes of clouds suffice."""

ENOUGH_W2: Final = 10 * 300.0**2
"""Nothing is learned from less movement than ten changes of 300 W, in square watts."""

MUCH_SMOOTHER: Final = 0.4
"""A slow answer is believed where it leaves less than this share of the movement. A car that takes
no more than it does, whatever it is offered, leaves half at the least."""


class AnswerTime:
    """Compares answer times of a car by how smooth a sun each of them leaves."""

    def __init__(self) -> None:
        """Begin with an ordinary car."""
        self.slow_s = SLOW_S
        """The latest answer that has to be reckoned with, in seconds later than usual."""
        self._moved_w2 = [0.0] * len(LATER_S)
        self._last: tuple[float, list[float]] | None = None

    def due(self, stamp_at: float) -> bool:
        """Return True where a reading of this moment is far enough from the last."""
        return self._last is None or not 0 <= stamp_at - self._last[0] < THIN_S

    def add(self, stamp_at: float, excess_w: float, own_w: Sequence[float]) -> None:
        """Add a figure of *excess_w*, and what the car drew by each answer time, in watts.

        Nothing is compared across an opened contactor, which no answer time delays.
        """
        last, self._last = self._last, None
        if min(own_w) <= 0.0:
            return
        suns_w = [excess_w + watts for watts in own_w]
        self._last = (stamp_at, suns_w)
        if last is None or not 0 < stamp_at - last[0] < MEMORY_S:
            return
        fade = math.exp(-(stamp_at - last[0]) / MEMORY_S)
        for at, (before_w, sun_w) in enumerate(zip(last[1], suns_w, strict=True)):
            self._moved_w2[at] = fade * self._moved_w2[at] + (sun_w - before_w) ** 2
        self._conclude()

    def _conclude(self) -> None:
        """Learn a slow answer, or that the car is no slower than others."""
        moved = dict(zip(LATER_S, self._moved_w2, strict=True))
        usual = min(moved[later_s] for later_s in LATER_S if later_s < SLOW_S)
        best_s = min(LATER_S, key=lambda later_s: moved[later_s])
        if usual < ENOUGH_W2:
            return
        if best_s < SLOW_S:
            self.slow_s = SLOW_S
        elif moved[best_s] < MUCH_SMOOTHER * usual:
            self.slow_s = min([later_s for later_s in LATER_S if later_s > best_s], default=best_s)
