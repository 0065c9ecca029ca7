# SPDX-License-Identifier: GPL-3.0-or-later
"""Habits of stopping: cars that give up, want a pause of a certain kind, or cannot let go."""

from __future__ import annotations

import math

from evsed.sim.cars.habit import CarState, Habit, Signal, Since


class GivesUp(Habit):
    """Begins no more after *after* interruptions of its charge by the station.

    *forgets_on*: a signal that makes it forget them (seen for 2.5 s); the plug always does.
    """

    def __init__(self, after: int, *, forgets_on: tuple[Signal, ...] = ()) -> None:
        self._after, self._forgets_on = after, forgets_on
        if not forgets_on:
            self.most_runs = after
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self.interruptions = 0
        self._offered = False
        self._called = Since()

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing once it has had enough."""
        offered = car.seen.offer_a > 0
        if self._offered and not offered and car.s2_closed:
            self.interruptions += 1
        self._offered = offered
        if self._called.update(now, true=car.seen.signal in self._forgets_on) >= 2.5:  # noqa: PLR2004 - as `Sleeps`
            self.interruptions = 0
        return offer_a if self.interruptions < self._after else 0.0


class HatesShortPause(Habit):
    """Faults, until it is unplugged, where an offer returns less than *least_s* after it ended."""

    def __init__(self, least_s: float = 60.0) -> None:
        self._least_s = least_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._ended_at = math.nan
        self._offered = self.faulted = False

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing after too short a pause."""
        offered = car.seen.offer_a > 0
        if self._offered and not offered and (car.s2_closed or car.charged_wh > 0):
            self._ended_at = now
        if offered and not self._offered and now - self._ended_at < self._least_s:
            self.faulted = True
        self._offered = offered
        return 0.0 if self.faulted else offer_a


class HatesEarlyEnd(Habit):
    """Needs *slow_s* to begin, and faults until unplugged where the offer ends before that."""

    def __init__(self, slow_s: float = 60.0) -> None:
        self.begins_s = slow_s / 2
        self._slow_s = slow_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._offered = Since()
        self._offered_s = 0.0
        self.faulted = False

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing after an offer that ended too early."""
        before_s = self._offered_s
        self._offered_s = self._offered.update(now, true=car.seen.offer_a > 0)
        if before_s > 0 and self._offered_s <= 0 and before_s < self._slow_s:
            self.faulted = True
        return 0.0 if self.faulted else offer_a

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Nothing in the first half, then all of it."""
        del now, car
        return current_a if self._offered_s >= self.begins_s else 0.0


class HoldsOn(Habit):
    """Keeps S2 closed for *for_s* after the offer ended; state F makes it let go.

    It draws nothing then, unless *draws* is set: such a car goes on with the current it had.
    """

    def __init__(self, for_s: float = math.inf, *, draws: bool = False) -> None:
        self._for_s, self._draws = for_s, draws
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._alone = Since()
        self._last_a = 0.0

    def on_s2(self, now: float, car: CarState, closed: bool) -> bool:  # noqa: FBT001
        """Closed for longer."""
        without = car.seen.offer_a <= 0
        alone_s = self._alone.update(now, true=without)
        if car.seen.signal is Signal.NOT_AVAILABLE:
            return False
        return closed or (car.s2_closed and without and alone_s < self._for_s)

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Return the current that it had."""
        del now
        if car.seen.offer_a > 0:
            self._last_a = current_a
        elif self._draws:
            return self._last_a
        return current_a
