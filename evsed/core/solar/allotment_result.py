# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons for the feed's allotment: rules as values, and the owner's words for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final


class AllotmentRule(Enum):
    """Which rule speaks.  The value is the word used in JSON and logs."""

    OFF = "off"
    FAST = "fast"
    NO_NEWS_YET = "no_news_yet"
    FORBIDDEN = "forbidden"
    TOO_OLD = "too_old"
    CAUTIOUS = "cautious"
    SEPARATING = "separating"
    WAITING = "waiting"
    CONFIRMING = "confirming"
    STEADYING = "steadying"
    PAUSE = "pause"
    STARTING = "starting"
    UNTAKEN = "untaken"
    SEARCHING = "searching"
    FOLLOWING = "following"
    CAPPED = "capped"
    FEED_CAPPED = "feed_capped"
    MINIMUM = "minimum"
    LENDING = "lending"
    MIN_ON = "min_on"
    FAST_CAPPED = "fast_capped"
    BATTERY_FIRST = "battery_first"
    LAST_FORBADE = "last_forbade"
    DOUBTED = "doubted"
    PROBING = "probing"
    PRICED = "priced"
    TESTING = "testing"
    TAKES_NOTHING = "takes_nothing"
    UNANSWERED = "unanswered"


FAST_WORDS: Final = "fast, as the owner wished"
"""The beginning of a reason in mode fast; who else asks for that mode puts other words there."""

_WORDS: Final = {
    AllotmentRule.OFF: "off, as the owner wished",
    AllotmentRule.FAST: FAST_WORDS + ": {amperes}",
    AllotmentRule.NO_NEWS_YET: "waiting for the first news of the feed",
    AllotmentRule.FORBIDDEN: "the feed allows {spare}, less than {need}: no charging",
    AllotmentRule.TOO_OLD: "no news for {age}: stopped",
    AllotmentRule.CAUTIOUS: "no news for {age}: {amperes}",
    AllotmentRule.SEPARATING: (
        "waiting for another figure, which tells power from the charge of the battery"
    ),
    AllotmentRule.WAITING: "waiting for {need}: {spare} spare",
    AllotmentRule.CONFIRMING: "{spare} spare: waiting for another reading of {need} or more",
    AllotmentRule.STEADYING: "{spare} spare, {late} of late: waiting for steadier sun",
    AllotmentRule.PAUSE: "{spare} spare: pausing for another {left}",
    AllotmentRule.STARTING: "{spare} spare: starting at {amperes}",
    AllotmentRule.UNTAKEN: "{spare} spare: {amperes} are on offer, and the car does not begin",
    AllotmentRule.SEARCHING: (
        "the car does not begin at what is spare: trying {amperes} for a moment"
    ),
    AllotmentRule.FOLLOWING: "following the sun: {spare} spare",
    AllotmentRule.CAPPED: "{spare} spare: as much as is allowed, {amperes}",
    AllotmentRule.FEED_CAPPED: "{spare} spare: the feed allows {most}, {amperes}",
    AllotmentRule.MINIMUM: "the least that is asked for: {amperes}, {spare} spare",
    AllotmentRule.LENDING: (
        "{spare} spare, less than {need}: the battery lends, {lent} of {loan}{dull}"
    ),
    AllotmentRule.MIN_ON: "{spare} spare, less than {need}: running for another {left}",
    AllotmentRule.FAST_CAPPED: FAST_WORDS + ": the feed allows {spare}, {amperes}",
    AllotmentRule.BATTERY_FIRST: "the house battery comes first: the feed allows {spare}",
    AllotmentRule.LAST_FORBADE: (
        "the feed is lost, and its last word was no charging ({spare}): "
        "set another mode to charge all the same"
    ),
    AllotmentRule.DOUBTED: "{detail}: not followed",
    AllotmentRule.PRICED: "{spare} spare, less than {need}: at your prices importing the rest pays",
    AllotmentRule.TESTING: "a step of the offer shows what the car takes: {amperes}",
    AllotmentRule.TAKES_NOTHING: "{spare} spare: {amperes} are on offer",
    AllotmentRule.UNANSWERED: "{detail}: no more than {amperes}",
    AllotmentRule.PROBING: "the house battery stands still: trying for hidden sun, {amperes}",
}

