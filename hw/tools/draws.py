# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws for Monte Carlo runs: parts within their tolerances, half of them at the very ends.

A uniform draw of thirty parts hardly ever has several at their ends at once, and the ends are what
limits are about. So each value is at one of its ends in every other run.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hw.tools.values import Values


def within(rng: Random, low: float, high: float) -> float:
    """A value between *low* and *high*; every other time one of the two."""
    if rng.random() < 0.5:
        return low if rng.random() < 0.5 else high
    return rng.uniform(low, high)


def parts(rng: Random, values: Values, refs: Iterable[str]) -> dict[str, float]:
    """The parts *refs*, each within its tolerance."""
    drawn = {}
    for ref in refs:
        part = values.parts[ref]
        drawn[ref] = within(rng, part.si * (1 - part.tol), part.si * (1 + part.tol))
    return drawn


def models(rng: Random, values: Values, *names: str) -> dict[str, float]:
    """The figures of the models *names* that have a smallest and a largest one."""
    drawn = {}
    for name in names:
        for key, given in values[f"models.{name}"].items():
            if isinstance(given, list):
                drawn[f"{name}_{key}"] = within(rng, given[0], given[-1])
    return drawn
