# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds sun that a full battery hides, because its panels are throttled to what is used."""

from __future__ import annotations

from typing import Final

from evsed.core.solar.battery_monitor import Spare

HELPS_W: Final = -50.0
"""A full battery that gives more than this helps out, so nothing is throttled; in watts."""

FIRST_STEP_W: Final = 90.0
"""The first step beyond what is seen, in watts."""

ANSWERED_W: Final = 45.0
"""The car has answered a step when it draws what was asked less this, in watts: half a first step,
and more than the offer is rounded by."""

MOST_SHARE: Final = 1.09
"""The largest step as a share of the least power: 1.5 kW where that is 6 A at 230 V."""

REST_READINGS: Final = 35.0
"""After a run that met no sun at all, the next is not tried for so many readings."""

VAIN_SHARE: Final = 0.5
"""A run that met less than this share of the least power was in vain; each such run in a row
doubles the wait before the next ..."""

VAIN_MOST: Final = 3
"""... but no more often than this: eight times 35 minutes is a winter's day."""


BRIGHT_SHARE: Final = 0.8
"""A battery that takes this share of the least power or more after a run shows a sun that is worth
another run: a run starts on as much."""


class BatteryProbe:
    """Asks for more than is seen while a full battery may be hiding sun.

    With the battery full the surplus reads 0 for any amount of sun. So the probe asks for the least
    that starts a car, then for steps that double while the battery need not help. After the battery
    had to help, the steps start again. A run that ended has shown how much sun there is; the less
    sun, the longer the next run is put off. What the battery takes afterwards shows it, too: a run
    that ended under a cloud is no sign of a dark afternoon once the battery takes much again.
    """

    __slots__ = ("_asked_w", "_in_vain", "_rest", "_seen_w", "_step_w", "least_w")

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self.least_w = least_w
        self._step_w = FIRST_STEP_W
        self._asked_w = 0.0
        self._rest = 0.0
        self._in_vain = 0
        self._seen_w: float | None = None

    def update(self, excess_w: float, own_w: float, *, full: bool) -> Spare:
        """Add one reading of plain power; `full` where the battery may be throttling the panels."""
        solar_w = excess_w + own_w
        self._rest = max(0.0, self._rest - 1)
        if own_w > 0:
            self._seen_w = solar_w
        else:
            if self._seen_w is not None:
                self._end_run(1 - max(0.0, self._seen_w) / self.least_w)
            self._shorten_rest(1 - max(0.0, solar_w) / self.least_w)
        if not full or excess_w <= HELPS_W:
            self._step_w, self._asked_w = FIRST_STEP_W, 0.0
            return Spare(solar_w)
        if own_w <= 0:
            self._asked_w = 0.0
            return Spare(solar_w, 0.0 if self._rest > 0 else max(0.0, self.least_w - solar_w))
        if own_w + ANSWERED_W < self._asked_w:
            # A late feed has not seen the car answer the last step: no evidence for a next one.
            return Spare(solar_w, max(0.0, self._asked_w - solar_w))
        step_w, self._step_w = self._step_w, min(MOST_SHARE * self.least_w, 2 * self._step_w)
        self._asked_w = solar_w + step_w
        return Spare(solar_w, step_w)

    def _end_run(self, lacking: float) -> None:
        """Put off the next run; `lacking` is the share of the least power that was not there."""
        vain = lacking > 1 - VAIN_SHARE
        self._rest = _rest_readings(lacking) * 2 ** (self._in_vain if vain else 0)
        self._in_vain = min(VAIN_MOST, self._in_vain + 1) if vain else 0
        self._seen_w = None

    def _shorten_rest(self, lacking: float) -> None:
        """Wait no longer than after a run that met what the battery takes now."""
        if lacking <= 1 - BRIGHT_SHARE:
            self._rest = min(self._rest, _rest_readings(lacking))
            self._in_vain = 0


def _rest_readings(lacking: float) -> float:
    """Return for how many readings the next run is put off; `lacking` as in `_end_run`."""
    return REST_READINGS * max(0.25, lacking)
