# SPDX-License-Identifier: GPL-3.0-or-later
"""A protection with all its inputs, on made-up time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evsed.core.pilot.faults import Fault
from evsed.core.pilot.protection import NO_PROTECTION, Inputs, Moment, Protection, ProtectionResult

if TYPE_CHECKING:
    from collections.abc import Callable


TICK_S = 0.02


class Box:
    """A protection that is looked at every 20 ms."""

    def __init__(self, *, ground_testable: bool = False) -> None:
        self.now = 0.0
        self.protection = Protection(self.now, ground_testable=ground_testable)
        self.ground_fault: bool | None = None
        self.deaf = self.stuck = False
        self.emergency_stop: bool | None = None
        self.ohm: float | None = None
        self.current_a: float | None = None
        self.closed = self.closing = False
        self.plugged = True
        self.offered_a = 10.0
        self.guard: ProtectionResult = NO_PROTECTION
        self.faults: dict[Fault, str] = {}

    def run(self, for_s: float) -> ProtectionResult:
        for _ in range(round(for_s / TICK_S)):
            self.now += TICK_S
            device = self.ground_fault
            if device is not None:
                device = device or self.stuck or (self.guard.ground_test and not self.deaf)
            inputs = Inputs(
                ground_fault=device,
                emergency_stop=self.emergency_stop,
                proximity_code=None if self.ohm is None else code(self.ohm),
            )
            moment = Moment(
                closed=self.closed,
                closing=self.closing and not self.closed,
                plugged=self.plugged,
                offered_a=self.offered_a,
                drawn_a=self.current_a,
            )
            self.guard = self.protection.update(self.now, inputs, moment)
            self.faults |= self.guard.faults
            if self.closing and self.guard.ready:
                self.closed = True
        return self.guard

    def until(self, true: Callable[[], bool], within_s: float) -> float:
        began_at = self.now
        while not true():
            assert self.now - began_at <= within_s, f"not within {within_s} s"
            self.run(TICK_S)
        return self.now - began_at


def code(ohm: float) -> int:
    """The MCP3008's reading of a plug with *ohm* behind the 1 kOhm of hw/."""
    return min(1023, round(1024 * ohm / (ohm + 1000))) if math.isfinite(ohm) else 1023
