# SPDX-License-Identifier: GPL-3.0-or-later
"""Amperes that the feed allots: start, follow, ride through clouds, stop, grow cautious.

Call `on_reading()` with each reading, `on_draw()` about once a second with what the car takes, and
`update()` once a second for the answer.  Nothing here knows a clock; moments are monotonic seconds
given by the caller.  The answer is one ceiling of several, so the car may well get less.

The rules and their order are in `allotment_rules`, the run with its car, its offer and its loan in
`allotment_run`, what there is to give in `allotment_budget`.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.allotment_budget import Budget
from evsed.core.solar.allotment_config import AllotmentConfig, Mode, Semantics
from evsed.core.solar.allotment_result import AllotmentReason, AllotmentResult, AllotmentRule
from evsed.core.solar.allotment_rules import Rules
from evsed.core.solar.allotment_run import Run
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.solar.feed_news import hold_s
from evsed.core.solar.feed_trouble import Notice
from evsed.core.solar.reading import Reading
from evsed.core.text import text

__all__ = [
    "Allotment",
    "AllotmentConfig",
    "AllotmentReason",
    "AllotmentResult",
    "AllotmentRule",
    "CarNeeds",
    "Mode",
    "Reading",
    "Semantics",
]

RESTLESS_SHARE: Final = 0.22
"""A reading that differs from the last by this share of the least power (300 W of 6 A x 230 V) is
one of a restless sky, under which the whole of `margin_share` is kept, and less under a calmer."""

SOLAR_LOSES: Final = Notice(
    "prices",
    text(
        "at these prices a kWh of sun is worth more when it is sold than in the car: charging "
        "from the sun loses money"
    ),
    text(
        "Charge at the time of surplus.later_price (the weekly window), or correct "
        "surplus.feed_in_price."
    ),
)


class Allotment:
    """The feed's ceiling on the current."""

    def __init__(self, config: AllotmentConfig, mode: Mode = Mode.SOLAR) -> None:
        """Begin without news: nothing is allotted before the first fresh reading."""
        self._budget = Budget(config, mode)
        self._surplus = self._budget.surplus
        self._run = Run(self._budget)
        self._rules = Rules(self._budget, self._run)
        self._ordered = False

    @property
    def mode(self) -> Mode:
        """Mode that the owner chose."""
        return self._budget.mode

    @property
    def loan_limit_wh(self) -> float:
        """Energy the battery would lend to a cloud now, in watt-hours."""
        return self._run.loan_limit_wh

    @property
    def car_maximum_a(self) -> float | None:
        """The most the car takes, learned where no meter tells; None while there is no sign."""
        return self._surplus.car_maximum_a

    @property
    def car_phases(self) -> int:
        """The phases that the car uses, by the feed's answers; 0 while nothing is known."""
        return self._surplus.car_phases

    @property
    def period_s(self) -> float:
        """The period of the feed's news, as set or as learned, in seconds."""
        return self._surplus.period_s

    @property
    def has_news(self) -> bool:
        """True once a reading has come."""
        return self._budget.news.reading is not None

    @property
    def knows_sun(self) -> bool:
        """True once the readings that came tell what there is for the car."""
        return self.has_news and self._surplus.known

    @property
    def takes_little(self) -> bool:
        """True while the contactor is closed and the car is known to take next to nothing."""
        return self._run.car.takes_little

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Notices to the owner about the feed, each with a kind of its own."""
        loses = () if self._budget.config.solar_pays else (SOLAR_LOSES,)
        return (*self._surplus.notices, *loses)

    @property
    def feed_was_below_0(self) -> bool:
        """True once the feed's figure was below 0, so that it cannot be one that ends at 0."""
        return self._surplus.doubt.was_below_0

    @property
    def feed_proven(self) -> bool:
        """True once the feed's figure has answered a car."""
        return self._surplus.doubt.proven

    @property
    def forbidding_w(self) -> float | None:
        """The feed's last maximum where it forbids charging, in watts; else None."""
        forbids = self._budget.cap_a() < self._budget.config.car_min_current_a
        return self._budget.news.maximum_w if forbids else None

    def remember_feed(
        self, *, below_0: bool, proven: bool = False, forbidding_w: float | None
    ) -> None:
        """Take over what the feed had shown and said before evsed began.

        `below_0`: its figure was below 0 once; `proven`: it has answered a car. `forbidding_w`, in
        watts, was its last word where that forbade charging: it stays the last until the feed
        answers, or the owner sets another mode.
        """
        doubt, news = self._surplus.doubt, self._budget.news
        doubt.was_below_0 = doubt.was_below_0 or below_0
        doubt.proven = doubt.proven or proven
        if forbidding_w is not None and not news.came:
            news.maximum_w = forbidding_w
            self._ordered = False  # a mode that was restored, too, is no new word of the owner

    def set_rules(self, config: AllotmentConfig) -> None:
        """Follow the rules of *config* from the next `update()` on.

        Mains, feed and least current are those of before; a run goes on.
        """
        self._budget.set_rules(config)

    def successor(self, config: AllotmentConfig, *, same_figure: bool = False) -> Allotment:
        """Return an allotment for the feed of *config*, which knows this one's car and its draw.

        `same_figure`: its figure is this one's, only read in another way.
        """
        coming = Allotment(config, self.mode)
        coming.set_car(self._budget.needs)
        coming._surplus.know_draw_of(self._surplus)
        if same_figure:
            coming.remember_feed(
                below_0=self.feed_was_below_0,
                proven=self.feed_proven,
                forbidding_w=self.forbidding_w,
            )
        return coming

    def begin_run(self, now: float) -> None:
        """Take the charge that is under way for a run that begins now."""
        self._run.turn_on(now)

    def take_over(self, other: Allotment) -> None:
        """Go on with the run of *other*, whose feed this one's replaces; *other* has ended then."""
        self._run = other._run
        self._run.feed_from(self._budget)
        self._rules = Rules(self._budget, self._run)

    def set_mode(self, mode: Mode) -> None:
        """Follow the owner's mode from the next `update()` on.

        Another mode is a new word of the owner's: it ends what a lost feed last forbade, and gives
        a doubted feed another chance.
        """
        if mode is not self._budget.mode:
            self._budget.mode = mode
            self._ordered = True

    def set_car(self, needs: CarNeeds) -> None:
        """Take the *needs* of the plugged car into account from the next `update()` on."""
        self._budget.set_car(needs)
        self._run.conditions.least_w = self._budget.config.least_w

    def on_unplugged(self) -> None:
        """Forget what the car took: another one may be plugged in."""
        self._surplus.forget_car()

    def on_page(self, now: float, maximum_w: float | None = None) -> None:
        """Note that the feed answered with a page that is no reading.

        `maximum_w` is the most it allows, in watts, where that could be read; else the last
        maximum holds.
        """
        self._budget.news.on_page(now, maximum_w)

    def on_reading(self, now: float, reading: Reading) -> bool:
        """Add a reading; False where its stamp is the last one's: then only its maximum counts."""
        budget, surplus, run = self._budget, self._surplus, self._run
        config = budget.config
        if not budget.news.on_reading(now, reading, surplus.period_s):
            return False
        surplus.may_test, surplus.may_pause = run.may_test(now), run.may_pause
        surplus.must_prove = run.must_prove
        surplus.may_step, surplus.fast = run.may_step(now), budget.mode is Mode.FAST
        before_w, before_at = surplus.spare.solar_w, surplus.stamp_at
        span_s = surplus.on_reading(now, reading)
        restless = abs(surplus.spare.solar_w - before_w) / (RESTLESS_SHARE * config.least_w)
        run.margin_w = config.margin_share * config.least_w * min(1.0, restless)
        if math.isfinite(before_at):
            self._settle(now, reading.age_s, before_w, before_at)
        fresh = budget.news.fresh(now, surplus.period_s)
        if not surplus.known:
            return True  # an unknown sun is not a dark one
        if not 0 < span_s <= hold_s(surplus.period_s):
            run.conditions.reset()
        available_w = config.solar_weight * budget.available_w()
        covers = fresh and available_w >= config.start_share * config.least_w
        run.conditions.add(available_w, span_s, covers=covers, period_s=surplus.period_s)
        if available_w >= config.least_w and surplus.held.proven:
            run.loan.open(now)
        return True

    def _settle(self, now: float, age_s: float, before_w: float, before_at: float) -> None:
        """Settle the loan up to the new stamp, with the sun at both ends of the period."""
        budget, surplus = self._budget, self._surplus
        solar_w = (before_w + surplus.spare.solar_w) / 2 - budget.config.reserve_w
        solar_w *= budget.config.solar_weight
        own_w = surplus.mean_own_w(before_at, surplus.stamp_at)
        self._run.loan.settle(
            surplus.stamp_at,
            own_w - solar_w - budget.given_w(),
            age_s,
            surplus.mean_own_w(surplus.stamp_at, now) - budget.covered_w(),
        )

    def on_draw(
        self, now: float, current_a: float, *, charging: bool, measured: bool = False
    ) -> None:
        """Note what the car draws, about once a second.

        `current_a` is per phase: a meter's reading (`measured`), or what is offered.  `charging` is
        true while the contactor is closed and the car asks for power.  Raises ValueError where
        `current_a` is not a finite number of amperes, 0 or more.
        """
        if not (math.isfinite(current_a) and current_a >= 0):
            message = f"current_a is {current_a}; it must be a finite number of amperes, 0 or more"
            raise ValueError(message)
        self._run.on_draw(now, current_a, charging=charging, measured=measured)

    def update(self, now: float) -> AllotmentResult:
        """Return the current that the feed permits now, and the reason."""
        budget, surplus = self._budget, self._surplus
        period_s = surplus.period_s
        fresh = budget.news.fresh(now, period_s)
        lost = not fresh and budget.news.lost(now, period_s)
        if self._ordered:
            self._on_order(lost=lost)
        available_w = budget.available_w()
        amperes, reason = self._rules.decide(now, available_w, fresh=fresh, lost=lost)
        until_s = reason.left_s if reason.left_s > 0 else None
        reading = budget.news.reading
        if reading is None:
            return AllotmentResult(amperes, reason, until_s)
        return AllotmentResult(
            amperes,
            reason,
            until_s,
            available_w,
            reading.excess_w,
            now - surplus.stamp_at,
            solar_w=max(0.0, surplus.spare.solar_w) if fresh and surplus.known else None,
            battery_loan_wh=self._run.debt_wh(),
            car_most_a=surplus.car_maximum_a,
            counts_charge=surplus.counts_charge,
        )

    def _on_order(self, *, lost: bool) -> None:
        """Take the owner's new mode as a word on what the feed said before."""
        self._ordered = False
        self._surplus.doubt.clear()
        self._surplus.held.clear()
        if lost:
            self._budget.news.maximum_w = None
