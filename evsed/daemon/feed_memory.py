# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of the feed from one life of evsed to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evsed.store import Json


@dataclass(frozen=True, slots=True)
class FeedMemory:
    """The feed's name, and what it has shown and said.

    `below_0`: its figure was below 0 once, so that it does not end at 0. `proven`: it has answered
    a car. `forbidding_w` is its last maximum where that forbids charging, in watts; else None.
    """

    feed: str = ""
    below_0: bool = False
    proven: bool = False
    forbidding_w: float | None = None

    @classmethod
    def from_json(cls, stored: object) -> FeedMemory:
        """Read what `to_json()` has written; anything else is no memory."""
        match stored:
            case {
                "feed": str(feed),
                "below_0": bool(below_0),
                "proven": bool(proven),
                "forbidding_w": forbidding,
            }:
                sound = isinstance(forbidding, (int, float)) and 0 <= forbidding < math.inf
                return cls(feed, below_0, proven, float(forbidding) if sound else None)
            case _:
                return cls()

    def to_json(self) -> dict[str, Json]:
        """Write it as the store keeps it."""
        return {
            "feed": self.feed,
            "below_0": self.below_0,
            "proven": self.proven,
            "forbidding_w": self.forbidding_w,
        }
