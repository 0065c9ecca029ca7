# SPDX-License-Identifier: GPL-3.0-or-later
"""Troubles of the feed, reported once each: when one begins, changes its kind, and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOUR_MIN: Final = 60


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the owner should know: its `kind` is its identity, `text` are its words."""

    kind: str
    text: str
    wrong: bool = False
    """True where the feed is not followed for it."""


@dataclass(frozen=True, slots=True)
class FeedReport:
    """A line for log and page; `warning` where something began or changed, else it ended."""

    text: str
    warning: bool


class FeedTroubles:
    """Keeps the one trouble there is. Moments are monotonic seconds."""

    __slots__ = ("_began_at", "current")

    def __init__(self) -> None:
        self.current: Notice | None = None
        """What is wrong now, in the words of when it began."""
        self._began_at = 0.0

    def update(self, now: float, notice: Notice | None) -> FeedReport | None:
        """Add the outcome of a poll; the line to write, if there is one."""
        if notice is None:
            return self._ended(now)
        if self.current is not None and self.current.kind == notice.kind:
            return None
        if self.current is None:
            self._began_at = now
        self.current = notice
        return FeedReport(f"feed: {notice.text}", warning=True)

    def _ended(self, now: float) -> FeedReport | None:
        if self.current is None:
            return None
        self.current = None
        return FeedReport(
            f"the feed is back to normal after {_duration(now - self._began_at)}", warning=False
        )


def _duration(seconds: float) -> str:
    """A span in the two units that tell it: "8 h 12 min"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, HOUR_MIN)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
