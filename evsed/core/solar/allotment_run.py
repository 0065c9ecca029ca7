# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: the time from the first current after a start to the stop.

A car that pauses by itself and goes on is still in it. An offer that no car takes is no run: it
borrows nothing.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.allotment_budget import Budget
from evsed.core.solar.allotment_config import Mode
from evsed.core.solar.allotment_result import AllotmentRule
from evsed.core.solar.battery_loan import Loan
from evsed.core.solar.car_activity import CarActivity
from evsed.core.solar.feed_doubt import Doubt
from evsed.core.solar.offer_ramp import QUIET_S, OfferRamp
from evsed.core.solar.start_conditions import StartConditions
from evsed.core.solar.untaken_rest import UntakenRest

UNTAKEN_HOLDS_S: Final = 300.0
"""An offer that no car takes is kept for this long through poor readings, in seconds, and so is the
offer of a run in which the car pauses by itself. Reported cars take up to 4 minutes to begin
(evcc-io/evcc#11958) and a minute to go on (CurtRod/SimpleEVSE-WiFi#35)."""

UNINTERRUPTED_LOANS: Final = 5.0
"""The battery lends so many times its loan to a car that bears no further interruption, on any day:
where a run of such a car ends, the car begins no more."""

UNPROVEN_AGAIN_S: Final = 3_600.0
"""A feed that was never seen to answer the car may be believed for the owner's loan beyond the
least current, and again after so long, in seconds."""

FAST_TEST_EVERY_S: Final = 600.0
"""In the mode fast, what an ordinary car takes is tested no more often, in seconds."""


