# SPDX-License-Identifier: GPL-3.0-or-later
"""The request to a car to show B: the offer ends, and a car that stays in C sees state F.

A car opens S2 within 3 s of the end of an offer (IEC 61851-1 seq. 10.1), and on state F, which
EVerest and SmartEVSE show for 4 s to wake cars. A receiver that is stuck at C fails this, and so
does a car without S2.
"""

from __future__ import annotations

from enum import Enum

X1_FIRST_S = 3.5
F_S = 4.0
B_WITHIN_S = 3.0


class Probe(Enum):
    """Request of a probe to the state machine."""

    WAIT = "wait"
    SHOW_F = "show state F for 4 s"
    FAILED = "the car showed no B"


class CarProbe:
    """`update()` every tick in which a car in C has to show B."""

    def __init__(self) -> None:
        self._f_ends_at: float | None = None

    def reset(self) -> None:
        """End the probe: the car showed B, or is gone."""
        self._f_ends_at = None

    def update(self, now: float, x1_for_s: float) -> Probe:
        """Continue the probe; *x1_for_s*: seconds since the end of the offer."""
        if self._f_ends_at is None:
            if x1_for_s < X1_FIRST_S:
                return Probe.WAIT
            self._f_ends_at = now + F_S
            return Probe.SHOW_F
        if now < self._f_ends_at + B_WITHIN_S:
            return Probe.WAIT
        self._f_ends_at = None
        return Probe.FAILED


CALM_S = 10.0
CALM_AFTER_SHORT_S = 60.0


class CarRelease:
    """Lets go of a car that stays in C through a disturbance that is over; `update()` every tick.

    Some cars keep S2 closed without an offer (goecharger/go-eCharger-API-v2#60), and a disturbance
    ends with B only. State F makes a car open S2, so it is shown once for each disturbance, after
    10 s of a well C, and after 60 s where the pilot was shorted. A receiver that is stuck at C
    shows no B after it.
    """

    def __init__(self) -> None:
        self._calm_at: float | None = None
        self._f_asked = False

    def update(self, now: float, *, disturbed: bool, calm: bool, shorted: bool) -> bool:
        """Return whether to show F for `F_S` at *now*.

        *disturbed*: a fault waits for B and nothing else is wrong. *calm*: C is well read.
        """
        if not disturbed:
            self._f_asked = False
        if not (disturbed and calm):
            self._calm_at = None
            return False
        if self._calm_at is None:
            self._calm_at = now
        if self._f_asked or now - self._calm_at < (CALM_AFTER_SHORT_S if shorted else CALM_S):
            return False
        self._f_asked = True
        return True
