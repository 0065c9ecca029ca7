# SPDX-License-Identifier: GPL-3.0-or-later
"""The pilot that evsed generates: steady +12 V (x1), PWM (x2), or F for a fault."""

from __future__ import annotations

from evsed.core.pilot import causes, j1772
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause, Reason
from evsed.core.text import text

PAUSE_F_S = 60.0
"""F in a pause lasts this long, in seconds; then x1, in which the pilot shows the car."""

CP_SETTLES_S = 0.2
"""A relay in the pilot's line has closed, and the meter has settled, this long after its order: a
G5V-1 lets go within 2.5 ms, and a state settles in two bursts."""

SHOWS_F = Reason(causes.HOLD_OFF, text("the pilot shows F for a fault that has ended"))


class PilotOutput:
    """The duty on the wire and the times between its changes.

    x1 lasts at least 3 s before a new x2, and longer where a charge was interrupted and the car
    needs that (`lengthen_pause()`); rises of the duty are 5 s apart; falls are immediate.
    """

    def __init__(self, now: float) -> None:
        self.duty = j1772.STEADY
        self._x1_at: float | None = now  # None while PWM is on the wire
        self.pause_s = j1772.X1_MIN_S
        self._raised_at = now
        self.withdrawn: Cause | None = None  # since the last offer
        self._f_until_at = now
        self.f_reason = SHOWS_F
        self.pauses = False  # F is on the wire as a pause
        self._cp_until_at = now - CP_SETTLES_S  # the line is open until then

    @property
    def offering(self) -> bool:
        """True while PWM offers current to the car."""
        return self._x1_at is None

    def x1_for_s(self, now: float) -> float:
        """Seconds since the offer ended; 0 while one stands."""
        return 0.0 if self._x1_at is None else now - self._x1_at

    def x1_left_s(self, now: float) -> float:
        """Seconds until a new offer may be made; x1 begins when F ends."""
        if self.duty == j1772.NOT_AVAILABLE:
            return j1772.X1_MIN_S
        if self._x1_at is None:
            return 0.0
        pause_left_s = self._x1_at + self.pause_s - now
        return max(pause_left_s, self._cp_until_at + j1772.X1_MIN_S - now)

    def shows_f(self, now: float) -> bool:
        """Return True where F is to be on the wire at *now*."""
        return now < self._f_until_at

    def show_f(self, now: float, for_s: float = j1772.F_MIN_S, reason: Reason = SHOWS_F) -> None:
        """Put F on the wire, for 300 ms so that the car knows of a fault; x1 follows."""
        self._f_until_at = now + for_s
        self.f_reason = reason
        self.pauses = False

    def open_cp(self, now: float, for_s: float) -> None:
        """Open the pilot's line for so many seconds; x1 goes on for 3 s after it."""
        self._cp_until_at = now + for_s

    def close_cp(self, now: float) -> None:
        """Close the pilot's line at *now*, where it is open."""
        self._cp_until_at = min(self._cp_until_at, now)

    def cp_open(self, now: float) -> bool:
        """Return True where the pilot's line is to be open at *now*."""
        return now < self._cp_until_at

    def cp_hides(self, now: float) -> bool:
        """Return True where the reading tells nothing of the car: its line is open, or just was."""
        return now < self._cp_until_at + CP_SETTLES_S

    def pause(self, now: float, reason: Reason) -> None:
        """Put F on the wire for a minute of a pause; x1 follows."""
        self.show_f(now, PAUSE_F_S, reason)
        self.pauses = True

    def end_pause(self, now: float) -> None:
        """End the F of a pause; x1 follows."""
        self._f_until_at = now

    def paused_for_s(self, now: float) -> float:
        """Return for how long F has been shown as a pause, in seconds, while it is."""
        return now - self._f_until_at + PAUSE_F_S

    def lengthen_pause(self, least_s: float) -> None:
        """Make the pause that has just begun last at least *least_s*."""
        self.pause_s = max(self.pause_s, least_s)

    def restart(self, now: float) -> None:
        """Begin with steady +12 V: the board was lost and is back."""
        self.duty = j1772.STEADY
        if self._x1_at is None:
            self.withdrawn = causes.BOARD_LOST
        self._x1_at = now

    def update(self, now: float, offered_a: float, reason: Reason) -> list[ev.Event]:
        """Offer *offered_a* amperes, or none because of *reason*, and return what changed."""
        if self.shows_f(now):
            self.duty = j1772.NOT_AVAILABLE
            return self._withdraw(now, reason)
        if self.duty == j1772.NOT_AVAILABLE:
            self.pause_s = max(j1772.X1_MIN_S, self.pause_s - self.x1_for_s(now))
            self._x1_at, self.pauses = now, False
        wanted = j1772.duty_for_current(offered_a)
        if wanted == j1772.STEADY:
            self.duty = j1772.STEADY
            return self._withdraw(now, reason)
        if self._x1_at is not None:
            self._x1_at = None
            self.withdrawn = None
            self._raised_at = now
            self.duty = wanted
            return [ev.OfferMade(now, j1772.current_for_duty(wanted))]
        if wanted < self.duty:
            self.duty = wanted
        elif wanted > self.duty and now - self._raised_at >= j1772.RISE_EVERY_S:
            self._raised_at = now
            self.duty = wanted
        return []

    def _withdraw(self, now: float, reason: Reason) -> list[ev.Event]:
        if self._x1_at is not None:
            return []
        self._x1_at = now
        self.pause_s = j1772.X1_MIN_S
        self.withdrawn = reason.cause
        return [ev.OfferWithdrawn(now, reason.cause, reason.why)]
