# SPDX-License-Identifier: GPL-3.0-or-later
"""The ground-fault device: its output, and its test before each closing.

The device opens the coil by itself, in hardware; evsed reads it for the pilot and for people. A
broken wire reads like a device that has tripped. The test, where one is wired, makes the device
trip by its test input, with the contactor open: a dead device would never trip otherwise.
"""

from __future__ import annotations

from enum import Enum

from evsed.core.pilot.faults import Fault
from evsed.core.text import text

# Together with half a second of C this stays under the 3 s of IEC 61851-1 seq. 4. OpenEVSE allows
# its own device 1 s to trip and 2 s to calm down.
TRIPS_WITHIN_S = 1.0
CLEARS_WITHIN_S = 1.0


class _TestPhase(Enum):
    IDLE = "idle"
    DRIVEN = "the test input is on, the device has to trip"
    CALMING = "the test input is off again, the device has to calm down"
    PASSED = "passed, for the one closing that follows"


class GroundFault:
    """`update()` every tick; the result stands in `faults`, `ready` and `test` until the next.

    `ready`: the contactor may close. `test`: whether the test input is to be on.
    """

    def __init__(self, *, testable: bool) -> None:
        self._testable = testable
        self._phase = _TestPhase.IDLE
        self._since = 0.0
        self._tripped = False
        self.faults: dict[Fault, str] = {}

    def restart(self) -> None:
        """Start again with the test input off: the board was lost and is back."""
        self._phase = _TestPhase.IDLE

    @property
    def ready(self) -> bool:
        """True while closing is allowed: the test was passed, or there is none."""
        return not self._testable or self._phase is _TestPhase.PASSED

    @property
    def test(self) -> bool:
        """True while the test input is to be on."""
        return self._phase is _TestPhase.DRIVEN

    def update(self, now: float, *, tripped: bool, closed: bool, closing: bool) -> None:
        """Judge the device's output, *tripped* or not.

        *closed*: the contactor is commanded closed; *closing*: it would be, were this ready.
        """
        self.faults = {}
        if self._phase is _TestPhase.DRIVEN:
            self._update_driven(now, tripped=tripped, closing=closing)
        elif self._phase is _TestPhase.CALMING:
            self._update_calming(now, tripped=tripped, closing=closing)
        else:
            if tripped:
                self.faults[Fault.GROUND] = text("the device has tripped, or its wire is broken")
            if self._phase is _TestPhase.PASSED and (closed or not closing):
                self._phase = _TestPhase.IDLE
            elif self._phase is _TestPhase.IDLE and self._testable and closing and not tripped:
                self._go(now, _TestPhase.DRIVEN)

    def _update_driven(self, now: float, *, tripped: bool, closing: bool) -> None:
        if tripped or not closing:
            self._tripped = tripped
            self._go(now, _TestPhase.CALMING)
        elif now - self._since >= TRIPS_WITHIN_S:
            self._fail(
                text(
                    "it did not trip within {within_s:.0f} s of its test",
                    within_s=TRIPS_WITHIN_S,
                )
            )

    def _update_calming(self, now: float, *, tripped: bool, closing: bool) -> None:
        if not tripped:
            self._go(now, _TestPhase.PASSED if self._tripped and closing else _TestPhase.IDLE)
        elif now - self._since >= CLEARS_WITHIN_S:
            self._fail(
                text(
                    "it was still tripped {within_s:.0f} s after its test",
                    within_s=CLEARS_WITHIN_S,
                )
            )

    def _go(self, now: float, phase: _TestPhase) -> None:
        self._phase = phase
        self._since = now

    def _fail(self, detail: str) -> None:
        self._phase = _TestPhase.IDLE
        self.faults[Fault.GROUND_TEST] = detail
