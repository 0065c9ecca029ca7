# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides when a car that leaves its offer untaken is woken, and how (IEC 61851-1 A.5.3).

It is called by state F. Where the box can open the pilot's line, F alone is followed by that, for
cars that F does not wake (Tinkerforge/evse-v2-bricklet opens the line for 4 s, then for 30 s).

A car that has ended its charge by itself is full, as far as anyone can tell, and is not woken: it
opened S2 under an offer and left that offer alone for `FINISHED_S`. A car whose charge was ended
by the station, or that has not charged yet, may be asleep.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST_S = 180.0
"""An offer stands untaken for this long before the first try: a minute at the least current, and
two minutes at what is spare. EVerest waits 30 s; WARP 90 s, because 30 s were too short."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: so long after the one before, the pilot's line open for `open_s`; 0: by F."""

    after_s: float = 0.0
    open_s: float = 0.0


BY_F = (Call(), Call(600.0), Call(1800.0), Call(3600.0))
"""The calls, and the pauses before them; then no more until the car has charged or is unplugged."""

BY_F_OR_OPEN = (
    *(Call(), Call(60.0, 4.0)),
    *(Call(600.0), Call(60.0, 30.0)),
    *(Call(1800.0), Call(60.0, 30.0)),
    *(Call(3600.0), Call(60.0, 30.0)),
)
"""The same with the relay: a minute after each F, which such a car has left, the line is opened."""

SLOW_SHARE = 1.5
"""A car that needed some time to begin once is left so many times as much."""

KNOWN_S = 20.0
"""A car that a try has woken once is woken this soon the next time ..."""

KNOWN_AGAIN_S = 60.0
"""... and as often as it took then, with this pause."""

ALWAYS = 2
"""A car that began only when it was called, in so many offers in a row, is called at once."""

FINISHED_S = 300.0
"""A car that opened S2 under an offer and left it for this long has finished."""


class WakeUp:
    """Watches one stay of a car; `update()` about once a second.

    `tries` counts the tries since the car last charged, `next_s` the seconds until the next (None:
    there will be none). *first*: every offer begins with a call. Some cars take no offer that
    follows steady +12 V (OpenEVSE/openevse_esp32_firmware#333). *relay*: the box can open the
    pilot's line.
    """

    def __init__(self, *, first: bool = False, relay: bool = False) -> None:
        self._first = first
        self._calls = BY_F_OR_OPEN if relay else BY_F
        self.tries = 0
        self.next_s: float | None = None
        self.finished = False
        self._offered_at: float | None = None
        self._ended_at: float | None = None
        self._tried_at = -math.inf
        self._begins_s = 0.0
        self._needed = self._woken = 0
        self._asks = False

    @property
    def asleep(self) -> bool:
        """True while the car has been called and has not begun since."""
        return self.tries > 0

    @property
    def call(self) -> Call:
        """The next call, or the last where there will be none."""
        return self._calls[min(self.tries, len(self._calls) - 1)]

    def update(self, now: float, *, offered: bool, asks: bool, holds: bool) -> bool:
        """Return whether to wake the car at *now*.

        It is *offered* current or not, *asks* for it or not; the offer *holds* where the sun (or
        whatever else allows it) covers it now.
        """
        if asks:
            self._on_asks(now)
        elif self._asks and offered:
            self._ended_at = now
        if not offered:
            self._offered_at = None
        elif self._offered_at is None:
            self._offered_at, self._ended_at = now, None
        self._asks = asks
        if self._ended_at is not None and now - self._ended_at >= FINISHED_S and offered:
            self.finished = True
        due_at = self._due_at()
        waits = offered and not asks and not self.finished and self._ended_at is None
        self.next_s = max(0.0, due_at - now) if waits and due_at is not None else None
        return self.next_s == 0.0 and holds

    def on_woken(self, now: float) -> None:
        """Note that the car was called; the offer that comes back is the same one."""
        self.tries += 1
        self._tried_at = now

    def _on_asks(self, now: float) -> None:
        if not self._asks and self._offered_at is not None:
            if self.tries:
                self._needed = self.tries
                self._woken += 1
            else:
                self._woken = 0
                self._begins_s = max(self._begins_s, now - self._offered_at)
        self.tries = 0
        self.finished = False
        self._ended_at = None

    def _due_at(self) -> float | None:
        """The moment of the next try; None where no more are made."""
        if self._offered_at is None:
            return None
        first_s = KNOWN_S if self._needed else max(FIRST_S, SLOW_SHARE * self._begins_s)
        if self.tries == 0:
            at_once = self._first or self._woken >= ALWAYS
            return self._offered_at + (0.0 if at_once else first_s)
        if self.tries < self._needed:
            return self._tried_at + KNOWN_AGAIN_S
        if self.tries >= len(self._calls):
            return None
        return self._tried_at + self.call.after_s
