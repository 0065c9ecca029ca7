# SPDX-License-Identifier: GPL-3.0-or-later
"""An MCP3008 on an SPI bus, bit by bit (Microchip DS21295, figure 6-1).

The chip wakes at the first 1 on its input (the start bit), takes four more bits (single-ended or
difference, and the channel), samples, and then gives a null bit and ten bits of the code, the
highest first. After those it repeats the code with the lowest bit first, then gives zeros. Until
the null bit its output is not driven: what is read there is noise, and a driver must mask it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

CodeAt = Callable[[int, float], int]
"""``(adc_channel, at_s) -> code``: what the chip would convert at a moment, 0-1023."""

CHANNELS = 8
_BITS = 10


class Mcp3008:
    """The chip; calling it is one transfer (see `evsed.sim.pigpiod.spi.SpiDevice`).

    Args:
        code_at: the voltages at its inputs, as codes.
        seed: of the undriven bits; None makes them all 1, as a pulled-up line reads.
        chip_select: the SPI channel it is on; others read as zeros.

    """

    def __init__(self, code_at: CodeAt, *, seed: int | None = 0, chip_select: int = 0) -> None:
        self._code_at = code_at
        self._chip_select = chip_select
        self._noise = None if seed is None else Random(seed).getrandbits

    def __call__(self, channel: int, tx: bytes, at_s: float, _clock_hz: float) -> bytes:
        """Answer one transfer."""
        if channel != self._chip_select:
            return bytes(len(tx))
        bits = 8 * len(tx)
        sent = int.from_bytes(tx, "big")
        # bits still to come after: the start bit, the last bit of the channel, the null bit
        after_start = sent.bit_length() - 1
        after_channel = after_start - 4
        after_null = after_channel - 2  # one clock more to finish the sample
        if after_null < 0:
            driven = 0  # too short for a conversion
            word = 0
        else:
            driven = after_null + 1
            single_ended = sent >> (after_start - 1) & 1
            adc_channel = sent >> after_channel & (CHANNELS - 1)
            code = self._convert(adc_channel, at_s, difference=not single_ended)
            word = _shift(code, after_null)
        undriven = bits - driven
        noise = (1 << undriven) - 1 if self._noise is None else self._noise(undriven or 1)
        return ((noise << driven | word) & ((1 << bits) - 1)).to_bytes(len(tx), "big")

    def _convert(self, adc_channel: int, at_s: float, *, difference: bool) -> int:
        """The code of one input, or of a pair (below 0 reads as 0)."""
        if not difference:
            return self._code_at(adc_channel, at_s)
        return max(0, self._code_at(adc_channel, at_s) - self._code_at(adc_channel ^ 1, at_s))


def _shift(code: int, room: int) -> int:
    """The bits after the null bit: the code, then its lower nine in reverse, as far as they go."""
    if room <= _BITS:
        return code >> (_BITS - room)
    reverse = int(f"{code:010b}"[::-1], 2) & ((1 << (_BITS - 1)) - 1)
    spare = room - (2 * _BITS - 1)
    tail = reverse << spare if spare >= 0 else reverse >> -spare
    return code << (room - _BITS) | tail
