# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the feed's allotment is what it is: rules as values, and the owner's words for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Rule(Enum):
    """Which rule speaks.  The value is the word used in JSON and logs."""

    OFF = "off"
    FAST = "fast"
    NO_NEWS_YET = "no_news_yet"
    FORBIDDEN = "forbidden"
    TOO_OLD = "too_old"
    CAUTIOUS = "cautious"
    WAITING = "waiting"
    SECOND_READING = "second_reading"
    PAUSE = "pause"
    STARTING = "starting"
    FOLLOWING = "following"
    CAPPED = "capped"
    MINIMUM = "minimum"
    CLOUD = "cloud"
    MIN_ON = "min_on"


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule and the numbers it spoke with; `text()` puts them into words.

    `need_w` and `spare_w` are watts, `lent_wh` of `loan_wh` what the battery lent to this run,
    `age_s` the age of the news, `current_a` what is allotted, `left_s` what a timer still has.
    """

    rule: Rule
    need_w: float = 0.0
    spare_w: float = 0.0
    lent_wh: float = 0.0
    loan_wh: float = 0.0
    age_s: float = 0.0
    current_a: float = 0.0
    left_s: float = 0.0

    def text(self) -> str:
        """Say it in one short line."""
        need, spare = _kilowatts(self.need_w, 2), _kilowatts(self.spare_w, 1)
        amperes, age, left = _amperes(self.current_a), f"{self.age_s:.0f} s", f"{self.left_s:.0f} s"
        match self.rule:
            case Rule.OFF:
                return "off, as the owner wished"
            case Rule.FAST:
                return f"fast, as the owner wished: {amperes}"
            case Rule.NO_NEWS_YET:
                return "waiting for the first news of the feed"
            case Rule.FORBIDDEN:
                return f"the feed allows {spare}, less than {need}: no charging"
            case Rule.TOO_OLD:
                return f"no news for {age}: stopped"
            case Rule.CAUTIOUS:
                return f"no news for {age}: {amperes}"
            case Rule.WAITING:
                return f"waiting for {need}: {spare} spare"
            case Rule.SECOND_READING:
                return f"{spare} spare: waiting for a second reading of {need} or more"
            case Rule.PAUSE:
                return f"{spare} spare: pausing for another {left}"
            case Rule.STARTING:
                return f"{spare} spare: starting at {amperes}"
            case Rule.FOLLOWING:
                return f"following the sun: {spare} spare"
            case Rule.CAPPED:
                return f"{spare} spare: as much as is allowed, {amperes}"
            case Rule.MINIMUM:
                return f"the least that is asked for: {amperes}, {spare} spare"
            case Rule.CLOUD:
                return f"riding through a cloud: {self.lent_wh:.0f} of {self.loan_wh:.0f} Wh lent"
            case Rule.MIN_ON:
                return f"too little sun, {spare}: running for another {left}"

    def __str__(self) -> str:
        """Say it in one short line."""
        return self.text()


@dataclass(frozen=True, slots=True)
class Allotted:
    """What the feed permits now: 0 A, or the car's least current and more.

    `until_s` is the time left where a timer runs, in seconds; `available_w` what there is for the
    car; `excess_w` the feed's last word; `age_s` how old that is.  None where there is no such
    thing.
    """

    current_a: float
    reason: Reason
    until_s: float | None = None
    available_w: float | None = None
    excess_w: float | None = None
    age_s: float | None = None


def _kilowatts(watts: float, digits: int) -> str:
    """Kilowatts without a minus before a zero: "0.9 kW"."""
    return f"{round(watts / 1000, digits) + 0.0:.{digits}f} kW"


def _amperes(amperes: float) -> str:
    """Amperes to a tenth, without a useless ".0": "6 A", "7.5 A"."""
    return f"{amperes:.1f}".removesuffix(".0") + " A"
