# SPDX-License-Identifier: GPL-3.0-or-later
"""Period of the feed's news, learned from its stamps."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

from evsed.core.solar.feed_trouble import Notice

ALIKE: Final = 1.1
"""Two spans between stamps are the feed's period if the longer is at most this times the other."""

OTHER: Final = 1.25
"""A period that differs from the settings by less than this factor is what was set."""


class FeedPeriod:
    """Learns how often there is news, in seconds; that of the settings until proved otherwise."""

    __slots__ = ("_learned_s", "_set_s", "_spans_s")

    def __init__(self, set_s: float) -> None:
        """`set_s` is what the settings say."""
        self._set_s = set_s
        self._learned_s: float | None = None
        self._spans_s: deque[float] = deque(maxlen=4)

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
            f"news comes every {self._learned_s:.0f} s, not every {self._set_s:g} s; evsed goes by "
            f"that. Set feed.period_s = {max(10.0, round(self._learned_s)):g}.",
        )

    def add(self, span_s: float) -> None:
        """Add the span between two stamps."""
        if span_s < 1 / 2:
            return
        self._spans_s.append(span_s)
        pair = list(self._spans_s)[-2:]
        if len(pair) < 2 or max(pair) > ALIKE * min(pair):  # noqa: PLR2004 - a pair
            return
        near = [span for span in self._spans_s if pair[0] / ALIKE <= span <= pair[0] * ALIKE]
        typical_s = median(near)
        as_set = 1 / OTHER <= typical_s / self._set_s <= OTHER
        self._learned_s = None if as_set else typical_s
