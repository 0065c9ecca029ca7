# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed itself, once a second on made-up time: allotment, state machine and sessions.

A second is coarse for the pilot, so what the meter of the pilot would have settled on is handed to
the state machine directly: A to prove the front end, then a car that asks for power whenever it is
offered some.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Final

from evsed.core.energy.sessions import EndReason, Flow, Ledger, SessionRecord
from evsed.core.pilot.events import ContactorClosed, Event
from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.j1772 import PilotState, current_for_duty
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.phase_set import ALL_TOGETHER, PhaseWish, Switching, SwitchRules
from evsed.core.pilot.pilot_meter import PilotReading
from evsed.core.solar.allotment import (
    Allotment,
    AllotmentConfig,
    AllotmentReason,
    AllotmentResult,
    Reading,
)
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.solar.phase_choice import ChargeNow, PhaseChoice
from evsed.core.solar.sun_ahead import UNKNOWN
from evsed.core.user.usual_sun import UsualSun
from evsed.sim.replay.plant import CAR_DEAD_TIME_S, FeedValue

BEFORE_DAWN_S: Final = 10
"""So long before the first row the box is switched on."""

LEAST_PAUSE_S: Final = 60.0
"""`car.least_pause_s` as shipped."""

SAID_EVERY_S: Final = 4
"""Energy is counted at least this often; `session.GAP_S` is 5."""

BUSY_S: Final = 10.0
"""The state machine is asked every second for so long after its inputs changed: longer than any of
its timers without a fault (6 s of C1) ..."""

IDLE_EVERY_S: Final = 10
"""... and this often when they do not: the same inputs then give the same outputs."""

_HIGH_V: Final = {PilotState.A: 12.0, PilotState.B: 9.0, PilotState.C: 6.0}


