# SPDX-License-Identifier: GPL-3.0-or-later
"""Every car of the library under three skies and in three modes, and what came of it.

    python -m tests.benchmarks cars                      the tables
    python -m tests.benchmarks cars bmw asleep-2h        some cars
    python -m tests.benchmarks cars --write docs/cars.md the tables into the page
    python -m tests.benchmarks cars bmw --write docs/cars.md only the rows of some cars

A car's goal is 95 % of what it could have taken, which is what an ordinary car took under the same
sun from a station that knows this car's least current, less the time that this car needs to begin
and whatever it takes less; of a car that pauses by itself, as many runs as 60 closings a day allow.
The goals hold for every car but those that only their owner can help.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from evsed.core.car.care import CarCareConfig
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.solar.allotment import AllotmentConfig, Mode, Semantics
from evsed.daemon.summary import describe
from evsed.sim.cars.entry import Entry
from evsed.sim.cars.library import LIBRARY, build_car
from evsed.sim.cars.trial import Trial, TrialConfig, TrialResult, could_take_wh, least_current_a

DAYS: Final = Path(__file__).parents[1] / "days"
SKIES: Final = {
    "clear": "almost-clear-july",
    "broken": "broken-cloud-march",
    "fast": "export-june",
}
GOAL: Final = 0.95
MOST_IN_AN_HOUR, MOST_IN_A_DAY = 12, 60
FAST_S: Final = 6 * 3600
"""The mode `fast` needs no sky; so long it runs."""

AFTER_S: Final = (60, 600, 3600)
"""The sentences are those so long after the first offer of a clear day."""


@dataclass(frozen=True, slots=True)
class Run:
    """One trial of the table."""

    mode: Mode
    sky: str
    metered: bool
    semantics: Semantics = "battery_power"

    @property
    def title(self) -> str:
        """The head of its column."""
        return f"{self.mode.value} {self.sky}" + (" metered" if self.metered else "")


RUNS: Final = (
    *(Run(Mode.SOLAR, sky, metered) for metered in (False, True) for sky in SKIES),
    *(Run(Mode.SOLAR_MIN, sky, metered=False) for sky in SKIES),
    Run(Mode.FAST, "clear", metered=False),
)


MIXED: Final = tuple(
    Run(Mode.SOLAR, sky, metered=False, semantics="batterymonitor") for sky in SKIES
)
"""With BatteryMonitor's formula in the figure; only the energy that is booked is of interest."""

BOOKED: Final = (*RUNS[: len(SKIES)], *MIXED)


@dataclass(frozen=True, slots=True)
class Cell:
    """The result of one trial."""

    car_wh: float
    could_wh: float
    ordinary_wh: float
    booked_wh: float
    in_an_hour: int
    in_a_day: int
    under_load: int
    faults: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of what the car could have taken; 1 where that is nothing."""
        return self.car_wh / self.could_wh if self.could_wh > 1.0 else 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A car."""

    name: str
    cells: tuple[Cell, ...]
    sentences: tuple[str, ...]
    booked_kwh: tuple[tuple[float, float], ...]
    """Energy taken and energy booked, for each of `BOOKED`."""

    def worst(self, what: Callable[[Cell], float]) -> float:
        """The highest of all trials."""
        return max(map(what, self.cells))

    def misses(self) -> list[str]:
        """The goals that are missed, in words."""
        missed = [
            f"{run.title} {100 * cell.share:.0f} %"
            for run, cell in zip(RUNS, self.cells, strict=True)
            if cell.share < GOAL and not LIBRARY[self.name].owner
        ]
        if self.worst(_in_an_hour) > MOST_IN_AN_HOUR:
            missed.append(f"{self.worst(_in_an_hour):.0f} closings in an hour")
        if self.worst(_in_a_day) > MOST_IN_A_DAY:
            missed.append(f"{self.worst(_in_a_day):.0f} closings in a day")
        return missed


def _in_an_hour(item: Cell) -> float:
    return item.in_an_hour


def _in_a_day(item: Cell) -> float:
    return item.in_a_day


