# SPDX-License-Identifier: GPL-3.0-or-later
"""From BatteryMonitor's figure to the power for the car, by the formula that the feed uses.

The newest formula is assumed until plain power has foretold the figures clearly better
(`formula_evidence`). While neither is sure, no more is given than both of them allow.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from evsed.core.solar.battery_monitor import (
    MINUTE_S,
    BatteryMonitorDecoder,
    Spare,
    without_charge,
)
from evsed.core.solar.battery_probe import HELPS_W, BatteryProbe
from evsed.core.solar.formula_evidence import FormulaEvidence

PLAIN_FROM: Final = 8.0
"""The figure is taken for plain power from this evidence on, a log-likelihood: 1 in 3000 ..."""

NEWEST_FROM: Final = -3.0
"""... and for power with the error of charge from this on. In between both meanings have to allow
what is given: read as the newest, a plain figure that stands still would mean a battery that is
well, whatever the car takes out of it. These numbers and those of `formula_evidence` were chosen on
21 recorded days, with each formula, and judged on 21 others (docs/solar.md)."""

REPAY_MINUTES: Final = 20.0
"""The error in the state of charge is repaid over this long instead of one minute."""

BIAS_LEAST_W: Final = -150.0
"""The most that a battery below its target takes from the car, in watts."""

STILL_W: Final = 200.0
"""A battery whose power lies between `HELPS_W` and this stands still, in watts ..."""

STILL_READINGS: Final = 3
"""... and after so many readings in a row that is no coincidence, but throttled panels."""

FLAT_W: Final = 60.0
"""A figure that moves by less than this, in watts, and does not lie below `HELPS_W` ..."""

FLAT_READINGS: Final = 10
"""... for so many readings: no sky is as still, and no night, only panels that are throttled."""


STANDS_SHARE: Final = 0.5
"""A battery that gives or takes more than this share of the least power does not stand still."""


class ExcessDecoder:
    """From BatteryMonitor's figure, whatever its version, to the power for the car."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self._least_w = least_w
        self._decoder = BatteryMonitorDecoder()
        self._probe = BatteryProbe(least_w)
        self._still = 0
        self._hidden = False
        self._throttled = False
        self._evidence = FormulaEvidence(least_w)
        self._figures_w: deque[float] = deque(maxlen=FLAT_READINGS)
        self._last_w = 0.0
        self._standing_w = 0.0  # the figure of a battery that neither gives nor takes
        self.bare_w: float | None = None
        """The same by the feed's figures alone, whatever the car was thought to draw."""
        self.excess_w: float | None = None
        """The power that is spare with the car drawing what it draws, in watts; None: not known."""
        self.power_w: float | None = None
        """The same if the figure is plain power; None where it is not."""
        self.charged_w: float | None = None
        """The same if the figure counts the charge, too; None where it does not."""
        self.plain = False
        """True once the feed's figure proved to be power without the charge (or hardly any)."""

    def set_least_w(self, least_w: float) -> None:
        """Go by another power of the least current, in watts, from now on."""
        self._least_w = self._probe.least_w = self._evidence.least_w = least_w

    @property
    def charge_error_w(self) -> float:
        """Excess of the charge over its target, as BatteryMonitor's watts for one minute."""
        return 0.0 if self.plain else self._decoder.state_w

    @property
    def sure(self) -> bool:
        """True once the figures have shown which formula the feed uses."""
        return self.plain or self._evidence.plain <= NEWEST_FROM

    def decode(self, value_w: float, own_w: float, own_mean_w: float, span_s: float) -> Spare:
        """Add a figure; the arguments are those of `BatteryMonitorDecoder.decode`."""
        self._decoder.decode(value_w, own_w, own_mean_w, span_s)
        moved = self._decoder.moved
        self._evidence.add(value_w, own_w, own_mean_w, span_s, moved=moved)
        self._choose()
        self._figures_w.append(value_w)
        self._bare(value_w, span_s / MINUTE_S)
        flat = self._is_flat()
        self.charged_w = None
        self.power_w = None if self._evidence.plain <= NEWEST_FROM else value_w
        if self.plain:
            self._stand(value_w, flat=flat and own_w <= 0)
            self.excess_w = self.bare_w = self.power_w = value_w - self._standing_w
        elif self._decoder.settled:
            self.excess_w = self._decoder.solar_w - own_w
            if self._evidence.plain > NEWEST_FROM:
                # Beyond these a figure says no more: no start, or the end of the run.
                lowest_w = -self._least_w if own_w > 0 else 0.0
                self.excess_w = min(self.excess_w, max(value_w, lowest_w))
        else:
            self.excess_w = self.power_w = None
            return Spare(0.0)
        if own_w > 0 and self._throttled and not self.plain:
            self._settle(own_w)
        if not self.plain:
            # By the figures alone: a draw that they do not answer is not counted as one.
            self.charged_w = self.bare_w
        full = self._full(self.excess_w, own_w, flat=flat)
        self._throttled = full
        spare = self._probe.update(self.excess_w, own_w, full=full)
        if self.plain or spare.bias_w > 0:
            return spare
        bias_w = max(BIAS_LEAST_W, min(0.0, self._decoder.state_w / REPAY_MINUTES))
        return Spare(spare.solar_w, bias_w)

    def _settle(self, own_w: float) -> None:
        """Take the figure alone for the battery's power while that goes on standing still.

        The sun follows the car then, which the decoder takes for weather.
        """
        if self.bare_w is not None and HELPS_W < self.bare_w < STILL_W:
            self.excess_w = self.bare_w
            self._decoder.settle(self.bare_w, own_w)

    def _bare(self, value_w: float, minutes: float) -> None:
        """Take the error of charge out of a figure by the figure before it."""
        last_w, self._last_w = self._last_w, value_w
        if self.bare_w is not None and minutes > 0:
            self.bare_w = without_charge(value_w - last_w, self.bare_w, minutes)
        elif self._decoder.settled:
            self.bare_w = 0.0 if self.excess_w is None else self.excess_w

    def rebase(self, more_w: float) -> None:
        """Correct the sun by so many watts: the car took so much more than was thought."""
        self._decoder.rebase(more_w)
        self._evidence.rebase(more_w)

    def _is_flat(self) -> bool:
        """True where the figure stands still as no sky does."""
        figures_w = self._figures_w
        flat = len(figures_w) == FLAT_READINGS and min(figures_w) > HELPS_W
        return flat and max(figures_w) - min(figures_w) < FLAT_W

    def _stand(self, value_w: float, *, flat: bool) -> None:
        """Note where a plain figure stands still: there the battery is full, and takes nothing.

        What is left is the error of charge x 1, which the version of early 2021 adds. It is
        forgotten once the battery gives or takes much: then it was power, or the charge changes.
        """
        if flat and abs(value_w) < self._least_w:
            self._standing_w = value_w
        elif abs(value_w - self._standing_w) > STANDS_SHARE * self._least_w:
            self._standing_w = 0.0

    def _full(self, excess_w: float, own_w: float, *, flat: bool) -> bool:
        """True while the battery may be full and its panels throttled."""
        self._still = self._still + 1 if HELPS_W < excess_w < STILL_W else 0
        above = not self.plain and self._decoder.state_w >= self._least_w
        if own_w > 0:
            self._hidden = self._hidden or flat
            return self._still > 0 and (above or self._hidden)
        self._hidden = flat or (above and self._still >= STILL_READINGS)
        return self._hidden

    def _choose(self) -> None:
        """Change to the formula that foretells the figures better."""
        evidence = self._evidence.plain
        self.plain = evidence >= PLAIN_FROM or (self.plain and evidence > 0)
