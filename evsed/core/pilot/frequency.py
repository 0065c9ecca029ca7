# SPDX-License-Identifier: GPL-3.0-or-later
"""At most so many of something within a span of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def left_s(moments: Sequence[float], most: int, within_s: float, now: float) -> float:
    """Return the seconds until one more keeps to *most* within *within_s*; 0 or less: now.

    *moments* are monotonic seconds, the oldest first, and not fewer than *most* of the newest.
    """
    return moments[-most] + within_s - now if len(moments) >= most else 0.0
