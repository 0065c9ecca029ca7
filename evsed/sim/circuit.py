# SPDX-License-Identifier: GPL-3.0-or-later
"""The control pilot at circuit level: generator, cable, what hangs on it, and the front end.

::

    generator --- 1 kOhm ---+--- CP ---+---------- diode --- car_ohm --- PE
    (+12.0/-12.1 V)         |          |
                        front end   short, capacitance, foreign voltage
                        100k/24k/31.6k, 4 us, 10 bits

Each plateau is the exact solution of that network, the diode a knee of `diode_v`. After an edge
the pilot settles exponentially (resistances in parallel times the capacitance), the front end's
filter behind it. What is left out: an edge is taken to start from a settled plateau, and a change
of load or generator acts at once, without a transient of its own. Plateaus of 30 us and more
(duty 3-97 %) settle to within 20 mV, so nothing that evsed may do or meet is falsified by it. The
generator's own rise of 1.2 us is small beside the filter's 4 us and left out too.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The parts of hw/, by function. hw/ is compared with these: change both or neither.
REFERENCE_V: Final = 3.300  # REF3033: supply of the ADC and of the level shift
GENERATOR_FEEDBACK_OHM: Final = 47_500.0  # op-amp output to its inverting input
GENERATOR_TO_REFERENCE_OHM: Final = 13_000.0  # inverting input to the reference
GENERATOR_TO_GROUND_OHM: Final = 18_000.0  # inverting input to ground
SOURCE_OHM: Final = 1_000.0  # generator to CP; IEC 61851-1 Table A.2: 1 kOhm +-3 %
DIVIDER_FROM_CP_OHM: Final = 100_000.0
DIVIDER_TO_REFERENCE_OHM: Final = 24_000.0
DIVIDER_TO_GROUND_OHM: Final = 31_600.0
FILTER_FARAD: Final = 330e-12  # at the divider's tap: 4 us with its 12 kOhm
EVSE_FARAD: Final = 1.6e-9  # EVSE and cable together (Table A.2: at most 3.1 nF)
ADC_CODES: Final = 1024  # MCP3008: 10 bits

# The car, IEC 61851-1 Table A.3 / A.4: R2 alone, with R3 in parallel, with R3' in parallel.
CAR_B_OHM: Final = 2_740.0
CAR_C_OHM: Final = 882.0
CAR_D_OHM: Final = 246.0
CAR_FARAD: Final = 2.4e-9
DIODE_V: Final = 0.7

_CONTACT_OHM: Final = 0.01  # what is left of a "0 Ohm" short
_NOISE_DRAWS: Final = 8_191
_SETTLED: Final = 12.0  # time constants after which e^-t is below a thousandth of a code


@dataclass(frozen=True, slots=True)
class Parts:
    """The EVSE's side of the pilot; the defaults are the values of hw/.

    `source_high_v`, `source_low_v` are the generator's open-circuit levels (Table A.2: 12 V
    +-5 %); the rest is named by its unit.
    """

    source_high_v: float = REFERENCE_V * (1 + GENERATOR_FEEDBACK_OHM / GENERATOR_TO_GROUND_OHM)
    source_low_v: float = -REFERENCE_V * GENERATOR_FEEDBACK_OHM / GENERATOR_TO_REFERENCE_OHM
    source_ohm: float = SOURCE_OHM
    reference_v: float = REFERENCE_V
    from_cp_ohm: float = DIVIDER_FROM_CP_OHM
    to_reference_ohm: float = DIVIDER_TO_REFERENCE_OHM
    to_ground_ohm: float = DIVIDER_TO_GROUND_OHM
    filter_farad: float = FILTER_FARAD
    evse_farad: float = EVSE_FARAD

    @property
    def tap_siemens(self) -> float:
        """The conductance at the divider's tap, siemens."""
        return 1 / self.from_cp_ohm + 1 / self.to_reference_ohm + 1 / self.to_ground_ohm

    @property
    def volts_at_code_0(self) -> float:
        """The pilot voltage that lies on the middle of code 0."""
        return -self.reference_v / self.to_reference_ohm * self.from_cp_ohm

    @property
    def volts_per_code(self) -> float:
        """Volts at the pilot for one code."""
        return self.reference_v / ADC_CODES * self.tap_siemens * self.from_cp_ohm

    @property
    def filter_s(self) -> float:
        """The time constant of the filter at the tap, seconds."""
        return self.filter_farad / self.tap_siemens

    @property
    def load_ohm(self) -> float:
        """The front end as the pilot sees it: this resistance ..."""
        return self.from_cp_ohm + 1 / (1 / self.to_reference_ohm + 1 / self.to_ground_ohm)

    @property
    def load_v(self) -> float:
        """... to this voltage."""
        return self.reference_v * self.to_ground_ohm / (self.to_reference_ohm + self.to_ground_ohm)


