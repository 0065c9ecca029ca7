# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed that limits the current, and while another takes its place, the one to come.

The feed of before keeps its say, by the last news that it had and for as long as its own rules
follow these, until the one to come knows the sun. So a charge goes on through a change, and a feed
that never comes ends it as a lost feed does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.core.solar.allotment import Allotment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evsed.core.solar.allotment import AllotmentConfig, Mode, Reading
    from evsed.core.solar.car_needs import CarNeeds
    from evsed.feeds import FeedConfig

NAME_LETTERS: Final = 16
"""A feed is remembered by so many letters of its hash: two of one house never agree by chance."""

BRIDGED_S: Final = 60.0
"""A fixed current holds for so long, and two periods of the feed to come, until that knows the sun:
BatteryMonitor's formula takes two readings."""


@dataclass(frozen=True, slots=True)
class FeedTerms:
    """The solar rules, and the source of the news that they go by."""

    rules: AllotmentConfig
    source: FeedConfig

    @property
    def fixed_a(self) -> float | None:
        """The fixed current in place of a feed, amperes; None where there is a feed."""
        return self.source.current_a if self.source.kind == "fixed" else None

    @property
    def name(self) -> str:
        """The name by which the feed is remembered; "" where there is none."""
        if self.fixed_a is not None:
            return ""
        # An address may have a password in it, which the store is not to keep.
        parts = (self.source.kind, self.source.url, self.source.device)
        source = " ".join(str(part) for part in parts if part is not None)
        return hashlib.sha256(source.encode()).hexdigest()[:NAME_LETTERS]

    def same_feed(self, other: FeedTerms) -> bool:
        """Return True where *other* differs in the rules alone."""
        return self._feed == other._feed

    @property
    def _feed(self) -> tuple[object, ...]:
        rules = self.rules
        return (self.source, rules.period_s, rules.window_s, rules.semantics)


class FeedInForce:
    """The allotment of *terms*, and the one to come. Moments are monotonic seconds."""

    def __init__(self, terms: FeedTerms) -> None:
        self.terms = terms
        self.allotment = Allotment(terms.rules)
        self._coming: Allotment | None = None
        self._coming_terms = terms
        self._bridged_until = 0.0

    @property
    def fixed_a(self) -> float | None:
        """The fixed current that is in force, amperes; None where there is a feed."""
        return self.terms.fixed_a

    @property
    def takes_little(self) -> bool:
        """True where the car is known by the feed to take next to nothing."""
        return self.fixed_a is None and self.allotment.takes_little

    @property
    def newest(self) -> Allotment:
        """The allotment that the readings go to."""
        return self._coming or self.allotment

    @property
    def awaited(self) -> bool:
        """True while another feed was set, and nothing came of it yet."""
        return self._coming is not None and not self._coming.has_news

    def change(self, now: float, terms: FeedTerms) -> None:
        """Follow *terms*: other rules at once, another feed as soon as it knows the sun."""
        if terms.same_feed(self.terms):
            self.terms, self._coming = terms, None
            self.allotment.set_rules(terms.rules)
        elif self._coming is not None and terms.same_feed(self._coming_terms):
            self._coming_terms = terms
            self._coming.set_rules(terms.rules)
        elif terms.fixed_a is not None:
            self.terms, self._coming = terms, None
        else:
            self._coming = self.allotment.successor(
                terms.rules, same_figure=terms.name == self.terms.name
            )
            self._coming_terms = terms
            self._bridged_until = now + BRIDGED_S + 2 * terms.rules.period_s

    def on_reading(self, now: float, reading: Reading) -> bool:
        """Use *reading*; False where its stamp is the last one's."""
        return self.newest.on_reading(now, reading)

    def update(self, now: float, *, charging: bool) -> None:
        """Let the feed to come take over at *now* where it can.

        *charging*: a car charges.
        """
        coming = self._coming
        if coming is None:
            return
        # A feed of before has rules of its own for a time without news, a fixed current has none.
        late = now >= self._bridged_until and (coming.has_news or self.fixed_a is not None)
        if not (coming.knows_sun or late):
            return
        if self.fixed_a is None:
            coming.take_over(self.allotment)
        elif charging:
            coming.begin_run(now)
        self.terms, self.allotment, self._coming = self._coming_terms, coming, None

    def set_mode(self, mode: Mode) -> None:
        """Follow the owner's mode."""
        for allotment in self._all():
            allotment.set_mode(mode)

    def set_car(self, needs: CarNeeds) -> None:
        """Take the *needs* of the plugged car into account."""
        for allotment in self._all():
            allotment.set_car(needs)

    def on_draw(self, now: float, current_a: float, *, charging: bool, measured: bool) -> None:
        """Note what the car draws; see `Allotment.on_draw()`."""
        for allotment in self._all():
            allotment.on_draw(now, current_a, charging=charging, measured=measured)

    def on_unplugged(self) -> None:
        """Forget what the car took."""
        for allotment in self._all():
            allotment.on_unplugged()

    def _all(self) -> Iterator[Allotment]:
        yield self.allotment
        if self._coming is not None:
            yield self._coming
