# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons for the feed's allotment: rules as values, and the owner's words for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from string import Formatter
from typing import TYPE_CHECKING, Final

from evsed.core.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evsed.core.text import Param


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
    UNPROVEN = "unproven"


AS_WISHED: Final = text("fast, as the owner wished")
"""The beginning of a reason in mode fast, where only the owner asks for that mode."""

_WORDS: Final = {
    AllotmentRule.OFF: text("off, as the owner wished"),
    AllotmentRule.FAST: text("{asked}: {current}"),
    AllotmentRule.NO_NEWS_YET: text("waiting for the first news of the feed"),
    AllotmentRule.FORBIDDEN: text("the feed allows {feed}, less than {need}: no charging"),
    AllotmentRule.TOO_OLD: text("no news for {age_s:.0f} s: stopped"),
    AllotmentRule.CAUTIOUS: text("no news for {age_s:.0f} s: {current}"),
    AllotmentRule.SEPARATING: text(
        "waiting for another figure, which tells power from the charge of the battery"
    ),
    AllotmentRule.WAITING: text("waiting for {need}: {spare}"),
    AllotmentRule.CONFIRMING: text("{spare}: waiting for another reading of {need} or more"),
    AllotmentRule.STEADYING: text("{spare}, {late} of late: waiting for steadier sun"),
    AllotmentRule.PAUSE: text("{spare}: pausing for another {left_s:.0f} s"),
    AllotmentRule.STARTING: text("{spare}: starting at {current}"),
    AllotmentRule.UNTAKEN: text("{spare}: {current} are on offer, and the car does not begin"),
    AllotmentRule.SEARCHING: text(
        "the car does not begin at what is spare: trying {current} for a moment"
    ),
    AllotmentRule.FOLLOWING: text("following the sun: {spare}"),
    AllotmentRule.CAPPED: text("{spare}: as much as is allowed, {current}"),
    AllotmentRule.FEED_CAPPED: text("{spare}: the feed allows {most}, {current}"),
    AllotmentRule.MINIMUM: text("the least that is asked for: {current}, {spare}"),
    AllotmentRule.LENDING: text(
        "{spare}, less than {need}: the battery lends, {lent_wh:.0f} of {loan_wh:.0f} Wh"
    ),
    AllotmentRule.MIN_ON: text("{spare}, less than {need}: running for another {left_s:.0f} s"),
    AllotmentRule.FAST_CAPPED: text("{asked}: the feed allows {feed}, {current}"),
    AllotmentRule.BATTERY_FIRST: text("the house battery comes first: the feed allows {feed}"),
    AllotmentRule.LAST_FORBADE: text(
        "the feed is lost, and its last word was no charging ({feed}): "
        "set another mode to charge all the same"
    ),
    AllotmentRule.DOUBTED: text("{detail}: not followed"),
    AllotmentRule.PRICED: text("{spare}, less than {need}: at your prices importing the rest pays"),
    AllotmentRule.TESTING: text("a step of the offer shows what the car takes: {current}"),
    AllotmentRule.TAKES_NOTHING: text("{spare}: {current} are on offer"),
    AllotmentRule.UNANSWERED: text("{detail}: no more than {current}"),
    AllotmentRule.UNPROVEN: text(
        "the feed's figure has not yet answered the car: no more than {current} until it does"
    ),
    AllotmentRule.PROBING: text("the house battery stands still: trying for hidden sun, {current}"),
}

_LENDING_DULL: Final = text(
    "{spare}, less than {need}: the battery lends, {lent_wh:.0f} of {loan_wh:.0f} Wh "
    "under a weak sun"
)


SAID_FROM_W: Final = 50.0
"""The reason names the power that the house battery takes first from here on, in watts: less is
0.0 kW."""


