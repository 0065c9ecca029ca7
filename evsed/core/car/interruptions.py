# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the interruptions of a charge by the station, and learns how many of them a car bears."""

from __future__ import annotations

GAVE_UP_S = 900.0
"""A car that leaves offers untaken for this long after an interruption, and through a try to wake
it, has given up."""


class Interruptions:
    """One box for all stays: what was learned in one stay counts in the next.

    `count` is that of this stay. *limit*: the number that the owner set; 0 where none is set.
    """

    def __init__(self, limit: int) -> None:
        self.count = 0
        self.learned: int | None = None
        self._limit = limit
        self._gave_up = False
        self._untaken_s = 0.0
        self._at: float | None = None

    @property
    def most(self) -> int | None:
        """The interruptions that the car bears; None where that is not known."""
        return self._limit or self.learned

    @property
    def spent(self) -> bool:
        """True once the car bears no further interruption."""
        return self.most is not None and self.count >= self.most

    @property
    def gave_up(self) -> bool:
        """True while the car has not begun again since the last interruption."""
        return self._gave_up

    def on_interrupted(self) -> None:
        """Count one: the offer ended while the car was charging."""
        self.count += 1
        self._untaken_s = 0.0

    def on_unplugged(self) -> None:
        """Begin a new stay; a car that gave up and begins again now has shown its limit."""
        if self._gave_up and self.count > 0:
            count = max(1, self.count - 1)
            self.learned = count if self.learned is None else min(self.learned, count)
        self.count, self._gave_up, self._untaken_s, self._at = 0, False, 0.0, None

    def update(self, now: float, *, offered: bool, asks: bool, called: bool) -> None:
        """Watch the car at *now*; *called*: it was tried to wake it since it last asked."""
        passed_s = 0.0 if self._at is None else now - self._at
        self._at = now
        if asks:
            self._gave_up, self._untaken_s = False, 0.0
        elif offered and self.count:
            self._untaken_s += passed_s
            self._gave_up = called and self._untaken_s >= GAVE_UP_S
