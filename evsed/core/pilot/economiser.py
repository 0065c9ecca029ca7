# SPDX-License-Identifier: GPL-3.0-or-later
"""The coil economiser: full drive to pull a contactor in, less to hold it.

Full drive lasts from the moment at which the coil can have current at all: the contactor's output
is on and the charge pump is beaten. While the pump is tested (see `contactors`) neither counts. By
then the mirror contacts have shown that the contactor closed, or it was opened again 0.3 s after
the command to close. Without mirror contacts there is no economiser. Whatever opens the contactor,
even for one tick, begins a new closing with full drive.
"""

from __future__ import annotations

from typing import Final

FULL_S: Final = 0.5
"""A contactor closes within 0.3 s (EVerest's board support demands it); 0.2 s are our margin."""


class Economiser:
    """`update()` every tick with the outputs of that tick."""

    def __init__(self) -> None:
        self._full_since: float | None = None
        self._holding = False

    def update(self, now: float, *, closed: bool, pump: bool) -> bool:
        """Return True where the drive is to be reduced now: once in each closing."""
        if not (closed and pump):
            self._full_since = None
            self._holding = False
            return False
        if self._full_since is None:
            self._full_since = now
        if self._holding or now - self._full_since < FULL_S:
            return False
        self._holding = True
        return True
