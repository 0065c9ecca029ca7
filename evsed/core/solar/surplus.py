# SPDX-License-Identifier: GPL-3.0-or-later
"""The power that there is for the car, from the feed's readings.

The feed says how many watts are still spare with the car drawing what it draws.  Adding the car's
own draw over the feed's own window gives the power available, whatever the latency, because the old
draw cancels out exactly.  BatteryMonitor mixes a second thing into its value, a wish to repair the
state of charge within one minute; an observer takes the two apart again.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evsed.core.solar.answer_time import LATER_S, AnswerTime
from evsed.core.solar.battery_monitor import Spare
from evsed.core.solar.battery_probe import BatteryProbe
from evsed.core.solar.draw_evidence import ANSWER_S, NEAR_ZERO_W, taken_a
from evsed.core.solar.draw_test import DrawTest
from evsed.core.solar.excess_formula import ExcessDecoder
from evsed.core.solar.feed_doubt import ADVICE, Doubt, FeedDoubt, SeenReading
from evsed.core.solar.feed_period import FeedPeriod
from evsed.core.solar.feed_trouble import Notice
from evsed.core.solar.held_grid import BATTERY_S, HeldGrid
from evsed.core.solar.house_battery import BatteryTurn, throttles
from evsed.core.solar.own_consumption import FAST_S, OwnConsumption
from evsed.core.solar.phase_test import PhaseTest, StepReading
from evsed.core.solar.seen_draw import SeenDraw
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.solar.allotment_config import AllotmentConfig
    from evsed.core.solar.reading import Reading

HISTORY_S: Final = 1_900.0
"""The car's draw is remembered for this long, in seconds: two periods of a quarter of an hour,
which is the slowest feed that evsed goes by."""

SETTLED_S: Final = 2 * ANSWER_S
"""An offer that stood for so long, in seconds, is what a car takes: the slowest reported cars
follow within 10 s, and a figure by which a feed is doubted has some in hand."""

BELIEVED_W: Final = 1e9
"""A figure beyond this is taken for this much, in watts: a battery of 16 MWh from its target."""


PLAIN_FORMULA: Final = Notice(
    "formula",
    text(
        "BatteryMonitor's figure does not count the charge as its version of October 2021 and "
        "later does; evsed reads it as power, and tries for hidden sun when it stands still"
    ),
    text('Update BatteryMonitor, or set feed.semantics = "battery_power".'),
)


class Surplus:
    """The sun behind the feed's values, and the car's draw that they contain."""

    def __init__(self, config: AllotmentConfig) -> None:
        """Begin without news and without a car."""
        self._config = config
        self._draw = OwnConsumption(keep_s=max(HISTORY_S, 2 * config.period_s))
        self._metered = False
        self._answer_time = AnswerTime()
        # BatteryMonitor's formula is taken apart with two readings, so an answer takes two.
        lag = 1 if config.semantics == "batterymonitor" else 0
        box = config.phases
        self.phase_test = PhaseTest(config.mains_v, box) if box > 1 else None
        """The phases that the car uses, found out in the same way; None where there is one."""
        self._seen = SeenDraw()
        self.test = DrawTest(config.watts_per_ampere, config.least_w, lag=lag)
        """The test of what the car takes, by steps of its offer."""
        self._decoder = ExcessDecoder(config.least_w)
        self._probe = BatteryProbe(config.least_w)
        self._turn = BatteryTurn(config.battery_first_below)
        self._period = FeedPeriod(config.period_s)
        self.doubt = FeedDoubt(config.least_w)
        """The evidence that the feed contradicts the car's own draw."""
        self.held = HeldGrid(config.least_w)
        """The evidence that a battery hides what the car takes."""
        self.stamp_at = -math.inf
        """The moment of the last stamp on our clock."""
        self.spare = Spare(0.0)
        """The power to spare by the last reading."""
        self.battery_first_w = 0.0
        """Power that the house battery takes before the car, in watts."""
        self.may_test = False
        """True while the offer may be changed to see what the car takes ..."""
        self.may_pause = False
        """... and may end for a reading, too."""
        self.may_step = False
        """True while it may be changed to see how many phases the car uses."""
        self.must_prove = False
        """True once the feed has been believed for long enough without an answer of the car."""
        self.fast = False
        """True while the offer does not follow the sun."""
        self._charged = self._formula_sure = False

    @property
    def car_maximum_a(self) -> float | None:
        """The most the car takes, learned where no meter tells; None while there is no sign.

        Nothing is counted of a draw that the figure does not answer.
        """
        if self._metered:
            return None
        return 0.0 if self.doubt.found is Doubt.UNANSWERED else self.test.most_a

    @property
    def own_w(self) -> float:
        """Power that the car draws now, in watts."""
        most_a = self.car_maximum_a
        now_a = self._draw.now_a
        return self._config.watts_per_ampere * taken_a(most_a, now_a)

    @property
    def car_phases(self) -> int:
        """The phases that the car uses, by the feed's answers; 0 while nothing is known.

        Read by the wrong formula, BatteryMonitor's figure would show a wrong number.
        """
        if self.phase_test is None or not self._formula_sure:
            return 0
        return self.phase_test.answers.phases

    @property
    def known(self) -> bool:
        """False while the figures do not yet tell power from charge, which takes two of them."""
        return self._config.semantics == "battery_power" or self._decoder.excess_w is not None

    @property
    def unproven(self) -> bool:
        """True while the feed has never answered the car, and that may be hidden.

        Without a meter that is BatteryMonitor's figure, behind whose throttled panels nothing is
        answered; elsewhere the tests of what the car takes show it.
        """
        if self.doubt.proven or self.held.found:
            return False
        return self._metered or self._config.semantics == "batterymonitor"

    @property
    def counts_charge(self) -> bool:
        """True while the feed's figure is taken as power and battery charge together."""
        return self._config.semantics == "batterymonitor" and not self._decoder.plain

    def know_draw_of(self, other: Surplus) -> None:
        """Take over what the car drew, as *other* has noted it."""
        self._draw = other._draw.copy(self._draw.keep_s)
        self._metered = other._metered

    def set_battery_first(self, below: float) -> None:
        """Let the house battery come first *below* this state of charge, 0 to 1."""
        self._turn.below = below

    def set_phases(self, phases: int, *, switched: bool = False) -> None:
        """Count the car's draw, that in the last reading included, on so many *phases*.

        *switched*: it had others until now, and what it drew stays what it was, in watts.
        """
        if phases == self._config.phases:
            return
        before, most_a = self._config.watts_per_ampere, self.car_maximum_a
        self._config = replace(self._config, phases=phases)
        after = self._config.watts_per_ampere
        self.test.set_watts(after, self._config.least_w, same_draw=switched)
        self._decoder.set_least_w(self._config.least_w)
        for part in (self.doubt, self.held, self._probe):
            part.least_w = self._config.least_w
        if switched:
            self._draw.rescale(before / after)
        elif math.isfinite(self.stamp_at):
            window_at = self.stamp_at - self._config.window_s
            before_a = self._draw.mean_a(window_at, self.stamp_at, most_a)
            after_a = self._draw.mean_a(window_at, self.stamp_at, self.car_maximum_a)
            self._rebase(after * after_a - before * before_a)

    def set_phases_wanted(self, *, wanted: bool) -> None:
        """Note whether the feed is to show how many phases the car uses.

        It shows them only while all are closed, and need not where they are known otherwise.
        """
        if self.phase_test is not None:
            self.phase_test.wanted = wanted

    def on_draw(self, now: float, current_a: float, *, measured: bool) -> None:
        """Note what a meter says the car draws, or what it is offered with its contactor closed."""
        self._metered = measured
        if measured:
            self._draw.on_measured(now, current_a)
        else:
            self._draw.on_offered(now, current_a)

    @property
    def period_s(self) -> float:
        """Period of the feed's news, in seconds."""
        return self._period.period_s

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Notices to the owner about the feed, beyond its readings."""
        found = self.doubt.found
        doubt = None
        if found is not None:
            doubt = Notice(f"doubt {found.name}", found.value, ADVICE[found], wrong=True)
        formula = PLAIN_FORMULA if self._decoder.plain else None
        found_now = (doubt, self._period.notice, formula, self.held.notice)
        return tuple(note for note in found_now if note is not None)

    def on_reading(self, now: float, reading: Reading) -> float:
        """Add a new reading; return the seconds between the last stamp and its own.

        Infinite for the first reading.
        """
        config = self._config
        stamp_at = now - reading.age_s
        window_at = stamp_at - config.window_s
        # News may be older than the news before it, where the feed's clock was set.
        span_s = max(0.0, stamp_at - self.stamp_at)
        known_s = span_s if math.isfinite(span_s) else 0.0
        self._period.add(known_s)
        own_w, before_w = self.mean_own_w(window_at, stamp_at), self.spare.solar_w
        offered_a = self._draw.mean_a(window_at, stamp_at)
        figure_w = max(-BELIEVED_W, min(BELIEVED_W, reading.excess_w))
        shown_w: float | None = figure_w
        power_w: float | None = figure_w
        charged_w: float | None = None
        asked = self.spare.bias_w > 0 or self.test.runs
        full = throttled = throttles(reading.soc, reading.grid_w, reading.battery_w)
        if config.semantics == "battery_power":
            self.held.known = self._turn.update(reading.soc)
            charging_w = max(0.0, -(reading.battery_w or 0.0))
            self.battery_first_w = charging_w if self.held.known else 0.0
            figure_w -= self.battery_first_w
            self.spare = self._probe.update(figure_w, own_w, full=full)
            # Where the battery's own power is part of the figure, nothing is hidden.
            judged = not full and reading.battery_w is None and not self.test.runs
            self._hold(figure_w, stamp_at, known_s, judged=judged)
        else:
            self.doubt.add_figure(now, figure_w, own_w, known_s)
            since_at = max(self.stamp_at, stamp_at - self._draw.keep_s)
            mean_w = self.mean_own_w(since_at, stamp_at)
            plain = self._decoder.plain
            self.spare = self._decoder.decode(figure_w, own_w, mean_w, known_s)
            if self._decoder.plain is not plain:
                self._forget_level(self.test.begin_feed, offered_a)
            shown_w = self._decoder.bare_w
            # The bare figure shows a throttled battery, too: it is near 0.
            throttled = self.spare.bias_w > 0 and abs(shown_w or 0.0) < NEAR_ZERO_W
            full = self.spare.bias_w > 0 or self._decoder.charge_error_w >= config.least_w
            power_w, charged_w = self._decoder.power_w, self._decoder.charged_w
        fast = math.isfinite(self.stamp_at) and self.period_s < FAST_S
        if fast and not (self._metered or self.held.found):
            self._narrow(window_at, stamp_at, before_w, figure_w)
        if throttled and self.test.learned_lately(now):
            # A battery that is nearly full takes less and less, whatever the car does meanwhile.
            self._forget_level(self.test.begin_stay, offered_a)
        hidden = self.held.found or self.held.test_w is not None
        # What is exported answers the car, whatever holds the figure at 0 when nothing is.
        exports = self.held.found and figure_w > NEAR_ZERO_W
        none = throttled or (hidden and not exports)
        self._test_phases(now, None if none else shown_w, offered_a, stamp_at, known_s, full=full)
        if not self._metered:
            self._test(now, None if none else shown_w, offered_a, stamp_at, known_s)
            if exports and self.car_maximum_a == 0.0:
                self.held.clear()  # it was the car that did not answer
        self._doubt(
            now,
            SeenReading(
                power_w=None if hidden else power_w,
                charged_w=charged_w,
                draw_w=config.watts_per_ampere * offered_a,
                span_s=known_s,
                asked=asked,
                full=full,
            ),
            stamp_at,
        )
        self.stamp_at = stamp_at
        return span_s

    def _doubt(self, now: float, seen: SeenReading, stamp_at: float) -> None:
        """Add a reading to the evidence for the feed and against it."""
        if self._metered:
            self.doubt.add_measured(now, seen)
        else:
            before_a, level_s = self.car_maximum_a, self._draw.level_s(stamp_at)
            self.doubt.add_offered(
                now,
                seen,
                reverses=self.test.pop_reversal(),
                takes_nothing=self.test.most_a == 0.0,
                answered=self.test.answered,
                settled=level_s >= SETTLED_S or seen.draw_w <= 0,
                may_test=self.must_prove and self._bears_tests,
            )
            if self.car_maximum_a != before_a:
                offered_a = seen.draw_w / self._config.watts_per_ampere
                more_a = taken_a(self.car_maximum_a, offered_a) - taken_a(before_a, offered_a)
                self._rebase(self._config.watts_per_ampere * more_a)

    def _narrow(self, start_at: float, stamp_at: float, before_w: float, figure_w: float) -> None:
        """Move the sun from *before_w* only as far as is certain of a car that may answer late.

        A figure from between a change of the offer and the car's answer fits many suns. The one
        nearest to the last is taken: else the offer would run after its own echo.
        """
        most_a, watts = self.car_maximum_a, self._config.watts_per_ampere
        answer = self._answer_time
        if answer.due(stamp_at):
            late = [self.mean_own_w(start_at - s, stamp_at - s) for s in LATER_S]
            answer.add(stamp_at, figure_w, late)
        low_a, high_a = self._draw.bounds_a(start_at, stamp_at, most_a, answer.slow_s)
        left_w = self.spare.solar_w - self.mean_own_w(start_at, stamp_at)
        sun_w = min(left_w + watts * high_a, max(left_w + watts * low_a, before_w))
        self.spare = Spare(sun_w, self.spare.bias_w)

    def _hold(self, figure_w: float, stamp_at: float, span_s: float, *, judged: bool) -> None:
        """Judge whether a battery holds the figure, and what it is worth then."""
        held, watts = self.held, self._config.watts_per_ampere
        # A held figure looks like a car that ignores its offer, so what was learned is left out.
        own_w = watts * self._draw.mean_a(stamp_at - self._config.window_s, stamp_at)
        level_s = math.inf if self._metered else self._draw.level_s(stamp_at)
        held.add(figure_w, own_w, span_s, level_s=level_s, judged=judged)
        if held.found:
            lately_w = watts * self._draw.most_a(stamp_at - BATTERY_S, stamp_at)
            self.spare = held.spare(figure_w, own_w, lately_w)

    def forget_car(self) -> None:
        """Forget what the car took."""
        self._answer_time = AnswerTime()
        if self.doubt.found is Doubt.UNANSWERED:
            self.doubt.clear()
        self.test.begin_stay()
        if self.phase_test is not None:
            self.phase_test.begin_stay()

    @property
    def _bears_tests(self) -> bool:
        """True while the offer may be changed, and no test of the phases changes it."""
        return self.may_test and not (self.phase_test is not None and self.phase_test.busy)

    def _test_phases(
        self,
        now: float,
        excess_w: float | None,
        offered_a: float,
        stamp_at: float,
        span_s: float,
        *,
        full: bool,
    ) -> None:
        """Add a reading to the tests of how many phases the car uses."""
        test, draw = self.phase_test, self._draw
        if test is None:
            return
        charged = self.counts_charge
        if excess_w is None or charged is not self._charged:
            self._seen.forget()
        plain = self._config.semantics == "battery_power"
        if charged is not self._charged:
            test.begin_stay()
            self._formula_sure = False
        self._formula_sure = self._formula_sure or plain or self._decoder.sure
        self._charged = charged
        start_at, since_at = stamp_at - self._config.window_s, max(0.0, stamp_at - span_s)
        self._seen.add(
            lambda most_a: draw.mean_a(start_at, stamp_at, most_a),
            lambda most_a: draw.mean_a(since_at, stamp_at, most_a),
            span_s,
            charged=charged,
        )
        test.add(
            now,
            StepReading(
                excess_w=excess_w,
                seen_a=self._seen.seen_a,
                offered_a=offered_a,
                stamp_at=stamp_at,
                level_s=draw.level_s(stamp_at),
                period_s=self.period_s,
                free=self.may_step,
                fast=self.fast,
                full=full,
            ),
        )

    def _test(
        self, now: float, excess_w: float | None, offered_a: float, stamp_at: float, span_s: float
    ) -> None:
        """Add a reading to the tests of what the car takes."""
        before_a = self.car_maximum_a
        self.test.add(
            now,
            excess_w,
            offered_a,
            level_s=self._draw.level_s(stamp_at),
            span_s=span_s,
            may_test=self._bears_tests,
            may_pause=self.may_pause,
            age_s=now - stamp_at,
        )
        if self.car_maximum_a != before_a:
            more_a = taken_a(self.car_maximum_a, offered_a) - taken_a(before_a, offered_a)
            self._rebase(self._config.watts_per_ampere * more_a)

    def _forget_level(self, forget: Callable[[], None], offered_a: float) -> None:
        """Forget what the car takes: it was learned from figures that did not show it.

        Nor did that of this reading.
        """
        more_a = offered_a - taken_a(self.car_maximum_a, offered_a)
        forget()
        if more_a > 0:
            # What is asked for beyond the sun was asked by that belief, too.
            self.spare = replace(self.spare, bias_w=min(0.0, self.spare.bias_w))
            self._rebase(self._config.watts_per_ampere * more_a)

    def _rebase(self, more_w: float) -> None:
        """Correct the sun by so many watts: the car took so much more than was thought."""
        self._decoder.rebase(more_w)
        self.spare = Spare(self.spare.solar_w + more_w, self.spare.bias_w)

    def mean_own_w(self, start_at: float, end_at: float) -> float:
        """Return the car's mean draw between two moments, in watts."""
        mean_a = self._draw.mean_a(start_at, end_at, self.car_maximum_a)
        return self._config.watts_per_ampere * mean_a
