# SPDX-License-Identifier: GPL-3.0-or-later
"""The expected end of a charge: by its own limit, by the weekly window, or as usual.

The energy that is usual is the median of the last charges that the car itself ended. All that is
expected supposes that the power stays as it is, so the power is the mean of the last minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import exp
from statistics import median
from typing import TYPE_CHECKING, Final

from evsed.core.energy.sessions import EndReason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from evsed.core.energy.sessions import SessionRecord
    from evsed.core.user.controls import Controls

MEAN_OF_S: Final = 300.0
"""Time constant of the mean power: a cloud of a minute moves the end little, a new mode soon."""
HABIT_OF: Final = 10  # charges from which a habit is learned, at most
HABIT_LEAST: Final = 3  # fewer are no habit
FULL_LEAST_WH: Final = 500.0  # a car that stops after less was full already
LONGEST_S: Final = 48 * 3600.0  # an end further away is not worth showing


class EndBy(Enum):
    """The cause of an expected end; the value is the word in JSON."""

    SESSION = "session_limit"
    SCHEDULE = "schedule"
    HABIT = "habit"


@dataclass(frozen=True, slots=True)
class ExpectedEnd:
    """The charge is expected to end in `left_s` seconds, because of `by`."""

    left_s: float
    by: EndBy


class MeanPower:
    """The mean power of the last minutes while current flows."""

    def __init__(self) -> None:
        self._mean_w: float | None = None
        self._at = 0.0

    def update(self, now: float, power_w: float) -> float:
        """Return the mean at *now* (monotonic seconds), watts; 0 while no power flows."""
        if power_w <= 0:
            self._mean_w = None
            return 0.0
        if self._mean_w is None:
            self._mean_w = power_w
        else:
            weight = 1 - exp(-max(0.0, now - self._at) / MEAN_OF_S)
            self._mean_w += weight * (power_w - self._mean_w)
        self._at = now
        return self._mean_w


def usual_wh(sessions: Iterable[SessionRecord]) -> float | None:
    """Return the energy of a usual charge, of *sessions*, the newest first; None without a habit.

    Only charges that the car itself ended count: the others say nothing of what it needs.
    """
    full = [
        session.energy_wh
        for session in sessions
        if session.reason is EndReason.CAR and session.energy_wh >= FULL_LEAST_WH
    ][:HABIT_OF]
    return median(full) if len(full) >= HABIT_LEAST else None


def expected_end(
    controls: Controls,
    session: SessionRecord,
    power_w: float,
    habit_wh: float | None,
    local: datetime,
) -> ExpectedEnd | None:
    """Return the first expected end of *session*, which charges with a mean of *power_w* watts.

    *habit_wh* is `usual_wh()`; *local* is the wall-clock time, with its zone. None where nothing
    ends the charge within two days.
    """
    if power_w <= 0:
        return None
    ends = []
    if controls.session_kwh is not None:
        left_wh = controls.session_kwh * 1000 - session.energy_wh
        ends.append(ExpectedEnd(left_wh / power_w * 3600, EndBy.SESSION))
    if controls.session_h is not None:
        ends.append(ExpectedEnd(controls.session_h * 3600 - session.charge_s, EndBy.SESSION))
    if controls.window is not None:
        closes_in_s = controls.window.closes_in_s(local)
        if closes_in_s is not None:
            ends.append(ExpectedEnd(closes_in_s, EndBy.SCHEDULE))
    if habit_wh is not None and habit_wh > session.energy_wh:
        left_s = (habit_wh - session.energy_wh) / power_w * 3600
        ends.append(ExpectedEnd(left_s, EndBy.HABIT))
    possible = [end for end in ends if 0 <= end.left_s <= LONGEST_S]
    return min(possible, key=lambda end: end.left_s, default=None)
