# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every netlist, compares each figure with its limit, and writes it all down.

`python3 -m hw.tools.simulate`, from the repository's root (`make hw` does). Writes
hw/docs/figures.md (the table), hw/results.toml (what tests/hw compares the software with) and the
plots. Exit 1 when a figure fails its limit, 2 when a netlist could not be run.
"""

from __future__ import annotations

import hashlib
import os
import sys
from itertools import pairwise
from pathlib import Path

from hw.tools import plots, sim_contactor, sim_faults, sim_pilot
from hw.tools.figures import Figure, table
from hw.tools.ngspice import SPICE, SpiceError
from hw.tools.values import HW, Values

DOCS = HW / "docs"
RESULTS = HW / "results.toml"
FIGURES = DOCS / "figures.md"


def inputs_sha256(values: Values) -> str:
    """What the results were made from: values.toml and every netlist."""
    digest = hashlib.sha256(values.sha256.encode())
    for path in sorted(SPICE.iterdir()):
        if path.suffix in (".cir", ".inc") and path.name != "values.inc":  # that one is values.toml
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def proximity_figures(values: Values) -> list[Figure]:
    """The codes of the plugs' acceptance ranges, by arithmetic over the tolerance of R501.

    The gap between neighbours is what is left for the converter's errors.
    """
    ranges = proximity_windows(values)
    names = list(ranges)
    adc, top = values["models.adc"], values["contract"]["adc_codes"]

    def error(code: float) -> float:
        return float(
            adc["offset_codes"][-1] + adc["inl_codes"][-1] + adc["gain_codes"][-1] * code / top
        )

    return [
        Figure(
            "Proximity",
            f"codes between {a} and {b}",
            ranges[b][0] - ranges[a][1],
            ranges[b][0] - ranges[a][1],
            "codes",
            2 * error(ranges[b][0]),
            None,
            "twice the converter's errors",
        )
        for a, b in pairwise(names)
    ]


def proximity_windows(values: Values) -> dict[str, tuple[float, float]]:
    """Least and most code of each plug, from the acceptance ranges of EVerest's bring-up guide."""
    out = {}
    tol = values.parts["R501"].tol
    top = values["contract"]["adc_codes"]
    pull = values.ohm("R501")
    for name, least, most in (
        ("shorted", 0.0, 60.0),
        ("63 A", 80.0, 140.0),
        ("32 A", 164.0, 308.0),
        ("20 A", 400.0, 936.0),
        ("13 A", 1100.0, 2460.0),
        ("open", 4500.0, 1e9),
    ):
        out[name] = (
            round(top * least / (least + pull * (1 + tol)), 1),
            round(top * most / (most + pull * (1 - tol)), 1),
        )
    return out


def arithmetic_figures(values: Values) -> list[Figure]:
    """What needs no simulation: source resistance, and the software's line against the parts."""
    tol = max(values.parts[r].tol for r in ("R206", "R207"))
    ohm = values.source_ohm
    ours, parts = values.line_of_contract, values.line_of_parts
    top = values["contract"]["adc_codes"] - 1
    off = max(abs(ours.volts(c) - parts.volts(c)) for c in (0, top)) / parts.volts_per_code
    limits = values["limits"]
    return [
        Figure(
            "By arithmetic",
            "source resistance",
            ohm * (1 - tol),
            ohm * (1 + tol),
            "Ω",
            limits["source_ohm"][0],
            limits["source_ohm"][1],
            "IEC 61851-1, 1 kΩ ±3 %",
        ),
        Figure(
            "By arithmetic",
            "software's line against the divider's, at worst",
            off,
            off,
            "codes",
            None,
            1.0,
            "within one code",
        ),
    ]


def _progress(what: str, done: int, of: int) -> None:
    if done == of or (done % 50 == 0 and sys.stderr.isatty()):
        print(f"hw: {what}: {done} of {of} runs", file=sys.stderr)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _results(
    values: Values,
    runs: list[sim_pilot.Run],
    cuts: list[sim_faults.Cut],
    drops: dict[str, float],
    back_s: float,
    hold_shares: dict[str, list[float]],
) -> str:
    """results.toml: the extremes that the software is tested against."""
    parts = values.line_of_parts
    lines = [
        "# SPDX-License-Identifier: GPL-3.0-or-later",
        "# Made by hw/tools/simulate.py (make hw); do not edit. Codes are those of the ADC.",
        "",
        f'inputs_sha256 = "{inputs_sha256(values)}"',
        f"runs = {len(runs)}",
        "",
        "[line_of_parts]",
        f"volts_at_code_0 = {parts.volts_at_code_0:.4f}",
        f"volts_per_code = {parts.volts_per_code:.6f}",
        "",
        "[dead_man]",
        *(f"{k} = {v}" for k, v in drops.items()),
        f"back_after_blink_s = {back_s}",
        "",
        "# By the duty on ENABLE: the coil's least current, its least and most mean, against full.",
        "[hold_shares]",
        *(f'"{duty}" = {share}' for duty, share in hold_shares.items()),
    ]
    for name, chosen in (("as_built", [r for r in runs if not r.forced]), ("any_source", runs)):
        for state, sides in sim_pilot.extremes(chosen).items():
            lines += ["", f"[{name}.{state}]"] + [
                f"{side} = {ends}" for side, ends in sides.items()
            ]
    for cut in cuts:
        lines += [
            "",
            "[[cuts]]",
            f'what = "{cut.what}"',
            f"high = {cut.high:.1f}",
            f"low = {cut.low:.1f}",
        ]
        lines += [f'reading = "{cut.reading}"']
    lines.append("")
    lines.append("[proximity]")
    lines += [f'"{name}" = {list(ends)}' for name, ends in proximity_windows(values).items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run everything; the exit code is 0 when all is well."""
    os.nice(10)
    values = Values()
    try:
        runs = sim_pilot.monte_carlo(values, _progress)
        cuts = sim_faults.cuts(values)
        dead_man, drops = sim_contactor.dead_man(values, _progress)
        power, back_s = sim_contactor.power(values)
        hold, hold_shares = sim_contactor.hold(values)
        figures = [
            *arithmetic_figures(values),
            *sim_pilot.plateau_figures(values, runs),
            *sim_faults.duty_figures(values),
            *sim_pilot.settling_figures(values, runs),
            *sim_faults.adc_figures(values),
            *sim_pilot.software_figures(values, runs),
            *sim_faults.cut_figures(cuts),
            *sim_faults.surge_figures(values),
            *dead_man,
            *hold,
            *power,
            *sim_faults.power_figures(values),
            *proximity_figures(values),
        ]
        plots.write(values, DOCS)
    except SpiceError as why:
        print(f"hw: {why}", file=sys.stderr)
        return 2
    head = (
        "# Figures\n\nMade by `make hw`; every line is a simulation's worst case and its limit. "
        "Nothing here was measured on hardware.\n\n"
    )
    text = table(figures)
    _write(FIGURES, head + text)
    _write(RESULTS, _results(values, runs, cuts, drops, back_s, hold_shares))
    print(text)
    failed = [f for f in figures if not f.good]
    for figure in failed:
        print(
            f"hw: FAILS: {figure.block}: {figure.name}: {figure.found}, allowed {figure.allowed}",
            file=sys.stderr,
        )
    print(f"hw: {len(figures)} figures, {len(failed)} fail (hw/docs/figures.md)", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
