# SPDX-License-Identifier: GPL-3.0-or-later
"""A constant current, for an EVSE without a feed: nothing is fetched, so nothing goes stale."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FixedFeed:
    """[feed] kind = "fixed": the owner's current instead of a feed's.

    `current_a` (amperes) is the allotment itself, at once and for good; there is nothing to poll
    and nothing that could become stale, so this is not a `Feed`. The daemon tells the two apart
    with one `match`::

        match feed:
            case FixedFeed(current_a=current_a):
                limits["feed"] = current_a  # offered at once, also before the car asks
            case _:
                tasks.create_task(follow(feed))
    """

    current_a: float

    async def close(self) -> None:
        """Do nothing; the caller closes a feed of either kind."""
