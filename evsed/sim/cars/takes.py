# SPDX-License-Identifier: GPL-3.0-or-later
"""Habits of taking: more or less than is offered, late, in steps, or nothing at all."""

from __future__ import annotations

import math
from collections import deque

from evsed.sim.cars.habit import NEARLY_S, CarState, Habit, Since, TrialMoment


class TakesMore(Habit):
    """Takes *plus_a* more than it is offered, and *share* of it."""

    def __init__(self, plus_a: float = 0.0, share: float = 1.0) -> None:
        self._plus_a, self._share = plus_a, share

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Take *plus_a* more; less where that is negative."""
        del now, car
        return max(0.0, current_a * self._share + self._plus_a) if current_a > 0 else 0.0

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Take less where the car does; more than is offered is no solar power."""
        del moment
        return max(0.0, min(current_a, current_a * self._share + self._plus_a))


class ReadsLess(Habit):
    """Reads *less_a* less than is offered, and nothing where that leaves less than 6 A."""

    def __init__(self, less_a: float = 3.0) -> None:
        self._less_a = less_a
        self.least_a = 6.0 + less_a

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Read *less_a* less."""
        del now, car
        return offer_a - self._less_a if offer_a >= self.least_a - 0.05 else 0.0

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Take *less_a* less."""
        del moment
        return max(0.0, current_a - self._less_a)


class Steps(Habit):
    """Takes a multiple of *step_a*, rounded down."""

    def __init__(self, step_a: float = 1.0) -> None:
        self._step_a = step_a

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Round down to a step."""
        del now, car
        return math.floor(current_a / self._step_a + NEARLY_S) * self._step_a

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Round down to a step."""
        del moment
        return math.floor(current_a / self._step_a + NEARLY_S) * self._step_a


class FollowsLate(Habit):
    """Follows a fall of the offer only *late_s* after it."""

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._past: deque[tuple[float, float]] = deque()

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Take the highest current of the last *late_s*."""
        del car
        while self._past and self._past[-1][1] <= current_a:
            self._past.pop()
        self._past.append((now, current_a))
        while self._past[0][0] <= now - self._late_s:
            self._past.popleft()
        return self._past[0][1] if current_a > 0 else 0.0


class TakesNothing(Habit):
    """Keeps S2 closed and takes *idle_a*, from *from_s* to *until_s* after its first current.

    With *over_s* it tapers to that from *from_s* on instead of dropping at once.
    """

    def __init__(
        self,
        idle_a: float = 0.0,
        from_s: float = 0.0,
        until_s: float = math.inf,
        over_s: float = 0.0,
    ) -> None:
        self._idle_a, self._from_s = idle_a, from_s
        self._until_s, self._over_s = until_s, over_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._begun_at = math.nan

    def _most_a(self, since_s: float, current_a: float) -> float:
        if not self._from_s <= since_s < self._until_s:
            return current_a
        done = 1.0 if not self._over_s else min(1.0, (since_s - self._from_s) / self._over_s)
        return min(current_a, self._idle_a + (1.0 - done) * max(0.0, 16.0 - self._idle_a))

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Take *idle_a* while the car idles."""
        del car
        if math.isnan(self._begun_at):
            self._begun_at = now
        return self._most_a(now - self._begun_at, current_a)

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Take *idle_a* while the car idles."""
        return self._most_a(moment.first_s, current_a)


class SecondModule(Habit):
    """Takes *first_a*; more only after it was offered more than that for *after_s*."""

    def __init__(self, first_a: float = 16.0, after_s: float = 180.0) -> None:
        self._first_a, self._after_s = first_a, after_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._more = Since()

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Take the current of one module, or of both."""
        del car
        more_s = self._more.update(now, true=current_a > self._first_a + 0.5)
        return current_a if more_s >= self._after_s else min(self._first_a, current_a)


class Derates(Habit):
    """Takes *share* of its current after *after_s* of charging, until it is plugged in again."""

    def __init__(self, after_s: float = 1200.0, share: float = 0.75) -> None:
        self._after_s, self._share = after_s, share
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._drawing = Since()
        self._derated = False

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Take *share* of the current once *after_s* are over."""
        self._derated |= self._drawing.update(now, true=car.drawn_a > 0) >= self._after_s
        return current_a * self._share if self._derated else current_a

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Take *share* of the current once *after_s* are over."""
        return current_a * (self._share if moment.first_s >= self._after_s else 1.0)
