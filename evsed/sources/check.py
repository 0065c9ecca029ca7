# SPDX-License-Identifier: GPL-3.0-or-later
"""A check of terms without fetching anything: their expressions and their types of registers."""

from __future__ import annotations

from evsed.sources.documents import Expressions
from evsed.sources.presets import Numbers
from evsed.sources.registers import wanted_by
from evsed.sources.terms import HttpTerm, ModbusTerm, MqttTerm


def check_numbers(numbers: Numbers) -> None:
    """Raise `SourceError` for an expression that is none, or a type of register there is not."""
    for term in {term for sums in numbers.values() for each in sums for term in each}:
        match term:
            case HttpTerm(path=path, valid=valid, stamp=stamp, unit_path=unit_path):
                Expressions(term, path, valid=valid, stamp=stamp, unit_path=unit_path)
            case MqttTerm(path=path, stamp=stamp):
                Expressions(term, path, stamp=stamp)
            case ModbusTerm():
                wanted_by(term, 0)
            case _:
                pass  # there are no others
