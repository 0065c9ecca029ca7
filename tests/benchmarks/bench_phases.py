# SPDX-License-Identifier: GPL-3.0-or-later
"""One phase or three: what each `contactor.switching` captures on roofs of 8 and 12 kW.

.venv/bin/python -m tests.benchmarks phases              the days on which the rule was chosen
.venv/bin/python -m tests.benchmarks phases --held-out   days that chose nothing
.venv/bin/python -m tests.benchmarks phases --comes      a car that comes at a drawn hour

The days are those of `tests/days` and made-up ones, their sun scaled. Held out are the days of
`tests/days/places`, whose roofs have 5 kW, and made-up ones of another seed. The rules, the
sequence of the state machine and its pauses are evsed's as shipped; the car is ideal, and plugged
in at midnight, or comes at an hour that is drawn between seven and five o'clock: then the surplus
is counted from there on. The "clairvoyant" knows the day: of all ways to spend as many changes as
the rule made, it takes the best, and has the same charger follow it.
"""

from __future__ import annotations

import argparse
import os
from array import array
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from evsed.core.solar.allotment import AllotmentConfig
from evsed.sim.dayfiles import read_day
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import CAR_DEAD_TIME_S, CAR_SLEW_A_PER_S, PERIOD_S, FeedValue
from tests.benchmarks.solar_weather import KINDS, make_day

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
COMES_H: Final = (7.0, 17.0)
STEP_S: Final = 60


class Case(NamedTuple):
    """A day under one rule, with a car that comes in the second `comes_s`.

    `schedule` are the clairvoyant's sets, one a minute.
    """

    sun_w: array[float]
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
    started = datetime(2026, 6, 21, tzinfo=UTC)
    charger = Evsed(config, started, rules, chooses=not case.schedule, comes_s=case.comes_s)
    offers = deque([0.0] * CAR_DEAD_TIME_S, maxlen=CAR_DEAD_TIME_S)
    on_its_way: deque[tuple[int, FeedValue]] = deque()
    drawn_a, closed, begun = 0.0, False, False
    set_before, changes, closings = charger.phases, 0, 0
    sun_ws = captured_ws = lent_ws = 0.0
    for now_s, sun_w in enumerate(case.sun_w):
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


def clairvoyant(case: Case, most: int) -> tuple[int, ...]:
    """Return the best set for each minute with at most *most* changes under the car."""
    sun_w, max_a = case.sun_w, case.max_a
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
                if count:
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


def days(roof: str, *, held_out: bool) -> list[array[float]]:
    """Return the recorded days, and made-up ones, with the sun of this roof."""
    folder, share = (DAYS / "places", HELD_OUT[roof]) if held_out else (DAYS, ROOFS[roof])
    seed, made_up = HELD_OUT_SEED if held_out else SEED, ROOFS[roof]
    recorded = [array("d", read_day(path).surplus_w) for path in sorted(folder.glob("*.csv"))]
    return [
        *(array("d", (share * sun_w for sun_w in day)) for day in recorded),
        *(array("d", (made_up * sun_w for sun_w in make_day(kind, seed))) for kind in KINDS),
    ]


def follow(case: Case) -> list[Outcome]:
    """Play a day, and the clairvoyant with as many changes."""
    found = play(case)
    schedule = clairvoyant(case, found.changes)
    return [found, play(case._replace(rule="clairvoyant", schedule=schedule))]


def show(label: str, found: Sequence[Outcome]) -> None:
    """Print the sum of some days."""
    sun_kwh = sum(outcome.sun_kwh for outcome in found)
    captured_kwh = sum(outcome.captured_kwh for outcome in found)
    count = len(found)
    print(
        f"{label:32}{100 * captured_kwh / sun_kwh:6.1f} %"
        f"{sum(outcome.lent_kwh for outcome in found) / count:7.2f}"
        f"{sum(outcome.changes for outcome in found) / count:7.1f}"
        f"{max(outcome.changes for outcome in found):5d}"
        f"{sum(outcome.closings for outcome in found) / count:7.1f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true", help="days that chose nothing")
    parser.add_argument("--comes", action="store_true", help="the car comes at a drawn hour")
    parser.add_argument("--roofs", nargs="+", choices=ROOFS, default=list(ROOFS))
    options = parser.parse_args()
    random = Random(HELD_OUT_SEED if options.held_out else SEED)
    print("captured of the surplus, kWh a day lent, changes a day and most, closings a day")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for roof in options.roofs:
            cases = [
                Case(day, "", MAX_A, int(3600 * random.uniform(*COMES_H)) if options.comes else 0)
                for day in days(roof, held_out=options.held_out)
            ]
            for rule in ("one phase", "off"):
                fixed = [case._replace(rule=rule) for case in cases]
                show(f"{roof}, {rule}", list(pool.map(play, fixed)))
            for rule in ("unplugged", "down", "auto"):
                pairs = list(pool.map(follow, [case._replace(rule=rule) for case in cases]))
                show(f"{roof}, {rule}", [pair[0] for pair in pairs])
                show(f"{roof}, {rule}, clairvoyant", [pair[1] for pair in pairs])


if __name__ == "__main__":
    main()
