# SPDX-License-Identifier: GPL-3.0-or-later
"""values.toml, and what follows from it by arithmetic alone.

Everything that needs a number of the circuit asks here: the drawing, the netlists, the tables and
the tests.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HW = Path(__file__).resolve().parent.parent
VALUES = HW / "values.toml"

_PREFIXES = ((1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"))


@dataclass(frozen=True, slots=True)
class Part:
    """One part as bought: its value (ohm, farad, or a name), tolerance (share) and order number."""

    ref: str
    value: float | str
    footprint: str
    maker: str
    mpn: str
    tol: float = 0.0
    rating: str = ""

    @property
    def si(self) -> float:
        """The value in ohm or farad.  Raises TypeError for a part that has a name instead."""
        if isinstance(self.value, str):
            raise TypeError(f"{self.ref} is a {self.value}: it has no value in ohm or farad")
        return self.value

    @property
    def label(self) -> str:
        """The value as it stands on the drawing: 47.5k, 330p, OPA2991."""
        if isinstance(self.value, str):
            return self.value
        text = engineering(self.value)
        if self.tol and self.tol < 0.005:
            text += f" {self.tol:.1%}".replace("%", " %")
        return text


def engineering(value: float) -> str:
    """A value with a prefix and at most four digits: 47500 -> 47.5k, 3.3e-10 -> 330p."""
    for scale, prefix in _PREFIXES:
        if abs(value) >= scale * 0.9999:
            return f"{value / scale:.4g}{prefix}"
    return f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Line:
    """How a code becomes volts at the pilot: `volts_at_code_0` + code x `volts_per_code`."""

    volts_at_code_0: float
    volts_per_code: float

    def volts(self, code: float) -> float:
        """The pilot voltage that *code* stands for."""
        return self.volts_at_code_0 + code * self.volts_per_code

    def code(self, volts: float) -> float:
        """The code (not rounded) that *volts* at the pilot gives."""
        return (volts - self.volts_at_code_0) / self.volts_per_code


class Values:
    """The table, read once."""

    def __init__(self, path: Path = VALUES) -> None:
        """Read *path*; raises OSError or tomllib.TOMLDecodeError when that cannot be done."""
        raw = path.read_bytes()
        self.table: dict[str, Any] = tomllib.loads(raw.decode())
        self.sha256 = hashlib.sha256(raw).hexdigest()
        self.parts = {ref: Part(ref=ref, **given) for ref, given in self.table["parts"].items()}

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a TOML table holds anything
        """A table by its name, or a nested one as `a.b`."""
        found: Any = self.table
        for name in key.split("."):
            found = found[name]
        return found

    def ohm(self, ref: str) -> float:
        """The value of a part in ohm (or farad)."""
        return self.parts[ref].si

    @property
    def reference_v(self) -> float:
        """The reference that the ADC, the level shift and the divider share, volts."""
        return float(self["models.reference"]["value_v"][1])

    @property
    def line_of_contract(self) -> Line:
        """Code to volts as the software's defaults have it."""
        given = self["contract"]
        return Line(given["volts_at_code_0"], given["volts_per_code"])

    @property
    def line_of_parts(self) -> Line:
        """Code to volts as R301, R310, R302, R303 and the reference give it."""
        return self._line(self.pilot_divider_ohm, self.ohm("R302"), self.ohm("R303"))

    @property
    def line_of_generator(self) -> Line:
        """Code to volts of the channel that watches the generator, by its parts."""
        from_op_amp = self.ohm("R311") + self.ohm("R314")
        return self._line(from_op_amp, self.ohm("R312"), self.ohm("R313"))

    @property
    def pilot_divider_ohm(self) -> float:
        """From the pilot to the divider's tap, ohm: two in series, in case one is shorted."""
        return self.ohm("R301") + self.ohm("R310")

    @property
    def coil_supply_v_per_code(self) -> float:
        """The coil's supply behind the safety loop, volts a code."""
        below = self.ohm("R616")
        whole = self.ohm("R615") + self.ohm("R617") + below
        return self.reference_v / float(self["contract"]["adc_codes"]) * whole / below

    def _line(self, from_cp: float, to_reference: float, to_ground: float) -> Line:
        """A divider from a bipolar level, lifted by the reference.

        The tap sits at (V/R + VREF/Rref) / (1/R + 1/Rref + 1/Rgnd); the ADC makes 1024 x tap / VREF
        of it.
        """
        siemens = 1 / from_cp + 1 / to_reference + 1 / to_ground
        per_code = self.reference_v / self["contract"]["adc_codes"] * siemens * from_cp
        return Line(-self.reference_v * from_cp / to_reference, per_code)

    @property
    def source_v(self) -> tuple[float, float]:
        """The generator's levels, low and high, volts: a non-inverting stage offset by VREF."""
        to_reference, to_ground, feedback = (self.ohm(r) for r in ("R203", "R204", "R205"))
        high = self.reference_v * (1 + feedback / to_ground)
        low = -self.reference_v * feedback / to_reference
        return low, high

    @property
    def source_ohm(self) -> float:
        """The pilot's source resistance, ohm."""
        return self.ohm("R206") + self.ohm("R207")

    def proximity_code(self, plug_ohm: float) -> float:
        """The code of the proximity channel for a plug with *plug_ohm* between PP and PE."""
        share = plug_ohm / (plug_ohm + self.ohm("R501"))
        return float(share * self["contract"]["adc_codes"])

    @property
    def spice(self) -> str:
        """values.inc: every part with a value as a .param, and the nominal figures of [models]."""
        lines = [
            "* Made from values.toml by hw/tools/draw.py; change that file, not this one.",
            *(
                f".param {part.ref}={part.si:.6g}"
                for part in self.parts.values()
                if not isinstance(part.value, str)
            ),
        ]
        for name, figures in self["models"].items():
            for key, given in figures.items():
                typical = given
                if isinstance(given, list):  # smallest, typical, largest; of two kinds the first
                    typical = given[1] if len(given) == 3 else given[0]
                lines.append(f".param {name}_{key}={typical:.6g}")
        lines += [f".param car_{k}={self['car'][k]:.6g}" for k in ("b_ohm", "c_ohm", "d_ohm")]
        lines.append(f".param contract_blind_s={self['contract']['blind_s']:.6g}")
        return "\n".join(lines) + "\n"
