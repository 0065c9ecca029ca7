# SPDX-License-Identifier: GPL-3.0-or-later
"""Ceilings on the current: each has an owner and a time after which it is 0; the lowest wins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable

FOREVER = float("inf")

OWNER_NAMES: Final[dict[str, str]] = {
    "supply": text("supply"),
    "cable": text("cable"),
    "temperature": text("temperature"),
    "ground_fault": text("ground_fault"),
    "self_test": text("self_test"),
    "wear": text("wear"),
    "car": text("car"),
    "phases": text("phases"),
    "house": text("house"),
    "feed": text("feed"),
    "session": text("session"),
    "schedule": text("schedule"),
    "plan": text("plan"),
    "owner": text("owner"),
    "openevse": "openevse",
    "mqtt": "mqtt",
    "ocpp": "ocpp",
    "button": text("button"),
    "http": "http",
    "daemon": text("daemon"),
}
"""Every owner that a limit may have; the page has a label for each."""


def owner_name(owner: str) -> str:
    """Return the name of an *owner*, as it stands in a sentence."""
    return OWNER_NAMES.get(owner, owner)


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
            return replace(
                self,
                max_a=0.0,
                why=text("the {owner}'s word ran out", owner=owner_name(self.owner)),
            )
        if not self.max_a >= 0.0:  # negative and NaN
            return replace(self, max_a=0.0)
        return self


NO_LIMIT = Limit("daemon", 0.0, why=text("no limit was given yet"))


def for_car(limit: Limit, least_a: float) -> Limit:
    """Return *limit*, or 0 A with the reason where it is less than the car works at."""
    if not 0.0 < limit.max_a < least_a:
        return limit
    why = limit.why or text(
        "the {owner} allows {max_a:.1f} A", owner=owner_name(limit.owner), max_a=limit.max_a
    )
    why = text("{why}, and this car works from {least_a:.1f} A on", why=why, least_a=least_a)
    return replace(limit, max_a=0.0, why=why)


def lowest(limits: Iterable[Limit], now: float) -> Limit:
    """Return the lowest of *limits* at *now*; 0 A by `NO_LIMIT` when there is none at all."""
    return min((limit.at(now) for limit in limits), key=lambda limit: limit.max_a, default=NO_LIMIT)
