# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces of Linux that evsed uses: files under /sys, devices under /dev, and their ioctls.

A GPIO is requested by the second version of the character device's interface, without a library.
The library for it, gpiod 2, has no wheel for armv7l, and Debian 12 has only version 1.6 of it, with
other calls: one package for both Debians and all Pis cannot use either. Two structures and four
numbers are needed, of an interface that the kernel has promised to keep
(include/uapi/linux/gpio.h); they are the same on 32 and 64 bits.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path
from typing import Final

from evsed.errors import BoardError

GPIO_GET_CHIPINFO: Final = 0x8044B401
GPIO_GET_LINEINFO: Final = 0xC100B405
GPIO_GET_LINE: Final = 0xC250B407
GPIO_LINE_GET_VALUES: Final = 0xC010B40E
GPIO_LINE_SET_VALUES: Final = 0xC010B40F

LINE_INPUT: Final = 1 << 2
LINE_OUTPUT: Final = 1 << 3
LINE_PULL_UP: Final = 1 << 8

CHIP_INFO: Final = struct.Struct("=32s32sI")
"""name, label, number of lines"""
LINE_REQUEST: Final = struct.Struct("=64I32sQI20x240xII20xi")
"""offsets, consumer, flags, attributes (none: an output starts low), lines, buffer, the new file"""
LINE_VALUES: Final = struct.Struct("=QQ")
"""bits, mask"""
LINE_INFO: Final = struct.Struct("=32s32sIIQ160x16x")
"""name, consumer, offset, number of attributes, flags"""

CHIPS: Final = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""The label of the chip with the 40-pin header: Pi Zero to 3, Pi 4, Pi 5."""

_ON_A_PI: Final = "run `evsed check --hardware`, which names what is missing"


class Kernel:
    """Linux, seen from *root*; a simulated one overrides `ioctl` and `write`.

    All raise OSError as the kernel does.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self.root: Final = root

    def open(self, path: str) -> int:
        """A file descriptor of the device at *path*, not passed on to other programs."""
        return os.open(self.root / path, os.O_RDWR | os.O_CLOEXEC)

    def ioctl(self, fd: int, request: int, argument: bytearray) -> int:
        """One ioctl; *argument* is read and written."""
        done: int = fcntl.ioctl(fd, request, argument, True)  # noqa: FBT003 - a standard call
        return done

    def read(self, path: str) -> str:
        """Return the text of the file at *path*, without the newline."""
        return (self.root / path).read_text().strip()

    def write(self, path: str, text: str) -> None:
        """Write *text* into the file at *path*, in one piece."""
        fd = os.open(self.root / path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


class GpioLine:
    """One GPIO, held; no other program can have it meanwhile. `release()` it.

    What a Pi's kernel does with an output that is released, also by the death of who held it,
    differs: mainline makes it an input, so that a pull-down opens what it held closed; Raspberry
    Pi's keeps it driven unless it was started with `strict_gpiod`.
    """

    def __init__(self, kernel: Kernel, gpio: int, flags: int, consumer: str) -> None:
        """Take *gpio*; an output is low. Raises `BoardError` that names what to do."""
        self._kernel = kernel
        self.gpio: Final = gpio
        request = bytearray(LINE_REQUEST.size)
        offsets = (gpio, *(0,) * 63)
        LINE_REQUEST.pack_into(request, 0, *offsets, consumer.encode(), flags, 0, 1, 0, 0)
        chip = open_chip(kernel)
        try:
            kernel.ioctl(chip, GPIO_GET_LINE, request)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise BoardError(
                    f'GPIO {gpio} is held by "{consumer_of(kernel, gpio)}"; evsed drives nothing; '
                    "stop that program, or wire another GPIO and name it in evsed.toml"
                ) from error
            raise BoardError(
                f"the kernel does not give GPIO {gpio} to evsed ({error.strerror}); nothing is "
                f"driven; {_ON_A_PI}"
            ) from error
        finally:
            os.close(chip)
        self._fd = LINE_REQUEST.unpack(request)[-1]

    def set(self, high: bool) -> None:  # noqa: FBT001 - as a light switch
        """Drive it. Raises `BoardError` when the kernel refuses."""
        self._values(GPIO_LINE_SET_VALUES, int(high))

    def get(self) -> bool:
        """Its level, of an output too. Raises `BoardError` when the kernel refuses."""
        return bool(self._values(GPIO_LINE_GET_VALUES, 0) & 1)

    def release(self) -> None:
        """Release it; a second call does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _values(self, request: int, bits: int) -> int:
        values = bytearray(LINE_VALUES.pack(bits, 1))
        try:
            self._kernel.ioctl(self._fd, request, values)
        except OSError as error:
            raise BoardError(
                f"GPIO {self.gpio} does not answer ({error.strerror}); evsed lets go of the wires"
            ) from error
        found: int = LINE_VALUES.unpack(values)[0]
        return found


def open_chip(kernel: Kernel) -> int:
    """A file descriptor of the chip with the 40-pin header, found by its label.

    Its number differs: 0 on most, 4 or 0 on a Pi 5. Raises `BoardError` when there is none.
    """
    refused = ""
    for path in sorted(kernel.root.glob("dev/gpiochip*")):
        name = str(path.relative_to(kernel.root))
        try:
            fd = kernel.open(name)
        except OSError as error:
            refused = f" (/{name}: {error.strerror})"
            continue
        info = bytearray(CHIP_INFO.size)
        try:
            kernel.ioctl(fd, GPIO_GET_CHIPINFO, info)
        except OSError as error:
            refused = f" (/{name}: {error.strerror})"
        else:
            if CHIP_INFO.unpack(info)[1].rstrip(b"\0").decode() in CHIPS:
                return fd
        os.close(fd)
    raise BoardError(
        f"no GPIO chip of a Raspberry Pi can be opened{refused}; nothing is driven; {_ON_A_PI}"
    )


def consumer_of(kernel: Kernel, gpio: int) -> str:
    """Return the name of the program that holds *gpio*; "" where none. Raises `BoardError`."""
    chip = open_chip(kernel)
    try:
        info = bytearray(LINE_INFO.pack(b"", b"", gpio, 0, 0))
        kernel.ioctl(chip, GPIO_GET_LINEINFO, info)
    except OSError as error:
        raise BoardError(f"the kernel says nothing of GPIO {gpio} ({error.strerror})") from error
    finally:
        os.close(chip)
    consumer: bytes = LINE_INFO.unpack(info)[1]
    return consumer.rstrip(b"\0").decode(errors="replace")
