# SPDX-License-Identifier: GPL-3.0-or-later
"""The cable in a Type 2 socket: the resistor in its plug codes its rating.

The windows are those of IEC 61851-1 Annex B as EVerest's hardware notes quote them: 63 A 80-140
ohm, 32 A 164-308, 20 A 400-936, 13 A 1100-2460, an error over 4500. A value between two windows
means the weaker cable. Under 80 ohm EVerest goes on to 60; here it is taken for a short.
"""

from __future__ import annotations

from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from evsed.core.text import text

SERIES_OHM = 1000.0  # from the ADC's reference to PP (R501 of hw/)
CODES = 1024
# Up to this many ohm the cable bears so many amperes.
SHORT_OHM = 80.0
RATINGS = ((140.0, 63.0), (308.0, 32.0), (936.0, 20.0), (4500.0, 13.0))
AGREE = 3  # looks that must agree on a rating
GONE = 5  # looks, 100 ms, without a cable


def resistance_ohm(code: int) -> float:
    """Return the resistor between PP and PE by an ADC *code* (0-1023)."""
    return SERIES_OHM * code / (CODES - code)


def rating_a(ohm: float) -> float | None:
    """Return the rating of a cable with *ohm*, amperes; None for no cable or an unknown one."""
    if ohm < SHORT_OHM:
        return None
    return next((rated_a for most_ohm, rated_a in RATINGS if ohm <= most_ohm), None)


class Cable:
    """`update()` every tick. While a car is there the rating only falls: a cable does not change.

    Before the contactor has closed for this car, a cable that cannot be read is waited for: a plug
    that goes in at an angle touches PP after CP. From then on it is a fault.
    `limit` is the ceiling by the cable, `faults` are those of now.
    """

    def __init__(self) -> None:
        self._reset()
        self.faults: dict[Fault, str] = {}

    def _reset(self) -> None:
        self._rated_a: float | None = None
        self._seen_a: float | None = None
        self._looks = 0
        self._missing = 0
        self._used = False
        self._ohm = 0.0

    @property
    def limit(self) -> Limit:
        """The rating of the cable as a limit; 0 A until it is known."""
        if self._missing >= GONE:
            why = text(
                "{ohm:.0f} ohm between PP and PE are no cable: push the plug home", ohm=self._ohm
            )
            return Limit("cable", 0.0, why=why)
        if self._rated_a is None:
            return Limit("cable", 0.0, why=text("the rating of the cable is not read yet"))
        return Limit(
            "cable",
            self._rated_a,
            why=text("the cable bears {rated_a:.0f} A", rated_a=self._rated_a),
        )

    def update(self, code: int, *, plugged: bool, closed: bool) -> None:
        """Judge the ADC *code* of the proximity channel."""
        self.faults = {}
        if not plugged:
            self._reset()
            return
        self._used = self._used or closed
        ohm = self._ohm = resistance_ohm(code)
        seen_a = rating_a(ohm)
        self._looks = self._looks + 1 if seen_a == self._seen_a else 1
        self._seen_a = seen_a
        if seen_a is None:
            self._missing += 1
            if self._missing >= GONE and self._used:
                self.faults[Fault.PROXIMITY] = text(
                    "{ohm:.0f} ohm between PP and PE are no cable", ohm=ohm
                )
            return
        self._missing = 0
        if self._looks >= AGREE:
            self._rated_a = seen_a if self._rated_a is None else min(self._rated_a, seen_a)
