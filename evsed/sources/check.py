# SPDX-License-Identifier: GPL-3.0-or-later
"""A check of terms without fetching anything: addresses, expressions, types of registers."""

from __future__ import annotations

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.addresses import ADDRESSES, is_address
from evsed.sources.documents import Expressions
from evsed.sources.presets import Numbers
from evsed.sources.registers import wanted_by
from evsed.sources.terms import HttpTerm, ModbusTerm, MqttTerm, Term


def check_numbers(numbers: Numbers) -> None:
    """Raise `SourceError` for an address, an expression or a type of register that is none."""
    for term in {term for sums in numbers.values() for each in sums for term in each}:
        kind, url = _origin(term)
        if not is_address(kind, url):
            raise SourceError(text('"{url}" is not {wanted}', url=url, wanted=ADDRESSES[kind][1]))
        match term:
            case HttpTerm(path=path, valid=valid, stamp=stamp, unit_path=unit_path):
                Expressions(term, path, valid=valid, stamp=stamp, unit_path=unit_path)
            case MqttTerm(path=path, stamp=stamp):
                Expressions(term, path, stamp=stamp)
            case ModbusTerm():
                wanted_by(term, 0)
            case _:
                pass  # there are no others


def _origin(term: Term) -> tuple[str, str]:
    """The kind of *term* and its address."""
    if isinstance(term, MqttTerm):
        return "mqtt", term.broker.url
    if isinstance(term, ModbusTerm):
        return "modbus", term.url
    return "http", term.url if isinstance(term, HttpTerm) else ""
