# SPDX-License-Identifier: GPL-3.0-or-later
"""How many amperes the feed allots: start, follow, ride through clouds, stop, grow cautious.

Call `on_reading()` with each reading, `on_draw()` about once a second with what the car takes, and
`update()` once a second for the answer.  Nothing here knows a clock; moments are monotonic seconds
given by the caller.  The answer is one ceiling of several, so the car may well get less.

The rules, in the order they are asked:

1. The owner's mode: off gives 0, fast gives everything the feed does not forbid.
2. News: none yet gives 0; older than `HOLD_PERIODS` the least current, older than `STOP_PERIODS` 0.
3. The feed's maximum: below the least current it stops at once.
4. The feed's minimum, or the mode solar_min: given even without sun.
5. The sun: two readings that cover the least current start a run, three where it was dark before;
   it follows what is available; while that is below the least current the battery lends, up to
   `loan_wh` to one cloud on a sunny day and less on a dull one, before the run ends.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from evsed.core.solar.allotment_config import AllotmentConfig, Mode, Semantics
from evsed.core.solar.allotment_result import AllotmentResult, AllotmentRule, Reason
from evsed.core.solar.battery_loan import Loan
from evsed.core.solar.car_needs import ORDINARY_CAR, CarNeeds
from evsed.core.solar.start_conditions import StartConditions
from evsed.core.solar.surplus import Reading, Surplus

__all__ = [
    "Allotment",
    "AllotmentConfig",
    "AllotmentResult",
    "AllotmentRule",
    "CarNeeds",
    "Mode",
    "Reading",
    "Reason",
    "Semantics",
]

HOLD_PERIODS: Final = 2.0
"""News is fresh for this many periods of the feed, counted from its stamp."""

STOP_PERIODS: Final = 5.0
"""From this many periods on, news is too old to charge by."""

STEP_A: Final = 0.02
"""The allotment moves in steps of this size, in amperes, rounded down."""

SETTLE_S: Final = 5.0
"""A run stays at the least current for this long after current began to flow, in seconds."""

UNTAKEN_RISES_S: Final = 60.0
"""An offer of the least current that no car takes for this long rises to what is spare, in seconds.
Nothing is risked while nothing is drawn, and some cars do not begin at 6 A."""

UNTAKEN_HOLDS_S: Final = 300.0
"""An offer that no car takes is kept for this long through poor readings, in seconds, and so is the
offer of a run in which the car pauses by itself. Reported cars take up to 4 minutes to begin
(evcc-io/evcc#11958) and a minute to go on (CurtRod/SimpleEVSE-WiFi#35)."""

UNINTERRUPTED_LOANS: Final = 5.0
"""The battery lends so many times its loan to a car that bears no further interruption."""

QUIET_S: Final = 5.0
"""The allotment does not move during this long before the next stamp is due, in seconds: a car that
is still on its way to a new current would make that reading ambiguous."""


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
        self._reading: Reading | None = None
        self._conditions = StartConditions(config.least_w)
        self._on = False
        self._charging = False
        self._flowing_at: float | None = None
        self._soft_until_at = -math.inf
        self._idle_at = -math.inf
        self._changed_at = -math.inf
        self._stopped_at = -math.inf
        self._drawn_at = -math.inf
        self._ramp_a = 0.0
        self._moved_at = -math.inf

    @property
    def mode(self) -> Mode:
        """What the owner wants."""
        return self._mode

    @property
    def lent_wh(self) -> float:
        """What the battery lent to this cloud so far, in watt-hours."""
        return self._loan.lent_wh

    @property
    def loan_wh(self) -> float:
        """What the battery would lend to a cloud now, in watt-hours."""
        loans = UNINTERRUPTED_LOANS if self._needs.uninterrupted else 1.0
        return loans * self._config.loan_wh * self._conditions.loan_share

    @property
    def car_maximum_a(self) -> float | None:
        """The most the car takes, learned where no meter tells; None while there is no sign."""
        return self._surplus.car_maximum_a

    def set_mode(self, mode: Mode) -> None:
        """Obey the owner from the next `update()` on."""
        self._mode = mode

    def set_car(self, needs: CarNeeds) -> None:
        """Take the *needs* of the plugged car into account from the next `update()` on."""
        if needs.least_a != self._needs.least_a:
            least_a = max(self._shipped.car_min_current_a, needs.least_a)
            least_a = min(least_a, self._shipped.max_current_a)
            self._config = replace(self._shipped, car_min_current_a=least_a)
            self._conditions.least_w = self._config.least_w
        self._needs = needs

    def on_reading(self, now: float, reading: Reading) -> bool:
        """Take in a reading; False, and nothing done, when its stamp is the last one's."""
        if self._reading is not None and self._reading.stamp == reading.stamp:
            return False
        config, surplus = self._config, self._surplus
        before_w, before_at = surplus.spare.sun_w, surplus.stamp_at
        periods = surplus.on_reading(now, reading)
        self._reading = reading
        if math.isfinite(before_at):
            sun_w = (before_w + surplus.spare.sun_w) / 2
            own_w = surplus.mean_own_w(before_at, surplus.stamp_at)
            self._loan.settle(
                surplus.stamp_at,
                own_w - sun_w - self._given_w(),
                reading.age_s,
                surplus.mean_own_w(surplus.stamp_at, now) - self._covered_w(),
            )
        fresh = reading.age_s <= HOLD_PERIODS * config.period_s
        if not 0 < periods <= HOLD_PERIODS:
            self._conditions.reset()
        available_w = self._available_w()
        covers = fresh and available_w >= config.start_share * config.least_w
        self._conditions.add(available_w, periods, covers=covers)
        if available_w >= config.least_w:
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
        if self._flowing_at is not None and self._charging:
            self._loan.accrue(now - self._drawn_at, self._surplus.own_w - self._covered_w())
        if not (charging or measured):
            current_a = 0.0
        self._surplus.on_draw(now, current_a, measured=measured)
        if charging and not self._charging and self._on:
            self._begin_charge(now)
        if self._charging and not charging:
            self._idle_at = now
        self._charging = charging
        self._drawn_at = now

    def update(self, now: float) -> AllotmentResult:
        """Say what the feed permits now, and why."""
        amperes, reason = self._decide(now)
        until_s = reason.left_s if reason.left_s > 0 else None
        if self._reading is None:
            return AllotmentResult(amperes, reason, until_s)
        age_s = now - self._surplus.stamp_at
        fresh = age_s <= HOLD_PERIODS * self._config.period_s
        return AllotmentResult(
            amperes,
            reason,
            until_s,
            self._available_w(),
            self._reading.excess_w,
            age_s,
            sun_w=max(0.0, self._surplus.spare.sun_w) if fresh else None,
            lent_wh=self._lent_now_wh(),
        )

    # -- the rules ---------------------------------------------------------------------------

    def _decide(self, now: float) -> tuple[float, Reason]:
        """Ask the rules in their order."""
        config = self._config
        if self._mode is Mode.OFF:
            return self._stop(now, Reason(AllotmentRule.OFF), own=False)
        age_s = now - self._surplus.stamp_at
        periods = age_s / config.period_s
        cap_a = self._cap_a() if periods <= STOP_PERIODS else config.max_current_a
        if cap_a < config.car_min_current_a:
            spare_w = cap_a * config.watts_per_ampere
            reason = Reason(AllotmentRule.FORBIDDEN, need_w=config.least_w, spare_w=spare_w)
            return self._stop(now, reason)
        if self._mode is Mode.FAST:
            self._turn_on(now)
            amperes = self._ramp(now, config.car_min_current_a if self._softly(now) else cap_a)
            return amperes, Reason(AllotmentRule.FAST, current_a=amperes)
        if self._reading is None:
            return self._stop(now, Reason(AllotmentRule.NO_NEWS_YET))
        if periods > STOP_PERIODS:
            return self._stop(now, Reason(AllotmentRule.TOO_OLD, age_s=age_s))
        if periods > HOLD_PERIODS:
            amperes = self._ramp(now, config.car_min_current_a) if self._on else 0.0
            return amperes, Reason(AllotmentRule.CAUTIOUS, age_s=age_s, current_a=amperes)
        if not self._on:
            return self._start(now, cap_a)
        return self._follow(now, cap_a)

    def _start(self, now: float, cap_a: float) -> tuple[float, Reason]:
        """Decide whether a run may begin."""
        config, conditions = self._config, self._conditions
        spare_w, need_w = self._available_w(), config.start_share * config.least_w
        stopped_s = now - self._stopped_at
        pause_s = max(0.0, config.min_off_s - stopped_s)
        rule = None
        if self._floor_a(cap_a) > 0:
            rule = AllotmentRule.PAUSE if pause_s > 0 else None
        elif conditions.covering == 0:
            rule = AllotmentRule.WAITING
        elif pause_s > 0:
            rule = AllotmentRule.PAUSE
        elif conditions.covering < conditions.needed:
            rule = AllotmentRule.CONFIRMING
        elif not conditions.steady(stopped_s / config.period_s):
            rule = AllotmentRule.STEADYING
        if rule is not None:
            late_w = conditions.late_w
            return 0.0, Reason(rule, need_w=need_w, spare_w=spare_w, late_w=late_w, left_s=pause_s)
        self._turn_on(now)
        return self._follow(now, cap_a)

    def _follow(self, now: float, cap_a: float) -> tuple[float, Reason]:
        """Give what there is, or lend, or end the run."""
        config = self._config
        spare_w = self._available_w()
        floor_a = self._floor_a(cap_a)
        least_a = max(config.car_min_current_a, floor_a)
        wanted_a = spare_w / config.watts_per_ampere
        left_s = 0.0
        if floor_a > 0:
            rule = AllotmentRule.MINIMUM if wanted_a <= floor_a else AllotmentRule.FOLLOWING
        elif wanted_a >= config.car_min_current_a:
            rule = AllotmentRule.FOLLOWING
        elif self._flowing_at is None or not self._charging:
            poor = spare_w < config.start_share * config.least_w
            if poor and now - self._idle_at >= UNTAKEN_HOLDS_S:
                reason = Reason(AllotmentRule.WAITING, need_w=config.least_w, spare_w=spare_w)
                return self._stop(now, reason)
            rule = AllotmentRule.STARTING
        else:
            left_s = max(0.0, self._flowing_at + config.min_on_s - now)
            if self.lent_wh < self.loan_wh:
                rule = AllotmentRule.CLOUD
            elif left_s > 0:
                rule = AllotmentRule.MIN_ON
            else:
                reason = Reason(AllotmentRule.WAITING, need_w=config.least_w, spare_w=spare_w)
                return self._stop(now, reason)
        if self._softly(now):
            wanted_a = 0.0
            rule = AllotmentRule.STARTING
        elif self._flowing_at is None:
            rule = AllotmentRule.UNTAKEN
        elif wanted_a > cap_a:
            rule = AllotmentRule.CAPPED
        amperes = self._ramp(now, min(max(wanted_a, least_a), cap_a))
        return amperes, Reason(
            rule,
            need_w=config.least_w,
            spare_w=spare_w,
            lent_wh=self.lent_wh,
            loan_wh=self.loan_wh,
            current_a=amperes,
            left_s=left_s,
        )

    def _turn_on(self, now: float) -> None:
        """Begin to offer, if nothing is offered yet."""
        if self._on:
            return
        self._on = True
        self._idle_at = now
        if self._charging:
            self._begin_charge(now)

    def _begin_charge(self, now: float) -> None:
        """Note that current flows from now on: a run begins, or goes on with the offer it has."""
        soft_s = self._needs.soft_start_s
        if self._flowing_at is None:
            self._flowing_at = now
            self._loan.open(now)
            if self._ramp_a <= self._config.car_min_current_a:
                soft_s = max(soft_s, SETTLE_S)
        self._soft_until_at = now + soft_s

    def _softly(self, now: float) -> bool:
        """Whether the offer is to stay at the least current: nothing flows yet, or just so."""
        if self._charging:
            return now < self._soft_until_at
        waits = self._flowing_at is None or self._needs.soft_start_s > 0
        return waits and now - self._idle_at < UNTAKEN_RISES_S

    def _stop(self, now: float, reason: Reason, *, own: bool = True) -> tuple[float, Reason]:
        """End the run, if there is one; the feed's `own` stops begin the pause."""
        if self._on:
            if own and self._flowing_at is not None:
                self._stopped_at = now
            self._on = False
            self._soft_until_at = -math.inf
            self._flowing_at = None
            self._conditions.reset()
            self._ramp_a = 0.0
        return 0.0, reason

    def _ramp(self, now: float, wanted_a: float) -> float:
        """Move towards `wanted_a` in steps, no faster up than the slew, not just before a stamp."""
        config, needs = self._config, self._needs
        least_a = config.car_min_current_a
        span_s, self._moved_at = now - self._moved_at, now
        to_stamp_s = self._surplus.stamp_at + config.period_s - now
        if needs.change_by_a > 0 and self._charging and self._ramp_a >= least_a:
            if (
                abs(wanted_a - self._ramp_a) >= needs.change_by_a
                and now - self._changed_at >= needs.change_every_s
            ):
                self._ramp_a, self._changed_at = max(wanted_a, least_a), now
        elif self._ramp_a <= 0 or wanted_a <= least_a:
            self._ramp_a = least_a
        elif not 0 < to_stamp_s <= min(QUIET_S, config.period_s / 12):
            self._ramp_a = min(wanted_a, self._ramp_a + config.up_slew_a_per_s * span_s)
        return max(least_a, round(math.floor(self._ramp_a / STEP_A + 1e-6) * STEP_A, 6))

    # -- the numbers behind them ---------------------------------------------------------------

    def _available_w(self) -> float:
        """What there is for the car after the owner's reserve."""
        return self._surplus.spare.available_w - self._config.reserve_w

    def _cap_a(self) -> float:
        """The most the feed and the circuit allow."""
        config = self._config
        if self._reading is None or self._reading.maximum_w is None:
            return config.max_current_a
        return min(config.max_current_a, self._reading.maximum_w / config.watts_per_ampere)

    def _floor_a(self, cap_a: float) -> float:
        """The least that is to be given without sun, in amperes; 0 where nothing is."""
        config = self._config
        minimum_w = self._reading.minimum_w if self._reading is not None else 0.0
        if minimum_w <= 0 and self._mode is not Mode.SOLAR_MIN and not self._needs.welcome:
            return 0.0
        return min(cap_a, max(config.car_min_current_a, minimum_w / config.watts_per_ampere))

    def _lent_now_wh(self) -> float | None:
        """What the run owes the battery; None in a mode that does not count it."""
        if self._mode is Mode.FAST:
            return None
        return 0.0 if self._flowing_at is None else self.lent_wh

    def _given_w(self) -> float:
        """What is given on demand and therefore not lent."""
        return self._floor_a(self._config.max_current_a) * self._config.watts_per_ampere

    def _covered_w(self) -> float:
        """What costs the battery nothing: the sun, or what is given on demand."""
        return max(self._surplus.spare.sun_w, self._given_w())
