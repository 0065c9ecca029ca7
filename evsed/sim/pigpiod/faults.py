# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a simulated pigpiod on request, and a record of its own delays."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass
class PigpiodFaults:
    """Faults of the daemon on its sockets, until they are changed.

    ``slow_s`` is added to every answer; ``fragment_s`` sends each batch of answers in two pieces,
    the first of them 7 bytes, so long apart (0: whole); ``garbage`` replaces that many answers by
    random bytes; ``end_after_header`` ends the connection once, between the header of an answer
    and its data.
    """

    slow_s: float = 0.0
    fragment_s: float = 0.0
    garbage: int = 0
    end_after_header: bool = False


class Lateness:
    """Delays of answers behind their simulated moment, seconds; the last 20000 are kept."""

    def __init__(self) -> None:
        self.last_s = 0.0
        self.max_s = 0.0
        self.all_s: deque[float] = deque(maxlen=20_000)

    def add(self, late_s: float) -> None:
        """Note one answer."""
        self.last_s = late_s
        self.max_s = max(self.max_s, late_s)
        self.all_s.append(late_s)

    def clear(self) -> None:
        """Forget the past."""
        self.last_s = self.max_s = 0.0
        self.all_s.clear()
