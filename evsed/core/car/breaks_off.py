# SPDX-License-Identifier: GPL-3.0-or-later
"""Learns that a car breaks off when it begins with a high current, and how soft it has to begin."""

from __future__ import annotations

WITHIN_S = 120.0
"""A charge that the car ends so soon after it began, or after its soft start, was broken off."""

ABOVE_A = 1.5
"""An offer this far above the least current is a high one."""

OBSERVATIONS = 2
"""So many of them make a habit; a single one may be chance."""

SOFT_S = (30.0, 120.0, 300.0)
"""Soft starts that are tried in turn, each after the one before was not enough. A hot Zoe needs
some seconds (SmartEVSE/SmartEVSE-2#45), a cold Tesla some minutes
(OpenEVSE/openevse_esp32_firmware#130)."""


class BreaksOff:
    """`soft_start_s` is the soft start that the car needs by the evidence of this stay."""

    def __init__(self) -> None:
        self._count = 0
        self._step = -1
        self._began_at: float | None = None
        self._high = False

    @property
    def soft_start_s(self) -> float:
        """Seconds at the least current after each begin; 0 where nothing asks for it."""
        return 0.0 if self._step < 0 else SOFT_S[self._step]

    def update(self, now: float, offered_a: float, least_a: float, *, charging: bool) -> None:
        """Watch the car at *now*; *charging*: the contactor is closed."""
        if charging:
            self._began_at = now if self._began_at is None else self._began_at
            self._high = offered_a >= least_a + ABOVE_A
            return
        if self._began_at is not None and offered_a > 0:
            if self._high and now - self._began_at <= self.soft_start_s + WITHIN_S:
                self._count += 1
                if self._count >= OBSERVATIONS and self._step < len(SOFT_S) - 1:
                    self._count, self._step = 0, self._step + 1
            else:
                self._count = 0
        self._began_at = None
