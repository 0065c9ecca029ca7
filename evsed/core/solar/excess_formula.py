# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of BatteryMonitor's formulas the feed uses, found out by the car's own draw.

The sun does not know what the car draws. A formula that is the feed's gives a sun that stands still
while the car's draw changes; any other gives one that jumps with it. The newest formula is assumed
until another has explained the changes of the draw clearly better.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from evsed.core.solar.battery_monitor import MINUTE_S, BatteryMonitorDecoder, Spare
from evsed.core.solar.battery_probe import HELPS_W, BatteryProbe
from evsed.core.solar.draw_response import DrawResponse

FOLLOWS: Final = 0.4
"""A sun that follows the draw by more than this share is not the sun: BatteryMonitor's plain
figure, read as the newest, follows by two thirds, and by less where the sky falls as the draw
rises ..."""

SURE: Final = 3.0
"""... if that is so many standard errors, and the other formula's follows clearly less ..."""

LESS: Final = 0.6
"""... by this factor."""

STAYS_FOLLOWS: Final = 0.8
STAYS_LESS: Final = 0.4
"""The same for giving the plain formula up again: the feed has shown it, and does not change it.
Read as the newest, a plain figure that stands still would mean a battery that is well, whatever the
car takes out of it."""

CLEAR: Final = 0.3
"""The plain formula is known to fit within this standard error ..."""

ROUGHER: Final = 1.6
"""... and with a sun that jumps no more than this many times as much between readings: a figure
that counts the charge, read as power, jumps by the whole of what went into the battery."""

HOUSE_W: Final = 30_000.0
"""No house with one car has more plain power to spare or wants more, in watts: 3 x 43 A."""

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


class ExcessDecoder:
    """From BatteryMonitor's figure, whatever its version, to the power for the car."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self._least_w = least_w
        self._decoder = BatteryMonitorDecoder()
        self._probe = BatteryProbe(least_w)
        self._still = 0
        self._hidden = False
        self._minute = DrawResponse(least_w)
        self._power = DrawResponse(least_w)
        self._figures_w: deque[float] = deque(maxlen=FLAT_READINGS)
        self._last_w = 0.0
        self.bare_w: float | None = None
        """The same by the feed's figures alone, whatever the car was thought to draw."""
        self.excess_w: float | None = None
        """The power that is spare with the car drawing what it draws, in watts; None: not known."""
        self.plain = False
        """True once the feed's figure proved to be power without the charge (or hardly any)."""

    def set_least_w(self, least_w: float) -> None:
        """Go by another power of the least current, in watts, from now on."""
        self._least_w = self._probe.least_w = least_w

    @property
    def charge_error_w(self) -> float:
        """Excess of the charge over its target, as BatteryMonitor's watts for one minute."""
        return 0.0 if self.plain else self._decoder.state_w

    def decode(self, value_w: float, own_w: float, own_mean_w: float, span_s: float) -> Spare:
        """Add a figure; the arguments are those of `BatteryMonitorDecoder.decode`."""
        self._decoder.decode(value_w, own_w, own_mean_w, span_s)
        self._choose(value_w + own_w, own_w, span_s)
        self._figures_w.append(value_w)
        self._bare(value_w, span_s / MINUTE_S)
        if self.plain:
            self.excess_w = self.bare_w = value_w
        elif self._decoder.settled:
            self.excess_w = self._decoder.solar_w - own_w
        else:
            self.excess_w = None
            return Spare(0.0)
        full = self._full(self.excess_w, own_w)
        spare = self._probe.update(self.excess_w, own_w, full=full)
        if self.plain or spare.bias_w > 0:
            return spare
        bias_w = max(BIAS_LEAST_W, min(0.0, self._decoder.state_w / REPAY_MINUTES))
        return Spare(spare.solar_w, bias_w)

    def _bare(self, value_w: float, minutes: float) -> None:
        """Take the error of charge out of a figure by the figure before it.

        The error grows by the mean power into the battery, a straight line between the two, so an
        error in the first power falls to a third with each minute.
        """
        last_w, self._last_w = self._last_w, value_w
        if self.bare_w is not None and minutes > 0:
            sum_w = value_w - last_w + (1 - minutes / 2) * self.bare_w
            self.bare_w = sum_w / (1 + minutes / 2)
        elif self._decoder.settled:
            self.bare_w = 0.0 if self.excess_w is None else self.excess_w

    def rebase(self, more_w: float) -> None:
        """Correct the sun by so many watts: the car took so much more than was thought."""
        self._decoder.rebase(more_w)

    def _full(self, excess_w: float, own_w: float) -> bool:
        """True while the battery may be full and its panels throttled."""
        self._still = self._still + 1 if HELPS_W < excess_w < STILL_W else 0
        above = not self.plain and self._decoder.state_w >= self._least_w
        if own_w > 0:
            return self._still > 0 and (above or self._hidden)
        flat = len(self._figures_w) == FLAT_READINGS and min(self._figures_w) > HELPS_W
        flat = flat and max(self._figures_w) - min(self._figures_w) < FLAT_W
        self._hidden = flat or (above and self._still >= STILL_READINGS)
        return self._hidden

    def _choose(self, plain_w: float, own_w: float, span_s: float) -> None:
        """Change to the formula under which the sun does not follow the car's draw."""
        if not self._decoder.settled:
            self._minute.reset()
            self._power.reset()
            return
        self._minute.add(self._decoder.solar_w, own_w, span_s)
        self._power.add(plain_w, own_w, span_s)
        if abs(plain_w) > HOUSE_W:
            self.plain = False
        elif self.plain:
            self.plain = not _refuted(self._power, self._minute, STAYS_FOLLOWS, STAYS_LESS)
        elif self._power.weather_w <= ROUGHER * self._minute.weather_w:
            self.plain = _refuted(self._minute, self._power, FOLLOWS, LESS)


def _refuted(used: DrawResponse, other: DrawResponse, follows: float, less: float) -> bool:
    """Return True where the sun of the formula in use follows the draw, and the other's does not.

    *follows* is the least share by which the first does, *less* the most of it that the other may.
    """
    return (
        abs(used.share) > max(follows, SURE * used.error)
        and abs(other.share) < less * abs(used.share)
        and other.error < CLEAR
    )
