# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the days: tables for the terminal, JSON, and a trace with a row a second."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from evsed.core.solar.allotment import AllotmentReason
from evsed.sim.replay.plant import DayCourse, Figures
from evsed.sim.replay.stretches import StoryLine

TRACE_COLUMNS: Final = (
    "t_s", "surplus_w", "feed_stamp_s", "feed_w", "offered_a", "drawn_a", "phases", "contactor",
    "rule", "reason",
)  # fmt: skip
"""A row a second; `t_s` counts from the first row of the day."""

_LEGEND: Final = """\
kWh of a day: surplus of the sun; feasible, while it covers the least current; what the car got; and
what the battery or the grid lent. captured: the share of the surplus, and of the feasible, that the
car got. on, off: the shortest run and pause in seconds."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a kWh: from the grid (None: not known), and exported."""

    grid: float | None
    feed_in: float

    def saved(self, figures: Figures) -> float | None:
        """The money that charging from the sun saved against charging from the grid.

        A kWh from the sun is not bought, but is not sold either; one that was lent
        is bought in any case.
        """
        return None if self.grid is None else figures.captured_kwh * (self.grid - self.feed_in)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a day: figures, the session as the books have it (Wh, estimated), the reasons.

    `read_as` says how the file was read, `settings` how the rules differ from other replays of the
    day, `picture` is an SVG where a page was asked for, `differences` are against the record.
    """

    name: str
    started: datetime
    figures: Figures
    session_wh: float
    lines: tuple[StoryLine, ...] = ()
    read_as: tuple[str, ...] = ()
    settings: str = ""
    picture: str = ""
    differences: tuple[str, ...] = ()


def trace_csv(trace: DayCourse, reasons: Sequence[AllotmentReason]) -> str:
    """One row a second: sun, feed, offer, draw, contactor, and why."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(TRACE_COLUMNS)
    columns = zip(
        trace.surplus_w,
        trace.feed_stamp_s,
        trace.feed_w,
        trace.offered_a,
        trace.drawn_a,
        trace.phases,
        trace.contactor,
        reasons,
        strict=True,
    )
    for now_s, row in enumerate(columns):
        solar_w, stamp_s, feed_w, offered_a, drawn_a, phases, closed, reason = row
        rows.writerow(
            (now_s, f"{solar_w:.1f}", stamp_s, f"{feed_w:.1f}", f"{offered_a:.3f}",
             f"{drawn_a:.3f}", phases, int(closed), reason.rule.value, reason.describe())
        )  # fmt: skip
    return text.getvalue()


def table(results: Sequence[Result], prices: Prices) -> str:
    """The figures of each day, with a line for all days together."""
    head = f"{'day':28} {'surplus':>8} {'feasible':>8} {'car':>8} {'captured':>9} {'of feas.':>9}"
    lines = [head + f" {'battery':>8} {'starts':>6} {'on':>6} {'off':>6}{_money_head(prices)}"]
    compared = len({result.settings for result in results}) > 1
    for result in results:
        if compared:
            lines.append(f"{result.name} with {result.settings}:")
        lines.append(_row("" if compared else result.name, result.figures, prices))
    if len(results) > 1 and not compared:
        lines.append(_row("all", total([result.figures for result in results]), prices))
    changes = sum(result.figures.phase_changes for result in results)
    if changes:
        most = max(result.figures.phase_changes for result in results)
        lines.append(f"changes of the phases in use: {changes}, at most {most} in a day")
    lines.append(_LEGEND)
    return "\n".join(lines)


