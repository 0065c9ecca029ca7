# SPDX-License-Identifier: GPL-3.0-or-later
"""The beats of the charge pump: from the command to close until just after the command to open.

With no car neither of the coil's two switches is on, so one that is shorted leaves nothing live.

With mirror contacts the beats go on for 40 or 60 ms after the GPIO went off, so that the contacts
show whether the GPIO opens them (see `contactors`). 40 ms of detection, these 60, the pump's 148
(`hw/results.toml`) and a contactor's 50 are 298 ms in which a GPIO that no longer opens keeps a
plug live. Without mirror contacts they end with the command.

Each half of the pump holds at one level of the heartbeat pin only, so the pin rests low and high in
turn: the test of the next closing is made at the other level.
"""

from __future__ import annotations

TRAIL = (3, 4)  # beats after the command to open, of 20 ms, the first at once


class ChargePump:
    """`update()` every tick. `high` is the level of the heartbeat pin, low when a board opens."""

    def __init__(self, *, mirrored: bool) -> None:
        self._mirrored = mirrored
        self._closed = False
        self.high = False
        self._next_rest_high = True
        self._left = 0
        self._beating = False

    def restart(self) -> None:
        """Start again with the pin low: the board was lost and is back."""
        self.high = self._beating = self._closed = False
        self._left = 0

    def update(self, *, closed: bool, withheld: bool) -> bool:
        """Return whether to beat the pump in this tick.

        *closed*: the contactor is commanded to close. *withheld*: whatever it is, no beats.
        """
        begins = closed and not self._closed
        self._closed = closed
        if withheld or (begins and self._mirrored):  # a closing begins with the pump's test
            beats = False
            self._left = 0
        elif closed:
            beats = True
            self._left = TRAIL[1] if self._mirrored else 0
        else:
            fewest_done = self._left <= TRAIL[1] - TRAIL[0]
            beats = self._left > 0 and not (fewest_done and self.high is self._next_rest_high)
            self._left = self._left - 1 if beats else 0
        if beats:
            self.high = not self.high
        elif self._beating:
            self._next_rest_high = not self.high
        self._beating = beats
        return beats
