# SPDX-License-Identifier: GPL-3.0-or-later
"""FMEA of the pilot: what each single fault makes the software read, and which proof finds it.

The reading is the software's own (hw/tools/bursts.py). A fault is dangerous when an empty plug
reads as a car that asks; then a proof has to find it before anything closes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from evsed.core.pilot import j1772
from evsed.core.pilot.pilot_meter import FrontEnd
from hw.tools import faults
from hw.tools.bursts import Converter, Plateaus, as_it_is, verdict
from hw.tools.faults import Fault
from hw.tools.ngspice import Deck
from hw.tools.values import Values

DUTY = 0.5333
REFERENCE_DEAD_V = 2.0  # below this the converter is dumb: every bit is 0
CAR_B_V = (8.06, 9.99)  # of any car of the acceptance range (EVerest's hardware notes)
# The longest a part of this board may see on VREF: 74LVC1G17 6.5 V; MCP3008 and MCP6002 7 V.
REFERENCE_LIMIT_V = 6.5

GENERATOR_MODES = {
    "output stuck high": "V(vp)",
    "output stuck low": "V(vn)",
    "output stuck at half": "(V(vp)+V(vn))/2",
    "gives half of +12 V": "min(out,6)",
    "gives half of -12 V": "max(out,-6)",
}
RECEIVER_MODES = {
    "output stuck high": "V(vref)",
    "output stuck low": "0",
    "output stuck at half": "V(vref)/2",
    # the worst of all: what no car gives then reads as a car that asks
    "swings no higher than C": "min(out,2.37)",
    "swings no lower than 0.6 V": "max(out,0.6)",
}
# The buffer's line in the netlist is no part by itself; its output is replaced.
BUFFER = ("U201", "Bbuf")
BUFFER_MODES = {"output stuck high": "V(vref)", "output stuck low": "0", "output open": "V(vref)/2"}
SUPPLIES: tuple[Fault, ...] = (
    Fault("GPIO 18", "stuck high", params={"gpio_stands": 1.0}),
    Fault("GPIO 18", "stuck low or wire cut", params={"gpio_stands": 0.0}),
    Fault("U101", "+15 V gone", params={"plus_v": 0.0}),
    Fault("U101", "+15 V at 6.5 V", params={"plus_v": 6.5}),
    Fault("U101", "-15 V gone", params={"minus_v": 0.0}),
    Fault("U101", "-15 V at -6.5 V", params={"minus_v": -6.5}),
    Fault("U101", "both gone", params={"plus_v": 0.0, "minus_v": 0.0}),
    Fault("U102", "dead", params={"ref_v": 0.0}),
    Fault("U102", "at 2.9 V", params={"ref_v": 2.9}),
    Fault("U102", "passes 5 V", params={"ref_v": 5.0}),
)
# Each of the converter's ten bits, for ever 0 or 1: no matter of the netlist, but of what is read.
BITS: dict[str, tuple[int, int]] = {
    f"bit {bit} stuck at {level}": (bit, level) for bit in range(10) for level in (0, 1)
}
# What no resistor of the list is: a film of moisture, a leaking diode.
LEAKS: tuple[tuple[str, str, str], ...] = (
    ("D301", "leaks: 42 kOhm to ground", "Rleak tap 0 42k"),
    ("D301", "leaks: 42 kOhm to VREF", "Rleak tap vref 42k"),
    ("D202", "leaks: 2 kOhm to ground", "Rleak cp 0 2k"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One plug as the software reads it: volts of both plateaus, its word, fit to close or not."""

    high_v: float
    low_v: float
    reading: str
    fit: bool


@dataclass(frozen=True, slots=True)
class Pilot:
    """What one fault makes of no car, of a car in B and in C; the generator's own channel, volts.

    `cp_v`: the terminal itself with no car, high and low. `reference_v`: the most on VREF.
    """

    fault: Fault
    a: Seen
    b: Seen
    c: Seen
    generator_v: tuple[float, float]
    cp_v: tuple[float, float]
    reference_v: float