PARTS: Final = Parts()


@dataclass(frozen=True, slots=True)
class Generator:
    """The source of the pilot: `duty` 0-1 at `frequency_hz`, a rising edge at `origin_s`.

    Duty 1.0 is steady +12 V (x1), 0.0 steady -12 V (F).
    """

    duty: float = 1.0
    frequency_hz: float = 1000.0
    origin_s: float = 0.0


class Diode(enum.Enum):
    """The state of the car's diode."""

    GOOD = "good"
    SHORTED = "shorted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Load:
    """The load at the car's end of the pilot; the default is none.

    `car_ohm` sits behind the diode (None: no car). `short_ohm` is a fault from CP to PE, in front
    of the diode unless `short_after_diode`. `tied_to_v` is a foreign voltage on CP. With
    `pe_broken` no current returns: the car and its shorts are as good as absent.
    """

    car_ohm: float | None = None
    diode: Diode = Diode.GOOD
    diode_v: float = DIODE_V
    car_farad: float = CAR_FARAD
    short_ohm: float | None = None
    short_after_diode: bool = False
    tied_to_v: float | None = None
    pe_broken: bool = False


NO_CAR: Final = Load()


@dataclass(frozen=True, slots=True)
class _Plateau:
    """The voltage on which the pilot settles for one level of the source, and its time constant."""

    v: float
    tau_s: float


def settle(parts: Parts, load: Load, source_v: float) -> _Plateau:
    """Solve the network for *source_v*: the settled pilot and the time constant of getting there.

    One node and one diode, so there are two cases: the knee is reached or it is not.
    """
    siemens = 1 / parts.source_ohm + 1 / parts.load_ohm
    amperes = source_v / parts.source_ohm + parts.load_v / parts.load_ohm
    if load.tied_to_v is not None:
        siemens += 1.0  # a stiff foreign voltage: 1 Ohm
        amperes += load.tied_to_v
    behind_siemens = 0.0
    farad = parts.evse_farad
    if not load.pe_broken:
        if load.car_ohm is not None:
            behind_siemens += 1 / load.car_ohm
            farad += load.car_farad
        if load.short_ohm is not None:
            short_siemens = 1 / max(load.short_ohm, _CONTACT_OHM)
            if load.short_after_diode:
                behind_siemens += short_siemens
            else:
                siemens += short_siemens
    if load.diode is Diode.SHORTED:
        siemens += behind_siemens
    elif load.diode is Diode.GOOD and amperes / siemens > load.diode_v:
        siemens += behind_siemens
        amperes += load.diode_v * behind_siemens
    return _Plateau(amperes / siemens, farad / siemens)


