# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's plan in the daemon: which goal is next, how far it is, and what is to be done now.

Energy counts from the moment when the goal became the next one, or from when the car was plugged
in, if that was later. A goal that is due is over, reached or not, and its outcome is reported once.
How far it is outlives a restart of evsed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.pilot import j1772
from evsed.core.solar.allotment_config import Mode
from evsed.core.text import text
from evsed.core.user.planner import CarPower, PlanInputs, Planner, PlanState
from evsed.core.user.weekly_window import day_time
from evsed.daemon.local_zone import LocalZone
from evsed.daemon.trace_recorder import CLOCK_NOT_BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evsed.core.pilot.limits import Limit
    from evsed.core.user.plan import Goal
    from evsed.core.user.prices import GridPrices, PriceSlot
    from evsed.daemon.charger_state import ChargerState
    from evsed.daemon.orders import Orders

LEAST_A: Final = 6.0  # IEC 61851-1 Table A.7
NOT_STANDING: Final = frozenset({"feed", "schedule", "plan", "daemon"})
"""Owners whose limits a plan sets aside, or which do not show what could flow."""
WARN_AFTER_S: Final = 300.0
"""A shortage that lasts so long is reported as an event: a car that starts, a fuse that is busy for
a moment and a first estimate of the power do not last."""
SAME_DUE_S: Final = 3600.0
"""A goal that comes again within an hour of its end is the same one after a step of the clock."""

PRICES_EVERY_S: Final = 60.0
"""Prices are known to the minute."""
PRICES_AHEAD_S: Final = 36 * 3600.0
"""So long before a goal is due its times are chosen: two nights and the day between them."""

log = structlog.get_logger()


