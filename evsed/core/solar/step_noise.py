# SPDX-License-Identifier: GPL-3.0-or-later
"""Scale of the steps of the offer: an ampere in watts, and the noise that hides an answer."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from evsed.core.solar.draw_evidence import NOISE_W, taken_a
from evsed.core.solar.weather import Weather

DRIFT_RATE: Final = 0.2
"""The mean change of what is spare from reading to reading is over about five of them."""

STEADY_DRIFT: Final = 0.6
"""It is a trend, and no chance, where it is this share of the changes (rms)."""

SMALL_A: Final = 1.2
"""A step is at least so large, in amperes."""

MOST_SMALL_A: Final = 3.0
"""A small step is no larger than this, in amperes. Where it would be lost in the noise even so, the
sky is rough."""


class Shown(NamedTuple):
    """A figure of the feed, and the offer that a car had at its stamp."""

    excess_w: float
    offered_a: float


class StepNoise:
    """The scale of the steps of one car, and the noise that hides their answers."""

    def __init__(self, watts_per_ampere: float, least_w: float) -> None:
        """Begin without weather."""
        self.watts_per_ampere = watts_per_ampere
        self.least_w = least_w
        """The power of the least current, in watts."""
        self.moved_w = 0.0
        """The last change, in watts: of what is spare or of the figure, the smaller one."""
        self._weather = Weather(NOISE_W)
        self._drift_w = 0.0

    @property
    def least_a(self) -> float:
        """The least current that is offered, in amperes."""
        return self.least_w / self.watts_per_ampere

    def spare_w(self, shown: Shown, most_a: float | None) -> float:
        """Return what is spare where the car takes *most_a* at the most, in watts."""
        return shown.excess_w + self.watts_per_ampere * taken_a(most_a, shown.offered_a)

    def add(self, last: Shown, shown: Shown, most_a: float | None) -> None:
        """Add a change that no step made, of a car that takes *most_a* at the most."""
        before_w = self.watts_per_ampere * taken_a(most_a, last.offered_a)
        moved_w = self.spare_w(shown, most_a) - last.excess_w - before_w
        self.moved_w = min(abs(moved_w), abs(shown.excess_w - last.excess_w))
        self._drift_w += DRIFT_RATE * (self._weather.add(moved_w) - self._drift_w)

    def rms_w(self, spans: float = 1.0) -> float:
        """Return the change of what is spare by itself over so many spans (rms), in watts."""
        return math.sqrt(NOISE_W**2 + self._weather.variance * spans)

    @property
    def trend_w(self) -> float:
        """Change of what is spare in each reading, in watts, as of a car that tapers off; or 0."""
        steady = abs(self._drift_w) > STEADY_DRIFT * math.sqrt(self._weather.variance)
        return self._drift_w if steady else 0.0

    @property
    def rough(self) -> bool:
        """True while a small step would be lost in the noise."""
        return 3 * self.rms_w() > MOST_SMALL_A * self.watts_per_ampere
