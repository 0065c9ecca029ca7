# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to columns: what separates the cells, where the header ends, what each column is called."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.numbers import is_missing, split_unit
from evsed.sim.dayfiles.timeline import looks_like_time
from evsed.sim.dayfiles.units import Unit, parse_unit

SEPARATORS: Final = (";", "\t", "|", ",")
"""In order of trust: a comma is as often a decimal sign."""

MOST_ROWS: Final = 1_000_000
MOST_COLUMNS: Final = 400

_NAMES: Final = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas", " ": "blanks"}
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_DRAWN: Final = re.compile(r"[|+:=\s-]*-{3}[|+:=\s-]*")
"""A line under a header, as Markdown and databases draw it."""

_SAMPLE: Final = 300
_HEADS: Final = 3
_BLANKS: Final = re.compile(r"\s{2,}")


@dataclass(slots=True)
class Row:
    """The cells of one line."""

    line: int
    cells: list[str]


@dataclass(slots=True)
class Sheet:
    """Columns with their names, and the units that a row below the names gives them."""

    names: list[str]
    units: list[Unit | None]
    rows: list[Row]
    separator: str
    preamble: list[str] = field(default_factory=list)
    headed: bool = True
    notes: list[str] = field(default_factory=list)

    def column(self, at: int) -> list[str]:
        """The cells of a column, empty where a row is too short."""
        return [row.cells[at] if at < len(row.cells) else "" for row in self.rows]


def read_sheet(text: str, file: str) -> Sheet:
    """Lines of text to a sheet. Raises DayError where there are no rows of figures."""
    body, comments, separator = _lines(text, file)
    rows = _split(body, separator, file)
    if comments and rows and _is_data(rows[0].cells):
        rows = _head_from_comment(comments, separator, rows)
    return _sheet(rows, separator, file)


def read_cells(text: str) -> list[Row]:
    """The first rows as they stand, whether or not there is a header."""
    head = "\n".join(text[:2_000_000].split("\n", _SAMPLE)[:_SAMPLE])
    body, _, separator = _lines(head, "")
    return [Row(at, _cells(line, separator)) for at, line in body[:200]]