_BESIDE: Final = "{spare} spare beside the reserve of {reserve}"
_ABOVE: Final = "{spare} spare, {reserve} more than the feed shows"


@dataclass(frozen=True, slots=True)
class AllotmentReason:
    """A rule and the numbers it spoke with; `describe()` puts them into words.

    `need_w`, `spare_w`, `late_w` (the mean of late), `most_w` (what the feed allows) and
    `reserve_w` (left out of what is spare) are watts, `battery_loan_wh` is the energy in Wh
    that the battery lent to this cloud, of `loan_limit_wh` at most, which is less than the owner's
    loan while the sun is weak (`dull`), `age_s` the age of the news, `current_a` what is allotted,
    `left_s` what a timer still has, `detail` what is wrong.
    """

    rule: AllotmentRule
    need_w: float = 0.0
    spare_w: float = 0.0
    late_w: float = 0.0
    most_w: float = 0.0
    reserve_w: float = 0.0
    battery_loan_wh: float = 0.0
    loan_limit_wh: float = 0.0
    dull: bool = False
    age_s: float = 0.0
    current_a: float = 0.0
    left_s: float = 0.0
    detail: str = ""

    def describe(self) -> str:
        """Say it in one short line."""
        words = _WORDS[self.rule]
        if self.reserve_w:
            words = words.replace("{spare} spare", _BESIDE if self.reserve_w > 0 else _ABOVE, 1)
        return words.format(
            need=_kilowatts(self.need_w, 2),
            spare=_spare(self.spare_w, self.need_w),
            most=_kilowatts(self.most_w, 1),
            reserve=f"{abs(self.reserve_w):.0f} W",
            late=_kilowatts(self.late_w, 1),
            amperes=f"{self.current_a:.1f}".removesuffix(".0") + " A",
            lent=f"{self.battery_loan_wh:.0f}",
            loan=f"{self.loan_limit_wh:.0f} Wh",
            dull=" under a weak sun" if self.dull else "",
            age=f"{self.age_s:.0f} s",
            left=f"{self.left_s:.0f} s",
            detail=self.detail,
        )

    def __str__(self) -> str:
        """Say it in one short line."""
        return self.describe()


@dataclass(frozen=True, slots=True)
class AllotmentResult:
    """Current that the feed permits now: 0 A, or the car's least current and more.

    `until_s` is the time left where a timer runs, in seconds; `available_w` what there is for the
    car; `excess_w` the feed's last word; `age_s` how old that is.  `solar_w` is the surplus of sun
    that fresh news tells of, with no wish of the battery's in it; `battery_loan_wh` what the
    battery has lent to the car and not got back; `car_most_a` the most that the car takes, where it
    is known to take less than it is offered.  None where there is no such thing.
    `counts_charge` is true where `excess_w` is the battery's power and its lack or surplus of
    charge together.
    """

    current_a: float
    reason: AllotmentReason
    until_s: float | None = None
    available_w: float | None = None
    excess_w: float | None = None
    age_s: float | None = None
    solar_w: float | None = None
    battery_loan_wh: float | None = None
    car_most_a: float | None = None
    counts_charge: bool = False

    @property
    def holds(self) -> bool:
        """True while the reason for the current is expected to last."""
        if self.reason.rule in (AllotmentRule.STARTING, AllotmentRule.UNTAKEN):
            return self.reason.spare_w >= 0.98 * self.reason.need_w
        if self.reason.rule is AllotmentRule.SEARCHING:
            return False
        return self.current_a > 0


def _spare(watts: float, need_w: float) -> str:
    """Kilowatts that look less than what is needed where they are less: "1.37 kW" of 1.38."""
    shown_need_w = round(need_w, -1)
    if max(0.0, watts) < need_w and round(watts, -2) >= shown_need_w:
        return _kilowatts(min(math.floor(watts / 10) * 10, shown_need_w - 10), 2)
    return _kilowatts(watts, 1)


def _kilowatts(watts: float, digits: int) -> str:
    """Kilowatts without a minus before a zero: "0.9 kW"."""
    return f"{round(watts / 1000, digits) + 0.0:.{digits}f} kW"