def all_faults(deck: Deck) -> Iterator[Fault]:
    """Every single fault of generator, source, receiver, monitor and their supplies."""
    for name in ("generator", "source", "receiver", "monitor", "board"):
        for line in deck.lines(name):
            yield from faults.of_line(line, drift=name != "board")
            yield from faults.of_amplifier(
                line, GENERATOR_MODES if name == "generator" else RECEIVER_MODES
            )
            words = line.split()
            if words[0] == BUFFER[1]:
                for mode, volts in BUFFER_MODES.items():
                    yield Fault(BUFFER[0], mode, words[0], (f"Bbuf buf0 0 V={volts}",))
    for part, mode, leak in LEAKS:
        anchor = next(x for x in deck.lines("source" if part == "D202" else "receiver"))
        yield Fault(part, mode, anchor.split()[0], (anchor, leak))
    yield from SUPPLIES
    yield from (Fault("U302", mode) for mode in BITS)


def examine(values: Values, fault: Fault, deck: Deck) -> Pilot:
    """Run *fault* and let the software read it."""
    broken = deck.replaced(fault.element, fault.lines) if fault.element else deck
    found = broken.run(fault.params)
    top = float(values["contract"]["adc_codes"])
    line = values.line_of_contract
    front_end = FrontEnd(line.volts_at_code_0, line.volts_per_code)
    converter = _converter(fault)

    def code(volts: str, reference: str) -> float:
        given = found.get(reference, math.nan)
        if not given > REFERENCE_DEAD_V:
            return 0.0
        return min(top - 1.0, max(0.0, found[volts] / given * top))

    def seen(name: str) -> Seen:
        plateaus = Plateaus(code(f"{name}_h", f"r{name}_h"), code(f"{name}_l", f"r{name}_l"))
        judged = verdict(plateaus, DUTY, front_end, converter=converter)
        return Seen(volts(plateaus.high), volts(plateaus.low), judged.reading, judged.close)

    def volts(given: float) -> float:
        return line.volts(given if converter is as_it_is else converter(round(given)))

    generator = tuple(volts(code(f"g_{k}", f"ra_{k}")) for k in ("h", "l"))
    return Pilot(
        fault,
        seen("a"),
        seen("b"),
        seen("c"),
        (generator[0], generator[1]),
        (found["cp_h"], found["cp_l"]),
        found["ref_max"],
    )


def _converter(fault: Fault) -> Converter:
    """What the converter makes of a code: the same, but for a bit that is stuck."""
    if fault.mode not in BITS:
        return as_it_is
    bit, level = BITS[fault.mode]
    mask = 1 << bit
    return lambda code: code | mask if level else code & ~mask


def proofs(pilot: Pilot) -> list[str]:
    """The proofs that this fault does not pass, in the order in which they come."""
    failed = []
    least, most = j1772.STEADY_MIN_V, j1772.STEADY_MAX_V
    high, low = pilot.generator_v
    if not (least <= high <= most and -most <= low <= -least):
        failed.append("generator's channel")
    if not least <= pilot.a.high_v <= most:
        failed.append("A before the plug-in")
    if not (-j1772.SENSOR_LIMIT_V <= pilot.a.low_v <= j1772.DIODE_V):
        failed.append("low plateau")
    if not CAR_B_V[0] <= pilot.b.high_v <= CAR_B_V[1]:
        failed.append("B before C")
    return failed


def outcome(pilot: Pilot) -> str:
    """What comes of it: the worst first."""
    if pilot.a.fit:
        return "**an empty plug reads as a car that asks**"
    if pilot.b.fit:
        return "a car that does not ask reads as one that does"
    if pilot.c.fit:
        return "charges"
    return "never charges"


def while_charging(pilot: Pilot) -> str:
    """What comes of a fault that begins while a car charges."""
    if not pilot.c.fit:
        return "opens"
    seen = "; seen by the generator's channel" if "generator's channel" in proofs(pilot) else ""
    if pilot.a.fit:
        return f"**stays closed when the car is unplugged; found at the next closing**{seen}"
    return f"charges on; opens when the car leaves{seen}"


def wrong(pilot: Pilot) -> str:
    """What makes this fault one that must be designed out; empty where it is borne."""
    failed = proofs(pilot)
    if pilot.a.fit and "A before the plug-in" not in failed:
        return "an empty plug is fit to close, and no proof finds it"
    if pilot.reference_v > REFERENCE_LIMIT_V:
        return f"VREF rises to {pilot.reference_v:.1f} V"
    return ""
