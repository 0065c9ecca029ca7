# SPDX-License-Identifier: GPL-3.0-or-later
"""FMEA of the board: every part shorted, opened, stuck, one at a time, by SPICE.

`python3 -m hw.tools.fmea`, from the repository's root (`make hw` does). Writes hw/docs/fmea.md (the
tables) and hw/fmea.toml (what tests/hw holds against the parts list). Exit 1 when a fault is
neither borne nor found, 2 when a netlist could not be run.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hw.tools import fmea_drive, fmea_inputs, fmea_pilot
from hw.tools.faults import NONE
from hw.tools.fmea_by_hand import BY_HAND
from hw.tools.fmea_drive import Drive
from hw.tools.fmea_inputs import Input
from hw.tools.fmea_pilot import Pilot, Seen
from hw.tools.ngspice import Deck, SpiceError
from hw.tools.simulate import inputs_sha256
from hw.tools.values import HW, Values

TABLES = HW / "docs" / "fmea.md"
RESULTS = HW / "fmea.toml"

HEAD = """# Single faults

Made by `make hw`. Each line is one part that failed, with all others well, simulated by ngspice on
the netlists that `make hw` compares with the schematic. Nothing here was measured on hardware.

"""

DRIVE_HEAD = """## Contactor drive

Commanded to close: what the coil does with ENABLE high and a beat every 20 ms. At rest: the most
that flows with no car (ENABLE low, no beats, the heartbeat's pin low or high, the Pi off as 12 V
comes). evsed opens: from ENABLE low (the beats stop 40 to 60 ms later) to a coil without current.
evsed stops: from the last beat, ENABLE still high, with the pin left low / high; then the same on
the slowest board of all tolerances. A relay's own release comes on top. "Never" is a switch that is
lost; the other one opens. What is found through the contacts needs the mirror contact.

| part | fault | commanded to close | at rest | evsed opens | evsed stops | slowest | found by |
|---|---|---|---|---|---|---|---|
"""

PILOT_HEAD = """## Pilot

Volts of the high and the low plateau as the software reads them at 53 %, and its word for them;
**bold** where it is fit to close. Generator: what its own channel reads. While charging: what a
fault does that begins in C; "opens" is within 100 ms, two readings and the contactor's release
together. A proof that fails keeps the contactor open: the generator's channel (where evsed reads
it) and the low plateau at every reading, A before the plug-in and B before C at the plug-in. A
fault that fails none of them does no harm: what is read is right, or nearly.

| part | fault | no car | B | C | generator | from the start | while charging | proofs that fail |
|---|---|---|---|---|---|---|---|---|
"""

INPUTS_HEAD = """## Inputs and outputs

None of them closes a contactor. At rest, by SPICE.

| part | fault | effect | found by |
|---|---|---|---|
"""

HAND_HEAD = """## By reasoning

Parts whose faults are of a kind that a netlist of resistors and transistors does not show.

