# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of what the board reports with what was put on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
            f"{closed} contactor outputs are on where {wanted.closed} should be, the first "
            "first; evsed does not drive the charge pump, which keeps the contactor open"
        )
    if not found.dead_man_armed:
        gap = f" after {1000 * gap_s:.0f} ms without a beat" if gap_s else ""
        raise BoardError(f"the board's own dead-man fired or was stopped{gap}")
    if closed != wanted.closed:
        raise BoardError(f"{closed} contactor outputs are on where {wanted.closed} should be")
    if abs(found.duty - wanted.duty) > DUTY_STEP:
        raise BoardError(
            f"the pilot's duty is {found.duty:.4f} where {wanted.duty:.4f} was set: another "
            "program uses the pilot's pin"
        )