def comparison(results: Sequence[Result], prices: Prices) -> str:
    """A line for each setting, over all days."""
    groups: dict[str, list[Figures]] = {}
    for result in results:
        groups.setdefault(result.settings, []).append(result.figures)
    width = max(20, *(len(label) for label in groups))
    switched = any(result.figures.phase_changes for result in results)
    lines = [
        (
            f"{'setting':{width}} {'days':>5} {'car kWh':>9} {'sun kWh':>9} {'of feas.':>9} "
            f"{'lent kWh':>9} {'starts':>7}{'  phases' if switched else ''}{_money_head(prices)}"
        )
    ]
    for label, figures in groups.items():
        whole = total(figures)
        lines.append(
            f"{label:{width}} {len(figures):5d} {whole.ev_kwh:9.2f} {whole.captured_kwh:9.2f} "
            f"{whole.captured_feasible_pct:7.1f} % {whole.battery_kwh:9.2f} "
            f"{whole.starts:7d}{f' {whole.phase_changes:7d}' if switched else ''}"
            f"{_money(whole, prices)}"
        )
    if switched:
        lines.append("phases: changes of the set in use, once a charge has begun")
    if prices.grid is None:
        lines.append("--price and --feed-in-price add what the sun saved, in money")
    return "\n".join(lines)


def total(figures: Sequence[Figures]) -> Figures:
    """Several days as one: sums, energy-weighted shares, the shortest run and pause."""
    surplus = sum(each.surplus_kwh for each in figures)
    feasible = sum(each.feasible_kwh for each in figures)
    captured = sum(each.captured_kwh for each in figures)
    of_feasible = sum(each.captured_feasible_pct * each.feasible_kwh for each in figures)
    runs = [each.min_on_s for each in figures if each.min_on_s is not None]
    pauses = [each.min_off_s for each in figures if each.min_off_s is not None]
    return Figures(
        surplus_kwh=surplus,
        feasible_kwh=feasible,
        ev_kwh=sum(each.ev_kwh for each in figures),
        captured_kwh=captured,
        captured_pct=100 * captured / surplus if surplus > 0 else 0.0,
        captured_feasible_pct=of_feasible / feasible if feasible > 0 else 0.0,
        battery_kwh=sum(each.battery_kwh for each in figures),
        starts=sum(each.starts for each in figures),
        min_on_s=min(runs, default=None),
        min_off_s=min(pauses, default=None),
        setpoint_changes=sum(each.setpoint_changes for each in figures),
        phase_changes=sum(each.phase_changes for each in figures),
    )


def as_json(result: Result, prices: Prices) -> dict[str, Any]:
    """One day for machines: energies to the watt-hour."""
    rounded = {
        key: round(value, 3) if isinstance(value, float) else value
        for key, value in result.figures._asdict().items()
    }
    found: dict[str, Any] = {
        "day": result.name,
        **rounded,
        "session_kwh": round(result.session_wh / 1000, 3),
    }
    saved = prices.saved(result.figures)
    if saved is not None:
        found["saved"] = round(saved, 2)
    if result.settings:
        found["settings"] = result.settings
    found["reasons"] = [
        {"from": line.from_at.isoformat(), "to": line.to_at.isoformat(), "kind": line.kind,
         "text": line.text, "kwh": round(line.kwh, 3)}
        for line in result.lines
    ]  # fmt: skip
    found["read_as"] = list(result.read_as)
    if result.differences:
        found["differences"] = list(result.differences)
    return found


def _money_head(prices: Prices) -> str:
    """The head of the column of money, where there is one."""
    return "" if prices.grid is None else f" {'saved':>8}"


def _money(figures: Figures, prices: Prices) -> str:
    """Money saved, where prices are known."""
    saved = prices.saved(figures)
    return "" if saved is None else f" {saved:8.2f}"


def _row(name: str, figures: Figures, prices: Prices) -> str:
    """One line of the table."""
    run_s = "-" if figures.min_on_s is None else str(figures.min_on_s)
    pause_s = "-" if figures.min_off_s is None else str(figures.min_off_s)
    return (
        f"{name[:28]:28} {figures.surplus_kwh:8.2f} {figures.feasible_kwh:8.2f} "
        f"{figures.ev_kwh:8.2f} "
        f"{figures.captured_pct:7.1f} % {figures.captured_feasible_pct:7.1f} % "
        f"{figures.battery_kwh:8.2f} "
        f"{figures.starts:6d} {run_s:>6} {pause_s:>6}{_money(figures, prices)}"
    )