class PlanKeeper:
    """Follows the plan of *orders*, whose `on_plan` gets the outcomes."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._slots: tuple[PriceSlot, ...] = ()
        self._slots_of: tuple[float, float, GridPrices | None] = (0.0, 0.0, None)
        self._zone = LocalZone()
        self._planner = Planner()
        self._restored = False
        self._goal: Goal | None = None
        self._due = 0.0
        self._over = 0.0  # when the last goal was due
        self._offset_wh = 0.0
        self._last: PlanState | None = None
        self._short_since_at: float | None = None
        self._warned = False
        self.car = CarPower()
        self.ending = False

    def update(
        self, now: float, local: datetime, state: ChargerState, stay_wh: float, *, plugged: bool
    ) -> PlanState | None:
        """Return the next goal and what is to be done at *now*, which is *local* on the wall.

        *stay_wh* is what the car has had since it was plugged in. None without a plan, and while
        the clock has not been set.
        """
        if local.timestamp() < CLOCK_NOT_BEFORE:
            return None
        self._restore()
        self._learn(now, state)
        self._conclude(local, stay_wh)
        self._choose(local, stay_wh)
        if self._goal is None:
            self.ending = self.ending and state.charging(now)
            self._last = None
            return None
        if plugged and stay_wh < self._offset_wh:  # another car, or a stay that begins
            self._offset_wh = stay_wh
        done_wh = stay_wh - self._offset_wh if plugged else 0.0
        most_a, blocked = self._ceiling(now, state)
        power_w = state.watts(most_a)
        left_s = self._due - local.timestamp()
        inputs = PlanInputs(
            goal_wh=self._goal.kwh * 1000,
            done_wh=done_wh,
            left_s=left_s,
            power_w=power_w,
            plugged=plugged,
            blocked=blocked,
            allowed_wh=self._allowed_wh(stay_wh),
            prices=self._prices_from(local.timestamp(), state.prices),
        )
        step = self._planner.step(inputs)
        charged = self._last is not None and self._last.step.charges
        self.ending = (self.ending or charged) and not step.charges and state.charging(now)
        self._last = PlanState(
            goal=self._goal,
            due=self._due,
            done_wh=done_wh,
            power_w=power_w,
            least_w=state.watts(LEAST_A),
            inputs=inputs,
            begun_until_left_s=self._planner.begun_until_left_s,
            step=step,
            why=text("the plan: {kwh:g} kWh by {due}", kwh=self._goal.kwh, due=_moment(self._due)),
            begins_at=(None if step.begins_s is None else round(local.timestamp() + step.begins_s)),
            times=tuple(
                (_minute(local.timestamp() + begin_s), _minute(local.timestamp() + end_s))
                for begin_s, end_s in step.times
            ),
        )
        self._warn(now)
        return self._last

    # --- which goal ---------------------------------------------------------------------------

    def _choose(self, local: datetime, stay_wh: float) -> None:
        """Put the next goal in place of the one before, where it is another."""
        plan = self._orders.controls.plan
        found = plan.next_goal(local, self._zone) if plan else None
        while (
            plan and found and found[0] == self._over and found[0] - local.timestamp() < SAME_DUE_S
        ):
            # The clock was put back a little: this goal is over already.
            found = plan.next_goal(datetime.fromtimestamp(found[0], local.tzinfo), self._zone)
        if found is None:
            if self._goal is not None:
                self._goal = None
                self._orders.set_plan_progress(None)
            return
        due, goal = found
        if (due, goal) == (self._due, self._goal):
            return
        self._due, self._goal = due, goal
        self._offset_wh = stay_wh
        self._begin_goal()

    def _begin_goal(self) -> None:
        self._planner.begin_goal()
        self._warned, self._short_since_at = False, None
        self._keep()

    def _conclude(self, local: datetime, stay_wh: float) -> None:
        """End the goal whose moment has come, and the goals of the plan that are over."""
        plan = self._orders.controls.plan
        if self._goal is not None and local.timestamp() >= self._due:
            done_wh = max(0.0, stay_wh - self._offset_wh)
            last, goal, when = self._last, self._goal, _moment(self._due)
            if done_wh >= goal.kwh * 1000:
                over = text("the plan was reached: {kwh:g} kWh by {when}", kwh=goal.kwh, when=when)
                level = "info"
            else:
                # Without a step of this life evsed did not run when the goal was due.
                why = last.step.trouble if last else text("evsed was not running then")
                if last and plan is None:
                    why = text("the plan was ended")
                why = why or text("the car took less than it was offered, or stopped by itself")
                over = text(
                    "the plan was not reached: {done_kwh:.1f} of {kwh:g} kWh by {when}; {why}",
                    done_kwh=done_wh / 1000,
                    kwh=goal.kwh,
                    when=when,
                    why=why,
                )
                level = "warning"
            self._over, self._goal = self._due, None
            self._report(over, level)
        if plan is not None and (left := plan.after(local, self._zone)) is not plan:
            self._orders.set_controls_of_plan(left)

    # --- what it may have ---------------------------------------------------------------------

    def _ceiling(self, now: float, state: ChargerState) -> tuple[float, str]:
        """Return the most that the car can have, amperes, and the reason why it may have none."""
        orders, snapshot = self._orders, state.driven(now)
        limits: Iterable[Limit] = state.limits
        if snapshot is None:
            return 0.0, text("the board does not answer")
        limits = (*limits, *snapshot.limits)
        standing = [limit for limit in limits if limit.owner not in NOT_STANDING]
        lowest = min(standing, key=lambda limit: limit.max_a, default=None)
        most_a = min(lowest.max_a if lowest else state.installation.max_a, state.installation.max_a)
        if orders.controls.mode is Mode.OFF:
            return most_a, text("off, as the owner set it")
        if snapshot.faults:
            return most_a, text("a fault: {fault}", fault=next(iter(snapshot.faults)).value)
        if orders.claims.only_sun:
            return most_a, text("only the sun was asked for")
        if most_a < LEAST_A:
            return most_a, lowest.why if lowest else ""
        learned = [self.car.most_a, state.allotment.car_most_a if state.allotment else None]
        return min([most_a, *(max(LEAST_A, a) for a in learned if a is not None)]), ""

    def _prices_from(self, at: float, prices: GridPrices) -> tuple[PriceSlot, ...]:
        """Return the prices until the goal is due, as they were worked out within a minute."""
        key = (at // PRICES_EVERY_S, self._due, prices)
        if key[:2] != self._slots_of[:2] or prices is not self._slots_of[2]:
            self._slots_of = key
            begin = max(at, self._due - PRICES_AHEAD_S)
            before_s = begin - at
            slots = prices.slots(begin, self._due, self._zone)
            self._slots = tuple(
                replace(slot, begin_s=slot.begin_s + before_s, end_s=slot.end_s + before_s)
                for slot in slots
                if len(slots) > 1  # else all times cost the same
            )
        return self._slots

    def _allowed_wh(self, stay_wh: float) -> float:
        most_kwh = self._orders.controls.session_kwh
        return float("inf") if most_kwh is None else most_kwh * 1000 - stay_wh

    def _learn(self, now: float, state: ChargerState) -> None:
        before, driven = self.car.most_a, state.driven(now)
        offered_a = j1772.current_for_duty(driven.duty) if driven else 0.0
        self.car.update(now, offered_a, state.drawn_a(now), measured=state.drawn_measured(now))
        if self._goal is not None and before is None and self.car.most_a is not None:
            self._keep()

    # --- reports and memory ------------------------------------------------------------------

    def _warn(self, now: float) -> None:
        """Report once a goal that will not be reached."""
        last = self._last
        if last is None or not last.step.trouble:
            self._short_since_at = None
            return
        if self._short_since_at is None:
            self._short_since_at = now
        if not self._warned and now - self._short_since_at >= WARN_AFTER_S and last.step.short:
            self._warned = True
            self._report(
                text(
                    "{plan} will not be reached: {trouble}",
                    plan=last.why,
                    trouble=last.step.trouble,
                ),
                "warning",
            )

    def _report(self, what: str, level: str) -> None:
        (log.warning if level == "warning" else log.info)(what)
        self._orders.on_plan.call(what, level)

    def _keep(self) -> None:
        self._orders.set_plan_progress(
            {
                "goal": str(self._goal),
                "due": self._due,
                "offset_wh": self._offset_wh,
                "car_most_a": self.car.most_a,
            }
        )

    def _restore(self) -> None:
        """Go on where an earlier life was, once; what makes no sense is dropped."""
        stored, plan = self._orders.plan_progress, self._orders.controls.plan
        if self._restored or stored is None:
            return
        self._restored = True
        match stored:
            case {
                "goal": str() as goal,
                "due": int() | float() as due,
                "offset_wh": int() | float() as offset_wh,
                "car_most_a": int() | float() | None as most_a,
            }:
                found = [each for each in plan.goals if str(each) == goal] if plan else []
                if self._goal is None and found:
                    self._goal, self._due, self._offset_wh = found[0], due, offset_wh
                self.car.most_a = most_a
            case _:
                log.warning("how far the plan was makes no sense; its energy counts from now on")


def _minute(at: float) -> int:
    """Return the minute of *at*: a time that is due now would be another one each second."""
    return round(at) // 60 * 60


def _moment(at: float) -> str:
    return day_time(datetime.fromtimestamp(at).astimezone())
