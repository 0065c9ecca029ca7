# SPDX-License-Identifier: GPL-3.0-or-later
"""SPI as the simulated daemon gives it: handles that leak, and transfers that take their time.

A transfer starts when its request is taken up and the bus is free, clocks 8 bits a byte at the
rate that pigpiod really gets, and costs some microseconds around that. Nothing sleeps here: the
moments are arithmetic, and whoever asked holds the answer back until its moment has come.

pigpiod divides a clock that it takes for 250 MHz by an even whole number (pigpio.md section 5,
"baud trap"); on a Pi whose core clock is another, the rate is another than was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from evsed.sim.gpio_lines import ALT0, GpioLines
from evsed.sim.pigpiod.protocol import HANDLES, U32, Cmd, CommandReply, Err, Handler

SpiDevice = Callable[[int, bytes, float, float], bytes]
"""A device behind a chip select: ``(channel, tx, at_s, clock_hz) -> rx``, as long as ``tx``.

``at_s`` is 12.75 clocks after the chip select fell: the moment at which an MCP3008, asked in the
three-byte frame, holds its sample (data sheet DS21295, pigpio.md section 5).
"""

SAMPLE_CLOCKS = 12.75
ASSUMED_CORE_HZ = 250_000_000

_AUX = 1 << 8
_FLAGS_LIMIT = 1 << 22
_BAUDS = range(32_000, 125_000_001)
_MAIN_PINS = (8, 7, 9, 10, 11)  # CE0, CE1, MISO, MOSI, SCLK
_AUX_PINS = (18, 17, 16, 19, 20, 21)  # CE0, CE1, CE2, MISO, MOSI, SCLK
_LONGEST = 65_535


class SpiHandle(NamedTuple):
    """An open handle."""

    channel: int
    clock_hz: float
    aux: bool


class SpiBus:
    """The SPI commands.

    Args:
        wires: the pins, for their functions.
        device: what answers; without one MISO stays low.
        core_hz: the core clock that SPI is really divided from.
        overhead_s: the least and the most that a transfer takes beside its clocks.
        seed: of the jitter between the two.

    """

    def __init__(
        self,
        wires: GpioLines,
        device: SpiDevice | None,
        *,
        core_hz: float,
        overhead_s: tuple[float, float],
        seed: int,
    ) -> None:
        self.handles: list[SpiHandle | None] = [None] * HANDLES
        self.stuck: Callable[[bytes], bytes] | None = None
        self._wires = wires
        self._device = device
        self._core_hz = core_hz
        self._overhead_s = overhead_s[0]
        self._jitter_s = overhead_s[1] - overhead_s[0]
        self._random = Random(seed).random
        self._free_at = [0.0, 0.0]  # main, auxiliary
        self._saved_modes: dict[bool, dict[int, int]] = {}

    def handlers(self) -> dict[int, Handler]:
        """The commands answered here; `transfer` serves SPIX without detour."""
        return {
            Cmd.SPIO: self._open,
            Cmd.SPIC: self._close,
            Cmd.SPIR: self._read,
            Cmd.SPIW: self._write,
        }

    def open(self, channel: int, baud: int, flags: int, at_s: float) -> int:
        """Open a handle as SPIO does: its number, or an error."""
        aux = bool(flags & _AUX)
        if channel > (2 if aux else 1):
            return Err.BAD_SPI_CHANNEL
        if baud not in _BAUDS:
            return Err.BAD_SPI_SPEED
        if flags >= _FLAGS_LIMIT:
            return Err.BAD_FLAGS
        if None not in self.handles:
            return Err.NO_HANDLE
        number = self.handles.index(None)
        if aux not in self._saved_modes:
            self._take_pins(flags, at_s, aux=aux)
        divider = max(2, ASSUMED_CORE_HZ // baud & ~1)
        self.handles[number] = SpiHandle(channel, self._core_hz / divider, aux)
        return number

    def transfer(self, number: int, tx: bytes, at_s: float) -> tuple[bytes | None, float]:
        """Clock ``tx`` out from ``at_s`` on.

        Returns what came in (None: no such handle) and the moment at which the caller is free.
        """
        handle = self.handles[number] if number < HANDLES else None
        if handle is None:
            return None, at_s
        if not tx:
            return b"", at_s
        channel, clock_hz, aux = handle
        free_at = self._free_at
        overhead_s = self._overhead_s + self._jitter_s * self._random()
        start_s = max(at_s, free_at[aux]) + 0.5 * overhead_s
        end_s = start_s + 8 * len(tx) / clock_hz
        free_at[aux] = end_s
        if self.stuck is not None:
            rx = self.stuck(tx)
        elif self._device is None:
            rx = bytes(len(tx))
        else:
            rx = self._device(channel, tx, start_s + SAMPLE_CLOCKS / clock_hz, clock_hz)
        return rx, end_s + 0.5 * overhead_s

    def _take_pins(self, flags: int, at_s: float, *, aux: bool) -> None:
        pins = _AUX_PINS if aux else _MAIN_PINS
        selects = 3 if aux else 2
        self._saved_modes[aux] = {gpio: self._wires.mode(gpio) for gpio in pins}
        for place, gpio in enumerate(pins):
            if not (place < selects and flags >> (5 + place) & 1):
                # the auxiliary SPI is ALT4, which pigpio numbers 3
                self._wires.set_mode(gpio, 3 if aux else ALT0, at_s)

    def _open(self, channel: int, baud: int, ext: bytes, at_s: float) -> int:
        return self.open(channel, baud, U32.unpack_from(ext)[0], at_s)

    def _close(self, number: int, _p2: int, _ext: bytes, at_s: float) -> int:
        handle = self.handles[number] if number < HANDLES else None
        if handle is None:
            return Err.BAD_HANDLE
        self.handles[number] = None
        if not any(other is not None and other.aux == handle.aux for other in self.handles):
            for gpio, mode in self._saved_modes.pop(handle.aux).items():
                self._wires.set_mode(gpio, mode, at_s)
        return 0

    def _read(self, number: int, count: int, _ext: bytes, at_s: float) -> CommandReply:
        count = min(count, _LONGEST)
        rx, free_at = self.transfer(number, bytes(count), at_s)
        if rx is None:
            return CommandReply(Err.BAD_HANDLE, p2=count)
        return CommandReply(len(rx), rx, free_at - at_s, count)

    def _write(self, number: int, _p2: int, tx: bytes, at_s: float) -> CommandReply:
        rx, free_at = self.transfer(number, tx, at_s)
        return CommandReply(Err.BAD_HANDLE if rx is None else len(rx), took_s=free_at - at_s)
