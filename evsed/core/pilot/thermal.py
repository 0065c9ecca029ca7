# SPDX-License-Identifier: GPL-3.0-or-later
"""The temperature in the box: full current below 55 degrees, none from 75 on.

Between 55 and 70 degrees the ceiling falls in a straight line to 6 A, the least a pilot can say;
what was stopped at 75 begins again below 60. (OpenEVSE: a half at 65, a quarter at 68, off at 71;
esp32-evse: off at 60.) A sensor that gives nothing, nonsense, or the 85.0 degrees with which a
DS18B20 wakes up before its first conversion, is lost after 2.5 s: two readings of a second each.
"""

from __future__ import annotations

from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import MIN_A
from evsed.core.pilot.limits import Limit
from evsed.core.text import text

FULL_UP_TO_C, LEAST_FROM_C, STOP_C, RESUME_C = 55.0, 70.0, 75.0, 60.0
SENSOR_C = (-40.0, 125.0)  # what a DS18B20 can say, from the cold that a box may meet
POWER_ON_C = 85.0
LOST_AFTER_S = 2.5


class Thermal:
    """The ceiling by temperature; *max_a* is what the supply allows when it is cool."""

    def __init__(self, max_a: float, now: float) -> None:
        self._max_a = max_a
        self._celsius: float | None = None
        self._read_at = now
        self._hot = False

    @property
    def celsius(self) -> float | None:
        """The last temperature read, degrees Celsius."""
        return self._celsius

    def on_reading(self, now: float, celsius: float | None) -> None:
        """Note a reading; None where the sensor gave none."""
        if celsius is None or celsius == POWER_ON_C:
            return
        if not SENSOR_C[0] <= celsius <= SENSOR_C[1]:  # also NaN
            return
        self._read_at = now
        self._celsius = celsius
        if celsius >= STOP_C:
            self._hot = True
        elif celsius < RESUME_C:
            self._hot = False

    def limit(self, until_at: float) -> Limit:
        """The ceiling, until *until_at*."""
        celsius = self._celsius
        if celsius is None:
            return Limit("temperature", 0.0, until_at, text("the temperature was not read yet"))
        words = text("{celsius:.0f} degrees in the box", celsius=celsius)
        if self._hot:
            return Limit("temperature", 0.0, until_at, words)
        if celsius <= FULL_UP_TO_C:
            return Limit("temperature", self._max_a, until_at, words)
        share = max(0.0, (LEAST_FROM_C - celsius) / (LEAST_FROM_C - FULL_UP_TO_C))
        return Limit("temperature", MIN_A + share * (self._max_a - MIN_A), until_at, words)

    def faults(self, now: float) -> dict[Fault, str]:
        """The faults at *now*: too hot, or a sensor that is lost."""
        if now - self._read_at > LOST_AFTER_S:
            return {
                Fault.TEMPERATURE: text(
                    "the sensor gave no reading for {silent_s:.0f} s", silent_s=now - self._read_at
                )
            }
        if self._hot:
            return {
                Fault.TEMPERATURE: text(
                    "{celsius:.0f} degrees in the box", celsius=self._celsius or 0.0
                )
            }
        return {}
