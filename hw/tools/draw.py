# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the schematic and what else is made from values.toml without a tool.

`python3 -m hw.tools.draw SYMBOLS`, from the repository's root (`make hw` does); SYMBOLS is KiCad's
folder of symbol libraries. Writes hw/evsed.kicad_sch (the overview), one hw/*.kicad_sch a block,
the project file and hw/spice/values.inc. Files that would not change are left alone.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from hw.tools import sheets_box, sheets_inputs, sheets_pilot, sheets_power
from hw.tools.kicad import NAMESPACE, TEXT_MM, Library, Node, Sheet, millimetres, quoted
from hw.tools.values import HW, Values

PROJECT = "evsed"
PROJECT_FILE = {
    # footprints are suggestions: there is no layout, and their library is 10 times the rest
    "erc": {"rule_severities": {"footprint_link_issues": "ignore"}},
    "meta": {"filename": f"{PROJECT}.kicad_pro", "version": 3},
}
BLOCKS: tuple[tuple[str, str, Callable[[Sheet], None], str], ...] = (
    (
        "supply",
        "Supply and Pi header",
        sheets_power.supply,
        "12 V for the coil; ±15 V and 3.3 V for the pilot",
    ),
    ("generator", "Pilot generator", sheets_pilot.generator, "GPIO 18 to ±12 V behind 1 kΩ"),
    (
        "receiver",
        "Pilot receiver and converter",
        sheets_pilot.receiver,
        "the pilot, 37 codes a volt",
    ),
    ("contactor", "Contactor drive", sheets_power.contactor, "ENABLE and the charge-pump dead-man"),
    (
        "proximity",
        "Proximity",
        sheets_pilot.proximity,
        "the cable's rating, for a box with a socket",
    ),
    (
        "inputs",
        "Optional inputs",
        sheets_inputs.inputs,
        "feedback, residual current, stop, temperature, current",
    ),
    ("box", "Box", sheets_box.box, "light, button, relay in the pilot's line"),
)


def _id(*what: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join(("root", *what))))


def drawings(values: Values, library: Library) -> dict[str, str]:
    """File name -> text, for the overview and every block."""
    root = Sheet(PROJECT, "root", "evsed: overview", 1, values, library)
    out: dict[str, str] = {}
    for n, (name, title, draw, caption) in enumerate(BLOCKS):
        sheet = Sheet(
            PROJECT, name, title, n + 2, values, library, path=f"/{_id()}/{_id('sheet', name)}"
        )
        draw(sheet)
        out[f"{name}.kicad_sch"] = sheet.text(_id("file", name), [["embedded_fonts", "no"]])
        root.items.append(_box(name, title, n))
        root.note(caption, (22 + 66 * (n % 3), 48 + 44 * (n // 3)), size=1.3)
    root.note(
        "One page a block. Nets with the same label are one net on all pages.\n"
        "Drawn by hw/tools/draw.py from hw/values.toml; change those, not these files.",
        (20, 20),
        size=2.0,
    )
    pages: Node = ["path", quoted("/"), ["page", quoted("1")]]
    out[f"{PROJECT}.kicad_sch"] = root.text(
        _id(), [["sheet_instances", pages], ["embedded_fonts", "no"]]
    )
    return out


def _box(name: str, title: str, n: int) -> Node:
    """The box on the overview that stands for a block."""
    x, y = 20 + 66 * (n % 3), 40 + 44 * (n // 3)
    font: Node = [
        "effects",
        ["font", ["size", f"{TEXT_MM + 0.4:g}", f"{TEXT_MM + 0.4:g}"]],
        ["justify", "left", "bottom"],
    ]
    small: Node = [
        "effects",
        ["font", ["size", f"{TEXT_MM}", f"{TEXT_MM}"]],
        ["justify", "left", "top"],
    ]
    return [
        "sheet",
        ["at", millimetres(x), millimetres(y)],
        ["size", millimetres(56), millimetres(20)],
        ["exclude_from_sim", "no"],
        ["in_bom", "yes"],
        ["on_board", "yes"],
        ["dnp", "no"],
        ["stroke", ["width", "0.15"], ["type", "solid"]],
        ["fill", ["color", "0", "0", "0", "0.0000"]],
        ["uuid", quoted(_id("sheet", name))],
        [
            "property",
            quoted("Sheetname"),
            quoted(title),
            ["at", millimetres(x), millimetres(y - 0.5), "0"],
            font,
        ],
        [
            "property",
            quoted("Sheetfile"),
            quoted(f"{name}.kicad_sch"),
            ["at", millimetres(x), millimetres(y + 20.5), "0"],
            small,
        ],
        [
            "instances",
            [
                "project",
                quoted(PROJECT),
                ["path", quoted(f"/{_id()}"), ["page", quoted(str(n + 2))]],
            ],
        ],
    ]


def main() -> int:
    """Write every file that changed; usage errors give 2."""
    if len(sys.argv) != 2:
        print("usage: python3 -m hw.tools.draw SYMBOLS", file=sys.stderr)
        return 2
    values = Values()
    files = drawings(values, Library(Path(sys.argv[1])))
    files[f"{PROJECT}.kicad_pro"] = json.dumps(PROJECT_FILE, indent=2) + "\n"
    files["spice/values.inc"] = values.spice
    for name, text in files.items():
        path = HW / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"hw: wrote {name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