| part | fault | effect | found by |
|---|---|---|---|
"""


def _ms(seconds: float) -> str:
    if math.isinf(seconds):
        return "never"
    return "" if math.isnan(seconds) else f"{seconds * 1e3:.0f}"


def _pair(pair: tuple[float, float]) -> str:
    low, high = _ms(pair[0]), _ms(pair[1])
    text = low if low == high else f"{low} / {high}"
    return f"{text} ms" if text and text != "never" else text


def _drive_row(drive: Drive, rules: fmea_drive.Rule) -> str:
    acts = fmea_drive.coil(drive)
    rest = max(*drive.idle, 0.0 if math.isnan(drive.dark) else drive.dark)
    times = ["", "", ""]
    if not acts.startswith("off"):
        times = [_pair(p) for p in (drive.opens_s, drive.drops_s, drive.slowest_s)]
    by = fmea_drive.found_by(drive, rules)
    if not math.isnan(drive.back_s) and drive.fault is not NONE and not acts.startswith("off"):
        again = "stays off" if math.isinf(drive.back_s) else f"{drive.back_s:.1f} s later"
        by += f"; 12 V back while commanded: closes {again}".replace("closes stays", "stays")
    cells = [drive.fault.part, drive.fault.mode, acts, f"{rest:.0%}", *times, by]
    return "| " + " | ".join(cells) + " |"


def _seen(seen: Seen) -> str:
    text = f"{seen.high_v:.1f} / {seen.low_v:.1f} {seen.reading}".replace("-", "−")
    return f"**{text}**" if seen.fit else text


def _pilot_row(pilot: Pilot) -> str:
    generator = " / ".join(f"{v:.1f}" for v in pilot.generator_v).replace("-", "−")
    cells = [
        pilot.fault.part,
        pilot.fault.mode.replace("-", "−"),
        *(_seen(s) for s in (pilot.a, pilot.b, pilot.c)),
        generator,
        fmea_pilot.outcome(pilot),
        fmea_pilot.while_charging(pilot),
        ", ".join(fmea_pilot.proofs(pilot)) or "none",
    ]
    return "| " + " | ".join(cells) + " |"


def _input_row(found: Input) -> str:
    return f"| {found.fault.part} | {found.fault.mode} | {found.effect} | {found.found_by} |"


def _toml(
    values: Values, drives: Sequence[Drive], pilots: Sequence[Pilot], inputs: Sequence[Input]
) -> str:
    """fmea.toml: one table a fault."""
    rules = fmea_drive.rule(values)
    lines = [
        "# SPDX-License-Identifier: GPL-3.0-or-later",
        "# Made by hw/tools/fmea.py (make hw); do not edit.",
        "",
        f'inputs_sha256 = "{inputs_sha256(values)}"',
    ]

    def table(name: str, **fields: object) -> None:
        lines.append(f"\n[[{name}]]")
        for key, value in fields.items():
            lines.append(f"{key} = {_value(value)}")

    for d in drives:
        table(
            "drive",
            part=d.fault.part,
            mode=d.fault.mode,
            coil=fmea_drive.coil(d),
            idle=d.idle,
            no_enable=d.no_enable,
            no_beats=d.no_beats,
            opens_s=d.opens_s,
            drops_s=d.drops_s,
            slowest_s=d.slowest_s,
            found_by=fmea_drive.found_by(d, rules),
            wrong=fmea_drive.wrong(d, rules),
        )
    for p in pilots:
        table(
            "pilot",
            part=p.fault.part,
            mode=p.fault.mode,
            empty_plug=p.a.reading,
            empty_plug_fit=p.a.fit,
            outcome=fmea_pilot.outcome(p),
            while_charging=fmea_pilot.while_charging(p),
            proofs=fmea_pilot.proofs(p),
            wrong=fmea_pilot.wrong(p),
        )
    for i in inputs:
        table(
            "input",
            part=i.fault.part,
            mode=i.fault.mode,
            effect=i.effect,
            found_by=i.found_by,
            wrong=i.wrong,
        )
    for part, mode, effect, found_by in BY_HAND:
        table("by_hand", part=part, mode=mode, effect=effect, found_by=found_by)
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "inf" if math.isinf(value) else "nan" if math.isnan(value) else f"{value:.4f}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(v) for v in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _progress(what: str, done: int) -> None:
    if done % 20 == 0:
        print(f"hw: {what}: {done} faults", file=sys.stderr, flush=True)


def main() -> int:
    """Run every fault; the exit code is 0 when each is borne or found."""
    os.nice(5)
    values = Values()
    rules = fmea_drive.rule(values)
    drives, pilots, inputs = [], [], []
    try:
        decks = {name: Deck(name, values) for name in ("fmea_drive", "dead_man", "power")}
        for fault in (NONE, *fmea_drive.all_faults(decks["fmea_drive"])):
            drives.append(fmea_drive.examine(values, fault, decks))
            _progress("contactor drive", len(drives))
        deck = Deck("fmea_pilot", values)
        for fault in (NONE, *fmea_pilot.all_faults(deck)):
            pilots.append(fmea_pilot.examine(values, fault, deck))
            _progress("pilot", len(pilots))
        deck = Deck("fmea_inputs", values)
        well = deck.run()
        for fault in fmea_inputs.all_faults(deck):
            inputs.append(fmea_inputs.examine(values, fault, deck, well))
            _progress("inputs", len(inputs))
    except SpiceError as why:
        print(f"hw: {why}", file=sys.stderr)
        return 2
    text = (
        HEAD
        + DRIVE_HEAD
        + "\n".join(_drive_row(d, rules) for d in drives)
        + "\n\n"
        + PILOT_HEAD
        + "\n".join(_pilot_row(p) for p in pilots)
        + "\n\n"
        + INPUTS_HEAD
        + "\n".join(_input_row(i) for i in inputs)
        + "\n\n"
        + HAND_HEAD
        + "\n".join("| " + " | ".join(row) + " |" for row in BY_HAND)
        + "\n"
    )
    _write(TABLES, text)
    _write(RESULTS, _toml(values, drives, pilots, inputs))
    print(text)
    wrong = [(d.fault.name, fmea_drive.wrong(d, rules)) for d in drives]
    wrong += [(p.fault.name, fmea_pilot.wrong(p)) for p in pilots]
    wrong += [(i.fault.name, i.wrong) for i in inputs]
    bad = [(name, reason) for name, reason in wrong if reason]
    for name, reason in bad:
        print(f"hw: FAILS: {name}: {reason}", file=sys.stderr)
    print(
        f"hw: {len(wrong)} single faults, {len(bad)} not borne (hw/docs/fmea.md)", file=sys.stderr
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