class Evsed:
    """The production code as a `Charger` of the plant. `started` is the moment of the first row.

    `reasons` has the allotment's reason for each second. Where *switch* lets phases change, `wish`
    asks for a set of them, and `phases` is the set in use. *chooses*: the wish is evsed's own.
    *comes_s*: the second in which the car is plugged in, for good. *usual*: the days before.
    """

    def __init__(
        self,
        config: AllotmentConfig,
        started: datetime,
        switch: SwitchRules = ALL_TOGETHER,
        *,
        chooses: bool = True,
        comes_s: int = -BEFORE_DAWN_S // 2,
        usual: UsualSun | None = None,
    ) -> None:
        self.allotment = Allotment(config)
        self.ledger = Ledger()
        self.events: list[Event] = []
        self.allotted: AllotmentResult | None = None
        self.reasons: list[AllotmentReason] = []
        self._config = config
        self._started = started
        self.wish: PhaseWish | None = None
        self._switched, self._chooses = switch.active, chooses
        self._choice = PhaseChoice(config, rises=switch.switching is Switching.AUTO)
        self._begun = False
        self._comes_s, self._usual = comes_s, usual
        evse = EvseConfig(switch=switch, least_pause_s=LEAST_PAUSE_S)
        self._evse = Evse(evse, -float(BEFORE_DAWN_S))
        self._asks_since: float | None = None
        self._withdrawn_at: float | None = None
        self._offered_a = 0.0
        self._closed = False
        self._doing: tuple[PilotState, float, int] = (PilotState.A, 0.0, 0)
        self._busy_until = 0.0
        self._last_reading: tuple[float, float] = (-1e9, 0.0)
        for second in range(-BEFORE_DAWN_S, 0):
            self._tick(float(second), self._car(second), 0.0)
        self.ledger.plug_in("replay", started)

    def on_reading(self, now_s: int, value: FeedValue) -> None:
        """Note news that has just arrived."""
        reading = Reading(
            excess_w=value.value_w,
            maximum_w=value.maximum_w,
            stamp=str(value.stamp_s),
            age_s=float(now_s - value.stamp_s),
            soc=value.soc,
        )
        self.allotment.on_reading(float(now_s), reading)

    def update(self, now_s: int, drawn_a: float) -> tuple[float, bool]:
        """One second, as daemon, control process and car live it; evsed has no meter to look at."""
        del drawn_a
        now = float(now_s)
        charging = self._closed
        if self._switched:
            self.allotment.set_car(CarNeeds(set_phases=self.phases))
        self.allotment.on_draw(now, self._offered_a if charging else 0.0, charging=charging)
        self.allotted = self.allotment.update(now)
        self.reasons.append(self.allotted.reason)
        if self._switched and self._chooses:
            self._choose(now, self.allotted)
        state = self._car(now)
        doing = (state, self.allotted.current_a, self.wish.outputs if self.wish else 0)
        if doing != self._doing:
            self._doing, self._busy_until = doing, now + BUSY_S
        if now <= self._busy_until or self.switching_to or now_s % IDLE_EVERY_S == 0:
            self._tick(now, state, self.allotted.current_a)
        self._count(now)
        return self._offered_a, self._closed

    @property
    def switching_to(self) -> int:
        """The set that a change under way leads to, 0 where none is."""
        return self._evse.phases.pending

    @property
    def phases(self) -> int:
        """The phases that a closing closes."""
        return self._evse.phases.outputs if self._switched else self._config.phases

    def _choose(self, now: float, allotted: AllotmentResult) -> None:
        """Ask for a set of phases, as the daemon does once a second."""
        charge = ChargeNow(
            phases=self.phases,
            plugged=now >= self._comes_s,
            begun=self._begun,
            switching_to=self.switching_to,
        )
        ahead = UNKNOWN
        if self._usual is not None:
            ahead = self._usual.ahead(self._started + timedelta(seconds=now))
        best = self._choice.update(now, allotted, charge, self.allotment.period_s, ahead)
        self.wish = PhaseWish(best.phases, math.inf, best.why)

    def finish(self, now_s: int) -> SessionRecord | None:
        """Unplug the car: the session as it ended."""
        self.ledger.add(float(now_s), self._today(now_s), Flow())
        if not self._closed:
            self.ledger.stopped(EndReason.FEED)
        return self.ledger.unplug(self._started + timedelta(seconds=now_s))

    def _car(self, now: float) -> PilotState:
        """A car closes S2 in the second after PWM began, and lets go 2 s after it ended."""
        if now < self._comes_s:
            return PilotState.A
        if self._offered_a > 0:
            self._withdrawn_at = None
            if self._asks_since is None:
                self._asks_since = now
        elif self._asks_since is not None:
            if self._withdrawn_at is None:
                self._withdrawn_at = now
            if now - self._withdrawn_at >= CAR_DEAD_TIME_S:
                self._asks_since = None
        return PilotState.B if self._asks_since is None else PilotState.C

    def _tick(self, now: float, state: PilotState, allotted_a: float) -> None:
        """Hand the state machine a settled pilot, and take what it decides."""
        pwm = self._offered_a > 0
        live = state is PilotState.C and pwm and self._asks_since is not None
        pilot = PilotReading(
            at=now,
            state=state,
            settled=state,
            high_v=_HIGH_V[state],
            low_v=-12.0 if pwm else None,
            live_for_s=now - self._asks_since if live and self._asks_since is not None else 0.0,
            anomaly=None,
            lost=False,
        )
        limit = Limit("feed", allotted_a)
        decided = self._evse.step(now, pilot, limit, wish=self.wish, proved_open=not self._closed)
        self._offered_a = current_for_duty(decided.outputs.duty)
        self._closed = decided.outputs.closed > 0
        self._begun = self._begun or self._closed
        for event in decided.events:
            if isinstance(event, ContactorClosed):
                self.ledger.closed_contactor()
            self.events.append(event)

    def _count(self, now: float) -> None:
        """Energy by what is offered, as without a meter."""
        watts_per_ampere = self._config.mains_v * self.phases
        power_w = self._offered_a * watts_per_ampere if self._closed else 0.0
        said_at, said_w = self._last_reading
        if power_w == said_w and (power_w == 0 or now - said_at < SAID_EVERY_S):
            return
        self._last_reading = (now, power_w)
        flow = Flow(power_w=power_w, current_a=self._offered_a if self._closed else 0.0)
        self.ledger.add(now, self._today(now), flow)

    def _today(self, now: float) -> date:
        """The day by the wall clock of the rows."""
        return (self._started + timedelta(seconds=now)).date()
