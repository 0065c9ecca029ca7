# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of the pilot's figures, of the nominal board: duties, noise, surge, cut wires, power."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evsed.core.pilot.pilot_meter import FrontEnd
from hw.tools.bursts import Plateaus, verdict
from hw.tools.figures import Figure
from hw.tools.ngspice import Deck
from hw.tools.values import Values

CUT_OHM = 1e11  # a cut wire


def duty_figures(values: Values) -> list[Figure]:
    """5 to 96 % with every capacitance at its largest: the plateaus' ends, and the width."""
    deck = Deck("duty", values)
    per_code = values.reference_v / values["contract"]["adc_codes"]
    found = {duty: deck.run({"duty": duty}) for duty in (0.05, 0.08, 0.1, 0.27, 0.5333, 0.85, 0.96)}
    settled = found[0.5333]
    limit = values["contract"]["settle_codes"]
    figures = []
    for s in ("b", "c"):
        for side, word in (("h", "high"), ("l", "low")):
            off = [
                abs(f[f"{s}_{side}"] - settled[f"{s}_{side}"]) / per_code for f in found.values()
            ]
            figures.append(
                Figure(
                    "Pilot, 5 to 96 %",
                    f"{s.upper()}: {word} plateau's end against the one at 53 %",
                    0.0,
                    max(off),
                    "codes",
                    None,
                    limit,
                    "ours",
                    len(found),
                )
            )
        widths = [f[f"{s}_width"] - duty * 1e-3 for duty, f in found.items()]
        error = values["limits"]["duty_error"] * 1e-3
        figures.append(
            Figure(
                "Pilot, 5 to 96 %",
                f"{s.upper()}: error of the high time",
                min(widths),
                max(widths),
                "s",
                -error,
                error,
                "IEC 61851-1 Table A.2",
                len(found),
            )
        )
    return figures


def adc_figures(values: Values) -> list[Figure]:
    """Noise and the kick of the sample capacitor."""
    per_code = values.reference_v / values["contract"]["adc_codes"]
    noise = Deck("noise", values).run().get("onoise_total", math.nan) / per_code
    kick = Deck("kick", values).run()
    left = abs(kick.get("sampled", math.nan) - kick.get("before", math.nan)) / per_code
    block = "Receiver and ADC"
    return [
        Figure(block, "noise of the receiver, rms", noise, noise, "codes", None, 0.25, "ours"),
        Figure(
            block,
            "left of the sample capacitor's kick at 1.3 MHz",
            left,
            left,
            "codes",
            None,
            0.25,
            "ours",
        ),
    ]


