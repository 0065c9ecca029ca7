# SPDX-License-Identifier: GPL-3.0-or-later
"""From the state of the charger to the `Status` that frontends show: a pure function."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from evsed.core.box.light import LOOKS, LightState
from evsed.core.box.light import describe as describe_light
from evsed.core.pilot import j1772
from evsed.core.pilot.phase_set import HAZARD, Switching
from evsed.core.text import text
from evsed.core.user.weekly_window import day_time
from evsed.daemon import summary
from evsed.frontends.money import rounded
from evsed.frontends.status import Status
from evsed.frontends.views import (
    ClaimView,
    ControlsView,
    FaultView,
    LightView,
    LimitView,
    PhaseSetView,
    PlannedTime,
    PlanView,
    PricesView,
    SessionView,
    TickView,
)

if TYPE_CHECKING:
    from evsed.core.energy.sessions import DayTotal, SessionRecord
    from evsed.core.user.claims import Claims
    from evsed.core.user.controls import Controls
    from evsed.core.user.planner import PlanState
    from evsed.daemon.charger_state import ChargerState


@dataclass(frozen=True, slots=True)
class Now:
    """One moment on both clocks: monotonic seconds, and the wall clock with its zone."""

    at: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class SessionTotals:
    """The record of sessions as far as it is shown.

    `session` is the one under way (`active`) or the last one, None before the first. `day` is
    today's total, `total_wh` the energy of a lifetime, `cycles` the closings of the contactor.
    """

    session: SessionRecord | None
    active: bool
    day: DayTotal
    total_wh: float
    cycles: int
    controls: Controls
    claims: Claims


def build_status(state: ChargerState, sessions: SessionTotals, now: Now) -> Status:
    """Build the status of *now*."""
    installation, allotment = state.installation, state.allotment
    ticking, driven = state.ticking(now.at), state.driven(now.at)
    described = summary.NOT_TICKING
    if state.snapshot is not None and ticking:
        note = state.care.note if state.care is not None else None
        described = summary.describe(
            state.snapshot,
            has_charged=_has_charged(sessions),
            note=note,
            taken_a=state.drawn_a(now.at),
        )
    duty = driven.duty if driven else j1772.STEADY
    snapshot, flow = state.snapshot, state.flow(now.at)
    return Status(
        at=now.wall,
        version=installation.version,
        state=driven.state if driven else "-",
        evse_status=described.evse_status,
        summary=described.summary,
        reason=described.reason,
        board_ok=driven is not None,
        ticking=ticking,
        high_v=driven.high_v if driven else None,
        low_v=driven.low_v if driven else None,
        duty=duty,
        contactor_closed=driven is not None and driven.closed > 0,
        offered_a=j1772.current_for_duty(duty),
        drawn_a=flow.current_a,
        drawn_measured=flow.measured,
        power_w=flow.power_w,
        meter_wh=state.meter_wh(now.at),
        mains_v=installation.mains_v,
        phases=state.phases,
        excess_w=allotment.excess_w if allotment else None,
        excess_counts_charge=allotment is not None and allotment.counts_charge,
        # A figure that is too old to use says nothing about the power there is now.
        available_w=allotment.available_w if allotment and flow.solar_w is not None else None,
        feed_kind=installation.feed_kind,
        feed_age_s=allotment.age_s if allotment else None,
        feed_error=state.feed_error,
        limits=_limit_views(state),
        limited_by=snapshot.lowest.owner if snapshot else "daemon",
        session=_session_view(sessions),
        day_wh=sessions.day.energy_wh,
        total_wh=sessions.total_wh,
        contactor_cycles=sessions.cycles,
        faults=_fault_views(state, now),
        events=tuple(reversed(state.events)),
        tick=TickView(
            count=snapshot.ticks if snapshot else 0,
            worst_ms=state.worst_tick_s * 1000,
            late=snapshot.late if snapshot else 0,
        ),
        uptime_s=now.at - installation.started_at,
        controls=ControlsView.of(sessions.controls),
        claims=_claim_views(sessions.claims, now.at),
        solar_w=flow.solar_w,
        day_solar_wh=sessions.day.solar_wh,
        day_cost=rounded(sessions.day.cost),
        day_savings=rounded(sessions.day.savings),
        battery_loan_wh=allotment.battery_loan_wh if allotment else None,
        parts=state.parts,
        ocpp=state.ocpp,
        expected_end=_end_time(state, now),
        expected_end_by=state.expected_end.by.value if state.expected_end else None,
        light=_light_view(state, now),
        box_trouble=(snapshot.box_trouble if snapshot else "") or None,
        phase_set=_phase_set_view(state),
        plan=_plan_view(state),
        prices=_prices_view(state, now),
    )


def _prices_view(state: ChargerState, now: Now) -> PricesView | None:
    """Build the view of the prices; None where none are set."""
    prices, listed, price = state.prices, state.prices.listed, state.price
    if prices.tariff is None and not state.installation.price_list:
        return None
    until = datetime.fromtimestamp(listed.until).astimezone() if listed else None
    trouble = state.price_error
    if until is not None and until <= now.wall:
        trouble = text("the list of prices ended at {end}", end=f"{until:%Y-%m-%d %H:%M}")
        if state.price_error:
            trouble = text("{ended}: {error}", ended=trouble, error=state.price_error)
    currency = state.installation.currency
    words = text("The price of now is not known")
    if price is not None:
        words = text("{price:.4g} a kWh now", price=price)
        if currency:
            words = text("{price:.4g} {currency} a kWh now", price=price, currency=currency)
        if until is not None and until > now.wall:
            words = text("{price}, known until {end}", price=words, end=day_time(until))
    if trouble:
        words = text("{price}; {trouble}", price=words, trouble=trouble)
    return PricesView(price, currency, until, words, trouble or None)


def _plan_view(state: ChargerState) -> PlanView | None:
    """Build the view of the next goal; None without a plan."""
    plan = state.plan
    if plan is None:
        return None
    step = plan.step
    begins = None if plan.begins_at is None else datetime.fromtimestamp(plan.begins_at).astimezone()
    return PlanView(
        goal_kwh=plan.goal.kwh,
        due=datetime.fromtimestamp(plan.due).astimezone(),
        done_wh=plan.done_wh,
        charges=step.charges,
        begins=begins,
        expected_wh=step.expected_wh,
        power_w=plan.power_w,
        reached=step.reached,
        short=step.short,
        text=_plan_text(plan, begins),
        trouble=step.trouble or None,
        times=tuple(
            PlannedTime(*(datetime.fromtimestamp(at).astimezone() for at in time))
            for time in plan.times
        ),
    )


def _plan_text(plan: PlanState, begins: datetime | None) -> str:
    """Describe the next goal in a sentence."""
    step, due = plan.step, datetime.fromtimestamp(plan.due).astimezone()
    words = text(
        "The plan: {kwh:g} kWh by {due}, {done_kwh:.1f} kWh charged",
        kwh=plan.goal.kwh,
        due=day_time(due),
        done_kwh=plan.done_wh / 1000,
    )
    if step.reached:
        return text("{plan}: reached", plan=words)
    if step.charges:
        words = text("{plan}; it is charged for now", plan=words)
    elif begins is not None:
        words = text(
            "{plan}; from {time} on it charges without waiting for the sun",
            plan=words,
            time=f"{begins:%H:%M}",
        )
    return (
        text("{plan}, but {trouble}", plan=words, trouble=step.trouble) if step.trouble else words
    )


def _phase_set_view(state: ChargerState) -> PhaseSetView | None:
    """Build the view of the set of phases; None where it never changes, or is not known."""
    snapshot, choice, switching = state.snapshot, state.phase_choice, state.installation.switching
    if snapshot is None or choice is None:
        return None
    return PhaseSetView(
        closes=snapshot.outputs,
        wished=choice.phases,
        why=choice.why,
        switching_to=snapshot.switching_to or None,
        left_s=choice.left_s or None,
        switching=switching,
        hazard=HAZARD if switching == Switching.AUTO.value else None,
    )


def _light_view(state: ChargerState, now: Now) -> LightView | None:
    """Build the view of the light; nothing drives it where nothing ticks."""
    snapshot = state.snapshot
    if snapshot is None or snapshot.light is None:
        return None
    shown = snapshot.light if state.driven(now.at) else LightState.NOT_DRIVEN
    look = LOOKS[shown]
    return LightView(shown.value, look.colour.value, look.rhythm.pattern_s, describe_light(shown))


def _end_time(state: ChargerState, now: Now) -> datetime | None:
    end = state.expected_end
    return now.wall + timedelta(seconds=round(end.left_s)) if end else None


def _has_charged(sessions: SessionTotals) -> bool:
    session = sessions.session
    return sessions.active and session is not None and session.energy_wh > 0


def _session_view(sessions: SessionTotals) -> SessionView:
    session = sessions.session
    if session is None:
        return SessionView(active=False, energy_wh=0.0, charge_s=0.0, peak_a=0.0, started=None)
    return SessionView(
        active=sessions.active,
        energy_wh=session.energy_wh,
        charge_s=session.charge_s,
        peak_a=session.peak_a,
        started=session.started,
        energy_measured=session.measured,
        solar_wh=session.solar_wh,
        id=session.id,
        cost=rounded(session.cost),
        savings=rounded(session.savings),
    )


def _limit_views(state: ChargerState) -> tuple[LimitView, ...]:
    limits = state.limits if state.snapshot is None else state.snapshot.limits
    views = tuple(
        LimitView(limit.owner, limit.max_a, limit.why, state.left_s.get(limit.owner))
        for limit in limits
    )
    left = state.session_left
    if left is None:
        return views
    return (*views, LimitView("session", state.installation.max_a, left.why, left.left_s))


def _claim_views(claims: Claims, now: float) -> tuple[ClaimView, ...]:
    return tuple(
        ClaimView(
            program=program,
            charging=claim.charging,
            max_current_a=claim.max_current_a,
            until_unplugged=claim.until_unplugged,
            only_sun=claim.only_sun,
            left_s=None if claim.until_at is None else claim.until_at - now,
            client=claim.client,
        )
        for program, claim in claims.at(now).of.items()
    )


def _fault_views(state: ChargerState, now: Now) -> tuple[FaultView, ...]:
    faults = state.snapshot.faults if state.snapshot else {}
    return tuple(
        FaultView(
            name=fault.value,
            what=detail,
            done=fault.kind.done,
            todo=fault.kind.todo,
            recovery=fault.kind.recovery.value,
            since=state.fault_since.get(fault, now.wall),
        )
        for fault, detail in faults.items()
    )
