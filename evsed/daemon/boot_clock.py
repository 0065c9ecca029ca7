# SPDX-License-Identifier: GPL-3.0-or-later
"""The time since the box was switched on: only somebody at its breaker can set it back."""

from __future__ import annotations

import time


def since_boot_s() -> float:
    """Return the seconds since the Pi began, its sleep included; no clock setting changes it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
