# SPDX-License-Identifier: GPL-3.0-or-later
"""Response of a quantity to the car's draw: the evidence of what a feed really measures.

The sun does not know what the car draws. So the spare power without the car must stand still, on
average, when the draw changes; a quantity that follows the draw by a share b is not that power. b
is a regression of the changes of the quantity on the changes of the draw, at the same reading and
at the next, since a late or stiff feed answers then. Weather is the noise of that regression, and
it gives the standard error.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

MEMORY_S: Final = 3_600.0
"""Evidence is forgotten with this time constant, in seconds: about one run."""

CHANGE_SHARE: Final = 1 / 30
"""The draw changed if it did by this share of the least power: a fifth of an ampere of six. Small
changes say little in the noise of a cloudy day, and enough in the calm of a clear one."""

LEAST_SPAN_S: Final = 40.0
"""Readings closer together than this are thinned, in seconds."""

WEATHER_RATE: Final = 0.1
"""The variance of the weather is a mean over about ten readings."""


class DrawResponse:
    """Regression of one quantity, in watts, on the car's draw, in watts."""

    __slots__ = (
        "_before_w",
        "_change_w",
        "_changes",
        "_cross",
        "_draws_w",
        "_power",
        "_readings",
        "_since_s",
        "_weather",
    )

    def __init__(self, least_w: float, change_share: float = CHANGE_SHARE) -> None:
        """`least_w` is the power of the least current, in watts."""
        self._change_w = change_share * least_w
        self._power = 0.0
        self._cross = [0.0, 0.0]
        self._weather = 0.0
        self._changes = 0.0
        self._since_s = 0.0
        self._readings = 0
        self._before_w: float | None = None
        self._draws_w: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """The part of a change of the draw that the quantity follows; 0 for the true sun."""
        return sum(self._cross) / self._power if self._power > 0 else 0.0

    @property
    def error(self) -> float:
        """The standard error of `share`; infinite without evidence."""
        if self._power <= 0 or self._changes <= 0:
            return math.inf
        return math.sqrt(2 * self._weather / self._power)

    @property
    def weather_w(self) -> float:
        """Change of the quantity between two readings by itself (rms), in watts."""
        return math.sqrt(self._weather)

    def reset(self) -> None:
        """Forget the last reading, not the evidence: the next one does not belong to it."""
        self._before_w, self._draws_w = None, ()

    def add(self, value_w: float, draw_w: float, span_s: float) -> None:
        """Add a reading: the quantity, the draw it contains, and the seconds since the last.

        A fast feed is thinned to a reading in `LEAST_SPAN_S`, so that a car and a stiff feed have
        answered within two.
        """
        self._since_s += max(0.0, span_s)
        if self._before_w is None:
            self._before_w, self._draws_w, self._since_s = value_w, (draw_w,), 0.0
            return
        if self._since_s < LEAST_SPAN_S:
            return
        keep = math.exp(-self._since_s / MEMORY_S)
        self._since_s = 0.0
        self._power *= keep
        self._changes *= keep
        self._cross = [keep * cross for cross in self._cross]
        moved_w = value_w - self._before_w
        draws_w = (*self._draws_w, draw_w)
        steps_w = [after - before for before, after in pairwise(draws_w)][::-1]
        answered_w = 0.0
        for lag, step_w in enumerate(steps_w):
            if abs(step_w) < self._change_w:
                continue
            self._cross[lag] += moved_w * step_w
            if lag == 0:
                self._power += step_w * step_w
                self._changes += 1
            answered_w += self._cross[lag] / self._power * step_w if self._power > 0 else 0.0
        self._readings += 1
        rate = max(WEATHER_RATE, 1 / self._readings)
        self._weather += rate * ((moved_w - answered_w) ** 2 - self._weather)
        self._draws_w = draws_w[-2:]
        self._before_w = value_w
