# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of what the board reports with what was put on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.text import text
from evsed.errors import BoardError, OutputError

if TYPE_CHECKING:
    from evsed.boards import ReadBack
    from evsed.core.pilot.evse_values import Outputs

DUTY_STEP: Final = 2e-6
"""The part by which a board may round a duty: one ppm, and the float."""


def check(found: ReadBack, wanted: Outputs, gap_s: float = 0.0) -> None:
    """Compare *found* with what is *wanted*, after *gap_s* seconds without a beat (0: no gap).

    Raises `OutputError` for a contactor's output that is on although it should not be, and
    `BoardError` for everything else.
    """
    closed = sum(found.contactors)
    if closed > wanted.closed or any(found.contactors[wanted.closed :]):
        raise OutputError(
            text(
                "{closed} contactor outputs are on where {wanted} should be, the first "
                "first; evsed does not drive the charge pump, which keeps the contactor "
                "open",
                closed=closed,
                wanted=wanted.closed,
            )
        )
    if not found.dead_man_armed:
        if not gap_s:
            raise BoardError(text("the board's own dead-man fired or was stopped"))
        raise BoardError(
            text(
                "the board's own dead-man fired or was stopped after {gap_ms:.0f} ms "
                "without a beat",
                gap_ms=1000 * gap_s,
            )
        )
    if closed != wanted.closed:
        raise BoardError(
            text(
                "{closed} contactor outputs are on where {wanted} should be",
                closed=closed,
                wanted=wanted.closed,
            )
        )
    if abs(found.duty - wanted.duty) > DUTY_STEP:
        raise BoardError(
            text(
                "the pilot's duty is {duty:.4f} where {wanted:.4f} was set: another "
                "program uses the pilot's pin",
                duty=found.duty,
                wanted=wanted.duty,
            )
        )
