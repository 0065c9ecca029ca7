# SPDX-License-Identifier: GPL-3.0-or-later
"""The thermometer in the box: a DS18B20 on the kernel's 1-wire bus, read in a thread of its own.

One conversion takes the kernel 750 ms, and a wire that is broken may take it longer: so neither
the event loop nor the pool of threads waits for it, and a read that hangs does not keep the
process from ending. What the temperature means is decided in `core.pilot.thermal`.
"""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evsed.core.pilot.thermal import Thermal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.faults import Fault
    from evsed.core.pilot.limits import Limit

DEVICES: Final = Path("/sys/bus/w1/devices")
PAUSE_S: Final = 0.25  # between two conversions: a reading a second
_READING: Final = re.compile(r"\bt=(-?\d{1,6})$")


def celsius_in(text: str) -> float | None:
    """The temperature in what `w1_slave` says, degrees Celsius; None when its checksum is wrong.

    Two lines: nine bytes and "crc=xx YES", the same bytes and "t=" in thousandths of a degree
    (kernel, Documentation/w1/slaves/w1_therm.rst).
    """
    head, _, tail = text.strip().partition("\n")
    found = _READING.search(tail)
    return int(found[1]) / 1000 if found and head.endswith("YES") else None


class Thermometer:
    """Reads *sensor* (such as "28-0316a2795fff") from `start()` to `stop()`.

    `limits()` and `faults()` are what the last reading means; *max_a* is what the supply allows.
    """

    def __init__(self, sensor: str, max_a: float, *, devices: Path = DEVICES) -> None:
        self._file = devices / sensor / "w1_slave"
        self._thermal = Thermal(max_a, time.monotonic())
        self._latest: tuple[float, float] | None = None
        self._stopped = threading.Event()
        # A daemon thread: one that hangs in the kernel does not keep the process from ending.
        self._thread = threading.Thread(target=self._read_on, name="thermometer", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading; the thread ends with the conversion under way, and nothing waits for it."""
        self._stopped.set()

    def _read_on(self) -> None:
        while not self._stopped.is_set():
            celsius = self.read()
            if celsius is not None:
                self._latest = (time.monotonic(), celsius)
            self._stopped.wait(PAUSE_S)

    def read(self) -> float | None:
        """One conversion, degrees Celsius; None when there is no sensor, or none that is sound."""
        try:
            return celsius_in(self._file.read_text("ascii"))
        except (OSError, UnicodeDecodeError):
            return None

    def _update(self) -> None:
        latest, self._latest = self._latest, None
        if latest is not None:
            self._thermal.on_reading(*latest)

    @property
    def celsius(self) -> float | None:
        """The last sound temperature, degrees Celsius."""
        self._update()
        return self._thermal.celsius

    def limits(self, now: float, until_at: float) -> tuple[Limit, ...]:  # noqa: ARG002 - as every source has it
        """Return the ceiling by the last temperature, until *until_at*."""
        self._update()
        return (self._thermal.limit(until_at),)

    def faults(self, now: float) -> Mapping[Fault, str]:
        """Return the faults at *now*: too hot, or no sensor."""
        self._update()
        return self._thermal.faults(now)
