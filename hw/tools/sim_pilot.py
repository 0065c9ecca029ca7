# SPDX-License-Identifier: GPL-3.0-or-later
"""The pilot's figures: plateaus, edges, settling, noise, surge, cut wires.

Every board is drawn twice over: as built (the generator's own level), and with its source forced
to the ends that the standard allows, so that the software is proven against any legal source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from evsed.core.pilot.pilot_meter import FrontEnd
from hw.tools import draws
from hw.tools.bursts import EXPECTED, Plateaus, verdict
from hw.tools.figures import Figure
from hw.tools.ngspice import Deck
from hw.tools.values import Values

RUNS = 500
STATES = tuple(EXPECTED)
LABELS = {
    "a": "A, no car",
    "b": "B",
    "c": "C",
    "d": "D",
    "e": "E, pilot to earth",
    "k": "E, earth behind the diode",
    "bn": "B, diode shorted",
    "cn": "C, diode shorted",
    "dn": "D, diode shorted",
}
PARTS = (
    *("R201", "R202", "R203", "R204", "R205", "R206", "R207"),
    *("R301", "R310", "R302", "R303", "R304"),
    *("C202", "C205", "C301", "C303"),
)
MODELS = ("reference", "generator_op_amp", "rails", "receiver_op_amp", "tvs_pilot", "pi")
DUTIES = (0.1, 0.5333, 0.9)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One board, one car: what was measured, and the codes that the ADC makes of it."""

    found: Mapping[str, float]
    codes: Mapping[str, Plateaus]
    forced: bool


def _codes(
    rng: Random, values: Values, found: Mapping[str, float], vref: float
) -> dict[str, Plateaus]:
    """The codes of every state's plateaus, with the converter's own errors drawn once a board."""
    top = float(values["contract"]["adc_codes"])
    adc = values["models.adc"]
    offset, gain = (
        draws.within(rng, adc[k][0], adc[k][-1]) for k in ("offset_codes", "gain_codes")
    )

    def code(volts: float) -> float:
        ideal = volts / vref * top
        crooked = draws.within(rng, adc["inl_codes"][0], adc["inl_codes"][-1])
        return min(top - 1.0, max(0.0, ideal + offset + gain * ideal / top + crooked))

    return {s: Plateaus(code(found[f"{s}_h_adc"]), code(found[f"{s}_l_adc"])) for s in STATES}


def monte_carlo(values: Values, progress: Progress) -> list[Run]:
    """RUNS boards as built, then RUNS with the source at 11.4 or 12.6 V on either side."""
    deck = Deck("pilot", values)
    rng = Random(1772)
    limits = values["limits"]
    runs = []
    for n in range(2 * RUNS):
        forced = n >= RUNS
        params = draws.parts(rng, values, PARTS) | draws.models(rng, values, *MODELS)
        params["cable"] = draws.within(rng, *limits["cable_f"])
        params["car_farad"] = draws.within(rng, 1e-12, limits["car_f"])
        params["car_diode"] = draws.within(rng, *limits["car_diode_v"])
        params["car_scale"] = draws.within(rng, 1 - limits["car_tol"], 1 + limits["car_tol"])
        if forced:
            params["force_high"] = rng.choice(limits["source_v"])
            params["force_low"] = rng.choice(limits["source_v"])
        found = deck.run(params)
        codes = _codes(rng, values, found, params["reference_value_v"])
        runs.append(Run(found, codes, forced))
        progress("pilot", n + 1, 2 * RUNS)
    return runs


def span(runs: Iterable[Run], key: str) -> tuple[float, float]:
    """Least and most of one measurement; NaN where a run lacks it."""
    found = [r.found.get(key, math.nan) for r in runs]
    if any(math.isnan(x) for x in found):
        return math.nan, math.nan
    return min(found), max(found)


def extremes(runs: Iterable[Run]) -> dict[str, dict[str, list[float]]]:
    """The least and most code of each state's plateaus over *runs*."""
    runs = list(runs)
    return {
        s: {
            side: [
                round(min(getattr(r.codes[s], side) for r in runs), 1),
                round(max(getattr(r.codes[s], side) for r in runs), 1),
            ]
            for side in ("high", "low")
        }
        for s in STATES
    }


