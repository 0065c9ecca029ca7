# SPDX-License-Identifier: GPL-3.0-or-later
"""Habits of S2: cars that flinch, pause, bounce, signal, or lose the contact for a moment."""

from __future__ import annotations

import math

from evsed.sim.cars.habit import NEARLY_S, CarState, Habit, Since, TrialMoment


class Flinches(Habit):
    """Opens S2 for *for_s*, *after_s* after each change of the offer by *least_a* or more."""

    def __init__(self, after_s: float = 0.45, for_s: float = 0.1, least_a: float = 0.0) -> None:
        self._after_s, self._for_s, self._least_a = after_s, for_s, least_a
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._at, self._last_a = -math.inf, 0.0

    def on_s2(self, now: float, car: CarState, closed: bool) -> bool:  # noqa: FBT001
        """Open S2 after a change of the offer."""
        offer_a, last_a = car.seen.offer_a, self._last_a
        self._last_a = offer_a
        changed = offer_a > 0 and last_a > 0 and offer_a != last_a
        if changed and car.s2_closed and abs(offer_a - last_a) >= self._least_a:
            self._at = now
        since_s = now - self._at + NEARLY_S
        return closed and not self._after_s <= since_s < self._after_s + self._for_s


class Toggles(Habit):
    """Closes S2 for *on_s* and opens it for *off_s* in turn, while it is offered something.

    It gives up after *tries* of them; *from_wh* taken, it begins with that (0: at once).
    """

    def __init__(
        self, on_s: float, off_s: float, *, tries: float = math.inf, from_wh: float = 0.0
    ) -> None:
        self._on_s, self._off_s, self._tries, self._from_wh = on_s, off_s, tries, from_wh
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._offered = Since()

    def on_s2(self, now: float, car: CarState, closed: bool) -> bool:  # noqa: FBT001
        """Close and open S2 in turn."""
        if car.charged_wh < self._from_wh:
            return closed
        offered_s = self._offered.update(now, true=car.seen.offer_a > 0)
        if car.seen.offer_a <= 0:
            return closed
        turn, within_s = divmod(offered_s + NEARLY_S, self._on_s + self._off_s)
        return turn < self._tries and within_s < self._on_s

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Return the current while S2 is closed; none after the last try."""
        if self._from_wh:
            return current_a if moment.taken_wh < self._from_wh else 0.0
        turn, within_s = divmod(moment.run_s + NEARLY_S, self._on_s + self._off_s)
        return current_a if turn < self._tries and within_s < self._on_s else 0.0


class Rests(Habit):
    """Pauses for *for_s* in every *every_s* of charging, of its own accord."""

    def __init__(self, every_s: float = 600.0, for_s: float = 30.0) -> None:
        self._every_s, self._for_s = every_s, for_s

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """Read no offer during a pause."""
        del now
        within_s = math.fmod(car.plugged_for_s, self._every_s)
        return 0.0 if within_s >= self._every_s - self._for_s else offer_a

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Take nothing during a pause."""
        within_s = math.fmod(moment.at_s, self._every_s)
        return 0.0 if within_s >= self._every_s - self._for_s else current_a


class Signals(Habit):
    """Closes S2 for the *spans* (seconds from the offer on), then for good: B-C-B and the like."""

    def __init__(self, spans: tuple[tuple[float, float], ...], then_s: float) -> None:
        self._spans, self._then_s = spans, then_s
        self.begins_s = then_s
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._offered = Since()

    def on_s2(self, now: float, car: CarState, closed: bool) -> bool:  # noqa: FBT001
        """Close S2 during the spans."""
        offered_s = self._offered.update(now, true=car.seen.offer_a > 0) + NEARLY_S
        if car.seen.offer_a <= 0:
            return closed
        if offered_s >= self._then_s:
            return closed
        return any(start_s <= offered_s < end_s for start_s, end_s in self._spans)


class SpikesToA(Habit):
    """Shows A for *for_s* when S2 has just closed (*on_close*) or opened."""

    def __init__(self, for_s: float = 0.1, *, on_close: bool = True) -> None:
        self._for_s, self._on_close = for_s, on_close
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._closed, self._until = False, -math.inf

    def on_load(self, now: float, car: CarState, touching: bool) -> bool:  # noqa: FBT001
        """Lose the contact for a moment."""
        moved, self._closed = car.s2_closed != self._closed, car.s2_closed
        if moved and car.s2_closed == self._on_close:
            self._until = now + self._for_s
        return touching and now + NEARLY_S >= self._until


class LosesContact(Habit):
    """Shows A for *for_s*, *at_s* after the plug went in and every *every_s* from then on."""

    def __init__(self, at_s: float, for_s: float, every_s: float = math.inf) -> None:
        self._at_s, self._for_s, self._every_s = at_s, for_s, every_s

    def on_contact(self, now: float, car: CarState, touching: bool) -> bool:  # noqa: FBT001
        """Lose the contact for a moment."""
        del now
        since_s = car.plugged_for_s - self._at_s + NEARLY_S
        away = since_s >= 0 and math.fmod(since_s, self._every_s) < self._for_s
        return touching and not away
