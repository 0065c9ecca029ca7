# SPDX-License-Identifier: GPL-3.0-or-later
"""Amperes that the feed allots: start, follow, ride through clouds, stop, grow cautious.

Call `on_reading()` with each reading, `on_draw()` about once a second with what the car takes, and
`update()` once a second for the answer.  Nothing here knows a clock; moments are monotonic seconds
given by the caller.  The answer is one ceiling of several, so the car may well get less.

The rules, in the order they are asked:

1. The owner's mode: off gives 0, fast gives everything the feed does not forbid.
2. The feed's maximum: below the least current it stops at once, in every mode, and where the feed
   is lost after such a maximum, fast waits for the owner's word.
3. News: none yet gives 0; once it is not fresh the least current, when it is too old 0.
4. The feed's minimum, or the mode solar_min: given even without sun.
5. A feed that contradicts the car's own draw is not followed.
6. The sun: two readings that cover the least current start a run, three where it was dark before;
   it follows what is available; while that is below the least current the battery lends, up to
   `loan_wh` to one cloud on a sunny day and less on a dull one, before the run ends.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from evsed.core.solar.allotment_config import AllotmentConfig, Mode, Semantics
from evsed.core.solar.allotment_result import AllotmentReason, AllotmentResult, AllotmentRule
from evsed.core.solar.battery_loan import Loan
from evsed.core.solar.car_activity import CarActivity, climbed_a
from evsed.core.solar.car_needs import ORDINARY_CAR, CarNeeds
from evsed.core.solar.feed_doubt import Doubt
from evsed.core.solar.feed_news import FeedNews, hold_s
from evsed.core.solar.feed_trouble import Notice
from evsed.core.solar.offer_ramp import ANSWER_S, QUIET_S, OfferRamp
from evsed.core.solar.start_conditions import StartConditions
from evsed.core.solar.surplus import Reading, Surplus
from evsed.core.solar.untaken_rest import UntakenRest

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
    "at these prices a kWh of sun is worth more when it is sold than in the car: charging from the "
    "sun loses money. Charge at the time of surplus.later_price (the weekly window), or correct "
    "surplus.feed_in_price.",
)

UNTAKEN_HOLDS_S: Final = 300.0
"""An offer that no car takes is kept for this long through poor readings, in seconds, and so is the
offer of a run in which the car pauses by itself. Reported cars take up to 4 minutes to begin
(evcc-io/evcc#11958) and a minute to go on (CurtRod/SimpleEVSE-WiFi#35)."""

UNINTERRUPTED_LOANS: Final = 5.0
"""The battery lends so many times its loan to a car that bears no further interruption, on any day:
where a run of such a car ends, the car begins no more."""

FAST_TEST_EVERY_S: Final = 600.0
"""In the mode fast, what an ordinary car takes is tested no more often, in seconds."""


class Allotment:
    """The feed's ceiling on the current.

    One run is the time from the first current after a start to the stop; a car that pauses by
    itself and goes on is still in it. An offer that no car takes is no run: it borrows nothing.
    """

    def __init__(self, config: AllotmentConfig, mode: Mode = Mode.SOLAR) -> None:
        """Begin without news: nothing is allotted before the first fresh reading."""
        self._shipped = self._config = config
        self._needs = ORDINARY_CAR
        self._mode = mode
        self._surplus = Surplus(config)
        self._loan = Loan()
        self._news = FeedNews()
        self._conditions = StartConditions(config.least_w)
        self._offer = OfferRamp()
        self._rest = UntakenRest()
        self._ordered = False
        self._metered = False
        self._margin_w = 0.0
        self._on, self._run_least_a = False, config.car_min_current_a
        self._car = CarActivity()
        self._poor_at: float | None = None
        self._stopped_at = -math.inf
        self._drawn_at = -math.inf

    @property
    def mode(self) -> Mode:
        """Mode that the owner chose."""
        return self._mode

    @property
    def battery_loan_wh(self) -> float:
        """Energy the battery lent to this cloud so far, in watt-hours."""
        return self._loan.battery_loan_wh

    @property
    def loan_limit_wh(self) -> float:
        """Energy the battery would lend to a cloud now, in watt-hours."""
        whole_wh = self._config.scaled_loan_wh
        if self._needs.uninterrupted:  # a run that ends may be the last of the day
            return UNINTERRUPTED_LOANS * whole_wh
        return whole_wh * self._conditions.loan_share

    @property
    def car_maximum_a(self) -> float | None:
        """The most the car takes, learned where no meter tells; None while there is no sign."""
        return self._surplus.car_maximum_a

    @property
    def period_s(self) -> float:
        """The period of the feed's news, as set or as learned, in seconds."""
        return self._surplus.period_s

    @property
    def takes_little(self) -> bool:
        """True while the contactor is closed and the car is known to take next to nothing."""
        return self._car.takes_little

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Notices to the owner about the feed, each with a kind of its own."""
        loses = () if self._config.solar_pays else (SOLAR_LOSES,)
        return (*self._surplus.notices, *loses)

    def set_mode(self, mode: Mode) -> None:
        """Follow the owner's mode from the next `update()` on.

        Another mode is a new word of the owner's: it ends what a lost feed last forbade, and gives
        a doubted feed another chance.
        """
        if mode is not self._mode:
            self._mode = mode
            self._ordered = True

    def set_car(self, needs: CarNeeds) -> None:
        """Take the *needs* of the plugged car into account from the next `update()` on."""
        before = self._needs
        switched = needs.set_phases != before.set_phases
        if switched or (needs.least_a, needs.phases) != (before.least_a, before.phases):
            shipped = self._shipped
            least_a = max(shipped.car_min_current_a, needs.least_a)
            least_a = min(least_a, shipped.max_current_a)
            box_phases = needs.set_phases or shipped.phases
            phases = min(needs.phases or box_phases, box_phases)
            self._config = replace(shipped, car_min_current_a=least_a, phases=phases)
            self._conditions.least_w = self._config.least_w
            self._surplus.set_phases(phases, switched=switched)
        self._needs = needs

    def on_unplugged(self) -> None:
        """Forget what the car took: another one may be plugged in."""
        self._surplus.forget_car()

    def on_page(self, now: float, maximum_w: float | None = None) -> None:
        """Note that the feed answered with a page that is no reading.

        `maximum_w` is the most it allows, in watts, where that could be read; else the last
        maximum holds.
        """
        self._news.on_page(now, maximum_w)

    def on_reading(self, now: float, reading: Reading) -> bool:
        """Add a reading; False where its stamp is the last one's: then only its maximum counts."""
        config, surplus = self._config, self._surplus
        if not self._news.on_reading(now, reading, surplus.period_s):
            return False
        surplus.may_test = self._may_test(now)
        before_w, before_at = surplus.spare.solar_w, surplus.stamp_at
        span_s = surplus.on_reading(now, reading)
        restless = abs(surplus.spare.solar_w - before_w) / (RESTLESS_SHARE * config.least_w)
        self._margin_w = config.margin_share * config.least_w * min(1.0, restless)
        if math.isfinite(before_at):
            solar_w = (before_w + surplus.spare.solar_w) / 2 - config.reserve_w
            solar_w *= config.solar_weight
            own_w = surplus.mean_own_w(before_at, surplus.stamp_at)
            self._loan.settle(
                surplus.stamp_at,
                own_w - solar_w - self._given_w(),
                reading.age_s,
                surplus.mean_own_w(surplus.stamp_at, now) - self._covered_w(),
            )
        fresh = self._news.fresh(now, surplus.period_s)
        if not 0 < span_s <= hold_s(surplus.period_s):
            self._conditions.reset()
        available_w = config.solar_weight * self._available_w()
        covers = fresh and available_w >= config.start_share * config.least_w
        self._conditions.add(available_w, span_s, covers=covers)
        if available_w >= config.least_w and surplus.held.proven:
            self._loan.open(now)
        return True

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
        car = self._car
        if car.flowing_at is not None and car.charging:
            self._loan.accrue(now - self._drawn_at, self._surplus.own_w - self._covered_w())
        if not (charging or measured):
            current_a = 0.0
        self._metered = measured
        self._rest.on_draw(now, self._offer.offer_a, current_a, follows=charging and measured)
        self._surplus.on_draw(now, current_a, measured=measured)
        if charging and not car.charging and self._on:
            self._begin_charge(now)
        car.set_charging(now, charging=charging)
        self._drawn_at = now
        car.on_draw(now, current_a, self._offer.offer_a, self.car_maximum_a, measured=measured)

    def update(self, now: float) -> AllotmentResult:
        """Say what the feed permits now, and why."""
        amperes, reason = self._decide(now)
        until_s = reason.left_s if reason.left_s > 0 else None
        reading = self._news.reading
        if reading is None:
            return AllotmentResult(amperes, reason, until_s)
        age_s = now - self._surplus.stamp_at
        fresh = self._news.fresh(now, self._surplus.period_s)
        return AllotmentResult(
            amperes,
            reason,
            until_s,
            self._available_w(),
            reading.excess_w,
            age_s,
            solar_w=max(0.0, self._surplus.spare.solar_w) if fresh else None,
            battery_loan_wh=self._loan_now_wh(),
            car_most_a=self.car_maximum_a,
        )

    # -- the rules ---------------------------------------------------------------------------

    def _decide(self, now: float) -> tuple[float, AllotmentReason]:
        """Ask the rules in their order."""
        config, news, period_s = self._config, self._news, self._surplus.period_s
        lost = news.lost(now, period_s)
        if self._ordered:
            self._on_order(lost=lost)
        if self._mode is Mode.OFF:
            return self._stop(now, AllotmentReason(AllotmentRule.OFF), own=False)
        cap_a = self._cap_a()
        if cap_a < config.car_min_current_a and (self._mode is Mode.FAST or not lost):
            return self._stop(now, self._forbidden(cap_a, lost=lost))
        if self._mode is Mode.FAST:
            return self._fast(now, config.max_current_a if lost else cap_a)
        if news.reading is None:
            return self._stop(now, AllotmentReason(AllotmentRule.NO_NEWS_YET))
        stale_s = news.stale_s(now)
        if news.too_old(now, period_s):
            return self._stop(now, AllotmentReason(AllotmentRule.TOO_OLD, age_s=stale_s))
        if not news.fresh(now, period_s):
            amperes = self._ramp(now, config.car_min_current_a) if self._on else 0.0
            return amperes, AllotmentReason(
                AllotmentRule.CAUTIOUS, age_s=stale_s, current_a=amperes
            )
        doubt = self._surplus.doubt.found
        followed = doubt is None or doubt is Doubt.UNANSWERED or self._floor_a(cap_a) > 0
        if doubt is not None and not followed:
            return self._stop(now, AllotmentReason(AllotmentRule.DOUBTED, detail=doubt.value))
        if not self._on:
            return self._start(now, cap_a)
        return self._follow(now, cap_a)

    def _on_order(self, *, lost: bool) -> None:
        """Take the owner's new mode as a word on what the feed said before."""
        self._ordered = False
        self._surplus.doubt.clear()
        self._surplus.held.clear()
        if lost:
            self._news.maximum_w = None

    def _forbidden(self, cap_a: float, *, lost: bool) -> AllotmentReason:
        """Explain a maximum below the least current."""
        config = self._config
        first = config.semantics == "batterymonitor" and cap_a <= 0
        rule = AllotmentRule.BATTERY_FIRST if first else AllotmentRule.FORBIDDEN
        if lost:
            rule = AllotmentRule.LAST_FORBADE
        return AllotmentReason(rule, need_w=config.least_w, spare_w=cap_a * config.watts_per_ampere)

    def _fast(self, now: float, cap_a: float) -> tuple[float, AllotmentReason]:
        """Give as much as is allowed."""
        config, news = self._config, self._news
        self._turn_on(now)
        wanted_a = config.car_min_current_a if self._softly(now) else cap_a
        test_a = self._test_a() if news.fresh(now, self._surplus.period_s) else None
        amperes = self._ramp(now, wanted_a if test_a is None else min(test_a, cap_a))
        capped = cap_a < config.max_current_a
        return amperes, AllotmentReason(
            AllotmentRule.FAST_CAPPED if capped else AllotmentRule.FAST,
            spare_w=cap_a * config.watts_per_ampere,
            current_a=amperes,
        )

    def _start(self, now: float, cap_a: float) -> tuple[float, AllotmentReason]:
        """Decide whether a run may begin."""
        config, conditions = self._config, self._conditions
        spare_w = self._available_w()
        need_w = config.start_share * config.least_w / config.solar_weight
        stopped_s = now - self._stopped_at
        pause_s = max(0.0, config.min_off_s - stopped_s)
        rule = None
        if self._floor_a(cap_a) > 0:
            rule = AllotmentRule.PAUSE if pause_s > 0 else None
        elif conditions.covering == 0:
            rule = AllotmentRule.WAITING
        elif pause_s > 0:
            rule = AllotmentRule.PAUSE
        elif not conditions.confirmed:
            rule = AllotmentRule.CONFIRMING
        elif not conditions.steady(stopped_s):
            rule = AllotmentRule.STEADYING
        if rule is not None:
            late_w = conditions.late_w
            return 0.0, AllotmentReason(
                rule,
                need_w=need_w,
                spare_w=spare_w,
                late_w=late_w,
                left_s=pause_s,
                reserve_w=config.reserve_w,
            )
        self._turn_on(now)
        return self._follow(now, cap_a)

    def _follow(self, now: float, cap_a: float) -> tuple[float, AllotmentReason]:
        """Give what there is, or lend, or end the run."""
        config = self._config
        spare_w = self._available_w()
        car = self._car
        untaken_s = car.untaken_s(now)
        floor_a = climbed_a(self._floor_a(cap_a), cap_a, untaken_s)
        least_a = max(config.car_min_current_a, floor_a)
        wanted_a = spare_w / config.watts_per_ampere
        rule, left_s = self._cover(now, wanted_a, spare_w, floor_a, untaken_s)
        if rule is AllotmentRule.WAITING:
            return self._stop(
                now,
                AllotmentReason(
                    rule, need_w=config.least_w, spare_w=spare_w, reserve_w=config.reserve_w
                ),
            )
        if self._softly(now):
            wanted_a = 0.0
            rule = AllotmentRule.STARTING
        elif self._needs.search_a > wanted_a and not car.takes_power:
            wanted_a, rule = self._needs.search_a, AllotmentRule.SEARCHING
        elif car.flowing_at is None:
            rule = AllotmentRule.UNTAKEN
        elif car.takes_little:
            rule = AllotmentRule.TAKES_NOTHING
        elif car.begun_a(now) > 0:
            wanted_a = max(wanted_a, car.begun_a(now))
        elif wanted_a > cap_a:
            feed = cap_a < config.max_current_a
            rule = AllotmentRule.FEED_CAPPED if feed else AllotmentRule.CAPPED
        rule, wanted_a = self._corrected(now, rule, wanted_a)
        if rule is AllotmentRule.TESTING:  # a step goes down, too, from where an offer has climbed
            least_a = max(config.car_min_current_a, self._floor_a(cap_a))
        amperes = self._ramp(now, min(max(wanted_a, least_a), cap_a))
        return amperes, AllotmentReason(
            rule,
            need_w=config.least_w,
            spare_w=spare_w,
            battery_loan_wh=self.battery_loan_wh,
            loan_limit_wh=self.loan_limit_wh,
            current_a=amperes,
            left_s=left_s,
            most_w=cap_a * config.watts_per_ampere,
            reserve_w=config.reserve_w,
            detail=Doubt.UNANSWERED.value,
        )

    def _cover(
        self, now: float, wanted_a: float, spare_w: float, floor_a: float, untaken_s: float
    ) -> tuple[AllotmentRule, float]:
        """Say what covers the run, and how long a timer still holds it; WAITING ends it."""
        config = self._config
        if floor_a > 0:
            follows = wanted_a > floor_a
            return (AllotmentRule.FOLLOWING if follows else AllotmentRule.MINIMUM), 0.0
        if wanted_a >= config.car_min_current_a:
            return AllotmentRule.FOLLOWING, 0.0
        if config.solar_weight * wanted_a >= config.car_min_current_a:
            return AllotmentRule.PRICED, 0.0
        if self._car.flowing_at is None or not self._car.takes_power:
            held_s = min(untaken_s, self._poor_s(now, spare_w))
            # What was learned meanwhile may ask for more sun than there is.
            learned = config.car_min_current_a > self._run_least_a and not self._car.charging
            ends = held_s >= UNTAKEN_HOLDS_S or (learned and held_s > 0)
            return (AllotmentRule.WAITING if ends else AllotmentRule.STARTING), 0.0
        left_s = max(0.0, self._car.flowing_at + config.min_on_s - now)
        if self.battery_loan_wh < self.loan_limit_wh:
            return AllotmentRule.LENDING, left_s
        return (AllotmentRule.MIN_ON if left_s > 0 else AllotmentRule.WAITING), left_s

    def _poor_s(self, now: float, spare_w: float) -> float:
        """Return for how long a car that takes next to nothing has had too little sun, in seconds.

        Infinite where the car leaves its offer untaken: that cannot hide in the figure.
        """
        config = self._config
        if config.solar_weight * spare_w >= config.start_share * config.least_w:
            self._poor_at = None
            return 0.0
        self._poor_at = now if self._poor_at is None else self._poor_at
        return now - self._poor_at if self._car.charging else math.inf

    def _corrected(
        self, now: float, rule: AllotmentRule, wanted_a: float
    ) -> tuple[AllotmentRule, float]:
        """Add what the car leaves, keep the margin; or make the step of a test instead."""
        test_w = self._surplus.doubt.test_w or self._surplus.held.test_w
        if test_w is not None and not self._softly(now):
            return AllotmentRule.TESTING, test_w / self._config.watts_per_ampere
        test_a = self._test_a()
        if test_a is not None:
            return AllotmentRule.TESTING, test_a
        if self._surplus.doubt.found is Doubt.UNANSWERED:
            return AllotmentRule.UNANSWERED, 0.0
        spare = self._surplus.spare
        if spare.bias_w > 0 and spare.solar_w < self._config.least_w:
            rule = AllotmentRule.PROBING
        return rule, wanted_a + self._rest.left_a - self._margin_w / self._config.watts_per_ampere

    def _test_a(self) -> float | None:
        """Return the current of a step to see what the car takes, if one is due, in amperes."""
        if self._offer.offer_a <= 0:
            return None
        least_a = max(self._config.car_min_current_a, self._floor_a(self._cap_a()))
        return self._surplus.test.plan_a(least_a, self._cap_a())

    def _may_test(self, now: float) -> bool:
        """Return True where the offer may be changed to see what the car takes."""
        if not self._car.charging or self._needs.change_by_a or self._softly(now):
            return False
        return self._mode is not Mode.FAST or self._surplus.test.idle_s(now) >= FAST_TEST_EVERY_S

    def _turn_on(self, now: float) -> None:
        """Begin to offer, if nothing is offered yet."""
        if self._on:
            return
        self._on, self._run_least_a = True, self._config.car_min_current_a
        self._car.offer(now)
        if self._car.charging:
            self._begin_charge(now)

    def _begin_charge(self, now: float) -> None:
        """Note that current flows from now on: a run begins, or goes on with the offer it has."""
        offered_a, least_a = self._offer.offer_a, self._config.car_min_current_a
        if self._car.begin_charge(now, offered_a, least_a, self._needs.soft_start_s):
            self._loan.open(now)

    def _softly(self, now: float) -> bool:
        """Return True where the offer stays at the least current: hardly any current flows yet."""
        return self._car.softly(now, self._needs.soft_start_s)

    def _stop(
        self, now: float, reason: AllotmentReason, *, own: bool = True
    ) -> tuple[float, AllotmentReason]:
        """End the run, if there is one; the feed's `own` stops begin the pause."""
        if self._on:
            if own and self._car.flowing_at is not None:
                self._stopped_at = now
            self._on = False
            self._car.end_run()
            self._conditions.reset()
            self._offer.end()
        return 0.0, reason

    def _ramp(self, now: float, wanted_a: float) -> float:
        """Move the offer towards *wanted_a*, not just before a stamp of the feed."""
        period_s = self._surplus.period_s
        quiet_s = None
        if self._metered or period_s >= ANSWER_S:
            quiet_s = (self._surplus.stamp_at + period_s - now, min(QUIET_S, period_s / 12))
        return self._offer.move(
            now, wanted_a, self._config, self._needs, charging=self._car.charging, quiet_s=quiet_s
        )

    # -- the numbers behind them ---------------------------------------------------------------

    def _available_w(self) -> float:
        """Return the power for the car after the owner's reserve."""
        return self._surplus.spare.available_w - self._config.reserve_w

    def _cap_a(self) -> float:
        """The most the feed and the circuit allow."""
        config, maximum_w = self._config, self._news.maximum_w
        if maximum_w is None:
            return config.max_current_a
        return min(config.max_current_a, maximum_w / config.watts_per_ampere)

    def _floor_a(self, cap_a: float) -> float:
        """The least that is to be given without sun, in amperes; 0 where nothing is."""
        config = self._config
        reading = self._news.reading
        minimum_w = reading.minimum_w if reading is not None else 0.0
        if minimum_w <= 0 and self._mode is not Mode.SOLAR_MIN and not self._needs.welcome:
            return 0.0
        return min(cap_a, max(config.car_min_current_a, minimum_w / config.watts_per_ampere))

    def _loan_now_wh(self) -> float | None:
        """Return the run's debt to the battery; None in a mode that does not count it."""
        if self._mode is Mode.FAST:
            return None
        return 0.0 if self._car.flowing_at is None else self.battery_loan_wh

    def _given_w(self) -> float:
        """Return the power that is given on demand and therefore not lent."""
        return self._floor_a(self._config.max_current_a) * self._config.watts_per_ampere

    def _covered_w(self) -> float:
        """Return the power that costs the battery nothing: the sun, or what is given on demand."""
        config = self._config
        solar_w = self._surplus.spare.solar_w - config.reserve_w
        return max(config.solar_weight * solar_w, self._given_w())
