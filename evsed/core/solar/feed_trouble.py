# SPDX-License-Identifier: GPL-3.0-or-later
"""Troubles of the feed, reported once each: when one begins, changes its kind, and ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from evsed.core.text import text

HOUR_MIN: Final = 60

QUIET_S: Final = 900.0
"""A trouble that comes back within this time, in seconds, is the same that comes and goes: a feed
whose every second page is torn would fill the page's fifty events within the hour."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the owner should know: its `kind` is its identity, `trouble` what is wrong."""

    kind: str
    trouble: str
    advice: str = ""
    """Sentences about what evsed does and what the owner can do; "" where `trouble` has them."""
    wrong: bool = False
    """True where the feed is not followed for it."""

    @property
    def text(self) -> str:
        """All that is to be known, in whole sentences."""
        if not self.advice:
            return self.trouble
        return text("{trouble}. {advice}", trouble=self.trouble, advice=self.advice)


@dataclass(frozen=True, slots=True)
class FeedReport:
    """A line for log and page; `warning` where something began or changed, else it ended."""

    text: str
    warning: bool


class FeedTrouble:
    """One trouble, from its beginning to its end. Moments are monotonic seconds.

    A trouble that comes and goes is reported as such, once, and its end when it stayed away for
    `QUIET_S`. Each of its kinds is reported once as long as it does not stay away as long.
    """

    __slots__ = ("_began_at", "_good_at", "_returns", "_seen_at", "_trouble", "current")

    def __init__(self) -> None:
        self.current: Notice | None = None
        """The present trouble, in the words of when it began."""
        self._began_at = 0.0
        self._good_at = -math.inf  # since when nothing is wrong; infinite while something is
        self._returns = False
        self._seen_at: dict[str, float] = {}
        self._trouble = ""

    def update(self, now: float, notice: Notice | None) -> FeedReport | None:
        """Add what is wrong now, or None; the line to write, if there is one."""
        return self._good(now) if notice is None else self._bad(now, notice)

    def _bad(self, now: float, notice: Notice) -> FeedReport | None:
        again = self.current is None and now - self._good_at < QUIET_S
        known = now - self._seen_at.get(notice.kind, -math.inf) < QUIET_S
        if self.current is None and not again:
            self._began_at, self._returns = now, False
        new = self.current is None or self.current.kind != notice.kind
        says = new and (not known or (again and not self._returns))
        self._returns = self._returns or again
        self._good_at = math.inf
        self._seen_at[notice.kind] = now
        if new:
            self.current, self._trouble = notice, notice.trouble
        if not says:
            return None
        words = text("feed: {trouble}", trouble=notice.text)
        if again and known:
            words = text("feed (it comes and goes): {trouble}", trouble=notice.text)
        return FeedReport(words, warning=True)

    def _good(self, now: float) -> FeedReport | None:
        if self.current is not None:
            self.current, self._good_at = None, now
            if not self._returns:
                return self._ended(now)
        elif self._returns and now - self._good_at >= QUIET_S:
            self._returns = False
            return self._ended(self._good_at)
        return None

    def _ended(self, at: float) -> FeedReport:
        return FeedReport(self._end_text(_duration(at - self._began_at)), warning=False)

    def _end_text(self, duration: str) -> str:
        return text("the feed is back to normal after {duration}", duration=duration)


class _NoticedTrouble(FeedTrouble):
    """A trouble that the readings have shown, though each was sound."""

    __slots__ = ()

    def _end_text(self, duration: str) -> str:
        return text(
            "feed: over after {duration}: {trouble}", duration=duration, trouble=self._trouble
        )


class FeedTroubles:
    """The trouble of the polls, and each that the readings have shown."""

    __slots__ = ("_noticed", "_polls")

    def __init__(self) -> None:
        self._polls = FeedTrouble()
        self._noticed: dict[str, FeedTrouble] = {}

    def on_poll(self, now: float, notice: Notice | None) -> list[FeedReport]:
        """Add the outcome of a poll; the lines to write."""
        report = self._polls.update(now, notice)
        return [] if report is None else [report]

    def on_notices(self, now: float, notices: tuple[Notice, ...]) -> list[FeedReport]:
        """Add all that the readings show now; the lines to write."""
        by_kind = {notice.kind: notice for notice in notices}
        for kind in by_kind:
            self._noticed.setdefault(kind, _NoticedTrouble())
        reports = [
            trouble.update(now, by_kind.get(kind)) for kind, trouble in self._noticed.items()
        ]
        return [report for report in reports if report is not None]


def _duration(seconds: float) -> str:
    """A span in the two units that tell it: "8 h 12 min"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return text("{seconds:.0f} s", seconds=seconds)
    hours, minutes = divmod(minutes, HOUR_MIN)
    if hours:
        return text("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return text("{minutes} min", minutes=minutes)