@dataclass(frozen=True, slots=True)
class AllotmentReason:
    """A rule and the numbers it spoke with; `describe()` puts them into words.

    `need_w`, `spare_w`, `late_w` (the mean of late), `most_w` (what the feed allows) and
    `reserve_w` and `battery_first_w` (left out of what is spare; the second is what the house
    battery takes before the car) are watts, `battery_loan_wh` is the energy in Wh
    that the battery lent to this cloud, of `loan_limit_wh` at most, which is less than the owner's
    loan while the sun is weak (`dull`), `age_s` the age of the news, `current_a` what is allotted,
    `left_s` what a timer still has, `detail` what is wrong, or who asks for mode fast.
    """

    rule: AllotmentRule
    need_w: float = 0.0
    spare_w: float = 0.0
    late_w: float = 0.0
    most_w: float = 0.0
    reserve_w: float = 0.0
    battery_first_w: float = 0.0
    battery_loan_wh: float = 0.0
    loan_limit_wh: float = 0.0
    dull: bool = False
    age_s: float = 0.0
    current_a: float = 0.0
    left_s: float = 0.0
    detail: str = ""

    def describe(self) -> Text:
        """Describe it in one short line."""
        dull = self.rule is AllotmentRule.LENDING and self.dull
        words = _LENDING_DULL if dull else _WORDS[self.rule]
        return Text(words, {name: _VALUES[name](self) for name in _NAMES[words]})

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
        """True while the reason for the current is expected to last.

        A start is: the rules have just made it, with the battery's loan where that is needed.
        """
        if self.reason.rule is AllotmentRule.UNTAKEN:
            return self.reason.spare_w >= 0.98 * self.reason.need_w
        if self.reason.rule is AllotmentRule.SEARCHING:
            return False
        return self.current_a > 0


def _after_others(reason: AllotmentReason) -> Text:
    """Return the words for what is spare, with what the house battery takes before the car."""
    spare = _beside_reserve(reason)
    if reason.battery_first_w < SAID_FROM_W:
        return spare
    return text(
        "{spare} after {battery} for the house battery, which comes first",
        spare=spare,
        battery=kilowatts(reason.battery_first_w),
    )


def _beside_reserve(reason: AllotmentReason) -> Text:
    """Return the words for what is spare, with the reserve that is left out of it."""
    spare = _spare(reason)
    if reason.reserve_w > 0.0:
        return text(
            "{spare} spare beside the reserve of {reserve_w:.0f} W",
            spare=spare,
            reserve_w=reason.reserve_w,
        )
    if reason.reserve_w < 0.0:
        return text(
            "{spare} spare, {more_w:.0f} W more than the feed shows",
            spare=spare,
            more_w=-reason.reserve_w,
        )
    return text("{spare} spare", spare=spare)


def _spare(reason: AllotmentReason) -> Text:
    """Kilowatts that look less than what is needed where they are less: "1.37 kW" of 1.38."""
    watts, need_w = reason.spare_w, reason.need_w
    shown_need_w = round(need_w, -1)
    if max(0.0, watts) < need_w and round(watts, -2) >= shown_need_w:
        return kilowatts(min(math.floor(watts / 10) * 10, shown_need_w - 10), 2)
    return kilowatts(watts, 1)


def kilowatts(watts: float, digits: int = 1) -> Text:
    """Return *watts* in kilowatts with one or two *digits*, no minus before a zero: "0.9 kW"."""
    power_kw = round(watts / 1000, digits) + 0.0
    if digits == 1:
        return text("{power_kw:.1f} kW", power_kw=power_kw)
    return text("{power_kw:.2f} kW", power_kw=power_kw)


_VALUES: Final[Mapping[str, Callable[[AllotmentReason], Param]]] = {
    "asked": lambda reason: reason.detail or AS_WISHED,
    "need": lambda reason: kilowatts(reason.need_w, 2),
    "feed": _spare,
    "spare": _after_others,
    "most": lambda reason: kilowatts(reason.most_w),
    "late": lambda reason: kilowatts(reason.late_w),
    "current": lambda reason: text("{current_a:g} A", current_a=round(reason.current_a, 1)),
    "lent_wh": lambda reason: reason.battery_loan_wh,
    "loan_wh": lambda reason: reason.loan_limit_wh,
    "age_s": lambda reason: reason.age_s,
    "left_s": lambda reason: reason.left_s,
    "detail": lambda reason: reason.detail,
}
"""The values of the sentences, by their names in the templates."""

_NAMES: Final = {
    words: tuple(name for _, name, _, _ in Formatter().parse(words) if name)
    for words in (*_WORDS.values(), _LENDING_DULL)
}
