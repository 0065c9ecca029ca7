# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts of conversions of an MCP3008 on /dev/spidev: as many as may be in one ioctl.

The converter needs its select released between conversions, so each is a transfer of its own with
`cs_change`. Linux limits an ioctl to `spidev.bufsiz` bytes (4096 unless raised), and counts each
transfer with what a DMA buffer is aligned to, which is 128 bytes on arm64: 32 conversions.

The waits after the conversions differ from one to the next, so that no pace locks to the pilot's
1 kHz and never meets its short plateau.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import struct
from itertools import cycle
from typing import TYPE_CHECKING, Final

from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evsed.boards.kernel.sysfs import Kernel

SPI_MODE: Final = 0x40016B01
TRANSFER: Final = struct.Struct("=QQIIHBBBBBx")
"""tx_buf, rx_buf, len, speed_hz, delay_usecs, bits_per_word, cs_change, tx, rx nbits, word delay
(include/uapi/linux/spi/spidev.h)."""

BUFSIZ_PATH: Final = "sys/module/spidev/parameters/bufsiz"
BUFSIZ: Final = 4096
COUNTED_AS: Final = 128  # bytes of bufsiz for each short transfer; ARCH_DMA_MINALIGN of arm64
_MOST: Final = 511  # what the size field of an ioctl's number can say, in transfers of 32 bytes

_FRAME: Final = 3  # bytes of a conversion: start bit, channel, ten bits (DS21295, figure 6-1)
_WAIT_US: Final = (1, 14)
"""Waits between conversions. With a conversion of 24 us at 1 MHz and the 10 us for which Linux
releases the select, they are 35-50 us apart, and a little more on slow machines."""
_RHYTHMS: Final = 7  # prime, so that the bursts of a second all differ


def message(transfers: int) -> int:
    """The number of the ioctl with so many *transfers*: SPI_IOC_MESSAGE(n)."""
    return 0x40006B00 | (TRANSFER.size * transfers) << 16


class SpiBurst:
    """*count* conversions of one channel, ready to be sent again and again.

    The kernel is given addresses, so the memory behind them is kept here.
    """

    def __init__(self, channel: int, spi_hz: int, count: int, rng: random.Random) -> None:
        self.transfers: Final = bytearray(TRANSFER.size * count)
        self._sent: Final = ctypes.create_string_buffer(bytes((1, 0x80 | channel << 4, 0)), _FRAME)
        self._got: Final = ctypes.create_string_buffer(_FRAME * count)
        for number in range(count):
            at = TRANSFER.size * number
            got = ctypes.addressof(self._got) + _FRAME * number
            wait_us = rng.randint(*_WAIT_US)
            again = number < count - 1
            sent = ctypes.addressof(self._sent)
            TRANSFER.pack_into(
                self.transfers, at, sent, got, _FRAME, spi_hz, wait_us, 8, again, 0, 0, 0
            )

    def codes(self) -> list[int]:
        """Return the codes; the bits before each are not driven, so they may read as 0 or 1."""
        got = self._got.raw
        return [(middle & 3) << 8 | low for middle, low in zip(got[1::3], got[2::3], strict=True)]


class Adc:
    """The converter on /dev/spidev0.*spi_channel*, conversions at *spi_hz*. `close()` it."""

    def __init__(self, kernel: Kernel, spi_channel: int, spi_hz: int) -> None:
        """Open it. Raises `BoardError`."""
        self._kernel: Final = kernel
        self._hz: Final = spi_hz
        self._rng: Final = random.Random(1)  # noqa: S311 - a rhythm, not a secret
        self._turns: Final[dict[tuple[int, int], Iterator[list[SpiBurst]]]] = {}
        self._path: Final = f"dev/spidev0.{spi_channel}"
        try:
            self._fd = kernel.open(self._path)
            kernel.ioctl(self._fd, SPI_MODE, bytearray(1))  # mode 0
        except OSError as error:
            raise BoardError(
                f"/{self._path} cannot be opened ({error.strerror}); nothing is driven; switch SPI "
                "on (sudo raspi-config nonint do_spi 0) and run `evsed check --hardware`"
            ) from error
        self.most: Final = _most(kernel)

    def convert(self, adc_channel: int, count: int) -> list[int]:
        """*count* codes 0-1023 of *adc_channel*, oldest first. Raises `BoardError`."""
        codes: list[int] = []
        for burst in next(
            self._turns.get((adc_channel, count)) or self.prepare(adc_channel, count)
        ):
            transfers = burst.transfers
            try:
                self._kernel.ioctl(self._fd, message(len(transfers) // TRANSFER.size), transfers)
            except OSError as error:
                raise BoardError(
                    f"/{self._path} does not convert ({error.strerror}); evsed lets go of the "
                    f"wires; {_remedy(error)}"
                ) from error
            codes += burst.codes()
        return codes

    def prepare(self, adc_channel: int, count: int) -> Iterator[list[SpiBurst]]:
        """Make the bursts for *count* conversions; they come in turn for ever."""
        whole, rest = divmod(count, self.most)
        parts = [self.most] * whole + [rest] * (rest > 0)
        turns = self._turns[adc_channel, count] = cycle(
            [
                [SpiBurst(adc_channel, self._hz, part, self._rng) for part in parts]
                for _ in range(_RHYTHMS)
            ]
        )
        return turns

    def close(self) -> None:
        """Close it; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _most(kernel: Kernel) -> int:
    """Return the largest number of conversions that one ioctl may have here."""
    try:
        bufsiz = int(kernel.read(BUFSIZ_PATH))
    except (OSError, ValueError):
        bufsiz = BUFSIZ
    return max(1, min(bufsiz // COUNTED_AS, _MOST))


def _remedy(error: OSError) -> str:
    if error.errno == errno.EMSGSIZE:
        return 'add "spidev.bufsiz=65536" to /boot/firmware/cmdline.txt and reboot'
    return "look at the kernel's log: journalctl -k | grep spi"
