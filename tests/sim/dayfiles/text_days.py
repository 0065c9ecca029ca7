# SPDX-License-Identifier: GPL-3.0-or-later
"""Days of a text that is at hand, read as the text of a file."""

from __future__ import annotations

from evsed.errors import DayError
from evsed.sim.dayfiles import ReadOptions, RecordedDay
from evsed.sim.dayfiles.content import read_content
from evsed.sim.dayfiles.cut import cut


def days_of(
    text: str, file: str, options: ReadOptions, encoding: str = "utf-8"
) -> list[RecordedDay | DayError]:
    """Return the days of *text*; an error in place of one that cannot be read."""
    return list(cut(read_content(text, file, options, encoding), file, options).each)
