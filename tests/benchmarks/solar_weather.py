# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up days by seed: panels of one house under five kinds of sky, and what the house takes.

A sine stands for the clear sky. Clouds are a switch between clear and covered with times of their
own and soft edges (broken, fast), thin and rare (marginal, with small panels), or a slow drift
(overcast). The rules were tuned on days of a sibling of this generator; figures are reported from
seed 100 on, which nothing was ever tuned on.
"""

from __future__ import annotations

import math
from array import array
from random import Random
from typing import Final

KINDS: Final = ("clear", "broken", "fast", "marginal", "overcast")


def make_day(kind: str, seed: int) -> array[float]:
    """Watts of surplus for each second of a day of `kind`."""
    random = Random(f"{kind} {seed}")
    return _day(kind, random, *_clear(kind, random))


def days_before(kind: str, seed: int, count: int) -> list[array[float]]:
    """As many other days of the same roof and season, each under a sky of any kind."""
    clear = _clear(kind, Random(f"{kind} {seed}"))
    random = Random(f"before {kind} {seed}")
    return [_day(random.choice(KINDS), random, *clear) for _ in range(count)]


def _clear(kind: str, random: Random) -> tuple[int, float, float]:
    """Minutes from dawn to dusk, highest power and shape of a day without clouds."""
    minutes = round(random.uniform(9, 15.5) * 60)
    return minutes, random.uniform(*_PEAKS_W[kind]), random.uniform(1.1, 1.5)


def _day(kind: str, random: Random, minutes: int, peak_w: float, shape: float) -> array[float]:
    sky = _sky(kind, random, minutes * 6)  # a value for each 10 s
    loads = _loads(random, minutes)
    share = random.choice((1.0, 1.0, 0.3))
    noise_w = random.uniform(2, 25)
    rows = []
    for minute in range(minutes):
        clear_w = peak_w * math.sin(math.pi * minute / minutes) ** shape
        level = sum(sky[minute * 6 : minute * 6 + 2]) / 2
        rows.append(clear_w * level - share * loads[minute] + random.gauss(0, noise_w))
    day = array("d")
    for before, after in zip(rows, rows[1:], strict=False):  # noqa: RUF007 - read beside its twin
        day.extend(before + (after - before) * second / 60 for second in range(60))
    return day


_PEAKS_W: Final = {
    "clear": (2500, 7000),
    "broken": (2500, 7000),
    "fast": (2500, 7000),
    "marginal": (1500, 2300),
    "overcast": (3000, 7000),
}


def _sky(kind: str, random: Random, steps: int) -> list[float]:
    """The share of the clear sky that comes through, every 10 s."""
    if kind == "overcast":
        return _drift(random, steps)
    if kind == "broken":
        return _switch(random, steps, (300, 1500), (200, 900), (0.15, 0.6), 6)
    if kind == "fast":
        return _switch(random, steps, (60, 240), (40, 180), (0.2, 0.6), 2)
    if kind == "marginal":
        return _switch(random, steps, (600, 3000), (200, 900), (0.5, 0.85), 6)
    return _switch(random, steps, (9000, 9000), (240, 240), (0.3, 0.7), 4)


def _switch(
    random: Random,
    steps: int,
    clear_s: tuple[float, float],
    covered_s: tuple[float, float],
    through: tuple[float, float],
    edge: int,
) -> list[float]:
    """Clear and covered in turn; an edge takes `edge` steps."""
    clear_s_mean, covered_s_mean = random.uniform(*clear_s), random.uniform(*covered_s)
    clear = random.random() < clear_s_mean / (clear_s_mean + covered_s_mean)
    raw: list[float] = []
    while len(raw) < steps + edge:
        mean_s = clear_s_mean if clear else covered_s_mean
        length = max(1, round(random.expovariate(1 / mean_s) / 10))
        level = random.uniform(0.97, 1.06) if clear else random.uniform(*through)
        raw += [level] * length
        clear = not clear
    return [sum(raw[at : at + edge]) / edge for at in range(steps)]


def _drift(random: Random, steps: int) -> list[float]:
    """A slow wander in the logarithm."""
    keep = math.exp(-1 / (6 * random.uniform(10, 40)))
    spread, middle = random.uniform(0.25, 0.5), random.uniform(0.15, 0.4)
    value, levels = 0.0, []
    for _ in range(steps):
        value = keep * value + spread * math.sqrt(1 - keep * keep) * random.gauss(0, 1)
        levels.append(min(1.0, middle * math.exp(value)))
    return levels


def _loads(random: Random, minutes: int) -> list[float]:
    """The house's power in each minute: a base, a fridge, kettles, and now and then a machine."""
    base_w, fridge_w = random.uniform(100, 350), random.uniform(60, 150)
    every = random.randint(33, 66)
    loads = [base_w + (fridge_w if minute % every < every / 3 else 0) for minute in range(minutes)]
    events = [(random.randint(2, 7), (800, 2400)) for _ in range(round(6 * minutes / 720))]
    if random.random() < 0.5:
        events.append((random.randint(15, 50), (300, 2000)))
    for length, power_w in events:
        begin, watts = random.randrange(minutes), random.uniform(*power_w)
        for minute in range(begin, min(minutes, begin + length)):
            loads[minute] += watts
    return loads
