# SPDX-License-Identifier: GPL-3.0-or-later
"""The button on the box: from its level at each tick to a press, or to a trouble.

A press counts when the button is released, so a button that is stuck, or a wire that is shorted,
orders nothing.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from typing import Final

from evsed.core.text import text

AGREE: Final = 3
"""Ticks that agree make a level: 60 ms. Contacts bounce for less than 10 ms, and the shortest
press of a person lasts about 80 ms."""
LONG_S: Final = 1.5
"""A press of at least this is a long one; a short one of a person in no hurry lasts up to 0.5 s."""
STUCK_S: Final = 10.0
"""No person presses for longer than this."""
MOST: Final = 6
WITHIN_S: Final = 10.0
"""More presses than `MOST` within this many seconds are not a person's."""

STUCK: Final = text(
    "the button on the box has been pressed for more than 10 s, and orders "
    "nothing; look whether it is jammed or its wire is shorted, or take "
    "box.button_gpio out"
)
FLUTTERS: Final = text(
    "the button on the box is pressed again and again, faster than a person "
    "does, and orders nothing until it is quiet for 10 s; look at its "
    "contact and its wire"
)


class Press(Enum):
    """A press of the button."""

    SHORT = "short"
    LONG = "long"


class BoxButton:
    """One button. `update()` at every tick; `trouble` is what is wrong with it, "" for nothing."""

    def __init__(self) -> None:
        self._raw: bool | None = None
        self._same = 0
        self._pressed: bool | None = None  # None until the first level that counts
        self._pressed_at = -math.inf
        self._at_start = False  # pressed already when evsed started: not for evsed
        self._presses: deque[float] = deque(maxlen=MOST + 1)
        self.trouble = ""

    def update(self, now: float, pressed: bool | None) -> Press | None:  # noqa: FBT001 - a level
        """Add the level of a tick, None where it could not be read; return a press that ended."""
        if pressed is not self._raw:
            self._raw, self._same = pressed, 0
        self._same += 1
        if self._same == AGREE and pressed is not None:
            return self._settle(now, pressed=pressed)
        self._watch(now)
        return None

    def _settle(self, now: float, *, pressed: bool) -> Press | None:
        """Take over a level that has settled; return the press that it ends."""
        before, self._pressed = self._pressed, pressed
        if before is pressed:
            return None
        began_at, self._pressed_at = self._pressed_at, now
        if pressed:
            self._at_start = before is None
            return None
        if self.trouble == STUCK:
            self.trouble = ""
            return None
        if before is None or self._at_start:
            return None
        self._presses.append(now)
        if len(self._presses) > MOST and now - self._presses[0] < WITHIN_S:
            self.trouble = FLUTTERS
        if self.trouble:
            return None
        return Press.LONG if now - began_at >= LONG_S else Press.SHORT

    def _watch(self, now: float) -> None:
        if self._pressed and now - self._pressed_at > STUCK_S:
            self.trouble = STUCK
        last_at = self._presses[-1] if self._presses else -math.inf
        if self.trouble == FLUTTERS and not self._pressed and now - last_at > WITHIN_S:
            self.trouble = ""
            self._presses.clear()
