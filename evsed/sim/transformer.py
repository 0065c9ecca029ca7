# SPDX-License-Identifier: GPL-3.0-or-later
"""The current transformer of hw/ as the converter sees it: a sine on half the reference.

The cable's current, divided by the turns, flows through the burden (R611) to half the reference
(R612, R613 and an op-amp); behind 1 kOhm and 10 nF (R614, C605: 16 kHz, left out here) a clamp
keeps the converter's input between ground and the reference, where it clips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHANNEL: Final = 2  # of the converter
BURDEN_OHM: Final = 47.0
REFERENCE_V: Final = 3.3
CODES: Final = 1024


@dataclass(slots=True)
class CurrentTransformer:
    """A transformer around one phase; *drawn_a* returns the current there, amperes RMS.

    `leak_a` flows beside that, as through welded contacts. `third` is the third harmonic's share
    of the current. Faults: `off` (not clamped on: it sees nothing), `offset_v` (half the reference
    is elsewhere), `stuck_code` (the converter always returns this).
    """

    drawn_a: Callable[[], float]
    turns: float = 2000.0
    mains_hz: float = 50.0
    leak_a: float = 0.0
    third: float = 0.0
    noise_codes: float = 0.7
    offset_v: float = 0.008
    off: bool = False
    stuck_code: int | None = None
    seed: int = 0
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        """Make the noise, repeatable by its seed."""
        self._random = Random(self.seed)

    def code_at(self, at_s: float) -> int:
        """One conversion, sampled at this moment: 0-1023."""
        return self.codes((at_s,))[0]

    def codes(self, moments: Sequence[float]) -> list[int]:
        """A train of conversions, one at each of *moments*."""
        if self.stuck_code is not None:
            return [self.stuck_code] * len(moments)
        rms_a = 0.0 if self.off else self.drawn_a() + self.leak_a
        # The third harmonic is part of the RMS, not on top of it.
        peak_v = math.sqrt(2 / (1 + self.third**2)) * rms_a / self.turns * BURDEN_OHM
        return [self._code(peak_v, at_s) for at_s in moments]

    def _code(self, peak_v: float, at_s: float) -> int:
        angle = math.tau * self.mains_hz * at_s
        wave = math.sin(angle) + self.third * math.sin(3 * angle)
        volts = REFERENCE_V / 2 + self.offset_v + peak_v * wave
        code = math.floor(volts / REFERENCE_V * CODES + self._random.gauss(0.0, self.noise_codes))
        return min(max(code, 0), CODES - 1)
