# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay`: recorded days through the production rules, and what came of it.

Allotment, state machine and session code are those of the daemon; time is made up, and the car and
the feed are those of `replay_plant`. Several days run in parallel.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from evsed.errors import DayError
from evsed.sim.replay.plant import Figures, PlantConfig, Trace, measure, play

if TYPE_CHECKING:
    from evsed.core.solar.allotment import AllotmentConfig

EX_DATAERR: Final = 65
"""Exit code where a day cannot be read (sysexits.h)."""

TRACE_COLUMNS: Final = (
    "t_s",
    "surplus_w",
    "feed_stamp_s",
    "feed_w",
    "offered_a",
    "drawn_a",
    "contactor",
)
"""A row a second; `t_s` counts from the first row of the day."""

_BAR: Final = 30


@dataclass(frozen=True, slots=True)
class Job:
    """One day to replay, and where its trace and its picture go (None: nowhere)."""

    path: Path
    plant: PlantConfig
    rules: AllotmentConfig
    trace: Path | None
    plot: Path | None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a day: its figures, and the session as the books have it (Wh, estimated)."""

    name: str
    figures: Figures
    session_wh: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options of `evsed replay`; --config is every command's."""
    parser.add_argument("days", nargs="+", type=Path, metavar="DAY.csv", help="time,surplus_w")
    parser.add_argument(
        "--feed-latency", type=_seconds(600), default=5, metavar="S",
        help="from the feed's stamp to its arrival (default 5)",
    )  # fmt: skip
    parser.add_argument(
        "--feed-window", type=_seconds(60), default=0, metavar="S",
        help="the feed averages this long before its stamp (default 0: the moment)",
    )  # fmt: skip
    parser.add_argument(
        "--mains-v", type=_between(50, 500), metavar="V", help="line to neutral (default 230)"
    )
    parser.add_argument(
        "--max-current", type=_between(6, 80), metavar="A", help="the most offered (default 32)"
    )
    parser.add_argument(
        "--semantics", choices=("battery_power", "batterymonitor"), default="battery_power",
        help="what the feed's value means (default battery_power)",
    )  # fmt: skip
    parser.add_argument(
        "--battery-kwh", type=_between(0.1, 10_000), metavar="KWH",
        help="off the grid with such a battery; without it nothing throttles the panels",
    )  # fmt: skip
    parser.add_argument(
        "--soc", type=_between(0, 100), default=90.0, metavar="PERCENT",
        help="state of charge at the first row, in percent (default 90)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="a line of JSON for each day")
    parser.add_argument(
        "--trace", type=Path, metavar="FILE.csv",
        help="write a row for each second; with several days the day's name is added",
    )  # fmt: skip
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.svg",
        help="draw the day; with several days the day's name is added",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Replay the days of `options`; 0, or 65 where one could not be read or written."""
    rules, plant = _configs(options)
    several = len(options.days) > 1
    jobs = [
        Job(path, plant, rules, *(_beside(file, path, several) for file in _files(options)))
        for path in options.days
    ]
    results: list[Result] = []
    failed = False
    for outcome in _all(jobs, sys.stderr):
        if isinstance(outcome, Result):
            results.append(outcome)
            if options.json:
                print(json.dumps(_as_json(outcome)))  # noqa: T201 - a command's answer
        else:
            failed = True
            print(f"evsed: {outcome}", file=sys.stderr)  # noqa: T201 - the same
    if results and not options.json:
        print(table(results))  # noqa: T201 - the same
    return EX_DATAERR if failed else 0


def replay_day(job: Job) -> Result:
    """Replay one day. Raises DayError where it cannot be read, or its files not be written."""
    from evsed.sim.replay.charger import Evsed  # noqa: PLC0415 - `evsed off` must start fast
    from evsed.sim.replay.days import read_day  # noqa: PLC0415 - the same
    from evsed.sim.replay.plot import draw  # noqa: PLC0415 - the same

    day = read_day(job.path)
    charger = Evsed(job.rules, day.started)
    trace = play(day.surplus_w, job.plant, charger)
    session = charger.finish(len(day.surplus_w))
    try:
        if job.trace is not None:
            job.trace.write_text(trace_csv(trace), encoding="utf-8")
        if job.plot is not None:
            job.plot.write_text(draw(day.name, day.started, trace), encoding="utf-8")
    except OSError as error:
        raise DayError(
            f"{error.filename} cannot be written ({error.strerror}); {day.name} was replayed all "
            "the same, but is not kept. Choose a folder that you may write to."
        ) from error
    figures = measure(trace, job.rules.car_min_current_a)
    return Result(day.name, figures, session.energy_wh if session is not None else 0.0)


def trace_csv(trace: Trace) -> str:
    """One row a second: sun, feed, offer, draw and contactor."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(TRACE_COLUMNS)
    columns = zip(
        trace.surplus_w,
        trace.feed_stamp_s,
        trace.feed_w,
        trace.offered_a,
        trace.drawn_a,
        trace.contactor,
        strict=True,
    )
    for now_s, (sun_w, stamp_s, feed_w, offered_a, drawn_a, closed) in enumerate(columns):
        rows.writerow(
            (now_s, f"{sun_w:.1f}", stamp_s, f"{feed_w:.1f}", f"{offered_a:.3f}",
             f"{drawn_a:.3f}", int(closed))
        )  # fmt: skip
    return text.getvalue()


def table(results: Sequence[Result]) -> str:
    """The figures as a table for the terminal, with a line for all days together."""
    head = f"{'day':28} {'surplus':>8} {'feasible':>8} {'car':>8} {'captured':>9} {'of feas.':>9}"
    lines = [head + f" {'battery':>8} {'starts':>6} {'on':>6} {'off':>6}"]
    lines.extend(_row(result.name, result.figures) for result in results)
    if len(results) > 1:
        lines.append(_row("all", total([result.figures for result in results])))
    lines.append("energies in kWh; shortest run and pause in seconds")
    return "\n".join(lines)


def total(figures: Sequence[Figures]) -> Figures:
    """Several days as one: sums, energy-weighted shares, the shortest run and pause."""
    surplus = sum(one.surplus_kwh for one in figures)
    feasible = sum(one.feasible_kwh for one in figures)
    captured = sum(one.captured_kwh for one in figures)
    of_feasible = sum(one.captured_feasible_pct * one.feasible_kwh for one in figures)
    runs = [one.min_on_s for one in figures if one.min_on_s is not None]
    pauses = [one.min_off_s for one in figures if one.min_off_s is not None]
    return Figures(
        surplus_kwh=surplus,
        feasible_kwh=feasible,
        ev_kwh=sum(one.ev_kwh for one in figures),
        captured_kwh=captured,
        captured_pct=100 * captured / surplus if surplus > 0 else 0.0,
        captured_feasible_pct=of_feasible / feasible if feasible > 0 else 0.0,
        battery_kwh=sum(one.battery_kwh for one in figures),
        starts=sum(one.starts for one in figures),
        min_on_s=min(runs, default=None),
        min_off_s=min(pauses, default=None),
        setpoint_changes=sum(one.setpoint_changes for one in figures),
    )


# -- from the options to the work ------------------------------------------------------------------


def _configs(options: argparse.Namespace) -> tuple[AllotmentConfig, PlantConfig]:
    """The rules by the settings, and the plant by the options."""
    from evsed.settings import load_settings  # noqa: PLC0415 - `evsed off` must start fast

    given = options.config is not None
    settings = load_settings(options.config) if given else load_settings(None, environ={})
    shipped = settings.allotment_config()
    mains_v = options.mains_v or (shipped.mains_v if given else 230.0)
    max_current_a = options.max_current or (shipped.max_current_a if given else 32.0)
    rules = replace(
        shipped,
        mains_v=mains_v,
        max_current_a=max(max_current_a, shipped.car_min_current_a),
        phases=1,
        period_s=60.0,
        window_s=float(options.feed_window),
        semantics=options.semantics,
    )
    plant = PlantConfig(
        feed_latency_s=options.feed_latency,
        feed_window_s=options.feed_window,
        mains_v=mains_v,
        semantics=options.semantics,
        battery_kwh=options.battery_kwh,
        soc=options.soc / 100,
    )
    return rules, plant


def _files(options: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Where trace and picture are to go."""
    return options.trace, options.plot


def _beside(file: Path | None, day: Path, several: bool) -> Path | None:  # noqa: FBT001 - private
    """The file of one day of several: its name is added."""
    if file is None or not several:
        return file
    name = day.name.removesuffix(".gz").removesuffix(".csv")
    return file.with_name(f"{file.stem}-{name}{file.suffix}")


def _all(jobs: Sequence[Job], screen: TextIO) -> Iterator[Result | DayError]:
    """Replay in parallel, in the order given; a bar on `screen` where there are several."""
    if len(jobs) == 1:
        yield _outcome(jobs[0])
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - `evsed off` starts fast
    from multiprocessing import get_context  # noqa: PLC0415 - the same

    workers = min(len(jobs), os.cpu_count() or 1)
    # spawn: a fork of whatever runs here (threads, a test runner) would be asking for trouble
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        _show(screen, 0, len(jobs))
        for done, outcome in enumerate(pool.map(_outcome, jobs), 1):
            _show(screen, done, len(jobs))
            yield outcome


def _outcome(job: Job) -> Result | DayError:
    """Replay one day; an error is an answer too, so that the other days go on."""
    try:
        return replay_day(job)
    except DayError as error:
        return error


def _show(screen: TextIO, done: int, whole: int) -> None:
    """Draw the bar: in place on a terminal, a line each elsewhere."""
    full = _BAR * done // whole
    end = "\r" if screen.isatty() and done < whole else "\n"
    screen.write(f"[{'#' * full}{'.' * (_BAR - full)}] {done} of {whole} days{end}")
    screen.flush()


def _as_json(result: Result) -> dict[str, Any]:
    """One day for machines: energies to the watt-hour."""
    rounded = {
        key: round(value, 3) if isinstance(value, float) else value
        for key, value in result.figures._asdict().items()
    }
    return {"day": result.name, **rounded, "session_kwh": round(result.session_wh / 1000, 3)}


def _row(name: str, one: Figures) -> str:
    """One line of the table."""
    run_s = "-" if one.min_on_s is None else str(one.min_on_s)
    pause_s = "-" if one.min_off_s is None else str(one.min_off_s)
    return (
        f"{name[:28]:28} {one.surplus_kwh:8.2f} {one.feasible_kwh:8.2f} {one.ev_kwh:8.2f} "
        f"{one.captured_pct:7.1f} % {one.captured_feasible_pct:7.1f} % {one.battery_kwh:8.2f} "
        f"{one.starts:6d} {run_s:>6} {pause_s:>6}"
    )


def _between(least: float, most: float) -> Callable[[str], float]:
    """A reader of numbers in a range, for argparse."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not between {least:g} and {most:g}")
        return value

    return read


def _seconds(most: int) -> Callable[[str], int]:
    """A reader of whole seconds from 0 to `most`, for argparse."""
    read = _between(0, most)
    return lambda text: round(read(text))