@cache
def sky(name: str) -> tuple[Callable[[float], float], float]:
    """The watts to spare at a second of the day, and how long the day is."""
    with (DAYS / f"{SKIES[name]}.csv").open(encoding="utf-8") as lines:
        watts = [float(row["surplus_w"]) for row in csv.DictReader(lines)]

    def sun(at_s: float) -> float:
        minute = min(len(watts) - 2, max(0, int(at_s // 60)))
        part = min(1.0, at_s / 60 - minute)
        return watts[minute] * (1 - part) + watts[minute + 1] * part

    return sun, len(watts) * 60.0


def config(run: Run, least_a: float = 6.0, name: str = "ordinary") -> TrialConfig:
    """The settings as shipped, with a 16 A supply, the mode, and what the owner of *name* sets."""
    rules = AllotmentConfig(semantics=run.semantics, max_current_a=16.0, car_min_current_a=least_a)
    car, borne = CarCareConfig(), OverCurrentConfig()
    for key, value in LIBRARY[name].settings:
        section, _, field = key.partition(".")
        if key == "board.cp_relay_gpio":
            car = replace(car, cp_relay=True)
        elif section == "car":
            car = replace(car, **cast("dict[str, Any]", {field: value}))
        elif section == "surplus":
            rules = replace(rules, **cast("dict[str, Any]", {field: value}))
        else:
            borne = replace(borne, **{field.removeprefix("over_current_"): value})
    return TrialConfig(rules=rules, mode=run.mode, metered=run.metered, car=car, over_current=borne)


def trial(name: str, run: Run, least_a: float = 6.0) -> TrialResult:
    """Play one."""
    sun, day_s = sky(run.sky)
    return Trial(build_car(name), sun, config(run, least_a, name)).run(
        FAST_S if run.mode is Mode.FAST else day_s
    )


@cache
def ordinary(run: Run, least_a: float) -> TrialResult:
    """An ordinary car, with a station that knows the least current of another."""
    return trial("ordinary", run, least_a)


def cell(name: str, run: Run) -> Cell:
    """One trial, and what it is measured by."""
    outcome = trial(name, run)
    car = build_car(name)
    known = ordinary(run, least_current_a(car))
    wanted = 0.0 if LIBRARY[name].full else could_take_wh(known, car, 230.0)
    return Cell(
        car_wh=outcome.car_wh,
        could_wh=wanted,
        ordinary_wh=ordinary(run, 6.0).car_wh,
        booked_wh=outcome.booked_wh,
        in_an_hour=outcome.most_closings(3600),
        in_a_day=outcome.most_closings(86_400),
        under_load=outcome.under_load,
        faults=tuple(sorted(outcome.faults)),
    )


def sentences(name: str) -> tuple[str, ...]:
    """The page, so and so long after the first offer of a clear day."""
    sun, day_s = sky("clear")
    played = Trial(build_car(name), sun, config(RUNS[0], name=name))
    while not played.offered_a and played.now < day_s:
        played.run(5.0)
    first_s, found = played.now, []
    for after_s in AFTER_S:
        played.run(first_s + after_s - played.now)
        has_charged = played.outcome.booked_wh > 0
        summary = describe(played.snapshot(), has_charged=has_charged, note=played.note)
        found.append(f"{summary.summary}: {summary.reason}")
    return tuple(found)


def row(name: str) -> Row:
    """One car."""
    cells = tuple(cell(name, run) for run in RUNS)
    mixed = (trial(name, run) for run in MIXED)
    booked = [(found.car_wh / 1000, found.booked_wh / 1000) for found in cells[: len(SKIES)]]
    booked += [(found.car_wh / 1000, found.booked_wh / 1000) for found in mixed]
    return Row(name, cells, sentences(name), tuple(booked))


def table(rows: Iterable[Row]) -> list[str]:
    """The table in Markdown: shares of what the car could have taken, in percent."""
    heads = [
        "car", "could",
        *(f"solar, {name}" for name in SKIES),
        *(f"with a meter, {name}" for name in SKIES),
        *(f"solar_min, {name}" for name in SKIES),
        "fast", "closings an hour, a day", "under load", "faults",
    ]  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for found in rows:
        first = found.cells[1]
        could = f"{100 * first.could_wh / first.ordinary_wh:.0f}"
        faults = sorted({fault for item in found.cells for fault in item.faults})
        cells = [
            found.name, could,
            *(f"{100 * item.share:.0f}" if item.could_wh > 1 else "-" for item in found.cells),
            ", ".join(f"{found.worst(most):.0f}" for most in (_in_an_hour, _in_a_day)),
            f"{sum(item.under_load for item in found.cells)}", ", ".join(faults) or "-",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def booked_table(rows: Iterable[Row]) -> list[str]:
    """The energy that is booked without a meter, in Markdown."""
    titles = [f"{sky}, {words}" for words in ("power", "BatteryMonitor") for sky in SKIES]
    lines = ["| car | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for found in rows:
        cells = [f"{took:.1f}, {booked - took:+.1f}" for took, booked in found.booked_kwh]
        lines.append("| " + " | ".join((found.name, *cells)) + " |")
    return lines


def sentence_table(rows: Iterable[Row]) -> list[str]:
    """The sentences in Markdown."""
    lines = ["| car | after 1 min | after 10 min | after 60 min |", "|---|---|---|---|"]
    lines.extend("| " + " | ".join((found.name, *found.sentences)) + " |" for found in rows)
    return lines


def library(entries: Iterable[Entry]) -> list[str]:
    """The library in Markdown."""
    lines = ["| car | what it is | reported | what is reported | what is assumed | its owner |"]
    lines.append("|---|---|---|---|---|---|")
    for entry in entries:
        sets = ", ".join(f"sets `{key} = {value:g}`" for key, value in entry.settings)
        owner = sets or entry.owner or "-"
        fields = (entry.name, entry.title, entry.source, entry.fact, entry.assumed, owner)
        lines.append("| " + " | ".join(fields) + " |")
    return lines


def merge(old: Sequence[str], new: list[str]) -> list[str]:
    """Return the *old* table with the rows of the *new* one in place of those of the same cars."""
    cells = [line.split("|")[1].strip() if line.startswith("|") else "" for line in (*old, *new)]
    fresh = {cell: line for cell, line in zip(cells[len(old) :], new, strict=True) if cell}
    kept = {cell: line for cell, line in zip(cells, old, strict=False) if cell in LIBRARY}
    return [*new[:2], *((kept | fresh)[name] for name in LIBRARY if name in kept | fresh)]


def write(page: Path, parts: dict[str, list[str]]) -> None:
    """Put each part between its marks. Raises ValueError where *page* has no such marks."""
    text = page.read_text(encoding="utf-8")
    for name, lines in parts.items():
        marks = rf"(<!-- {name}: make cars -->\n).*?(<!-- /{name} -->)"
        place = re.search(marks, text, flags=re.DOTALL)
        if place is None:
            raise ValueError(f"{page} has no place for {name}")
        body = "\n".join((place[1], *merge(place[0].splitlines(), lines), "", place[2]))
        text = text[: place.start()] + body + text[place.end() :]
    page.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] = sys.argv[1:]) -> int:
    """Run the trials; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cars", nargs="*", metavar="CAR", help="names of the library; none: all")
    parser.add_argument("--write", type=Path, metavar="PAGE.md")
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    names = options.cars or list(LIBRARY)
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(row, names))
    print("\n".join([*table(rows), "", *sentence_table(rows), ""]))
    missed = {found.name: found.misses() for found in rows if found.misses()}
    for name, misses in missed.items():
        print(f"{name} misses: {', '.join(misses)}")
    print(f"{len(rows)} cars, {len(missed)} miss a goal, {time.monotonic() - began_s:.0f} s")
    if options.write:
        parts = {
            "library": library(LIBRARY.values()),
            "table": table(rows),
            "booked": booked_table(rows),
            "sentences": sentence_table(rows),
        }
        write(options.write, parts)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