def plateau_figures(values: Values, runs: list[Run]) -> list[Figure]:
    """Levels, edges and settling of the boards as built."""
    built = [r for r in runs if not r.forced]
    limits = values["limits"]
    low, high = limits["source_v"]
    figures = []

    def add(
        name: str, key: str, unit: str, least: float | None, most: float | None, why: str
    ) -> None:
        figures.append(
            Figure("Pilot, as built", name, *span(built, key), unit, least, most, why, RUNS)
        )

    table_1 = "SAE J1772 / IEC 61851-1, generator ±5 %"
    add("A: high plateau", "a_h_cp", "V", low, high, table_1)
    for s in ("a", "b", "c", "d"):
        add(f"{s.upper()}: low plateau", f"{s}_l_cp", "V", -high, -low, table_1)
    for s in ("b", "c", "d"):
        least, most = limits[f"state_{s}_v"]
        add(f"{s.upper()}: high plateau", f"{s}_h_cp", "V", least, most, "state window")
    add("E: high plateau", "e_h_cp", "V", None, 1.5, "threshold D/E of the software")
    add(
        "E behind the diode: high plateau",
        "k_h_cp",
        "V",
        None,
        1.5,
        "threshold D/E of the software",
    )
    for s in ("b", "c", "d"):
        add(
            f"{s.upper()} without diode: low plateau",
            f"{s}n_l_cp",
            "V",
            -10.8,
            None,
            "above the software's diode threshold",
        )
    guide = "EVerest's bring-up guide"
    add("generator alone: rise 10-90 %", "gen_rise", "s", None, limits["rise_generator_s"], guide)
    add("generator alone: fall 90-10 %", "gen_fall", "s", None, limits["rise_generator_s"], guide)
    add("A: rise, cable 0.5 to 3.1 nF", "a_rise", "s", None, limits["rise_b_s"], f"{guide} (as B)")
    for s in ("b", "c"):
        add(f"{s.upper()}: rise", f"{s}_rise", "s", None, limits[f"rise_{s}_s"], guide)
        add(f"{s.upper()}: fall", f"{s}_fall", "s", None, limits["fall_s"], guide)
    for s in ("a", "b", "c"):
        least, most = span(built, f"{s}_width")
        error = limits["duty_error"] * 1e-3
        figures.append(
            Figure(
                "Pilot, as built",
                f"{s.upper()}: error of the high time",
                least - 1e-4,
                most - 1e-4,
                "s",
                -error,
                error,
                "IEC 61851-1 Table A.2",
                RUNS,
            )
        )
    return figures


def settling_figures(values: Values, runs: list[Run]) -> list[Figure]:
    """How far from its end value the ADC's input still is, 37 us and `blind_s` after an edge."""
    per_code = values.reference_v / values["contract"]["adc_codes"]
    limit = values["contract"]["settle_codes"]
    blind = values["contract"]["blind_s"]
    figures = []
    for suffix, when, most in (
        ("37", "37 µs", 4 * limit),
        ("blind", f"{blind * 1e6:.0f} µs", limit),
    ):
        for side, word in (("h", "rising"), ("l", "falling")):
            left = [
                abs(r.found[f"{s}_{side}_{suffix}"] - r.found[f"{s}_{side}_adc"]) / per_code
                for r in runs
                for s in STATES
            ]
            why = "software calls nothing settled before" if suffix == "blind" else "ours"
            figures.append(
                Figure(
                    "Receiver and ADC",
                    f"left to settle {when} after a {word} edge",
                    0.0,
                    max(left),
                    "codes",
                    None,
                    most,
                    why,
                    len(runs),
                )
            )
    return figures


def software_figures(values: Values, runs: list[Run]) -> list[Figure]:
    """The verdict of `core.pilot.pilot_meter` on every run, in each state, at three duties."""
    given = values.line_of_contract
    front_end = FrontEnd(given.volts_at_code_0, given.volts_per_code)
    wrong = dict.fromkeys(STATES, 0)
    live = 0
    for n, run in enumerate(runs):
        duty = DUTIES[n % len(DUTIES)]
        for s in STATES:
            reading = verdict(run.codes[s], duty, front_end, bursts=8, seed=n)
            wrong[s] += reading.reading != EXPECTED[s]
            live += reading.close and s not in ("c", "d")
    figures = [
        Figure(
            "Software's reading",
            f"{LABELS[s]}: read as anything but {EXPECTED[s]}",
            wrong[s],
            wrong[s],
            "",
            None,
            0.0,
            "core/pilot/pilot_meter.py",
            len(runs),
        )
        for s in STATES
    ]
    figures.append(
        Figure(
            "Software's reading",
            "fit to close though neither C nor D",
            live,
            live,
            "",
            None,
            0.0,
            "core/pilot/pilot_meter.py",
            len(runs) * len(STATES),
        )
    )
    return figures
