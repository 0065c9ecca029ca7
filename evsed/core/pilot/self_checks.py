# SPDX-License-Identifier: GPL-3.0-or-later
"""Two optional channels of the converter: the generator before its resistor, and the coil's supply.

Both are on the board of hw/. The generator's channel shows a weak side of the generator, and a
converter that reads wrongly, whatever hangs on the pilot. The coil's supply is read behind the
safety loop: it shows an emergency stop that is only in the loop, and a supply that sags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.pilot import j1772
from evsed.core.pilot.faults import Fault
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERATOR_CONVERSIONS: Final = 8  # in a tick
GENERATOR_TICKS: Final = 25  # half a second, in which both plateaus are met at any duty
GENERATOR_MARGIN_V: Final = 0.15  # five codes: the converter's errors, and the noise
LEAST: Final = 5  # codes of a plateau, without those caught on an edge
COIL_V_PER_CODE: Final = 0.015122  # hw/values.toml
COIL_LEAST_V: Final = 10.2  # 12 V less 15 %, which relays and contactors bear (IEC 60947-4-1)
AGREE: Final = 2  # updates


class GeneratorCheck:
    """`update()` every tick; `faults` are those of now."""

    def __init__(self, volts_at_code_0: float, volts_per_code: float) -> None:
        self._zero_v = volts_at_code_0
        self._step_v = volts_per_code
        self.faults: dict[Fault, str] = {}
        self._duty: float | None = None
        self._codes: list[int] = []
        self._ticks = 0

    def reset(self) -> None:
        """Start again: the board was lost and is back."""
        self.faults = {}
        self._duty = None

    def update(self, codes: Sequence[int], duty: float) -> None:
        """Add the conversions of a tick in which *duty* was on the wire."""
        if duty != self._duty:
            self._duty, self._codes, self._ticks = duty, [], 0
            return  # the conversions may be older than the duty
        self._codes += codes
        self._ticks += 1
        if self._ticks == GENERATOR_TICKS:
            self._judge(sorted(self._zero_v + code * self._step_v for code in self._codes), duty)
            self._codes, self._ticks = [], 0

    def _judge(self, volts: list[float], duty: float) -> None:
        self.faults = {}
        # Divided at 0 V: a generator that stands still on one side has nothing on the other.
        high = [volt for volt in volts if volt > 0.0]
        low = [volt for volt in volts if volt <= 0.0]
        for plateau, wanted, name in ((high, duty > 0.0, "+12"), (low, duty < 1.0, "-12")):
            if not wanted:
                continue
            level_v = abs(plateau[len(plateau) // 2]) if len(plateau) >= LEAST else 0.0
            least_v = j1772.STEADY_MIN_V - GENERATOR_MARGIN_V
            if not least_v <= level_v <= j1772.STEADY_MAX_V + GENERATOR_MARGIN_V:
                self.faults[Fault.PILOT] = text(
                    "the pilot's generator gives {level_v:.2f} V where {name} V should be",
                    level_v=level_v,
                    name=name,
                )


class CoilSupply:
    """`update()` every tick. `ready`: the supply is there; `faults` are those of now."""

    def __init__(self) -> None:
        self.ready = False
        self.faults: dict[Fault, str] = {}
        self._low = 0

    def update(self, code: int, *, wanted: bool) -> None:
        """Judge the *code* of the supply; *wanted*: the contactor is closed, or is to close."""
        supply_v = code * COIL_V_PER_CODE
        self._low = self._low + 1 if supply_v < COIL_LEAST_V else 0
        self.ready = not self._low
        self.faults = {}
        if wanted and self._low >= AGREE:
            self.faults[Fault.CONTACTOR_OPEN] = text(
                "the coil's supply is {supply_v:.1f} V: an emergency stop or another "
                "contact of the safety loop is open, or the 12 V are missing",
                supply_v=supply_v,
            )
