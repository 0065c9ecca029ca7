# SPDX-License-Identifier: GPL-3.0-or-later
"""Ceilings on the current: each has an owner and a time after which it is 0; the lowest wins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FOREVER = float("inf")

OWNERS = (
    "supply", "cable", "temperature", "ground_fault", "self_test", "wear", "car", "phases",
    "house", "feed", "session", "schedule", "plan", "owner", "openevse", "mqtt", "ocpp", "button",
    "http", "daemon",
)  # fmt: skip
"""Every owner that a limit may have; the page has a label for each."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling of `max_a` amperes set by `owner` ("supply", "feed", "session", "owner", ...).

    It holds until the monotonic moment `until_at` and is 0 A from then on. `why` is the reason
    in words, for people.
    """

    owner: str
    max_a: float
    until_at: float = FOREVER
    why: str = ""

    def at(self, now: float) -> Limit:
        """This limit as it stands at *now*: 0 A when its time is up or it is no number."""
        if not now < self.until_at:
            return replace(self, max_a=0.0, why=f"the {self.owner}'s word ran out")
        if not self.max_a >= 0.0:  # negative and NaN
            return replace(self, max_a=0.0)
        return self


NO_LIMIT = Limit("daemon", 0.0, why="no limit was given yet")


def for_car(limit: Limit, least_a: float) -> Limit:
    """Return *limit*, or 0 A with the reason where it is less than the car works at."""
    if not 0.0 < limit.max_a < least_a:
        return limit
    why = limit.why or f"the {limit.owner} allows {limit.max_a:.1f} A"
    return replace(limit, max_a=0.0, why=f"{why}, and this car works from {least_a:.1f} A on")


def lowest(limits: Iterable[Limit], now: float) -> Limit:
    """Return the lowest of *limits* at *now*; 0 A by `NO_LIMIT` when there is none at all."""
    return min((limit.at(now) for limit in limits), key=lambda limit: limit.max_a, default=NO_LIMIT)
