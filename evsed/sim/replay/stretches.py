# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons for what the charger did: stretches of the day, each with a reason in plain words.

The allotment has a reason every second. Seconds with the same rule are a stretch; one that is
shorter than `SHORT_S` belongs to the stretch before it, unless a charge begins or ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from evsed.core.pilot.events import Event, PhasesNotSwitched, PhasesSwitched
from evsed.core.solar.allotment import AllotmentReason, AllotmentRule

SHORT_S: Final = 60
"""A stretch of less than a period of the feed says nothing that the next does not."""

_CHARGING: Final = frozenset(
    (
        AllotmentRule.FAST,
        AllotmentRule.STARTING,
        AllotmentRule.FOLLOWING,
        AllotmentRule.CAPPED,
        AllotmentRule.FEED_CAPPED,
        AllotmentRule.MINIMUM,
        AllotmentRule.LENDING,
        AllotmentRule.MIN_ON,
    )
)
_WAITING: Final = frozenset(
    (AllotmentRule.WAITING, AllotmentRule.CONFIRMING, AllotmentRule.STEADYING)
)
_COUNTING: Final = frozenset((AllotmentRule.MIN_ON, AllotmentRule.PAUSE))
"""Rules whose reason counts down: how long it takes is known at the beginning."""


@dataclass(slots=True)
class Stretch:
    """Seconds `from_s` to before `to_s` of the day under one rule.

    `first` and `last` are its first and last reason, `least` and `most` those with the smallest
    and the largest spare power.
    """

    from_s: int
    to_s: int
    first: AllotmentReason
    least: AllotmentReason
    most: AllotmentReason
    last: AllotmentReason
    charging: bool
    drawn_wh: float = 0.0

    @property
    def rule(self) -> AllotmentRule:
        """The rule of the last second."""
        return self.last.rule

    def kind(self) -> str:
        """One word for the plot and the table: wait, charge, lent or pause."""
        if self.rule is AllotmentRule.LENDING:
            return "lent"
        if self.charging:
            return "charge"
        return "pause" if self.rule is AllotmentRule.PAUSE else "wait"

    def describe(self) -> str:
        """The reason, with the range of its figures."""
        low, high = (f"{reason.spare_w / 1000 + 0.0:.1f}" for reason in (self.least, self.most))
        spare = f"{high} kW spare" if low == high else f"{low} to {high} kW spare"
        rule = AllotmentRule.WAITING if self.rule in _WAITING else self.rule
        shown = self.first if self.rule in _COUNTING else self.last
        text = replace(shown, rule=rule, spare_w=0.0).describe()
        return text.replace("0.0 kW spare", spare) if "0.0 kW spare" in text else shown.describe()


def stretches(
    reasons: Sequence[AllotmentReason], closed: Sequence[int], drawn_w: Sequence[float]
) -> list[Stretch]:
    """The stretches of a day, one value a second in each argument."""
    found: list[Stretch] = []
    for now_s, reason in enumerate(reasons):
        charging = bool(closed[now_s]) or reason.rule in _CHARGING
        last = found[-1] if found else None
        if last is None or last.charging is not charging or not _alike(last.rule, reason.rule):
            found.append(Stretch(now_s, now_s + 1, reason, reason, reason, reason, charging))
            last = found[-1]
        last.to_s, last.last = now_s + 1, reason
        last.drawn_wh += drawn_w[now_s] / 3600
        if reason.spare_w < last.least.spare_w:
            last.least = reason
        if reason.spare_w > last.most.spare_w:
            last.most = reason
    return _joined(found)


def _alike(rule: AllotmentRule, other: AllotmentRule) -> bool:
    """Tell rules that are one for the owner: all ways to wait for the sun."""
    return rule is other or (rule in _WAITING and other in _WAITING)


def _joined(found: Sequence[Stretch]) -> list[Stretch]:
    """Short stretches joined with what was before them."""
    joined: list[Stretch] = []
    for stretch in found:
        before = joined[-1] if joined else None
        short = stretch.to_s - stretch.from_s < SHORT_S
        if (
            before is not None
            and before.charging is stretch.charging
            and (
                short or _alike(before.rule, stretch.rule) or before.to_s - before.from_s < SHORT_S
            )
        ):
            begins_short = before.to_s - before.from_s < SHORT_S and not short
            before.to_s = stretch.to_s
            before.drawn_wh += stretch.drawn_wh
            if begins_short and not _alike(before.rule, stretch.rule):
                before.first = stretch.first
            if begins_short or _alike(before.rule, stretch.rule):
                before.last = stretch.last
            before.least = min(before.least, stretch.least, key=lambda reason: reason.spare_w)
            before.most = max(before.most, stretch.most, key=lambda reason: reason.spare_w)
        else:
            joined.append(stretch)
    return joined


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line of the day's story: from when to when, in a word, and why."""

    from_at: datetime
    to_at: datetime
    kind: str
    text: str
    kwh: float


def story(found: Sequence[Stretch], started: datetime) -> list[StoryLine]:
    """The stretches with their times: a charge begins with its start, and a stop comes after it."""
    lines: list[StoryLine] = []
    before: Stretch | None = None
    for stretch in found:
        begins, ends = (started + timedelta(seconds=at) for at in (stretch.from_s, stretch.to_s))
        kind, text = stretch.kind(), stretch.describe()
        if stretch.charging and (before is None or not before.charging):
            kind = "start"
        elif before is not None and before.charging and not stretch.charging:
            kind = "stop"
            text = f"{_ended(before)}; {text}"
        lines.append(StoryLine(begins, ends, kind, text, stretch.drawn_wh / 1000))
        before = stretch
    return lines


def phase_lines(events: Iterable[Event], started: datetime) -> Iterator[StoryLine]:
    """Yield a line for each change of the set of phases, and for each that failed."""
    for event in events:
        if isinstance(event, (PhasesSwitched, PhasesNotSwitched)):
            at = started + timedelta(seconds=event.at)
            yield StoryLine(at, at, "phases", str(event), 0.0)


def _ended(before: Stretch) -> str:
    """The state in which the charge ended."""
    last = before.last
    if last.battery_loan_wh > last.loan_limit_wh > 0:  # the least run may cost more than a loan
        return f"the battery had lent {last.battery_loan_wh:.0f} Wh"
    if last.loan_limit_wh > 0 and last.battery_loan_wh > 0:
        return f"the battery had lent {last.battery_loan_wh:.0f} of {last.loan_limit_wh:.0f} Wh"
    return "too little sun"


def as_text(lines: Sequence[StoryLine], most: int = 60) -> str:
    """The story for the terminal."""
    rows = [
        f"  {line.from_at:%H:%M:%S} - {line.to_at:%H:%M:%S}  {line.kind:6} "
        f"{line.kwh:6.2f} kWh  {line.text}"
        for line in lines[:most]
    ]
    if len(lines) > most:
        rows.append(f"  ... and {len(lines) - most} more; --trace and --html have all")
    return "\n".join(rows)
