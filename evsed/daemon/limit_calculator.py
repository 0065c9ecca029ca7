# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of the daemon: what owner, feed and the daemon's own sensors permit, once a second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from evsed.core.pilot import j1772
from evsed.core.pilot.limits import Limit
from evsed.core.solar.allotment import AllotmentRule, Mode
from evsed.core.text import text
from evsed.core.user.claims import LABELS
from evsed.core.user.expected_end import ExpectedEnd, MeanPower, expected_end
from evsed.daemon.box_panel import light_hint
from evsed.daemon.feed_in_force import FeedInForce
from evsed.daemon.feed_memory import FeedMemory
from evsed.daemon.local_zone import LocalZone
from evsed.daemon.plan_keeper import PlanKeeper
from evsed.link import LIMIT_HOLDS_S, ReportedFaults, SetLimits, WakeCar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.car.care import CarCare, Care
    from evsed.core.pilot.faults import Fault
    from evsed.core.pilot.phase_set import PhaseWish
    from evsed.core.solar.allotment import AllotmentResult
    from evsed.core.solar.feed_trouble import Notice
    from evsed.core.solar.reading import Reading
    from evsed.core.user.planner import PlanState
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.feed_in_force import FeedTerms
    from evsed.daemon.phase_wishes import PhaseWishes
    from evsed.daemon.session_recorder import SessionRecorder
    from evsed.daemon.systemd import Watchdog
    from evsed.link import DaemonLink

SENT_EVERY_S: Final = 1.0

log = structlog.get_logger()


class LimitSource(Protocol):
    """A sensor of the daemon that limits the current, or finds faults."""

    def limits(self, now: float, until_at: float) -> tuple[Limit, ...]:
        """Return its limits at *now*, each holding until *until_at*."""

    def faults(self, now: float) -> Mapping[Fault, str]:
        """Return the faults it finds at *now*, with what was measured."""


