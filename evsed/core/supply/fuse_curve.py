# SPDX-License-Identifier: GPL-3.0-or-later
"""The time-current curve of a gG fuse: how long it carries how much without melting.

The figures are those of IEC 60269-1:2006. Table 2: up to 1.25 times its rating (16 A and more) a gG
fuse-link does not melt within the conventional time, one hour up to 63 A. Table 3, the gates: the
current that it must carry for 10 s, and for 0.1 s, without melting. Between those three points the
curve is taken as straight lines on logarithmic scales, as such curves are drawn; beyond the last
it is a constant I^2 t.
"""

from __future__ import annotations

import math
from typing import Final

NON_FUSING: Final = 1.25
"""Conventional non-fusing current over rated current: IEC 60269-1 Table 2, 16 A and more."""

CONVENTIONAL_S: Final = 3600.0
"""Conventional time up to 63 A; above that it is two hours and more, so this is the safe side."""

_GATES_A: Final = (
    # rating, least melting current at 10 s and at 0.1 s: IEC 60269-1 Table 3
    (16.0, 33.0, 85.0),
    (20.0, 42.0, 110.0),
    (25.0, 52.0, 150.0),
    (32.0, 75.0, 200.0),
    (40.0, 95.0, 260.0),
    (50.0, 125.0, 350.0),
    (63.0, 160.0, 450.0),
    (80.0, 215.0, 610.0),
    (100.0, 290.0, 820.0),
)


def melting_s(rated_a: float, current_a: float) -> float:
    """The longest time, in seconds, that a gG fuse of *rated_a* carries *current_a* for certain.

    Infinite up to 1.25 times the rating. A rating between two of the table's has the relative
    gates of the lower, which melts earlier; below 16 A those of 16 A.
    """
    if current_a <= NON_FUSING * rated_a:
        return math.inf
    rating_a, ten_a, tenth_a = _GATES_A[0]
    for gates in _GATES_A:
        if gates[0] <= rated_a:
            rating_a, ten_a, tenth_a = gates
    ten_a, tenth_a = ten_a * rated_a / rating_a, tenth_a * rated_a / rating_a
    if current_a <= ten_a:
        return _between(current_a, NON_FUSING * rated_a, CONVENTIONAL_S, ten_a, 10.0)
    if current_a <= tenth_a:
        return _between(current_a, ten_a, 10.0, tenth_a, 0.1)
    return 0.1 * (tenth_a / current_a) ** 2


def _between(
    current_a: float, first_a: float, first_s: float, second_a: float, second_s: float
) -> float:
    """The time at *current_a* on the straight line, on logarithmic scales, through two points."""
    share = math.log(current_a / first_a) / math.log(second_a / first_a)
    return math.exp(math.log(first_s) + share * (math.log(second_s) - math.log(first_s)))
