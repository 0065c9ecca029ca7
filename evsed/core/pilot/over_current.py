# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured current against the offer; nothing where there is no meter.

A car has 5 s to follow a change of the pilot (IEC 61851-1 seq. 6), and some need longer. The rule
and its defaults are EVerest's (EvseManager: soft over-current tolerance 10 %, measurement noise
0.5 A, timeout 7000 ms).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from evsed.core.pilot.faults import Fault
from evsed.core.text import text

GROSS_SHARE, GROSS_FOR_S = 1.5, 1.0  # or this much of the highest offer of the last seconds
# With the contactor open. A meter's second of RMS comes on top, which has to be over before: what
# flowed until the opening is no leak.
OPEN_A, OPEN_FOR_S = 1.0, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class OverCurrentConfig:
    """The current that is borne: (offer + `plus_a`) x `share`, and more than that for `for_s`."""

    share: float = 1.1
    plus_a: float = 0.5
    for_s: float = 7.0

    def borne_a(self, offered_a: float) -> float:
        """Return the current that is borne for ever under an offer of *offered_a*, amperes."""
        return (offered_a + self.plus_a) * self.share


class _Lasting:
    """Duration of a condition without a break."""

    def __init__(self) -> None:
        self._since: float | None = None

    def of(self, now: float, *, true: bool) -> float:
        """Return the seconds for which *true* has held without a break."""
        if not true:
            self._since = None
            return 0.0
        if self._since is None:
            self._since = now
        return now - self._since


class OverCurrent:
    """`update()` every tick; `faults` are those of now."""

    def __init__(self, config: OverCurrentConfig) -> None:
        self._config = config
        self._offers: deque[tuple[float, float]] = deque()
        self._over = _Lasting()
        self._gross = _Lasting()
        self._leak = _Lasting()
        self.faults: dict[Fault, str] = {}

    def update(self, now: float, drawn_a: float, *, offered_a: float, closed: bool) -> None:
        """Judge the current *drawn_a*, the largest of the phases."""
        self.faults = {}
        config = self._config
        while self._offers and self._offers[-1][1] <= offered_a:
            self._offers.pop()
        self._offers.append((now, offered_a))
        while now - self._offers[0][0] > config.for_s:
            self._offers.popleft()
        highest_a = self._offers[0][1]
        over_s = self._over.of(now, true=closed and drawn_a > config.borne_a(offered_a))
        # A car has its time after each fall of the offer, and no more by another fall after it.
        over_all = drawn_a > config.borne_a(highest_a)
        gross_s = self._gross.of(now, true=closed and drawn_a > highest_a * GROSS_SHARE)
        leak_s = self._leak.of(now, true=not closed and drawn_a > OPEN_A)
        if (over_s > config.for_s and over_all) or gross_s >= GROSS_FOR_S:
            self.faults[Fault.OVER_CURRENT] = text(
                "the car takes {drawn_a:.1f} A, {offered_a:.1f} A are offered",
                drawn_a=drawn_a,
                offered_a=offered_a,
            )
        if leak_s >= OPEN_FOR_S:
            self.faults[Fault.CONTACTOR] = text(
                "{drawn_a:.1f} A flow with the contactor open", drawn_a=drawn_a
            )