class Circuit:
    """The pilot at any moment, in volts and in the codes of the ADC.

    *noise_v* is the standard deviation of the noise of one conversion, volts at the pilot; *seed*
    makes it repeatable. Faults: `stuck_code` (the ADC says this for ever), `stuck_source_v` (the
    generator stands at this), `disturbance` (volts added at a moment: hum, spikes). `line_open`: a
    relay has parted the car from it; the car sees that, and hangs no load on it.
    """

    def __init__(
        self, parts: Parts = PARTS, load: Load = NO_CAR, *, noise_v: float = 0.02, seed: int = 0
    ) -> None:
        self.parts = parts
        self._built = parts
        self.noise_v = noise_v
        self.stuck_code: int | None = None
        self.disturbance: Callable[[float], float] | None = None
        self._rng: Final = Random(seed)
        # Drawn once: a normal variate costs more than the rest of a conversion. Each burst starts
        # at a random place of it.
        self._noise: Final = tuple(self._rng.gauss(0.0, 1.0) for _ in range(_NOISE_DRAWS))
        self._stuck_source_v: float | None = None
        self._generator = Generator()
        self._load = load
        self.line_open = False
        self._solve()

    @property
    def generator(self) -> Generator:
        """The present source of the pilot."""
        return self._generator

    @generator.setter
    def generator(self, generator: Generator) -> None:
        self._generator = generator

    def drive(self, duty: float, at_s: float) -> None:
        """Change the duty, keeping frequency and phase as the Pi's PWM does."""
        before = self._generator
        if duty != before.duty:
            running = 0.0 < before.duty < 1.0
            self._generator = replace(
                before, duty=duty, origin_s=before.origin_s if running else at_s
            )

    def supply(self, share: float) -> None:
        """Let both levels of the generator stand at *share* of what its parts give."""
        built = self._built
        self.parts = replace(
            built,
            source_high_v=built.source_high_v * share,
            source_low_v=built.source_low_v * share,
        )
        self._solve()

    @property
    def load(self) -> Load:
        """The present load on the cable."""
        return self._load

    @load.setter
    def load(self, load: Load) -> None:
        if load != self._load:
            self._load = load
            self._solve()

    @property
    def stuck_source_v(self) -> float | None:
        """The level at which a broken generator stands; None: it works."""
        return self._stuck_source_v

    @stuck_source_v.setter
    def stuck_source_v(self, volts: float | None) -> None:
        self._stuck_source_v = volts
        self._solve()

    @property
    def high_v(self) -> float:
        """The settled pilot while the source is high, volts."""
        return self._high.v

    @property
    def low_v(self) -> float:
        """The settled pilot while the source is low, volts."""
        return self._low.v

    def cp_v(self, at_s: float) -> float:
        """The pilot at this moment, volts, without noise: the wire itself."""
        duty, hz = self._generator.duty, self._generator.frequency_hz
        high, low = self._high, self._low
        phase = (at_s - self._generator.origin_s) * hz % 1.0
        if duty >= 1.0:
            volts = high.v
        elif duty <= 0.0:
            volts = low.v
        elif phase < duty:
            volts = high.v + (low.v - high.v) * math.exp(-phase / hz / high.tau_s)
        else:
            volts = low.v + (high.v - low.v) * math.exp(-(phase - duty) / hz / low.tau_s)
        return volts if self.disturbance is None else volts + self.disturbance(at_s)

    def code(self, at_s: float) -> int:
        """One conversion of the pilot, sampled at this moment: 0-1023."""
        return self.codes((at_s,))[0]

    def codes(self, moments: Sequence[float]) -> list[int]:
        """A burst of conversions, one at each of *moments*.

        The inner loop of every simulated tick (64-128 rounds of about 1 us), hence the local
        names, the arithmetic in codes instead of volts, and the noise from a table.
        """
        if self.stuck_code is not None:
            return [self.stuck_code] * len(moments)
        volts_at_0, per_volt = self._volts_at_code_0, 1 / self._volts_per_code
        high, low = (self._high.v - volts_at_0) * per_volt, (self._low.v - volts_at_0) * per_volt
        duty, hz = self._generator.duty, self._generator.frequency_hz
        origin_s, settled_s, two_poles = self._generator.origin_s, self._settled_s, self._two_poles
        noise_codes, noise = self.noise_v * per_volt, self._noise
        draw = self._rng.randrange(len(noise))
        steady = high if duty >= 1.0 else low if duty <= 0.0 else None
        burst = []
        for at_s in moments:
            if steady is not None:
                value = steady
            elif (phase := (at_s - origin_s) * hz % 1.0) < duty:
                value = high
                if (since_s := phase / hz) < settled_s:
                    value += (low - high) * two_poles(since_s, self._high.tau_s)
            else:
                value = low
                if (since_s := (phase - duty) / hz) < settled_s:
                    value += (high - low) * two_poles(since_s, self._low.tau_s)
            if self.disturbance is not None:
                value += self.disturbance(at_s) * per_volt
            draw -= 1
            value += noise_codes * noise[draw] + 0.5
            burst.append(0 if value < 0 else int(value) if value < ADC_CODES else ADC_CODES - 1)
        return burst

    def _solve(self) -> None:
        """Work out both plateaus; all that depends on parts and load alone is done here."""
        parts, stuck_v = self.parts, self._stuck_source_v
        self._volts_at_code_0 = parts.volts_at_code_0
        self._volts_per_code = parts.volts_per_code
        self._filter_s = parts.filter_s
        self._high = settle(parts, self._load, parts.source_high_v if stuck_v is None else stuck_v)
        self._low = settle(parts, self._load, parts.source_low_v if stuck_v is None else stuck_v)
        slowest_s = max(self._high.tau_s, self._low.tau_s, self._filter_s)
        self._settled_s = _SETTLED * slowest_s

    def _two_poles(self, since_s: float, tau_s: float) -> float:
        """Return what remains of an edge behind the poles of cable and filter (1 at the edge)."""
        filter_s = self._filter_s
        if abs(tau_s - filter_s) < 1e-3 * filter_s:  # the formula below divides by the difference
            tau_s = filter_s * 1.001
        slow, fast = math.exp(-since_s / tau_s), math.exp(-since_s / filter_s)
        return (tau_s * slow - filter_s * fast) / (tau_s - filter_s)
