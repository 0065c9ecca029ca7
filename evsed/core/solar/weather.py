# SPDX-License-Identifier: GPL-3.0-or-later
"""Restlessness of what is spare: how much it changes from reading to reading by itself."""

from __future__ import annotations

import math
from typing import Final

RATE: Final = 0.1
"""The variance is a mean over about ten readings."""

OUTLIER: Final = 9.0
"""A change of more than three times the usual counts for no more than that: a kettle is one load,
not a rough sky."""


class Weather:
    """Running variance of the changes, in square watts."""

    __slots__ = ("_least_w", "_readings", "variance")

    def __init__(self, least_w: float) -> None:
        """`least_w` is the smallest usual change, in watts, by which outliers are cut."""
        self._least_w = least_w
        self._readings = 0
        self.variance = 0.0
        """Mean square of the changes, in square watts."""

    def add(self, moved_w: float) -> float:
        """Add a change, in watts; return what of it counts."""
        self._readings += 1
        most_w = math.sqrt(OUTLIER * max(self.variance, self._least_w**2))
        counted_w = max(-most_w, min(most_w, moved_w))
        self.variance += max(RATE, 1 / self._readings) * (counted_w**2 - self.variance)
        return counted_w