class Run:
    """The offer to the car, what the car makes of it, and what the battery lends to it."""

    def __init__(self, budget: Budget) -> None:
        """Begin with no offer."""
        self._budget = budget
        self.on = False
        """True while a current is offered."""
        self.stopped_at = -math.inf
        """The moment of the feed's last stop."""
        self.margin_w = 0.0
        """The offer stays so much below what is available, in watts."""
        self.car = CarActivity()
        self.loan = Loan()
        self.conditions = StartConditions(budget.config.least_w)
        self._offer = OfferRamp()
        self._rest = UntakenRest()
        self._metered = False
        self._least_a = budget.config.car_min_current_a
        self._poor_at: float | None = None
        self._drawn_at = -math.inf
        self._unproven_wh, self._unproven_at = 0.0, -math.inf

    def feed_from(self, budget: Budget) -> None:
        """Go on with what *budget*, that of another feed, has to give."""
        self._budget = budget
        self.conditions.least_w = budget.config.least_w

    # -- the car and the loan ------------------------------------------------------------------

    def on_draw(self, now: float, current_a: float, *, charging: bool, measured: bool) -> None:
        """Note what the car draws; see `Allotment.on_draw()`."""
        car, surplus, offer_a = self.car, self._budget.surplus, self._offer.offer_a
        if car.flowing_at is not None and car.charging:
            self.loan.accrue(now - self._drawn_at, surplus.own_w - self._budget.covered_w())
        if car.charging and surplus.unproven:
            self._count_unproven(now)
        if not (charging or measured):
            current_a = 0.0
        self._metered = measured
        self._rest.on_draw(now, offer_a, current_a, follows=charging and measured)
        surplus.on_draw(now, current_a, measured=measured)
        if charging and not car.charging and self.on:
            self._begin_charge(now)
        car.set_charging(now, charging=charging)
        self._drawn_at = now
        car.on_draw(now, current_a, offer_a, surplus.car_maximum_a, measured=measured)

    def _count_unproven(self, now: float) -> None:
        """Count what a car draws beyond its least current by a feed that never answered it."""
        if now - self._unproven_at >= UNPROVEN_AGAIN_S:
            self._unproven_wh, self._unproven_at = 0.0, now
        more_w = self._budget.surplus.own_w - self._budget.config.least_w
        self._unproven_wh += max(0.0, more_w) * (now - self._drawn_at) / 3600

    @property
    def must_prove(self) -> bool:
        """True once a feed that never answered the car was believed for as much as a loan."""
        budget = self._budget
        spent = self._unproven_wh >= budget.config.scaled_loan_wh
        return spent and budget.surplus.unproven

    @property
    def loan_limit_wh(self) -> float:
        """Energy the battery would lend to a cloud now, in watt-hours."""
        whole_wh = self._budget.config.scaled_loan_wh
        if self._budget.needs.uninterrupted:  # a run that ends may be the last of the day
            return UNINTERRUPTED_LOANS * whole_wh
        return whole_wh * self.conditions.loan_share

    def debt_wh(self) -> float | None:
        """Return the run's debt to the battery; None in a mode that does not count it."""
        if self._budget.mode is Mode.FAST:
            return None
        return 0.0 if self.car.flowing_at is None else self.loan.battery_loan_wh

    # -- begin and end -------------------------------------------------------------------------

    def turn_on(self, now: float) -> None:
        """Begin to offer, if nothing is offered yet."""
        if self.on:
            return
        self.on = True
        self._least_a = self._budget.config.car_min_current_a
        self.car.offer(now)
        if self.car.charging:
            self._begin_charge(now)

    def _begin_charge(self, now: float) -> None:
        """Note that current flows from now on: a run begins, or goes on with the offer it has."""
        least_a = self._budget.config.car_min_current_a
        soft_start_s = self._budget.needs.soft_start_s
        if self.car.begin_charge(now, self._offer.offer_a, least_a, soft_start_s):
            self.loan.open(now)

    def stop(self, now: float, *, own: bool = True) -> None:
        """End the run, if there is one; the feed's `own` stops begin the pause."""
        if not self.on:
            return
        if own and self.car.flowing_at is not None:
            self.stopped_at = now
        self.on = False
        self.car.end_run()
        self.conditions.reset()
        self._offer.end()

    def cover(
        self, now: float, wanted_a: float, spare_w: float, floor_a: float, untaken_s: float
    ) -> tuple[AllotmentRule, float]:
        """Return what covers the run, and how long a timer still holds it; WAITING ends it."""
        config = self._budget.config
        if floor_a > 0:
            follows = wanted_a > floor_a
            return (AllotmentRule.FOLLOWING if follows else AllotmentRule.MINIMUM), 0.0
        if wanted_a >= config.car_min_current_a:
            return AllotmentRule.FOLLOWING, 0.0
        if config.solar_weight * wanted_a >= config.car_min_current_a:
            return AllotmentRule.PRICED, 0.0
        if self.car.flowing_at is None or not self.car.takes_power:
            held_s = min(untaken_s, self._poor_s(now, spare_w))
            # What was learned meanwhile may ask for more sun than there is.
            learned = config.car_min_current_a > self._least_a and not self.car.charging
            ends = held_s >= UNTAKEN_HOLDS_S or (learned and held_s > 0)
            return (AllotmentRule.WAITING if ends else AllotmentRule.STARTING), 0.0
        left_s = max(0.0, self.car.flowing_at + config.min_on_s - now)
        if self.loan.battery_loan_wh < self.loan_limit_wh:
            return AllotmentRule.LENDING, left_s
        return (AllotmentRule.MIN_ON if left_s > 0 else AllotmentRule.WAITING), left_s

    def _poor_s(self, now: float, spare_w: float) -> float:
        """Return for how long a car that takes next to nothing has had too little sun, in seconds.

        Infinite where the car leaves its offer untaken: that cannot hide in the figure.
        """
        config = self._budget.config
        if config.solar_weight * spare_w >= config.start_share * config.least_w:
            self._poor_at = None
            return 0.0
        self._poor_at = now if self._poor_at is None else self._poor_at
        return now - self._poor_at if self.car.charging else math.inf

    # -- the offer -----------------------------------------------------------------------------

    def softly(self, now: float) -> bool:
        """Return True where the offer stays at the least current: hardly any current flows yet."""
        needs = self._budget.needs
        return self.car.softly(now, needs.soft_start_s, needs.rises_after_s)

    def ramp_a(self, now: float, wanted_a: float) -> float:
        """Move the offer towards *wanted_a*, not just before a stamp of the feed; return it."""
        budget = self._budget
        period_s = budget.surplus.period_s
        quiet_s = (budget.surplus.stamp_at + period_s - now, min(QUIET_S, period_s / 12))
        return self._offer.move(
            now, wanted_a, budget.config, budget.needs, charging=self.car.charging, quiet_s=quiet_s
        )

    def correct(
        self, rule: AllotmentRule, wanted_a: float, cap_a: float, *, softly: bool
    ) -> tuple[AllotmentRule, float]:
        """Add what the car leaves, keep the margin; or make the step of a test instead."""
        surplus, config = self._budget.surplus, self._budget.config
        test_w = surplus.doubt.test_w or surplus.held.test_w
        if test_w is not None and not softly:
            return AllotmentRule.TESTING, test_w / config.watts_per_ampere
        test_a = 0.0 if surplus.test.pauses else self.test_a(cap_a)
        if test_a is not None:
            return AllotmentRule.TESTING, test_a
        if surplus.doubt.found is Doubt.UNANSWERED:
            return AllotmentRule.UNANSWERED, 0.0
        if self.must_prove:
            return AllotmentRule.UNPROVEN, 0.0
        spare = surplus.spare
        if spare.bias_w > 0 and spare.solar_w < config.least_w:
            rule = AllotmentRule.PROBING
        return rule, wanted_a + self._rest.left_a - self.margin_w / config.watts_per_ampere

    def test_a(self, cap_a: float) -> float | None:
        """Return the current of a step to see what the car takes, if it is due, in amperes."""
        budget, surplus = self._budget, self._budget.surplus
        if self._offer.offer_a <= 0:
            return None
        least_a = max(budget.config.car_min_current_a, budget.floor_a(cap_a))
        if surplus.phase_test is not None and self._bears_steps:
            step_a = surplus.phase_test.plan_a(least_a, cap_a)
            if step_a is not None:
                return step_a
        return surplus.test.plan_a(least_a, cap_a) if surplus.test.runs else None

    def may_step(self, now: float) -> bool:
        """Return True where the offer may be changed to see how many phases the car uses."""
        return self._bears_steps and not self.softly(now)

    @property
    def _bears_steps(self) -> bool:
        """True for a car that charges and does not flinch at changes of its offer."""
        return self.car.charging and not self._budget.needs.change_by_a

    def pause(self) -> float:
        """Offer nothing for the length of a test, within the run; return that offer."""
        self._offer.end()
        return 0.0

    @property
    def may_pause(self) -> bool:
        """True where the offer may end for a moment to see whether the car takes anything."""
        budget = self._budget
        return budget.floor_a(budget.cap_a()) <= 0 and not budget.needs.uninterrupted

    def may_test(self, now: float) -> bool:
        """Return True where the offer may be changed to see what the car takes."""
        budget = self._budget
        if not self.may_step(now):
            return False
        idle_s = budget.surplus.test.idle_s(now)
        return budget.mode is not Mode.FAST or idle_s >= FAST_TEST_EVERY_S
