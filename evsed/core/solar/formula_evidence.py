# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of which of BatteryMonitor's formulas the feed uses, from one figure to the next.

Two formulas foretell the next figure differently. As plain power it stays what it was, less what
the car took more. As power with an error of charge it also moves by what flowed into the battery
since, and that on and on: a house that charges with 2 kW raises it by 2 kW each minute. The sun
moves by itself and spoils both forecasts alike, so what counts is by how much one of them is
further off, in shares of the usual error. That shows under every sky, and best by the steps of the
car.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.battery_monitor import MINUTE_S

FLOOR_W: Final = 200.0
"""A forecast with an error below this is right, in watts: a clear morning moves by 30 W a minute,
and fog that lifts by 100 to 150 W, which looks like a battery that fills."""

TAILS: Final = 3.0
"""Degrees of freedom of Student's t, by which an error is judged: clouds and loads come in jumps,
and no single jump shall decide."""

MOST_STEP: Final = 2.0
"""No single figure counts for more than this, in units of log-likelihood."""

MOST: Final = 12.0
"""Evidence is kept up to this, either way, so that another version of the page is noticed."""

RATE: Final = 0.1
"""The variance of the forecasts is a mean over about ten figures ..."""

OUTLIER: Final = 9.0
"""... and no error counts for more than so many times the usual square in it."""

LEAST_SPAN_S: Final = 40.0
"""Figures closer together than this are put together, in seconds: the car and a stiff feed answer
within it."""

HOUSE_W: Final = 30_000.0
"""No house with one car has more plain power to spare or wants more, in watts: 3 x 43 A."""

JUMP_W: Final = 4_500.0
"""Both forecasts are further off than this, in watts, where the target of the charge has moved by
its one percent (of 7.5 kWh and more), or a whole roof went dark; the power is as it was, or shows
at the next figure."""

STEP_SHARE: Final = 0.15
"""A change of the draw is a step from this share of the least power on: an ampere of six."""

KEEP: Final = 0.99
"""The weather learned so far counts by so much at the next figure: a mean over a hundred."""

SHRUNK: Final = 10.0 * FLOOR_W**2
"""Changes of the sun are held for unrelated until their squares add up to this, in W^2."""

MOST_SHARE: Final = 0.6
"""No sky repeats or takes back a larger share of its last change than this."""


class FormulaEvidence:
    """Log-likelihood of plain power over power with an error of charge."""

    __slots__ = (
        "_flowed_ws",
        "_jumped",
        "_last",
        "_net_w",
        "_since_s",
        "_sun_newest",
        "_sun_plain",
        "_variance",
        "least_w",
        "plain",
    )

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self.least_w = least_w
        self.plain = 0.0
        """Positive for plain power, negative for the newest formula; between -`MOST` and `MOST`."""
        self._last: tuple[float, float] | None = None  # figure, and the draw that it contains
        self._net_w: float | None = None  # into the battery at the last figure, by the newest
        self._since_s = 0.0
        self._flowed_ws = 0.0
        self._variance = FLOOR_W**2
        self._jumped = False
        self._sun_plain = _SunForecast()
        self._sun_newest = _SunForecast()

    def add(
        self, value_w: float, own_w: float, own_mean_w: float, span_s: float, *, moved: bool = False
    ) -> None:
        """Add a figure; the arguments are those of `BatteryMonitorDecoder.decode`.

        `moved` where the target of the charge is known to have moved, which no formula foretells.
        """
        if abs(value_w + own_w) > HOUSE_W:
            self.plain = -MOST
        if self._last is None or span_s <= 0:
            self._last = (value_w, own_w)
            self._since_s = self._flowed_ws = 0.0
            return
        self._since_s += span_s
        self._flowed_ws += span_s * own_mean_w
        if self._since_s < LEAST_SPAN_S:
            return
        minutes, own_mean_w = self._since_s / MINUTE_S, self._flowed_ws / self._since_s
        (before_w, own_before_w), self._last = self._last, (value_w, own_w)
        self._since_s = self._flowed_ws = 0.0
        moved_w, step_w = value_w - before_w, own_w - own_before_w
        sun_moved_w = moved_w + step_w
        # The error of charge grows by the mean power into the battery, a straight line between two
        # figures, so an error in the first power shrinks with each, and the sun counts twice.
        twice = 1 + minutes / 2
        net_before_w = self._net_w
        net_w = (moved_w + (1 - minutes / 2) * (net_before_w or 0.0)) / twice
        if net_before_w is not None:
            left_w = sun_moved_w - minutes * (net_before_w + own_before_w - own_mean_w)
            plain_w = self._sun_plain.error_w(sun_moved_w)
            newest_w = twice * self._sun_newest.error_w(left_w / twice)
            # Throttled panels answer no step, and then neither formula foretells anything.
            answered = abs(step_w) < STEP_SHARE * self.least_w or abs(sun_moved_w) < abs(moved_w)
            if answered and not moved:
                self._weigh(plain_w, newest_w)
            far = min(abs(plain_w), abs(newest_w)) > JUMP_W
            self._jumped = moved or (far and not self._jumped)
            if self._jumped:
                net_w = net_before_w - step_w
            self._sun_newest.add(net_w - net_before_w + step_w)
        self._net_w = net_w
        self._sun_plain.add(sun_moved_w)

    def rebase(self, more_w: float) -> None:
        """Note that the car took so many watts more than was thought: that is no step."""
        if self._last is not None:
            self._last = (self._last[0], self._last[1] + more_w)
            self._flowed_ws += self._since_s * more_w

    def _weigh(self, plain_w: float, newest_w: float) -> None:
        """Compare the errors of both forecasts, in watts."""
        scale = TAILS * self._variance
        more = (TAILS + 1) / 2 * math.log((scale + newest_w**2) / (scale + plain_w**2))
        self.plain += max(-MOST_STEP, min(MOST_STEP, more))
        self.plain = max(-MOST, min(MOST, self.plain))
        error_w = plain_w if self.plain > 0 else newest_w
        square = max(FLOOR_W**2, min(error_w**2, OUTLIER * self._variance))
        self._variance += RATE * (square - self._variance)


class _SunForecast:
    """Forecast of the sun's next change by its last: passing clouds take back, fog goes on.

    Without it a sky that takes back half of each change would look like a battery.
    """

    __slots__ = ("_cross", "_last_w", "_power")

    def __init__(self) -> None:
        self._last_w = self._cross = self._power = 0.0

    def error_w(self, moved_w: float) -> float:
        """Return what is left of a change of the sun, in watts, after its forecast."""
        share = self._cross / (self._power + SHRUNK)
        return moved_w - max(-MOST_SHARE, min(MOST_SHARE, share)) * self._last_w

    def add(self, moved_w: float) -> None:
        """Add a change of the sun, in watts."""
        self._cross = KEEP * self._cross + moved_w * self._last_w
        self._power = KEEP * self._power + self._last_w**2
        self._last_w = moved_w
