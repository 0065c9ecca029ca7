# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded days in the forms that owners have them in, to watts of surplus for each second."""

from evsed.sim.dayfiles.day import RecordedDay
from evsed.sim.dayfiles.options import AmbiguousDay, Choice, ReadOptions
from evsed.sim.dayfiles.reader import open_days, read_day, read_days

__all__ = [
    "AmbiguousDay",
    "Choice",
    "ReadOptions",
    "RecordedDay",
    "open_days",
    "read_day",
    "read_days",
]