def _lines(text: str, file: str) -> tuple[list[tuple[int, str]], list[str], str]:
    """Numbered lines with something on them, the comments among them, and the separator."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbered = [(at, line) for at, line in enumerate(lines, 1) if line.strip()]
    if len(numbered) > MOST_ROWS:
        raise DayError(f"{file} has more than a million rows; nothing was replayed. Split it.")
    forced = None
    if numbered and (found := _SEP_LINE.fullmatch(numbered[0][1].strip("\n"))) is not None:
        forced = found[1]
        numbered = numbered[1:]
    comments = [line for _, line in numbered if line.lstrip().startswith("#")]
    body = [(at, line) for at, line in numbered if not line.lstrip().startswith("#")]
    separator = forced if forced in (*SEPARATORS, " ") else _separator(body)
    return body, comments, separator


def _head_from_comment(comments: Sequence[str], separator: str, rows: list[Row]) -> list[Row]:
    """A header that is commented out, as numpy and gnuplot write it."""
    cells = _cells(comments[-1].lstrip("# "), separator)
    if len(cells) == len(rows[0].cells) and not any(looks_like_time(cell) for cell in cells):
        return [Row(0, cells), *rows]
    return rows


def _separator(lines: Sequence[tuple[int, str]]) -> str:
    """The separator by which most lines have equally many cells, and more than one."""
    sample = [line for _, line in lines[:_SAMPLE]]
    best, most = " ", 0.0
    for separator in SEPARATORS:
        counts = Counter(len(_cells(line, separator)) for line in sample)
        counts.pop(1, None)
        if not counts:
            continue
        share = max(counts.values()) / len(sample)
        if share > most + 0.2:
            best, most = separator, share
    return best if most >= 0.5 else ("," if any("," in line for line in sample) else " ")


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    if separator == " ":
        pieces = _BLANKS.split(line.strip())
        pieces = pieces if len(pieces) > 1 else line.split()
        dated = len(pieces) > 2 and ":" not in pieces[0] and ":" in pieces[1]
        moment = " ".join(pieces[:2])
        return [moment, *pieces[2:]] if dated and looks_like_time(moment) else pieces
    if separator == "|":
        line = line.strip().strip("|")
    if '"' not in line:
        return [cell.strip().strip("'") for cell in line.split(separator)]
    try:
        row = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    except (csv.Error, StopIteration):
        return [cell.strip().strip('"') for cell in line.split(separator)]
    return [cell.strip().strip('"').strip() for cell in row]


def _split(lines: Sequence[tuple[int, str]], separator: str, file: str) -> list[Row]:
    """All lines as rows. Raises DayError where there are too many columns."""
    rows = [Row(at, _cells(line, separator)) for at, line in lines if not _DRAWN.fullmatch(line)]
    if any(len(row.cells) > MOST_COLUMNS for row in rows[:_SAMPLE]):
        raise DayError(
            f"{file} has more than {MOST_COLUMNS} columns; nothing was replayed. Keep those of "
            "time "
            "and power."
        )
    return rows


def _is_data(cells: Sequence[str]) -> bool:
    """Return True for a row of figures, False for one of names."""
    filled = [cell for cell in cells if not is_missing(cell)]
    if not filled:
        return False
    times = sum(1 for cell in filled if looks_like_time(cell))
    numbers = sum(
        1 for cell in filled if not looks_like_time(cell) and split_unit(cell) is not None
    )
    if times and len(cells) > 1:
        return times + numbers >= min(2, len(filled))
    return numbers == len(filled) >= 2


def _sheet(rows: list[Row], separator: str, file: str) -> Sheet:
    """Names, units and rows. Raises DayError."""
    first = next((at for at, row in enumerate(rows) if _is_data(row.cells)), None)
    if first is None:
        raise DayError(
            f"{file} has no rows of a time and figures (read as cells between "
            f"{_NAMES.get(separator, separator)}); "
            "nothing was replayed. A day needs two at least, under a header such as time,surplus_w."
        )
    heads, preamble = _heads(rows[:first])
    body = rows[first:]
    width = max([len(head.cells) for head in heads], default=_mode(body))
    _join_decimals(body, width if heads else 0)
    if not heads:
        width = _mode(body)
    names, units = _names(heads, width)
    sheet = Sheet(names, units, body, separator, preamble, headed=bool(heads))
    head_cells = [head.cells for head in heads]
    sheet.rows = [row for row in body if row.cells not in head_cells and any(row.cells)]
    return sheet


def _mode(rows: Sequence[Row]) -> int:
    """The number of cells that most rows have."""
    return Counter(len(row.cells) for row in rows[:_SAMPLE]).most_common(1)[0][0]


def _heads(before: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """Rows with the names, and the lines above them."""
    heads: list[Row] = []
    for row in reversed(before):
        filled = sum(1 for cell in row.cells if cell)
        if filled == 0:
            continue
        if heads and (len(heads) == _HEADS or filled < 2 or len(row.cells) < 2):
            break
        if (
            heads
            and sum(1 for cell in row.cells if is_missing(cell) or split_unit(cell)) > filled / 2
        ):
            break
        heads.insert(0, row)
        if (
            filled >= 2
            and len(row.cells) >= 2
            and not _is_unit_row(row.cells)
            and _complete(heads[0].cells)
        ):
            break
    used = {id(head) for head in heads}
    return heads, [" ".join(row.cells).strip() for row in before if id(row) not in used]


def _complete(cells: Sequence[str]) -> bool:
    """Return True for a row that names every column but perhaps the first."""
    return all(cells[1:])


def _is_unit_row(cells: Sequence[str]) -> bool:
    """Return True for a row of units; the cell of the time has a form or a zone instead."""
    filled = [cell for cell in cells[1:] if cell]
    return bool(filled) and sum(1 for cell in filled if parse_unit(cell)) > len(filled) / 2


def _names(heads: Sequence[Row], width: int) -> tuple[list[str], list[Unit | None]]:
    """Names of the columns from one to three rows, and their units from a row of units."""
    units: list[Unit | None] = [None] * width
    pieces: list[list[str]] = [[] for _ in range(width)]
    several = len(heads) > 1
    for head in heads:
        unit_row = several and _is_unit_row(head.cells)
        for at, cell in enumerate(head.cells[:width]):
            if unit_row and (at == 0 or parse_unit(cell) is not None or not cell):
                units[at] = parse_unit(cell)
                if at == 0 and cell:
                    pieces[at].append(cell)
            elif cell and cell not in pieces[at]:
                pieces[at].append(cell)
    return [" ".join(piece) for piece in pieces], units


def _join_decimals(rows: Sequence[Row], width: int) -> None:
    """Join numbers that were split at a decimal comma.

    With two columns any further cell belongs to the number; with more, each value has to be split.
    """
    if width < 2 or not rows:
        return
    for row in rows:
        while len(row.cells) > width and row.cells[-1] == "":
            row.cells.pop()
    long = [row for row in rows if len(row.cells) > width]
    if not long:
        return
    if width == 2:
        for row in long:
            if all(cell.isdigit() for cell in row.cells[2:]):
                row.cells[1:] = [",".join(row.cells[1:])]
    elif all(len(row.cells) == 2 * width - 1 for row in rows):
        for row in long:
            if all(cell.isdigit() for cell in row.cells[2::2]):
                pairs = zip(row.cells[1::2], row.cells[2::2], strict=True)
                row.cells[1:] = [f"{whole},{rest}" for whole, rest in pairs]
