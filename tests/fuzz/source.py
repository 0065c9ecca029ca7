# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices made by bytes: what a fuzzer turns in its input decides what is built from it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

NUMBERS = (
    "0", "-0", "1", "-1", "5", "6", "6.0", "10", "32", "80", "80.5", "230", "1834", "100000",
    "100000.5", "-100000", "1e3", "1e5", "1e308", "1e309", "-1e309", "nan", "NaN", "inf", "-inf",
    "0x10", "1_000", "٣", "1e-400", "9" * 400, "20261122113002", "00000000000000", "+5", "1.", ".5",
)  # fmt: skip


class Source:
    """Reads *data* from the front; zeros where it is at an end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """The number of bytes that are left."""
        return max(0, len(self._data) - self._at)

    def chunk(self, count: int) -> bytes:
        """The next *count* bytes, or as many as there are."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.chunk(self.left)

    def byte(self) -> int:
        """0 to 255."""
        taken = self.chunk(1)
        return taken[0] if taken else 0

    def below(self, end: int) -> int:
        """0 to *end* - 1, at most 65535."""
        return (self.byte() << 8 | self.byte()) % end if end > 256 else self.byte() % end

    def chance(self, of_256: int) -> bool:
        """True for so many of 256 bytes; a source at its end says False."""
        return self.byte() > 255 - of_256

    def choice(self, things: Sequence[T]) -> T:
        """One of *things*."""
        return things[self.below(len(things))]

    def number(self) -> float:
        """Any number there is, the odd ones too."""
        (number,) = struct.unpack("<d", self.chunk(8).ljust(8, b"\0"))
        return float(number)

    def text(self) -> str:
        """Up to 31 characters, or a number that is worth a try."""
        kind = self.byte()
        if kind & 1:
            return self.choice(NUMBERS)
        if kind & 2:
            return repr(self.number())
        return self.chunk(kind >> 3).decode("utf-8", "replace")
