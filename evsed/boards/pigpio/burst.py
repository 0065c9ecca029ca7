# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts of ADC conversions whose spacing is not locked to the pilot.

The pilot's plateau at 10 % duty is 100 us wide, 63 us of it settled. Conversions that come at a
fixed pace and meet the pilot in step can miss it every time: at one conversion a millisecond 94 %
of all phases see nothing. So the pace is varied in three ways: frames of three, four and five
bytes (each further byte is 6-12 us of SPI clock), a TICK here and there (a request that converts
nothing), and a start shifted by a few TICKs. All that varies is made beforehand, in several
patterns that take turns; a burst is one send and one reading of the answers.
"""

from __future__ import annotations

import struct
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING, Final

from evsed.boards.pigpio.connection import Batch, Command, Connection, Request, tick

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATTERNS: Final = 8
"""Patterns made for each length of burst. They repeat after 8 x 20 ms, and differ in their start,
so that a tick in step with the pilot still meets it elsewhere each time."""

_FRAME_BYTES: Final = (3, 3, 4, 5)
_TICK_EVERY: Final = 8  # on average; each costs pigpiod 15-40 us on a Pi and converts nothing
_START_TICKS: Final = 6
_CODE: Final = 0x3FF  # ten bits; what the ADC sends before them is undefined (DS21295, section 5)


CONVERSION_BYTES: Final = 3
"""The shortest frame of a conversion, in bytes."""


def conversion(spi_handle: int, channel: int, frame_bytes: int = CONVERSION_BYTES) -> Request:
    """One single-ended conversion of *channel* by an MCP3008; the code is in answer bytes 1, 2.

    Bytes beyond the third only keep the clock running.
    """
    frame = bytes((0x01, 0x80 | channel << 4)) + bytes(frame_bytes - 2)
    return Request(Command.SPIX, spi_handle, extension=frame, data=frame_bytes)


class Burst(Batch):
    """One pattern: what to send, and where the codes are in the answer."""

    def __init__(self, asks: Sequence[Request]) -> None:
        super().__init__(asks)
        # 16 bytes of header, one of floating bits, then the code, big end first.
        layout = ">" + "".join(
            f"17xH{ask.data - 3}x" if ask.command is Command.SPIX else "16x" for ask in asks
        )
        self._codes: Final = struct.Struct(layout)

    def codes(self, answer: memoryview) -> list[int]:
        """The codes 0-1023 in their order."""
        return [word & _CODE for word in self._codes.unpack_from(answer)]


def patterns(spi_handle: int, channel: int, count: int) -> list[Burst]:
    """The bursts of *count* conversions of *channel* that take turns."""
    # Seeded: every start of evsed uses the patterns that the tests have looked at.
    rng = Random(count)  # noqa: S311 - nothing secret
    return [_pattern(spi_handle, channel, count, rng) for _ in range(PATTERNS)]


def _pattern(spi_handle: int, channel: int, count: int, rng: Random) -> Burst:
    asks = [tick()] * rng.randrange(_START_TICKS)
    for _ in range(count):
        asks.append(conversion(spi_handle, channel, rng.choice(_FRAME_BYTES)))
        if rng.randrange(_TICK_EVERY) == 0:
            asks.append(tick())
    return Burst(asks)


class Sampler:
    """Bursts of one ADC channel over one connection."""

    def __init__(self, pipe: Connection, spi_handle: int, channel: int) -> None:
        self._pipe: Final = pipe
        self._spi_handle: Final = spi_handle
        self._channel: Final = channel
        self._turns: Final[dict[int, Iterator[Burst]]] = {}

    def prepare(self, count: int) -> Iterator[Burst]:
        """Make the patterns for *count* conversions; they come in turn for ever."""
        turns = self._turns[count] = cycle(patterns(self._spi_handle, self._channel, count))
        return turns

    def burst(self, count: int) -> list[int]:
        """Return *count* codes, oldest first.

        Raises `BoardError` unless each was answered as expected and in time.
        """
        burst = next(self._turns.get(count) or self.prepare(count))
        return burst.codes(self._pipe.exchange(burst))
