# SPDX-License-Identifier: GPL-3.0-or-later
"""One phase or three: what each `contactor.switching` captures on roofs of 8 and 12 kW.

.venv/bin/python -m tests.benchmarks phases              days of four roofs, made-up ones
.venv/bin/python -m tests.benchmarks phases --held-out   days of other places, made-up ones
.venv/bin/python -m tests.benchmarks phases --days FOLDER --half odd
.venv/bin/python -m tests.benchmarks phases --comes      a car that comes at a drawn hour
.venv/bin/python -m tests.benchmarks phases --minutes    the choice alone, in seconds

The days are those of `tests/days` and made-up ones, their sun scaled. Held out are the days of
`tests/days/places`, whose roofs have 5 kW, and made-up ones of another seed; a folder has days of
such roofs, too, whose names up to the year are their places. The rules, the sequence of the state
machine and its pauses are evsed's as shipped; the car is ideal, and plugged in before dawn, or
comes in the first four fifths of the day: then the surplus is counted from there on.

What evsed knows of the days before are up to seven others of the same place, the nearest by date,
later ones as well; of a made-up day seven others of its roof. Where there are fewer than three, the
row is that of an evsed that knows none. A row "days unknown" is that of all days.

The "clairvoyant" knows the day and keeps the rule: one choice, or one way down, or as many changes
as `auto` made. It takes the best, and has the same charger follow it. The last column is what is
captured more than by all phases, points with their bootstrap interval of 95 %, paired by day.

With `--minutes` the choice is played alone, on the means of the minutes: the car takes what there
is, nothing is lent, and a change costs nothing. What is shown is what the choice is worth.
"""

from __future__ import annotations

import argparse
import os
from array import array
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from evsed.core.energy.history import DayTrace, TraceRow
from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from evsed.core.solar.allotment import AllotmentConfig
from evsed.core.solar.allotment_result import AllotmentReason, AllotmentResult, AllotmentRule
from evsed.core.solar.phase_choice import ChargeNow, PhaseChoice
from evsed.core.user.usual_sun import DAYS_MOST, UsualSun, usual_sun
from evsed.sim.dayfiles import read_day
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import CAR_DEAD_TIME_S, CAR_SLEW_A_PER_S, PERIOD_S, FeedValue
from tests.benchmarks.bench_solar_choice import DRAWS
from tests.benchmarks.bench_solar_choice import place as place_of
from tests.benchmarks.solar_weather import KINDS, days_before, make_day

DAYS: Final = Path(__file__).parents[1] / "days"
ROOFS: Final = {"8 kW": 3.0, "12 kW": 4.5}  # times the sun of the days, which had 2.7 kW
MAX_A: Final = 16.0
HELD_OUT: Final = {"8 kW": 1.6, "12 kW": 2.4}  # times the sun of the places, of 5 kW
SEED, HELD_OUT_SEED = 100, 300
LATENCY_S: Final = 5
FOREVER: Final = float("inf")
ONE_W: Final = 1 * 230.0
ALL_W: Final = 3 * 230.0
LOST_S: Final = 60  # of a change, as the search counts it
COMES: Final = (0.0, 0.8)  # of the day
LEAD_S: Final = 3600  # evsed is switched on so long before the car comes
DAWN: Final = datetime(2026, 6, 21, 6, tzinfo=UTC)  # of a made-up day
STEP_S: Final = 60


MINUTE_RULES: Final = ("unplugged", "best unplugged", "down", "best down")


class Day(NamedTuple):
    """Watts of surplus for each second from `started` on; `usual`: the days before, if known."""

    sun_w: array[float]
    started: datetime
    usual: UsualSun | None = None


class Case(NamedTuple):
    """A day under one rule, with a car that comes in the second `comes_s`.

    `schedule` are the clairvoyant's sets, one a minute.
    """

    day: Day
    rule: str
    max_a: float
    comes_s: int = 0
    schedule: tuple[int, ...] = ()


class Outcome(NamedTuple):
    """Energies in kWh; `changes` of the set under the car."""

    sun_kwh: float
    captured_kwh: float
    lent_kwh: float
    changes: int
    closings: int


