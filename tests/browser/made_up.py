# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up days for the page: a sun, clouds and a house as in the simulation, and what came of them.

The rules of charging here are rougher than evsed's own; what matters is that a day looks like one,
and that rows, sessions and totals tell the same story.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from evsed.core.energy.history import MINUTE_S, TraceRow
from evsed.core.energy.sessions import Checkpoint, DayTotal, EndReason, SessionRecord
from evsed.sim.house import Clouds, Loads, Sun
from evsed.store import Store

MAINS_V = 230.0
LEAST_W = 6 * MAINS_V
MOST_W = 32 * MAINS_V
LENT_MOST_WH = 150.0
DAY_S = 86_400


def fill(path: Path, now: datetime, days: int) -> None:
    """Fill the store at *path* with *days* whole days before *now*, and with today's hours."""
    store = Store(path)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sessions: list[SessionRecord] = []
    totals: list[DayTotal] = []
    for back in range(days, -1, -1):
        start = midnight - timedelta(days=back)
        until_s = int((now - start).total_seconds()) - 120 if back == 0 else DAY_S
        rows = _day(start, until_s)
        store.trace.add(rows)
        if session := _session(rows, f"made-up-{start:%Y%m%d}"):
            sessions.append(session)
            totals.append(
                DayTotal(start.date(), session.energy_wh, session.charge_s, session.solar_wh)
            )
    before = [_early(midnight.date() - timedelta(days=back)) for back in range(800, days, -1)]
    totals += [total for total in before if total.energy_wh]
    everything_wh = sum(total.energy_wh for total in totals)
    store.save(Checkpoint(tuple(sessions), tuple(totals), everything_wh, 431, 1), now)
    store.close()


def _day(start: datetime, until_s: int) -> list[TraceRow]:
    """The minutes of the day that begins at *start*, up to *until_s*."""
    random = Random(start.toordinal())
    sun = Sun(peak_w=random.uniform(2_500, 6_500), rises_h=6.3, sets_h=18.8)
    clouds = Clouds(
        cover=random.choice((0.0, 0.2, 0.45, 0.7)), length_s=1_500.0, seed=start.toordinal()
    )
    loads = Loads(seed=start.toordinal())
    here_s, gone_s = random.uniform(7, 10.5) * 3600, random.uniform(15, 19.5) * 3600
    away = random.random() < 0.2
    hurry_w = 2_300.0 if random.random() < 0.25 else 0.0  # "fast": sun or not
    battery_loan_wh, charging = 0.0, False
    rows = []
    for at_s in range(0, min(until_s, DAY_S), MINUTE_S):
        spare_w = round(sun.power_w(at_s) * clouds.light(at_s) - loads.power_w(at_s))
        state, power_w = "A", 0.0
        if not away and here_s < at_s < gone_s:
            battery_loan_wh += (
                (LEAST_W - spare_w) / 60 if charging and spare_w < LEAST_W else -battery_loan_wh / 6
            )
            battery_loan_wh = 0.0 if hurry_w else battery_loan_wh
            charging = (
                bool(hurry_w) or spare_w > LEAST_W or (charging and battery_loan_wh < LENT_MOST_WH)
            )
            power_w = min(MOST_W, max(LEAST_W, hurry_w, spare_w)) if charging else 0.0
            state = "C2" if charging else "C1"
        else:
            charging, battery_loan_wh = False, 0.0
        rows.append(
            TraceRow(
                at=int(start.timestamp()) + at_s,
                covered_s=MINUTE_S,
                available_w=spare_w,
                offered_w=round(power_w),
                power_w=round(power_w),
                battery_loan_wh=round(battery_loan_wh),
                state=state,
            )
        )
    return rows


def _session(rows: list[TraceRow], name: str) -> SessionRecord | None:
    """The one session of a day's *rows*, ended; None with no car."""
    there = [row for row in rows if row.state != "A"]
    if not there:
        return None
    charging = [row for row in there if row.power_w]
    begin = datetime.fromtimestamp(there[0].at).astimezone()
    return SessionRecord(
        id=name,
        started=begin,
        ended=datetime.fromtimestamp(there[-1].at + MINUTE_S).astimezone(),
        energy_wh=sum(row.power_w for row in charging) / 60,
        charge_s=float(len(charging) * MINUTE_S),
        peak_a=max((row.power_w for row in charging), default=0) / MAINS_V,
        solar_wh=sum(min(row.power_w, max(row.available_w or 0, 0)) for row in charging) / 60,
        measured=False,
        reason=Random(name).choice((EndReason.UNPLUGGED, EndReason.CAR, EndReason.FEED)),
    )


def _early(day: date) -> DayTotal:
    """A day of which the totals alone are kept."""
    random = Random(day.toordinal())
    energy_wh = random.choice((0.0, 1.0, 1.0)) * random.uniform(1_000, 14_000)
    solar_wh = energy_wh * random.uniform(0.6, 1.0)
    return DayTotal(day, energy_wh, energy_wh / 2.2, solar_wh)
