# SPDX-License-Identifier: GPL-3.0-or-later
"""The car's draw as the feed's figure shows it, for each ceiling that the car may have.

A plain figure shows the draw of its moment. From BatteryMonitor's the error of charge is taken out
by the figure before (`without_charge()`), which supposes a straight line between two figures;
a step of the draw is none. The same arithmetic on the amperes gives what of such a step the figure
shows, exactly, at whatever moment between two figures the step was made.
"""

from __future__ import annotations

from collections.abc import Callable

from evsed.core.solar.battery_monitor import MINUTE_S, without_charge
from evsed.core.solar.phase_answers import CEILINGS_A


class SeenDraw:
    """Amperes of each phase that the figure shows, by ceiling."""

    def __init__(self) -> None:
        """Begin without a figure."""
        self.seen_a: dict[float, float] = {}
        self._last_a: dict[float, float] = {}

    def add(
        self,
        mean_a: Callable[[float], float],
        since_a: Callable[[float], float],
        span_s: float,
        *,
        charged: bool,
    ) -> None:
        """Add a figure: a car's draw over its window, and the mean draw since the last figure.

        Both are asked for by ceiling, in amperes. *charged*: an error of charge was taken out.
        """
        before_a, last_a = self.seen_a, self._last_a
        now_a = {most_a: mean_a(most_a) for most_a in CEILINGS_A}
        minutes = span_s / MINUTE_S
        if not (charged and before_a and minutes > 0):
            self.seen_a = now_a
        else:
            self.seen_a = {
                most_a: without_charge(
                    amperes - last_a[most_a] + minutes * since_a(most_a), before_a[most_a], minutes
                )
                for most_a, amperes in now_a.items()
            }
        self._last_a = now_a

    def forget(self) -> None:
        """Forget the figures: the next shows nothing by the one before."""
        self.seen_a, self._last_a = {}, {}