def play(case: Case) -> Outcome:
    """Play one day."""
    phases = 1 if case.rule == "one phase" else 3
    config = AllotmentConfig(phases=phases, max_current_a=case.max_a, semantics="battery_power")
    switching = Switching.AUTO if case.rule == "clairvoyant" else _switching(case.rule)
    rules = SwitchRules(switching, phases, mirrored=True)
    charger = Evsed(
        config,
        case.day.started,
        rules,
        chooses=not case.schedule,
        comes_s=case.comes_s,
        usual=case.day.usual,
    )
    offers = deque([0.0] * CAR_DEAD_TIME_S, maxlen=CAR_DEAD_TIME_S)
    on_its_way: deque[tuple[int, FeedValue]] = deque()
    drawn_a, closed, begun = 0.0, False, False
    set_before, changes, closings = charger.phases, 0, 0
    sun_ws = captured_ws = lent_ws = 0.0
    for now_s, sun_w in enumerate(case.day.sun_w):
        step_a = min(CAR_SLEW_A_PER_S, max(-CAR_SLEW_A_PER_S, offers[0] - drawn_a))
        drawn_a = drawn_a + step_a if closed else 0.0
        drawn_w = drawn_a * 230.0 * charger.phases
        if now_s % PERIOD_S == 0:
            value = FeedValue(now_s, sun_w - drawn_w, None, None)
            on_its_way.append((now_s + LATENCY_S, value))
        while on_its_way and on_its_way[0][0] <= now_s:
            charger.on_reading(now_s, on_its_way.popleft()[1])
        if case.schedule:
            charger.wish = PhaseWish(case.schedule[now_s // STEP_S], FOREVER)
        was_closed = closed
        offered_a, closed = charger.update(now_s, drawn_a)
        begun = begun or closed
        closings += closed and not was_closed
        if charger.phases != set_before:
            changes += begun
            set_before = charger.phases
        offers.append(offered_a)
        if now_s < case.comes_s:
            continue
        sun_ws += max(0.0, sun_w)
        captured_w = min(max(0.0, sun_w), drawn_w)
        captured_ws += captured_w
        lent_ws += drawn_w - captured_w
    return Outcome(sun_ws / 3.6e6, captured_ws / 3.6e6, lent_ws / 3.6e6, changes, closings)


def _switching(rule: str) -> Switching:
    return Switching.OFF if rule == "one phase" else Switching(rule)


def clairvoyant(case: Case, most: int, *, rises: bool) -> tuple[int, ...]:
    """Return the best set for each minute with at most *most* changes under the car.

    *rises*: some of them may go up.
    """
    sun_w, max_a = case.day.sun_w, case.max_a
    worth: list[tuple[float, float]] = []
    for start_s in range(0, len(sun_w), STEP_S):
        minute = sun_w[start_s : start_s + STEP_S]
        mean_w = max(0.0, sum(minute) / len(minute)) if start_s >= case.comes_s else 0.0
        worth.append(
            tuple(  # type: ignore[arg-type]  # two of them
                min(mean_w, max_a * watts) if mean_w >= 6.0 * watts else 0.0
                for watts in (ONE_W, ALL_W)
            )
        )
    # best[k][s]: the most until now with k changes and the set s; back: the choice before it
    best = [[0.0, 0.0], *([float("-inf")] * 2 for _ in range(most))]
    back: list[list[list[int]]] = []
    for minute_w in worth:
        after = [[0.0, 0.0] for _ in best]
        stayed = [[1, 1] for _ in best]
        for count, energies in enumerate(best):
            for place in (0, 1):
                stay = energies[place] + STEP_S * minute_w[place]
                change = float("-inf")
                if count and (rises or place == 0):
                    change = best[count - 1][1 - place] + (STEP_S - LOST_S) * minute_w[place]
                after[count][place] = max(stay, change)
                stayed[count][place] = int(stay >= change)
        best = after
        back.append(stayed)
    count, place = max(
        ((count, place) for count in range(most + 1) for place in (0, 1)),
        key=lambda end: best[end[0]][end[1]],
    )
    sets = []
    for stayed in reversed(back):
        sets.append((1, 3)[place])
        if not stayed[count][place]:
            count, place = count - 1, 1 - place
    return tuple(reversed(sets))


def days(roof: str, *, held_out: bool) -> list[Day]:
    """Return the recorded days, and made-up ones, with the sun of this roof."""
    folder, share = (DAYS / "places", HELD_OUT[roof]) if held_out else (DAYS, ROOFS[roof])
    seed, made_up = HELD_OUT_SEED if held_out else SEED, ROOFS[roof]
    found = recorded(folder, share)
    for kind in KINDS:
        before = [
            Day(_scaled(sun_w, made_up), DAWN - timedelta(days=ago))
            for ago, sun_w in enumerate(days_before(kind, seed, DAYS_MOST), 1)
        ]
        found.append(with_usual(Day(_scaled(make_day(kind, seed), made_up), DAWN), before))
    return found


def recorded(folder: Path, share: float) -> list[Day]:
    """Return the days of *folder*, in the order of their names, with so many times their sun."""
    names = sorted(folder.glob("*.csv"))
    read = [read_day(path) for path in names]
    found = [Day(_scaled(array("d", day.surplus_w), share), day.started) for day in read]
    places = [place_of(path.stem) for path in names]
    return [
        with_usual(day, [other for other, its in zip(found, places, strict=True) if its == here])
        for day, here in zip(found, places, strict=True)
    ]


def _scaled(sun_w: array[float], share: float) -> array[float]:
    return array("d", (share * watts for watts in sun_w))


def with_usual(day: Day, others: Sequence[Day]) -> Day:
    """Return *day* with what evsed has learned of the *others* that are nearest to it."""
    near = sorted(
        (other for other in others if other.started.date() != day.started.date()),
        key=lambda other: abs(other.started - day.started),
    )[:DAYS_MOST]
    zone = day.started.tzinfo
    assert zone is not None
    return day._replace(usual=usual_sun([_trace(other) for other in near], zone))


def _trace(day: Day) -> DayTrace:
    """Return a day as evsed keeps it."""
    begin = round(day.started.timestamp())
    rows = tuple(
        TraceRow(begin + at, STEP_S, round(sum(part) / len(part)), 0, 0, None, "A")
        for at in range(0, len(day.sun_w), STEP_S)
        if (part := day.sun_w[at : at + STEP_S])
    )
    return DayTrace(day.started.date(), day.started, STEP_S, rows)


def follow(case: Case) -> Outcome:
    """Play the day of the clairvoyant that keeps the rule of *case*."""
    auto = case.rule == "auto"
    most = {"unplugged": 0, "down": 1}.get(case.rule)
    if most is None:
        most = play(case).changes
    schedule = clairvoyant(case, most, rises=auto)
    return play(case._replace(rule="clairvoyant", schedule=schedule))


def choose(case: Case) -> Outcome:
    """Play the choice alone; the rules "best unplugged" and "best down" know the day."""
    day = case.day
    minutes = range(case.comes_s, len(day.sun_w) - STEP_S, STEP_S)
    sun_w = [max(0.0, sum(day.sun_w[at : at + STEP_S]) / STEP_S) for at in minutes]
    one_w = [_taken_w(watts, 1, case.max_a) for watts in sun_w]
    all_w = [_taken_w(watts, 3, case.max_a) for watts in sun_w]
    changes = 0
    match case.rule:
        case "off":
            taken_w = sum(all_w)
        case "one phase":
            taken_w = sum(one_w)
        case "best unplugged":
            taken_w = max(sum(one_w), sum(all_w))
        case "best down":
            taken_w = max(sum(all_w[:at]) + sum(one_w[at:]) for at in range(len(one_w) + 1))
        case rule:
            sets = _sets(case, sun_w, falls=rule == "down")
            changes = int(3 in sets and sets[-1] == 1)
            pairs = zip(sets, one_w, all_w, strict=True)
            taken_w = sum({0: 0.0, 1: low_w, 3: high_w}[phases] for phases, low_w, high_w in pairs)
    share = STEP_S / 3.6e6
    return Outcome(sum(sun_w) * share, taken_w * share, 0.0, changes, 0)


def _sets(case: Case, sun_w: Sequence[float], *, falls: bool) -> list[int]:
    """Return the set that evsed's rule has closed in each minute, 0: none."""
    rule = PhaseChoice(AllotmentConfig(phases=3, max_current_a=case.max_a), rises=False)
    started, usual = case.day.started, case.day.usual
    assert usual is not None
    phases, begun, sets = 3, False, []
    for minute, watts in enumerate(sun_w):
        at_s = case.comes_s + STEP_S * minute
        ahead = usual.ahead(started + timedelta(seconds=at_s))
        reason = AllotmentReason(AllotmentRule.FOLLOWING)
        allotted = AllotmentResult(0.0, reason, available_w=watts, solar_w=watts)
        charge = ChargeNow(phases, plugged=True, begun=begun)
        wished = rule.update(float(at_s), allotted, charge, float(STEP_S), ahead).phases
        if not begun or (falls and wished < phases):
            phases = wished
        begun = begun or watts >= 0.8 * phases * 6 * 230
        sets.append(phases if begun else 0)
    return sets


def _taken_w(sun_w: float, phases: int, max_a: float) -> float:
    """Return what a car takes of the sun."""
    return min(sun_w, max_a * phases * 230) if sun_w >= 6 * phases * 230 else 0.0


def show(label: str, found: Sequence[Outcome], base: Sequence[Outcome]) -> None:
    """Print the sum of some days, and what they captured more than *base*."""
    count = len(found)
    mid, low, high = gain(found, base)
    print(
        f"{label:34}{captured_share(found):6.1f} %"
        f"{sum(outcome.lent_kwh for outcome in found) / count:7.2f}"
        f"{sum(outcome.changes for outcome in found) / count:7.1f}"
        f"{max(outcome.changes for outcome in found):5d}"
        f"{sum(outcome.closings for outcome in found) / count:7.1f}"
        f"{mid:+8.1f} [{low:+.1f} {high:+.1f}]",
        flush=True,
    )


def captured_share(found: Sequence[Outcome]) -> float:
    """Return what is captured of the surplus of some days, in percent."""
    sun_kwh = sum(outcome.sun_kwh for outcome in found)
    return 100 * sum(outcome.captured_kwh for outcome in found) / sun_kwh


def gain(found: Sequence[Outcome], base: Sequence[Outcome]) -> tuple[float, float, float]:
    """Return the points captured more than *base*, and their interval."""
    pairs = list(zip(found, base, strict=True))

    def points(some: Sequence[tuple[Outcome, Outcome]]) -> float:
        ours, theirs = ([pair[side] for pair in some] for side in (0, 1))
        return captured_share(ours) - captured_share(theirs)

    random = Random(1)
    drawn = sorted(points(random.choices(pairs, k=len(pairs))) for _ in range(DRAWS))
    return points(pairs), drawn[DRAWS // 40], drawn[-DRAWS // 40]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true", help="days that chose nothing")
    parser.add_argument("--days", type=Path, help="a folder of days of roofs of 5 kW")
    parser.add_argument("--half", choices=("odd", "even"), help="every other day of the folder")
    parser.add_argument("--every", type=int, default=1, help="of the days every so many")
    parser.add_argument("--comes", action="store_true", help="the car comes at a drawn hour")
    parser.add_argument("--minutes", action="store_true", help="the choice alone")
    parser.add_argument("--roofs", nargs="+", choices=ROOFS, default=list(ROOFS))
    options = parser.parse_args()
    random = Random(HELD_OUT_SEED if options.held_out else SEED)
    print(
        "captured of the surplus, kWh a day lent, changes a day and most, closings a day, "
        "more than by all phases"
    )
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for roof in options.roofs:
            if options.days:
                chosen = recorded(options.days, HELD_OUT[roof])
                if options.half:
                    chosen = chosen[options.half == "odd" :: 2]
            else:
                chosen = days(roof, held_out=options.held_out)
            cases = [
                _late(day, random) if options.comes else Case(day, "", MAX_A)
                for day in chosen[:: options.every]
            ]
            if options.minutes:
                cases = [case for case in cases if case.day.usual]
                base = [choose(case._replace(rule="off")) for case in cases]
                for rule in ("off", "one phase", *MINUTE_RULES):
                    found = [choose(case._replace(rule=rule)) for case in cases]
                    show(f"{roof}, {rule}, {len(cases)} days", found, base)
                continue
            known = sum(case.day.usual is not None for case in cases)
            print(f"{len(cases)} days, {known} of them with days before", flush=True)
            base = list(pool.map(play, [case._replace(rule="off") for case in cases]))
            show(f"{roof}, off", base, base)
            for rule in ("unplugged", "down", "auto", "one phase"):
                ruled = [case._replace(rule=rule) for case in cases]
                if rule in {"unplugged", "down"}:
                    blind = [case._replace(day=case.day._replace(usual=None)) for case in ruled]
                    show(f"{roof}, {rule}, days unknown", list(pool.map(play, blind)), base)
                show(f"{roof}, {rule}", list(pool.map(play, ruled)), base)
                if rule != "one phase":
                    show(f"{roof}, {rule}, clairvoyant", list(pool.map(follow, ruled)), base)


def _late(day: Day, random: Random) -> Case:
    """Return the day with a car that comes at a drawn time."""
    comes_s = int(len(day.sun_w) * random.uniform(*COMES))
    begin_s = max(0, comes_s - LEAD_S) // STEP_S * STEP_S
    started = day.started + timedelta(seconds=begin_s)
    late = day._replace(sun_w=day.sun_w[begin_s:], started=started)
    return Case(late, "", MAX_A, comes_s - begin_s)


if __name__ == "__main__":
    main()
