# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed and its peers on the same plant: recorded days, made-up weather, and the frontier.

.venv/bin/python -m tests.benchmarks solar

prints the tables of docs/solar.md and draws docs/solar-frontier.svg.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from evsed.core.solar.allotment import AllotmentConfig
from evsed.sim.dayfiles import read_day
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import Figures, PlantConfig, ReplayCharger, measure, play
from evsed.sim.replay.report import total
from tests.benchmarks.solar_bound import PRICES, best, bound_kwh, by_news, perfect
from tests.benchmarks.solar_frontier import Dot, Line, frontier_svg
from tests.benchmarks.solar_peers import Evcc, OpenEvse, Original, Reference
from tests.benchmarks.solar_weather import KINDS, make_day

DAYS: Final = Path(__file__).parents[1] / "days"
PICTURE: Final = Path(__file__).parents[2] / "docs" / "solar-frontier.svg"
SEEDS: Final = range(100, 106)
LATENCIES_S: Final = (5, 45)
LOANS_WH: Final = (0, 60, 120, 220, 320, 500, 900)
PEERS: Final[dict[str, Callable[[], ReplayCharger]]] = {
    "OpenEVSE's divert": OpenEvse,
    "evcc's pv, once a minute": Evcc,
    "the original": Original,
    "two readings, 200 Wh": Reference,
}


class Case(NamedTuple):
    """One charger on one day."""

    surplus_w: array[float]
    latency_s: int
    charger: str
    loan_wh: float | None = None


def figures(case: Case) -> Figures:
    """Play one day."""
    charger: ReplayCharger
    if case.charger in PEERS:
        charger = PEERS[case.charger]()
    else:
        rules = AllotmentConfig(semantics="battery_power")
        if case.loan_wh is not None:
            rules = AllotmentConfig(semantics="battery_power", loan_wh=case.loan_wh)
        charger = Evsed(rules, datetime(2026, 6, 21, tzinfo=UTC))
    plant = PlantConfig(feed_latency_s=case.latency_s)
    return measure(play(case.surplus_w, plant, charger))


def cell(label: str, days: Sequence[Figures]) -> str:
    """Share of the feasible surplus, kWh a day from the battery, starts a day."""
    whole, count = total(days), len(days)
    return (
        f"{whole.captured_feasible_pct:5.1f} % {whole.battery_kwh / count:5.2f} "
        f"{whole.starts / count:4.1f}{label}"
    )


def recorded(pool: ProcessPoolExecutor, days: Sequence[array[float]]) -> None:
    """The table over the recorded days."""
    print("recorded days (share of feasible energy, kWh a day from the battery, starts a day)")
    print(f"{'':26}" + "".join(f"{latency:12d} s latency" for latency in LATENCIES_S))
    for name in (*PEERS, "evsed"):
        cells = []
        for latency_s in LATENCIES_S:
            played = pool.map(figures, [Case(day, latency_s, name) for day in days])
            cells.append(cell("", list(played)))
        print(f"{name:26}  " + "   ".join(cells), flush=True)


def weather(pool: ProcessPoolExecutor) -> None:
    """The table over the made-up days, and how near evsed comes to the bound on each."""
    print(f"\nmade-up days, seeds {SEEDS.start}-{SEEDS.stop - 1}, 5 s latency")
    print(f"{'':26}" + "".join(f"{kind:>20}" for kind in KINDS))
    skies = {kind: [make_day(kind, seed) for seed in SEEDS] for kind in KINDS}
    ours: dict[str, list[Figures]] = {}
    for name in (*PEERS, "evsed"):
        cells = []
        for kind in KINDS:
            played = list(pool.map(figures, [Case(day, 5, name) for day in skies[kind]]))
            ours[kind] = played
            cells.append(cell("", played))
        print(f"{name:26}  " + "  ".join(cells), flush=True)
    print("\nevsed's share of what a clairvoyant captures with the same energy from the battery")
    for kind in KINDS:
        shares = []
        for day, result in zip(skies[kind], ours[kind], strict=True):
            most_kwh = bound_kwh(perfect(day), result.battery_kwh)
            captured_kwh = result.captured_feasible_pct / 100 * result.feasible_kwh
            share = 100 * captured_kwh / most_kwh if most_kwh > 0 else 100.0
            shares.append(f"{share:5.1f} % of {most_kwh:5.2f} kWh")
        print(f"{kind:10}" + " | ".join(shares), flush=True)


def frontier(pool: ProcessPoolExecutor, days: Sequence[array[float]]) -> str:
    """The picture: captured against drawn, over the recorded days at 5 s."""

    def dot(name: str, loan_wh: float | None = None) -> Dot:
        whole = total(list(pool.map(figures, [Case(day, 5, name, loan_wh) for day in days])))
        return Dot(whole.battery_kwh / len(days), whole.captured_feasible_pct, name)

    feasible_kwh = sum(measure(play(day, PlantConfig(), OpenEvse())).feasible_kwh for day in days)

    def line(name: str, knowing: Callable[[array[float]], object]) -> Line:
        known = [knowing(day) for day in days]
        points = []
        for price in PRICES:
            each = [best(minutes, price) for minutes in known]  # type: ignore[arg-type]
            captured = 100 * sum(result.captured_kwh for result in each) / feasible_kwh
            points.append((sum(result.battery_kwh for result in each) / len(days), captured))
        return Line(name, tuple(points))

    ours = dot("evsed")
    curve = [dot("evsed", loan_wh) for loan_wh in LOANS_WH]
    lines = (
        line("clairvoyant", perfect),
        line("clairvoyant switching, last news", lambda day: by_news(day, 5)),
        Line(
            "evsed, loan 0-900 Wh",
            tuple((result.battery_kwh, result.captured_pct) for result in curve),
        ),
    )
    print("\nfrontier (kWh a day from the battery, share of feasible energy)")
    for result in lines:
        shown = ", ".join(f"{drawn:.2f} {captured:.1f} %" for drawn, captured in result.points)
        print(f"{result.name}: {shown}")
    return frontier_svg((ours, *(dot(name) for name in PEERS)), lines)


def main() -> None:
    """Print everything, and draw."""
    days = [read_day(path).surplus_w for path in sorted(DAYS.glob("*.csv"))]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        recorded(pool, days)
        weather(pool)
        picture = frontier(pool, days)
    PICTURE.write_text(picture, encoding="utf-8")
    print(f"drawn: {PICTURE.name}")


if __name__ == "__main__":
    main()