def surge_figures(values: Values) -> list[Figure]:
    """Static discharge and surge into the pilot's terminal, both ways, generator high and low."""
    deck = Deck("surge", values)
    cases = [{"esd_v": sign * 8000.0, "drive": d} for sign in (1.0, -1.0) for d in (0.0, 1.0)]
    cases += [{"surge_v": sign * 1000.0, "drive": d} for sign in (1.0, -1.0) for d in (0.0, 1.0)]
    found = [deck.run(case) for case in cases]
    vref = values.reference_v
    n = len(found)
    block = "Surge: 8 kV contact discharge, 1 kV 1.2/50 µs"

    def ends(low: str, high: str) -> tuple[float, float]:
        return min(f.get(low, math.nan) for f in found), max(f.get(high, math.nan) for f in found)

    opa_a = values["models.generator_op_amp"]["limit_a"]
    low, high = values.source_v
    short_w = max(high, -low) ** 2 / values.source_ohm
    tied_w = (max(high, -low) + values["limits"]["source_v"][1]) ** 2 / values.source_ohm
    return [
        Figure(
            block,
            "input of the receiver's op-amp",
            *ends("tap_min", "tap_max"),
            "V",
            -1.0,
            vref + 1.0,
            "MCP6002: 1 V beyond its supply",
            n,
        ),
        Figure(
            block,
            "input of the ADC",
            *ends("adc_min", "adc_max"),
            "V",
            -0.6,
            vref + 0.6,
            "MCP3008: 0.6 V beyond its supply",
            n,
        ),
        Figure(
            block,
            "pilot's terminal",
            *ends("cp_min", "cp_max"),
            "V",
            -30.0,
            30.0,
            "D301 and R301 dimensioned for it",
            n,
        ),
        Figure(
            block,
            "current of the generator's op-amp",
            *ends("op_a_min", "op_a_max"),
            "A",
            -opa_a,
            opa_a,
            "OPA2991: ±75 mA",
            n,
        ),
        Figure(
            block,
            "suppressor's peak current",
            *ends("tvs_a_min", "tvs_a_max"),
            "A",
            -80.0,
            80.0,
            "SMBJ15CA: 24.6 A for 1 ms; 80 A for 50 µs is ours",
            n,
        ),
        Figure(
            block,
            "current back into the reference",
            *ends("ref_a_max", "ref_a_max"),
            "A",
            None,
            0.0,
            "it may not have to sink",
            n,
        ),
        Figure(
            block,
            "R206 and R207, pilot shorted to earth for ever",
            short_w,
            short_w,
            "W",
            None,
            1.0,
            "1 W resistor",
        ),
        Figure(
            block,
            "R206 and R207, pilot tied to a foreign 12.6 V",
            tied_w,
            tied_w,
            "W",
            None,
            1.0,
            "1 W resistor",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Cut:
    """A wire cut: the codes it leaves and what the software makes of them."""

    what: str
    high: float
    low: float
    reading: str
    closes: bool


CUTS: tuple[tuple[str, dict[str, float], float], ...] = (
    ("none", {}, 1.0),
    ("GPIO 18 to the board", {"cut_gpio": CUT_OHM}, 1.0),
    ("generator to the pilot (R207 open)", {"cut_source": CUT_OHM}, 1.0),
    ("pilot wire to the car", {"cut_cp": CUT_OHM}, 1.0),
    ("protective earth to the car", {"cut_pe": CUT_OHM}, 1.0),
    ("R301 open", {"cut_r301": CUT_OHM}, 1.0),
    ("R302 open", {"cut_r302": CUT_OHM}, 1.0),
    ("R303 open", {"cut_r303": CUT_OHM}, 1.0),
    (
        "reference gone (5 V wire cut)",
        {"alive_vref": 1e-6, "alive_plus": 1e-6, "alive_minus": 1e-6},
        0.0,
    ),
    ("+15 V gone", {"alive_plus": 1e-6}, 1.0),
    ("−15 V gone", {"alive_minus": 1e-6}, 1.0),
)


def cuts(values: Values) -> list[Cut]:
    """One wire cut at a time, car in C, half duty; plus the wires of the SPI, which give code 0."""
    deck = Deck("cuts", values)
    top = values["contract"]["adc_codes"]
    given = values.line_of_contract
    front_end = FrontEnd(given.volts_at_code_0, given.volts_per_code)
    out = []
    for what, params, powered in CUTS:
        found = deck.run(params)
        # without its supply the converter is dumb: R308 pulls MISO low, every bit reads 0
        codes = [
            min(top - 1.0, max(0.0, found[k] / values.reference_v * top)) * powered
            for k in ("h_adc", "l_adc")
        ]
        out.append(_cut(what, Plateaus(*codes), front_end))
    out.append(
        _cut("CS, CLK, MOSI or MISO (pulled to rest: all bits 0)", Plateaus(0.0, 0.0), front_end)
    )
    return out


def _cut(what: str, plateaus: Plateaus, front_end: FrontEnd) -> Cut:
    reading = verdict(plateaus, 0.5, front_end)
    return Cut(what, plateaus.high, plateaus.low, reading.reading, reading.close)


def cut_figures(found: list[Cut]) -> list[Figure]:
    """No cut may leave a reading on which the contactor could close or stay closed."""
    return [
        Figure(
            "Wires cut, car in C, 50 %",
            f"{c.what}: reads {c.high:.0f} / {c.low:.0f}, taken as {c.reading}",
            float(c.closes),
            float(c.closes),
            "",
            None,
            0.0,
            "1 would be fit to close",
        )
        for c in found
        if c.what != "none"
    ]


def power_figures(values: Values) -> list[Figure]:
    """The pilot while the board's supplies come and go: never above 1.5 V, then -12 V."""
    deck = Deck("pilot_power", values)
    cases = [
        {"rails_s": r, "reference_s": v, "late_rails": late}
        for r in (1e-4, 5e-3)
        for v in (1e-4, 5e-3)
        for late in (0.0, 1e-2)
    ]
    found = [deck.run(case) for case in cases]
    top = [f.get("cp_max", math.nan) for f in found]
    rest = [f.get("cp_on", math.nan) for f in found]
    low, high = values["limits"]["source_v"]
    block = "Power up and down"
    return [
        Figure(
            block,
            "pilot's highest level, GPIO 18 at rest",
            min(top),
            max(top),
            "V",
            None,
            1.5,
            "no state but E and F",
            len(found),
        ),
        Figure(
            block,
            "pilot with the supplies up, GPIO 18 at rest",
            min(rest),
            max(rest),
            "V",
            -high,
            -low,
            "state F",
            len(found),
        ),
    ]
