# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to its days: decode, find out what it says, cut at midnight."""

from __future__ import annotations

from pathlib import Path

from evsed.errors import DayError
from evsed.sim.dayfiles.content import read_content
from evsed.sim.dayfiles.cut import Days, cut
from evsed.sim.dayfiles.day import RecordedDay
from evsed.sim.dayfiles.decode import read_text
from evsed.sim.dayfiles.options import ReadOptions


def open_days(path: Path, options: ReadOptions) -> Days:
    """Read a file; its days are made one after the other. Raises DayError.

    AmbiguousDay is raised where the file has several readings.
    """
    text, encoding = read_text(path)
    return cut(read_content(text, path.name, options, encoding), path.name, options)


def read_days(path: Path, options: ReadOptions) -> list[RecordedDay | DayError]:
    """The days of a file, all at once; an error in place of one that cannot be read."""
    return list(open_days(path, options).each)


def read_day(path: Path) -> RecordedDay:
    """The one day of a file that leaves no doubt. Raises DayError."""
    first = read_days(path, ReadOptions())[0]
    if isinstance(first, DayError):
        raise first
    return first
