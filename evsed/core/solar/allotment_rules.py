# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the allotment, in the order in which they are asked.

1. The owner's mode: off gives 0, fast gives everything the feed does not forbid.
2. The feed's maximum: below the least current it stops at once, in every mode, and where the feed
   is lost after such a maximum, fast waits for the owner's word.
3. News: none yet gives 0; once it is not fresh the least current, when it is too old 0.
4. The feed's minimum, or the mode solar_min: given even without sun.
5. A feed that contradicts the car's own draw is not followed.
6. The sun: two readings that cover the least current start a run, three where it was dark before,
   one of a slow feed; it follows what is available; while that is below the least current the
   battery lends, up to `loan_wh` to one cloud on a sunny day and less on a dull one, before the run
   ends.
"""

from __future__ import annotations

from dataclasses import replace

from evsed.core.solar.allotment_budget import Budget
from evsed.core.solar.allotment_config import Mode
from evsed.core.solar.allotment_result import AllotmentReason, AllotmentRule
from evsed.core.solar.allotment_run import Run
from evsed.core.solar.car_activity import climbed_a
from evsed.core.solar.feed_doubt import Doubt


class Rules:
    """The rules over a budget and the run that is fed from it."""

    def __init__(self, budget: Budget, run: Run) -> None:
        """Ask *budget* what there is, and begin and end *run*."""
        self._budget = budget
        self._run = run

    def decide(
        self, now: float, spare_w: float, *, fresh: bool, lost: bool
    ) -> tuple[float, AllotmentReason]:
        """Return the current in amperes, and the reason for it.

        *spare_w* is the power for the car, *fresh* and *lost* are the state of the feed's news.
        """
        budget = self._budget
        config, mode = budget.config, budget.mode
        if mode is Mode.OFF:
            return self._stop(now, AllotmentReason(AllotmentRule.OFF), own=False)
        cap_a = budget.cap_a()
        if cap_a < config.car_min_current_a and (mode is Mode.FAST or not lost):
            return self._stop(now, self._forbidden(cap_a, lost=lost))
        if mode is Mode.FAST:
            return self._fast(now, config.max_current_a if lost else cap_a, fresh=fresh)
        if not fresh:
            return self._without_news(now)
        doubt = budget.surplus.doubt.found
        if doubt is not None and doubt is not Doubt.UNANSWERED and budget.floor_a(cap_a) <= 0:
            return self._stop(now, AllotmentReason(AllotmentRule.DOUBTED, detail=doubt.value))
        if not self._run.on:
            return self._start(now, cap_a, spare_w)
        return self._follow(now, cap_a, spare_w)

    def _forbidden(self, cap_a: float, *, lost: bool) -> AllotmentReason:
        """Explain a maximum below the least current."""
        config = self._budget.config
        first = config.semantics == "batterymonitor" and cap_a <= 0
        rule = AllotmentRule.BATTERY_FIRST if first else AllotmentRule.FORBIDDEN
        if lost:
            rule = AllotmentRule.LAST_FORBADE
        return AllotmentReason(rule, need_w=config.least_w, spare_w=cap_a * config.watts_per_ampere)

    def _fast(self, now: float, cap_a: float, *, fresh: bool) -> tuple[float, AllotmentReason]:
        """Give as much as is allowed."""
        config, run = self._budget.config, self._run
        run.turn_on(now)
        wanted_a = config.car_min_current_a if run.softly(now) else cap_a
        test_a = run.test_a(self._budget.cap_a()) if fresh else None
        amperes = run.ramp_a(now, wanted_a if test_a is None else min(test_a, cap_a))
        capped = cap_a < config.max_current_a
        return amperes, AllotmentReason(
            AllotmentRule.FAST_CAPPED if capped else AllotmentRule.FAST,
            spare_w=cap_a * config.watts_per_ampere,
            current_a=amperes,
        )

    def _without_news(self, now: float) -> tuple[float, AllotmentReason]:
        """Give nothing, or the least current for a while, where the last news is not fresh."""
        news, run = self._budget.news, self._run
        if news.reading is None:
            return self._stop(now, AllotmentReason(AllotmentRule.NO_NEWS_YET))
        stale_s = news.stale_s(now)
        if news.too_old(now, self._budget.surplus.period_s):
            return self._stop(now, AllotmentReason(AllotmentRule.TOO_OLD, age_s=stale_s))
        amperes = run.ramp_a(now, self._budget.config.car_min_current_a) if run.on else 0.0
        return amperes, AllotmentReason(AllotmentRule.CAUTIOUS, age_s=stale_s, current_a=amperes)

    def _start(self, now: float, cap_a: float, spare_w: float) -> tuple[float, AllotmentReason]:
        """Decide whether a run may begin."""
        config, run = self._budget.config, self._run
        conditions = run.conditions
        stopped_s = now - run.stopped_at
        pause_s = max(0.0, config.min_off_s - stopped_s)
        rule = None
        if self._budget.floor_a(cap_a) > 0:
            rule = AllotmentRule.PAUSE if pause_s > 0 else None
        elif not self._budget.surplus.known:
            rule = AllotmentRule.SEPARATING
        elif conditions.covering == 0:
            rule = AllotmentRule.WAITING
        elif pause_s > 0:
            rule = AllotmentRule.PAUSE
        elif not conditions.confirmed:
            rule = AllotmentRule.CONFIRMING
        elif not conditions.steady(stopped_s):
            rule = AllotmentRule.STEADYING
        if rule is not None:
            need_w = config.start_share * config.least_w / config.solar_weight
            reason = self._by_spare(rule, need_w, spare_w)
            return 0.0, replace(reason, late_w=conditions.late_w, left_s=pause_s)
        run.turn_on(now)
        return self._follow(now, cap_a, spare_w)

    def _follow(self, now: float, cap_a: float, spare_w: float) -> tuple[float, AllotmentReason]:
        """Follow the sun, or lend, or end the run."""
        budget, config, run = self._budget, self._budget.config, self._run
        car = run.car
        untaken_s = car.untaken_s(now)
        floor_a = climbed_a(self._budget.floor_a(cap_a), cap_a, untaken_s)
        wanted_a = spare_w / config.watts_per_ampere
        rule, left_s = run.cover(now, wanted_a, spare_w, floor_a, untaken_s)
        if rule is AllotmentRule.WAITING:
            return self._stop(now, self._by_spare(rule, config.least_w, spare_w))
        softly = run.softly(now)
        if softly:
            wanted_a = 0.0
            rule = AllotmentRule.STARTING
        elif self._budget.needs.search_a > wanted_a and not car.takes_power:
            wanted_a, rule = self._budget.needs.search_a, AllotmentRule.SEARCHING
        elif car.flowing_at is None:
            rule = AllotmentRule.UNTAKEN
        elif car.takes_little:
            rule = AllotmentRule.TAKES_NOTHING
        elif car.begun_a(now) > 0:
            wanted_a = max(wanted_a, car.begun_a(now))
        elif wanted_a > cap_a:
            feed = cap_a < config.max_current_a
            rule = AllotmentRule.FEED_CAPPED if feed else AllotmentRule.CAPPED
        rule, wanted_a = run.correct(rule, wanted_a, cap_a, softly=softly)
        least_a = max(config.car_min_current_a, floor_a)
        if budget.surplus.test.pauses and rule is AllotmentRule.TESTING:
            amperes = run.pause()
        else:
            amperes = run.ramp_a(now, min(max(wanted_a, least_a), cap_a))
        return amperes, replace(
            self._by_spare(rule, config.least_w, spare_w),
            battery_loan_wh=run.loan.battery_loan_wh,
            loan_limit_wh=run.loan_limit_wh,
            dull=run.loan_limit_wh < config.scaled_loan_wh,
            current_a=amperes,
            left_s=left_s,
            most_w=cap_a * config.watts_per_ampere,
            detail=Doubt.UNANSWERED.value,
        )

    def _by_spare(self, rule: AllotmentRule, need_w: float, spare_w: float) -> AllotmentReason:
        """Explain *rule* by the power that is spare, and by what is kept from the car."""
        return AllotmentReason(
            rule,
            need_w=need_w,
            spare_w=spare_w,
            reserve_w=self._budget.config.reserve_w,
            battery_first_w=self._budget.surplus.battery_first_w,
        )

    def _stop(
        self, now: float, reason: AllotmentReason, *, own: bool = True
    ) -> tuple[float, AllotmentReason]:
        """End the run, if there is one, and give nothing."""
        self._run.stop(now, own=own)
        return 0.0, reason
