# SPDX-License-Identifier: GPL-3.0-or-later
"""Period of the feed's news, learned from its stamps."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

from evsed.core.solar.feed_trouble import Notice
from evsed.core.text import text

ALIKE: Final = 1.1
"""Two spans between stamps are the feed's period if the longer is at most this times the other."""

OTHER: Final = 1.25
"""A period that differs from the settings by less than this factor is what was set ..."""

AGAIN: Final = 1.15
"""... and one that was learned is forgotten from here on, so that an uneven feed does not change
its mind."""

SPANS: Final = 12
"""An uneven feed is judged by so many spans between its stamps: three quarters of them have to
agree that it is not what was set."""


class FeedPeriod:
    """Learns how often there is news, in seconds; that of the settings until proved otherwise.

    Two equal spans are a new period where no span before reached as far. Within the spread of an
    uneven feed they are a coincidence, and its median counts.
    """

    __slots__ = ("_learned_s", "_set_s", "_spans_s")

    def __init__(self, set_s: float) -> None:
        """`set_s` is what the settings say."""
        self._set_s = set_s
        self._learned_s: float | None = None
        self._spans_s: deque[float] = deque(maxlen=SPANS)

    @property
    def period_s(self) -> float:
        """The period to go by, in seconds."""
        return self._set_s if self._learned_s is None else self._learned_s

    @property
    def notice(self) -> Notice | None:
        """Notice to the owner about the period."""
        if self._learned_s is None:
            return None
        return Notice(
            "period",
            text(
                "news comes every {learned_s:.0f} s, not every {set_s:g} s; evsed goes by that",
                learned_s=self._learned_s,
                set_s=self._set_s,
            ),
            text(
                "Set feed.period_s = {better_s}.",
                better_s=f"{max(1.0, round(self._learned_s)):g}",
            ),
        )

    def add(self, span_s: float) -> None:
        """Add the span between two stamps."""
        if span_s < 1 / 2:
            return
        self._spans_s.append(span_s)
        *earlier, last_s, newest_s = [0.0, *self._spans_s]
        pair = (last_s, newest_s)
        if max(pair) <= ALIKE * min(pair) and self._is_new(pair, earlier[1:]):
            self._spans_s = deque(pair, maxlen=SPANS)
            self._learn(median(pair), OTHER)
        elif self._learned_s is not None:
            self._learn(median(self._spans_s), AGAIN)
        elif len(self._spans_s) == SPANS:
            in_order = sorted(self._spans_s)
            low_s, high_s = in_order[SPANS // 4], in_order[-SPANS // 4 - 1]
            if low_s > OTHER * self._set_s or OTHER * high_s < self._set_s:
                self._learn(median(in_order), OTHER)

    def _is_new(self, pair: tuple[float, float], earlier_s: list[float]) -> bool:
        """Return True where spans that are alike are no coincidence of an uneven feed."""
        seen_s = [*pair, *earlier_s]
        unseen = not min(seen_s) / ALIKE <= self.period_s <= max(seen_s) * ALIKE
        beyond = bool(earlier_s) and (
            min(pair) > OTHER * max(earlier_s) or OTHER * max(pair) < min(earlier_s)
        )
        return unseen or beyond

    def _learn(self, typical_s: float, as_set: float) -> None:
        """Go by *typical_s* unless it is what was set, within a factor of *as_set*."""
        near = 1 / as_set <= typical_s / self._set_s <= as_set
        self._learned_s = None if near else typical_s
