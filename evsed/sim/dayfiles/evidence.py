# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign of import in a grid column: by the panels' output, or by the middle of the day.

Panels feed the grid in the middle of a day and not at its ends. A convention (import positive) is
only followed where the figures do not speak against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from evsed.sim.dayfiles.power import Curve

CLEAR: Final = 0.2
"""Middle and ends of the day have to differ by this share of the column's range."""

_SHORTEST_S: Final = 6 * 3600
_DAY_S: Final = 86_400
_MORNING, _EVENING = 1 / 3, 2 / 3
"""The sun is high between 8 and 16 o'clock, in all seasons and with summer time."""

_TOGETHER: Final = 0.3
_FEW: Final = 8


def shape(curve: Curve, offset_s: float | None) -> float:
    """Middle of the day less the rest, as a share of the range: above 0 for what panels raise.

    `offset_s` makes the local clock of the curve's moments; where it is None, the middle of the
    file is the middle of the day. 0 where the file is too short to have a middle.
    """
    start_s, end_s = curve.at_s[0], curve.at_s[-1]
    span_s = end_s - start_s
    if span_s < _SHORTEST_S or len(curve.at_s) < _FEW:
        return 0.0
    begins_s = start_s if offset_s is None else -offset_s
    length_s = min(span_s, _DAY_S) if offset_s is None else _DAY_S
    middle: list[float] = []
    rest: list[float] = []
    for at_s, watts in zip(curve.at_s, curve.watts, strict=True):
        place = ((at_s - begins_s) % _DAY_S) / length_s
        (middle if _MORNING <= place < _EVENING else rest).append(watts)
    ranked = sorted(curve.watts)
    spread = ranked[-1 - len(ranked) // 20] - ranked[len(ranked) // 20]
    if not middle or not rest or spread <= 0:
        return 0.0
    return (sum(middle) / len(middle) - sum(rest) / len(rest)) / spread


def exports_more(curve: Curve, *, positive: bool) -> bool:
    """Tell whether the figures of one sign come to more energy than those of the other."""
    sums = [0.0, 0.0]
    for (before_s, after_s), watts in zip(pairwise(curve.at_s), curve.watts, strict=False):
        sums[watts > 0] += abs(watts) * (after_s - before_s)
    return sums[positive] > sums[not positive]


def together(curve: Curve, other: Curve) -> float:
    """The correlation of two curves at the moments of the first; 0 where there is none."""
    at_s = curve.at_s[:: max(1, len(curve.at_s) // 2000)]
    pairs = [(value_at(curve, moment), value_at(other, moment)) for moment in at_s]
    return _correlation([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def value_at(curve: Curve, moment_s: float) -> float:
    """The watts of a curve at a moment, by the row before it."""
    low, high = 0, len(curve.at_s)
    while low < high:
        between = (low + high) // 2
        if curve.at_s[between] <= moment_s:
            low = between + 1
        else:
            high = between
    return curve.watts[max(0, low - 1)]


def _correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Pearson's coefficient."""
    if len(left) < _FEW:
        return 0.0
    mean_left, mean_right = sum(left) / len(left), sum(right) / len(right)
    a = [value - mean_left for value in left]
    b = [value - mean_right for value in right]
    size = math.sqrt(sum(value * value for value in a) * sum(value * value for value in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / size if size > 0 else 0.0


def imports_positive(curve: Curve, production: Curve | None, offset_s: float | None) -> bool | None:
    """Tell whether import is the positive sign; None where the figures do not say.

    Without a local clock a file may begin at any hour of the day; then the side that is taken for
    export has to come to more energy, too, as on a day with sun.
    """
    if production is not None:
        grade = together(curve, production)
        if abs(grade) >= _TOGETHER:
            return grade < 0
    grade = shape(curve, offset_s)
    if abs(grade) < CLEAR:
        return None
    imports = grade < 0
    if offset_s is None and not exports_more(curve, positive=not imports):
        return None
    return imports
