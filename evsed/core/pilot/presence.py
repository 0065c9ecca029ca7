# SPDX-License-Identifier: GPL-3.0-or-later
"""The car as the pilot shows it: its settled state, plugged in or not, asking or not."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from evsed.core.pilot import events as ev
from evsed.core.pilot.j1772 import PilotState

if TYPE_CHECKING:
    from evsed.core.pilot.pilot_meter import PilotReading

PLUGGED_AFTER_S = 0.25  # of B, C or D: longer than the bounces of a plug going in
UNPLUGGED_AFTER_S = 0.5  # of A: some cars spike to A for 100 ms when S2 moves
CHATTER_REQUESTS, CHATTER_WITHIN_S = 5, 60.0
# BMW hybrids show 2.7 kilo-ohm about 500 ms after each change of the duty (Tinkerforge's
# evse-v2-bricklet ignores the pilot for 550 ms); this is three times as much.
FLINCH_WITHIN_S = 1.5

LIVE = (PilotState.C, PilotState.D)
PRESENT = (PilotState.B, *LIVE)
WELL = (PilotState.A, PilotState.B)


class Presence:
    """The settled state and what follows from how long it has lasted; `update()` every tick.

    `flinched`: the car opened S2 because the offer had just changed, and has not closed it again.
    `settled` is the agreed state since `settled_at`; `plugged` whether a car is plugged in;
    `needs_b` whether the car has to show A or B before anything closes (after a refused D).
    `left_live`: it is A, and followed C or D without B between. `from_b`: it followed B.
    """

    def __init__(self, now: float) -> None:
        self.settled: PilotState | None = None
        self.settled_at = now
        self.plugged = False
        self.needs_b = False
        self.left_live = False
        self.from_b = False
        self._before_loss: PilotState | None = None  # the last state before the board was lost
        self._present_at: float | None = None
        self._well_at: float | None = now
        self._duty_changed_at = now - FLINCH_WITHIN_S
        self.flinched = False
        self._requests: deque[float] = deque(maxlen=CHATTER_REQUESTS)

    @property
    def present(self) -> bool:
        """True while the settled state is one that only a car can make: B, C or D."""
        return self.settled in PRESENT

    def settled_for_s(self, now: float) -> float:
        """Seconds since the settled state changed."""
        return now - self.settled_at

    def well_for_s(self, now: float) -> float:
        """Seconds of A or B without an anomaly and without a break; 0 where there is none."""
        return 0.0 if self._well_at is None else now - self._well_at

    def gone(self, now: float) -> bool:
        """Return True where A has lasted so long that there is no car."""
        return self.settled is PilotState.A and self.settled_for_s(now) >= UNPLUGGED_AFTER_S

    def restart(self, now: float) -> None:
        """Forget the settled state: the board was lost and is back."""
        self._before_loss = self.settled or self._before_loss
        self.settled = None
        self.settled_at = now

    def update(self, now: float, pilot: PilotReading) -> list[ev.Event]:
        """Follow the *pilot* and return what the car did."""
        events: list[ev.Event] = []
        if pilot.settled is not self.settled:
            events += self._move(now, pilot.settled)
        if self.settled not in WELL or pilot.anomaly is not None or pilot.lost:
            self._well_at = None
        elif self._well_at is None:
            self._well_at = now
        if not self.present:
            self._present_at = None
        elif self._present_at is None:
            self._present_at = now
        elif not self.plugged and now - self._present_at >= PLUGGED_AFTER_S:
            self.plugged = True
            events.append(ev.CarPluggedIn(now))
            if self.settled in LIVE:
                events.append(ev.CarAsked(now))
        if self.plugged and self.gone(now):
            self.plugged = False
            self._requests.clear()
            events.append(ev.CarUnplugged(now))
        return events

    def on_duty_changed(self, now: float) -> None:
        """Note that the offer has just changed: some cars then open S2 for a moment."""
        self._duty_changed_at = now

    def chatters(self, now: float) -> bool:
        """Return True where the car asked five times within a minute; the count then restarts."""
        requests = self._requests
        full = len(requests) == CHATTER_REQUESTS and now - requests[0] <= CHATTER_WITHIN_S
        if full:
            requests.clear()
        return full

    def _move(self, now: float, new: PilotState | None) -> list[ev.Event]:
        """Change the settled state to *new*."""
        old, self._before_loss = self.settled or self._before_loss, None
        self.settled, self.settled_at = new, now
        events: list[ev.Event] = []
        self.left_live = new is PilotState.A and old in LIVE
        self.from_b = old is PilotState.B
        if PilotState.F in (old, new):
            pass  # evsed shows F, or a fault does: it tells nothing of what the car wants
        elif new in LIVE and old not in LIVE:
            if not self.flinched:
                self._requests.append(now)
            self.flinched = False
            if self.plugged:
                events.append(ev.CarAsked(now))
        elif old in LIVE and new not in LIVE and self.plugged:
            self.flinched = now - self._duty_changed_at < FLINCH_WITHIN_S
            events.append(ev.CarFlinched(now) if self.flinched else ev.CarStopped(now))
        if new in WELL:
            self.needs_b = False
        return events