class LimitCalculator:
    """Turns the feed's readings, the owner's controls and *sources* into limits.

    *care* watches the car that is plugged in, and says what it needs. *phases* asks for a set of
    phases; None where they are not switched.
    """

    def __init__(
        self,
        terms: FeedTerms,
        charger: Charger,
        recorder: SessionRecorder,
        care: CarCare,
        sources: tuple[LimitSource, ...] = (),
        phases: PhaseWishes | None = None,
    ) -> None:
        self.feed = FeedInForce(terms)
        self._care = care
        self._car_min_a = terms.rules.car_min_current_a
        self._charger = charger
        self._recorder = recorder
        self._sources = sources
        self._network: tuple[LimitSource, ...] = ()
        self.phases = phases
        self.wish: PhaseWish | None = None
        self._mean_power = MeanPower()
        self._remembered = False
        self.plan = PlanKeeper(recorder.orders)
        self._zone = LocalZone()

    async def run(self, link: DaemonLink, watchdog: Watchdog) -> None:
        """Send the limits, and the faults of the sources, over *link* each second, for ever."""
        while True:
            now = time.monotonic()
            limits = self.update(now, datetime.now().astimezone())
            if (memory := self._recorder.late) is not None:
                self._recorder.late = None
                await link.send(memory)  # before the fault that stands for it is taken back
            await link.send(ReportedFaults(self.faults(now)))
            care = self._charger.state.care
            hint = light_hint(self._charger.state.allotment, care)
            await link.send(SetLimits(limits, self._car_least_a(care), hint, self.wish))
            if care is not None and care.wake:
                await link.send(WakeCar(care.open_s))
            watchdog.on_limits(now)
            await asyncio.sleep(SENT_EVERY_S - time.monotonic() % SENT_EVERY_S)

    def update(self, now: float, local: datetime) -> tuple[Limit, ...]:
        """Return every limit at *now*, which is *local* on the wall clock; note them in the state.

        Each holds 3 s, so that one that is not repeated ends by itself.
        """
        until_at = now + LIMIT_HOLDS_S
        orders = self._recorder.orders
        orders.set_claims(orders.claims.at(now))
        totals = self._recorder.totals
        controls, claims = orders.controls, orders.claims
        session = totals.session if totals.active else None
        energy_wh, charge_s = (session.energy_wh, session.charge_s) if session else (0.0, 0.0)
        energy_wh += self._recorder.carried_wh
        charge_s += self._recorder.carried_s
        state = self._charger.state
        power_w = state.flow(now).power_w
        left_s = {}
        if (opens_in_s := controls.opens_in_s(local)) is not None:
            left_s["schedule"] = opens_in_s
        care = self._watch_car(now)
        plan = self.plan.update(now, local, state, energy_wh, plugged=totals.active)
        controls = orders.controls  # a goal that is over has left them
        charges = plan is not None and plan.step.charges
        feed, allotment = self._feed(now, until_at, care, plan if charges else None)
        self.wish = self._wished_phases(now, local, until_at, care, allotment)
        if allotment is not None and allotment.until_s is not None:
            left_s["feed"] = allotment.until_s
        owners = controls.limits(energy_wh, charge_s, local, until_at)
        if claims.charging or charges:  # it sets the weekly window aside, and the feed (below)
            owners = tuple(limit for limit in owners if limit.owner != "schedule")
        sources = (*self._sources, *self._network)
        limits = (
            # The owner's first: of equal limits the first is the reason that is shown.
            *owners,
            *claims.limits(until_at),
            feed,
            *(limit for source in sources for limit in source.limits(now, until_at)),
        )
        self._charger.set(
            replace(
                self._charger.state,  # with what the plan has reported meanwhile
                allotment=allotment,
                feed_awaited=self.feed.awaited,
                care=care,
                limits=limits,
                left_s=left_s,
                phase_choice=self.phases.choice if self.phases is not None else None,
                session_left=controls.session_left(energy_wh, charge_s, power_w),
                expected_end=self._expected_end(now, local, power_w),
                plan=plan,
                price=state.prices.price_at(local.timestamp(), self._zone),
            )
        )
        return limits

    def change(self, now: float, terms: FeedTerms) -> None:
        """Follow other solar rules, or another feed; see `FeedInForce.change()`."""
        self.feed.change(now, terms)
        if self.phases is not None:
            self.phases.set_rules(terms.rules)

    def set_network(self, sources: tuple[LimitSource, ...]) -> None:
        """Put *sources* in place of those that speak for the network."""
        self._network = sources

    def faults(self, now: float) -> dict[Fault, str]:
        """Return the faults of the sources, and of the memory, at *now*."""
        found = self._recorder.faults()
        for source in (*self._sources, *self._network):
            found |= source.faults(now)
        return found

    def on_reading(self, now: float, reading: Reading) -> None:
        """Use *reading* of the feed, which arrived at *now*."""
        if self.feed.on_reading(now, reading):
            log.debug(
                "reading",
                excess_w=reading.excess_w,
                maximum_w=reading.maximum_w,
                age_s=reading.age_s,
            )

    def _expected_end(self, now: float, local: datetime, power_w: float) -> ExpectedEnd | None:
        mean_w = self._mean_power.update(now, power_w)
        totals = self._recorder.totals
        if not totals.active or totals.session is None:
            return None
        habit_wh = self._recorder.habit_wh
        return expected_end(totals.controls, totals.session, mean_w, habit_wh, local)

    @property
    def feed_notices(self) -> tuple[Notice, ...]:
        """Notices to the owner about the feed beyond its readings."""
        return self.feed.newest.notices

    def on_page(self, now: float, maximum_w: float | None) -> None:
        """Note that the feed answered at *now* with a page that is no reading.

        *maximum_w* is the most it allows, watts; None: that could not be read.
        """
        self.feed.newest.on_page(now, maximum_w)

    def _car_least_a(self, care: Care | None) -> float:
        """The least current of the car: as set, or as learned where that is more; amperes."""
        return max(self._car_min_a, care.needs.least_a if care is not None else 0.0)

    def _watch_car(self, now: float) -> Care | None:
        """Ask what the car needs; None where nothing is known of it."""
        state = self._charger.state
        snapshot = state.driven(now)
        if snapshot is None:
            return None
        if not snapshot.plugged:
            self.feed.on_unplugged()
        return self._care.update(
            now,
            j1772.current_for_duty(snapshot.duty),
            plugged=snapshot.plugged,
            asks=snapshot.state[:1] in ("C", "D"),
            holds=state.allotment is None or state.allotment.holds,
            takes_nothing=self.feed.takes_little,
            currents_a=state.currents_a(now) if state.all_phases else (),
            fed_phases=self.feed.allotment.car_phases,
        )

    def _wished_phases(
        self,
        now: float,
        local: datetime,
        until_at: float,
        care: Care | None,
        allotment: AllotmentResult | None,
    ) -> PhaseWish | None:
        if self.phases is None:
            return None
        state = self._charger.state
        self.phases.look_ahead(local)
        return self.phases.update(
            now,
            state.driven(now),
            allotment,
            car_phases=care.needs.phases if care is not None else 0,
            fast=self.feed.allotment.mode is Mode.FAST,
            most_phases=state.ocpp_ceiling.at(now).phases if state.ocpp_ceiling else 0,
            period_s=self.feed.allotment.period_s,
            until_at=until_at,
        )

    def _keep_feed(self) -> None:
        """Take over what is kept of the feed, once, and keep what has changed.

        A full battery can hold the figure at 0 all day, and so does a sensor that shows no less;
        and what the feed forbade last is not permitted by a start of evsed.
        """
        kept, allotment = self._recorder.feed_memory, self.feed.allotment
        name = self.feed.terms.name
        if kept is None or not name:
            return  # not read yet, or no feed
        if not self._remembered and kept.feed == name:
            allotment.remember_feed(
                below_0=kept.below_0, proven=kept.proven, forbidding_w=kept.forbidding_w
            )
        self._remembered = True
        self._recorder.keep_feed(
            FeedMemory(
                name,
                below_0=allotment.feed_was_below_0,
                proven=allotment.feed_proven,
                forbidding_w=allotment.forbidding_w,
            )
        )

    def _feed(
        self, now: float, until_at: float, care: Care | None, plan: PlanState | None
    ) -> tuple[Limit, AllotmentResult | None]:
        """Return the limit of the feed, or of *plan*, which sets it aside."""
        state = self._charger.state
        orders = self._recorder.orders
        mode, program = orders.controls.mode, orders.claims.charging
        if mode is not Mode.OFF:
            if orders.claims.only_sun:
                mode = Mode.SOLAR
            elif program or plan is not None:
                mode = Mode.FAST
        feed, charging = self.feed, state.charging(now)
        feed.set_mode(mode)
        self._keep_feed()
        if care is not None:
            feed.set_car(replace(care.needs, set_phases=state.set_phases))
        measured = state.drawn_measured(now)
        feed.on_draw(now, state.supposed_a(now), charging=charging, measured=measured)
        feed.update(now, charging=charging)
        if feed.fixed_a is not None:
            return Limit("feed", feed.fixed_a, until_at, text("a fixed current, as set")), None
        allotment = feed.allotment.update(now)
        why: str = allotment.reason.describe()
        if self.plan.ending and allotment.current_a < self._car_min_a:
            return Limit("plan", 0.0, until_at, text("the plan gives no more now")), allotment
        asked = plan.why if plan else ""
        if program:
            asked = text("{program} asks to charge", program=LABELS[program])
        fast = allotment.reason.rule is AllotmentRule.FAST
        if asked and mode is Mode.FAST:
            reason = allotment.reason
            why = asked if fast else replace(reason, detail=reason.detail or asked).describe()
            if fast and not program:
                return Limit("plan", allotment.current_a, until_at, why), allotment
        return Limit("feed", allotment.current_a, until_at, why), allotment
