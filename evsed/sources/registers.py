# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers of a Modbus device: what they say, and how they are read in few requests. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.terms import ModbusTerm

LENGTHS: Final = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "int64": 4,
    "uint64": 4,
    "float32": 2,
}
"""The types there are, and how many registers each has."""

_FORMATS: Final = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "uint64": ">Q",
    "float32": ">f",
}

MOST_AT_ONCE: Final = 80
"""Registers in one request: an Eastron SDM gives 80 (its protocol: 40 parameters), Modbus 125."""

SUNSPEC: Final = (0x5375, 0x6E53)
"""The two registers with which a SunSpec map begins: "SunS"."""

SUNSPEC_BASES: Final = (40000, 50000, 0)
"""First registers of a SunSpec map (SunSpec Device Information Model Specification, 4.2)."""

SUNSPEC_END: Final = 0xFFFF
"""The number of the model after the last."""

_ABSENT: Final = {
    # What a SunSpec device that does not have a point says instead (same specification, 4.3).
    "int16": -(2**15),
    "uint16": 2**16 - 1,
    "int32": -(2**31),
    "uint32": 2**32 - 1,
    "int64": -(2**63),
    "uint64": 2**64 - 1,
}
_LARGEST_EXPONENT: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """`count` registers of one device from `start` on; input registers or holding registers."""

    device_id: int
    input: bool
    start: int
    count: int


def decode(kind: str, registers: Sequence[int], *, little: bool = False) -> float:
    """The number of type *kind* in *registers*; *little* has the low word first."""
    ordered = reversed(registers) if little else registers
    data = b"".join(register.to_bytes(2, "big") for register in ordered)
    return float(struct.unpack(_FORMATS[kind], data)[0])


def blocks(wanted: Iterable[Block]) -> tuple[Block, ...]:
    """Return the fewest requests that read all of *wanted* and no other register."""
    merged: list[Block] = []
    for block in sorted(set(wanted)):
        last = merged[-1] if merged else None
        if (
            last is not None
            and (last.device_id, last.input) == (block.device_id, block.input)
            and block.start <= last.start + last.count
            and block.start + block.count - last.start <= MOST_AT_ONCE
        ):
            count = max(last.count, block.start + block.count - last.start)
            merged[-1] = Block(last.device_id, last.input, last.start, count)
        else:
            merged.append(block)
    return tuple(merged)


def wanted_by(term: ModbusTerm, base: int) -> tuple[Block, ...]:
    """The registers that *term* needs, where its own count from *base*."""
    if term.type not in LENGTHS:
        raise SourceError(
            text(
                'type "{type}" is not one of {lengths}', type=term.type, lengths=", ".join(LENGTHS)
            )
        )
    start = base + term.register
    found = [Block(term.device_id, term.input, start, LENGTHS[term.type])]
    if term.exponent_register:
        found.append(Block(term.device_id, term.input, base + term.exponent_register, 1))
    return tuple(found)


def number_in(term: ModbusTerm, base: int, registers: dict[tuple[int, bool, int], int]) -> float:
    """The number of *term* among *registers*, by device, kind and address; NaN where it is absent.

    Raises `SourceError` for an exponent that is none.
    """

    def taken(offset: int, count: int) -> list[int]:
        start = base + offset
        return [registers[term.device_id, term.input, start + each] for each in range(count)]

    value = decode(term.type, taken(term.register, LENGTHS[term.type]), little=term.little)
    if not math.isfinite(value) or (term.models and value == _ABSENT.get(term.type)):
        return math.nan
    if not term.exponent_register:
        return value
    exponent = int(decode("int16", taken(term.exponent_register, 1)))
    if abs(exponent) > _LARGEST_EXPONENT:
        if exponent == _ABSENT["int16"]:
            return value
        raise SourceError(
            text(
                "register {register} has {exponent} as a power of ten; -10 to 10 is what "
                "SunSpec allows",
                register=base + term.exponent_register,
                exponent=exponent,
            )
        )
    return value * 10.0**exponent
