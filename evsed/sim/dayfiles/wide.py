# SPDX-License-Identifier: GPL-3.0-or-later
"""Transposed tables: the times are the header, each row is a quantity.

Home Assistant's energy dashboard downloads such a file: `entity_id,type,unit,<time>,<time>,...`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evsed.sim.dayfiles.numbers import split_unit
from evsed.sim.dayfiles.sheet import Row, Sheet, read_cells
from evsed.sim.dayfiles.stamps import parse_stamp
from evsed.sim.dayfiles.units import parse_unit

_LEAST: Final = 3
_WORDS: Final = {
    "grid_consumption": "grid import",
    "grid_return": "grid export",
    "solar": "solar production",
    "battery_in": "battery charge",
    "battery_out": "battery discharge",
}
"""Home Assistant's types of energy, as other files call them."""


def turned(text: str) -> Sheet | None:
    """The file with rows and columns exchanged; None where its header is not one of times."""
    rows = read_cells(text)
    if not rows:
        return None
    head = rows[0].cells
    first = next((at for at, cell in enumerate(head) if _is_moment(cell)), None)
    if (
        first is None
        or first == 0
        or len(head) - first < _LEAST
        or not all(_is_moment(cell) for cell in head[first:] if cell)
    ):
        return None
    body = [row for row in rows[1:] if any(split_unit(cell) for cell in row.cells[first:])]
    labels = [_label(head[:first], row.cells[:first]) for row in body]
    sheet = Sheet(
        names=["time", *(label for label, _ in labels)],
        units=[None, *(parse_unit(unit) if unit else None for _, unit in labels)],
        rows=[
            Row(
                rows[0].line,
                [moment, *(row.cells[at] if at < len(row.cells) else "" for row in body)],
            )
            for at, moment in enumerate(head)
            if at >= first and moment
        ],
        separator=",",
    )
    sheet.notes.append("the times are the file's header")
    return sheet


def _is_moment(cell: str) -> bool:
    """Return True for a date with a time of day."""
    stamp = parse_stamp(cell)
    return stamp is not None and stamp.parts is not None and stamp.clock_s is not None


def _label(names: Sequence[str], cells: Sequence[str]) -> tuple[str, str]:
    """Name and unit of a row."""
    unit = ""
    words = []
    for name, cell in zip(names, cells, strict=False):
        if "unit" in name.casefold():
            unit = cell
        elif cell:
            words.append(_WORDS.get(cell, cell))
    return " ".join(words), unit
