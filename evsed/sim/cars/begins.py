# SPDX-License-Identifier: GPL-3.0-or-later
"""Habits of beginning: the least current, waiting, sleeping, being fussy about the first minute."""

from __future__ import annotations

import math

from evsed.sim.cars.habit import CarState, Habit, Signal, Since


class NeedsLeastCurrent(Habit):
    """Does not charge below *least_a*.

    Either leaves S2 open (*tries_s* 0), or closes it, gives up after *tries_s*, and tries again
    *again_s* later. Below *keeps_a* a charge under way ends, too (as a rule the same current).
    """

    def __init__(
        self, least_a: float, *, tries_s: float = 0.0, again_s: float = 15.0, keeps_a: float = 0.0
    ) -> None:
        self.least_a = least_a
        self._keeps_a = keeps_a or least_a - 0.5
        self._tries_s, self._again_s = tries_s, again_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._low = Since()
        self._rests_until = -math.inf

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing below the least current, or for a moment only."""
        if now < self._rests_until:
            return 0.0
        enough_a = self._keeps_a if car.s2_closed else self.least_a - 0.05
        too_low = 0.0 < offer_a < enough_a
        low_s = self._low.update(now, true=too_low and (car.s2_closed or self._tries_s == 0))
        if not too_low:
            return offer_a
        if self._tries_s == 0:
            return 0.0
        if low_s >= self._tries_s:
            self._rests_until = now + self._again_s
            return 0.0
        return offer_a


class PoorBelow(Habit):
    """Takes *share* of what it is offered below *full_a* (a power factor), all of it from there."""

    def __init__(self, full_a: float, share: float) -> None:
        self.least_a = full_a
        self._full_a, self._share = full_a, share

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """A part of it."""
        del now, car
        return current_a if current_a >= self._full_a - 0.05 else self._share * current_a


class Begins(Habit):
    """Closes S2 only *after_s* from the offer on."""

    def __init__(self, after_s: float) -> None:
        self.begins_s = after_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._offered = Since()

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing for a while."""
        waited_s = self._offered.update(now, true=offer_a > 0)
        return offer_a if car.s2_closed or waited_s >= self.begins_s else 0.0


class DrawsLate(Habit):
    """Closes S2 at once and draws only *after_s* later."""

    def __init__(self, after_s: float) -> None:
        self.begins_s = after_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._closed = Since()

    def on_s2(self, now: float, car: CarState, closed: bool) -> bool:  # noqa: FBT001
        """As it is; this only counts the time."""
        del car
        self._closed_s = self._closed.update(now, true=closed)
        return closed

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """Nothing for a while."""
        del now, car
        return current_a if self._closed_s >= self.begins_s else 0.0


class Sleeps(Habit):
    """Falls asleep *after_s* without an offer (or, *only_fresh*, only before its first charge).

    One of *wakes_on*, seen for *for_s* without a break, wakes it; so do the owner (`wake()`) and
    the plug. It then needs *tries* of them in all. *only_steady*: only +12 V puts it to sleep.
    """

    def __init__(
        self,
        after_s: float,
        *,
        wakes_on: tuple[Signal, ...] = (Signal.NOT_AVAILABLE, Signal.NONE),
        for_s: float = 2.5,
        tries: int = 1,
        only_fresh: bool = False,
        only_steady: bool = False,
    ) -> None:
        self._after_s, self._wakes_on, self._for_s = after_s, wakes_on, for_s
        self._tries, self._only_fresh, self._only_steady = tries, only_fresh, only_steady
        self.restart()

    def restart(self) -> None:
        """Awake: the plug has just gone in."""
        self._idle, self._called = Since(), Since()
        self._calls, self._counted = 0, False
        self.asleep = False

    def wake(self) -> None:
        """Press the car's key."""
        self.asleep, self._calls = False, 0
        self._idle = Since()

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing while it sleeps."""
        fresh = car.charged_wh <= 0 or not self._only_fresh
        fresh = fresh and (not self._only_steady or car.seen.signal is Signal.STEADY)
        idle_s = self._idle.update(now, true=fresh and offer_a <= 0 and not car.s2_closed)
        called_s = self._called.update(now, true=car.seen.signal in self._wakes_on)
        if called_s >= self._for_s and not self._counted:
            self._counted = True
            self._calls += self.asleep
            if self._calls >= self._tries:
                self.wake()
        elif called_s <= 0:
            self._counted = False
        if idle_s >= self._after_s:
            self.asleep = True
        return 0.0 if self.asleep else offer_a


class NeedsWelcome(Habit):
    """Faults, until it is unplugged, where *for_s* pass without an offer.

    *once*: only before its first charge.
    """

    def __init__(self, for_s: float, *, once: bool = True) -> None:
        self._for_s, self._once = for_s, once
        self.restart()

    def restart(self) -> None:
        """The plug has just gone in."""
        self._idle = Since()
        self.faulted = False

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing after it was left waiting."""
        waits = offer_a <= 0 and not (self._once and car.charged_wh > 0)
        if self._idle.update(now, true=waits) >= self._for_s:
            self.faulted = True
        return 0.0 if self.faulted else offer_a


class BreaksOffHigh(Habit):
    """Breaks off where it is offered more than *most_a* within *first_s* of beginning.

    It tries again after *rest_s*.
    """

    def __init__(self, most_a: float = 8.5, first_s: float = 5.0, rest_s: float = 40.0) -> None:
        self._most_a, self._first_s, self._rest_s = most_a, first_s, rest_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._running = Since()
        self._rests_until = -math.inf

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Nothing after it broke off."""
        ran_s = self._running.update(now, true=car.s2_closed and car.mains)
        if car.s2_closed and car.mains and ran_s < self._first_s and offer_a > self._most_a:
            self._rests_until = now + self._rest_s
        return 0.0 if now < self._rests_until else offer_a
