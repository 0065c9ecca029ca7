# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux as the kernel board meets it, on a folder: a /sys and /dev of files, and their ioctls.

Everything that must outlive a process, or be seen by two, is in files; a GPIO that is held is a
file that is locked, so that the death of its holder frees it, as the real kernel does. What is at
the other end of the pins is `evsed.sim`'s: the pilot's circuit and the MCP3008.

`python -m tests.boards.kernel.fake_kernel ROOT ...` is the dead-man's process on such a kernel.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from evsed.boards.kernel.deadman import main
from evsed.boards.kernel.spi import SPI_MODE, TRANSFER, message
from evsed.boards.kernel.sysfs import (
    CHIP_INFO,
    GPIO_GET_CHIPINFO,
    GPIO_GET_LINE,
    GPIO_GET_LINEINFO,
    GPIO_LINE_GET_VALUES,
    GPIO_LINE_SET_VALUES,
    LINE_INFO,
    LINE_OUTPUT,
    LINE_PULL_UP,
    LINE_REQUEST,
    LINE_VALUES,
    Kernel,
)
from evsed.sim.circuit import Circuit, Load
from evsed.sim.mcp3008 import Mcp3008

PI_4 = ("soc/fe20c000.pwm", "pinctrl-bcm2711")
PI_3 = ("soc/3f20c000.pwm", "pinctrl-bcm2835")
PI_ZERO = ("soc/20200000.pwm/2020c000.pwm", "pinctrl-bcm2835")
PI_5 = ("axi/1000120000.pcie/1f00098000.pwm", "pinctrl-rp1")
CS_GAP_S = 10e-6  # for which spidev releases the select between transfers


def _fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class FakeKernel(Kernel):
    """A Linux on a folder; `boot()` makes the folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.circuit = Circuit()
        self.conversions: list[float] = []
        self.ioctls: list[int] = []
        self.refused_s = 0.0  # for so long udev has not given a new PWM channel to its group
        self.clock: Callable[[], float] = time.monotonic  # of the pilot and its conversions
        self.code_at: Callable[[int, float], int] = self._code  # at the converter's channels
        self._adc = Mcp3008(self._convert)
        self._exported_at = 0.0

    # --- made -----------------------------------------------------------------------------------

    def boot(self, model: tuple[str, str] = PI_4, chip: str = "pwmchip0") -> FakeKernel:
        """The files of a Pi with SPI, PWM and GPIO."""
        block, label = model
        for name in ("dev", "sys/class/pwm", "sys/module/spidev/parameters", "lines", "outside"):
            (self.root / name).mkdir(parents=True)
        for name in ("dev/spidev0.0", "dev/spidev0.1"):
            (self.root / name).touch()
        # The expander with the LEDs comes first on some kernels.
        (self.root / "dev/gpiochip0").write_text("raspberrypi-exp-gpio")
        (self.root / "dev/gpiochip4").write_text(label)
        self.set_bufsiz(4096)
        # The analogue audio of a Pi 4 has a block of its own, which reaches no pin of the header.
        self._add_pwm("soc/fe20c800.pwm", "pwmchip9")
        self._add_pwm(block, chip)
        return self

    def set_bufsiz(self, size: int) -> None:
        """As spidev.bufsiz on the kernel's command line."""
        (self.root / "sys/module/spidev/parameters/bufsiz").write_text(f"{size}\n")

    def _add_pwm(self, block: str, chip: str) -> None:
        device = self.root / "sys/devices/platform" / block
        folder = device / "pwm" / chip
        folder.mkdir(parents=True)
        (folder / "device").symlink_to(device)
        for name in ("export", "unexport"):
            (folder / name).touch()
        (self.root / "sys/class/pwm" / chip).symlink_to(folder)

    # --- looked at from outside -----------------------------------------------------------------

    def held(self, gpio: int) -> bool:
        """True while some process holds *gpio*."""
        fd = os.open(self._line(gpio), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def level(self, gpio: int, *, persists: bool = False) -> bool:
        """The level of *gpio*; *persists*: the kernel keeps a released output driven."""
        flags, level = self._state(gpio)
        if self._shorted(gpio):
            return True
        if flags & LINE_OUTPUT and (persists or self.held(gpio)):
            return bool(level)
        return self._outside(gpio, flags)

    def drive_input(self, gpio: int, *, high: bool) -> None:
        """Put a level on an input from outside."""
        (self.root / "outside" / str(gpio)).write_text(str(int(high)))

    def short_high(self, gpio: int) -> None:
        """Tie *gpio* to 3.3 V, by a solder bridge: no output moves it."""
        (self.root / "outside" / f"{gpio}.shorted").touch()

    def history(self, gpio: int) -> list[tuple[float, int]]:
        """Every level that was set on an output, with its moment."""
        path = self._line(gpio).with_suffix(".log")
        lines = path.read_text().splitlines() if path.exists() else []
        return [(float(at), int(level)) for at, level in (line.split() for line in lines)]

    def duty(self) -> float:
        """The duty of the first running PWM channel."""
        for folder in sorted((self.root / "sys/class/pwm").glob("*/pwm[0-9]")):
            if _number(folder / "enable"):
                return _number(folder / "duty_cycle") / _number(folder / "period")
        return 0.0

    def pwm(self, chip: str = "pwmchip0", channel: int = 0) -> Path:
        """The folder of an exported channel."""
        return self.root / "sys/class/pwm" / chip / f"pwm{channel}"

    # --- what the board asks --------------------------------------------------------------------

    def ioctl(self, fd: int, request: int, argument: bytearray) -> int:
        """As the drivers of GPIO and spidev answer."""
        path = Path(f"/proc/self/fd/{fd}").readlink()
        if path.parent.name == "lines":
            self._values(fd, int(path.name), request, argument)
        elif path.name.startswith("gpiochip"):
            self._chip(path.read_text(), request, argument)
        elif request != SPI_MODE:
            self._transfers(request, argument)
        return 0

    def write(self, path: str, text: str) -> None:
        """As the PWM's sysfs takes it."""
        folder, _, name = path.rpartition("/")
        where = self.root / folder
        if name == "export":
            self._export(where / f"pwm{int(text)}")
            return
        if not where.is_dir():
            raise _fail(errno.ENOENT)
        if time.monotonic() < self._exported_at + self.refused_s:
            raise _fail(errno.EACCES)
        period = _number(where / "period")
        refused = {
            "duty_cycle": not period or int(text or 0) > period if name == "duty_cycle" else False,
            "period": name == "period" and int(text) < _number(where / "duty_cycle"),
            "enable": name == "enable" and text == "1" and not period,
        }
        if refused.get(name, False):
            raise _fail(errno.EINVAL)
        if name == "polarity" and _number(where / "enable"):
            raise _fail(errno.EBUSY)
        super().write(path, f"{text}\n")

    def _export(self, folder: Path) -> None:
        if folder.exists():
            raise _fail(errno.EBUSY)
        folder.mkdir()
        for name, text in {"period": "0", "duty_cycle": "0", "enable": "0"}.items():
            (folder / name).write_text(f"{text}\n")
        (folder / "polarity").write_text("normal\n")
        self._exported_at = time.monotonic()

    # --- GPIO -----------------------------------------------------------------------------------

    def _line(self, gpio: int) -> Path:
        return self.root / "lines" / str(gpio)

    def _state(self, gpio: int) -> tuple[int, int]:
        try:
            flags, level = self._line(gpio).read_text().split()
        except (FileNotFoundError, ValueError):
            return 0, 0
        return int(flags), int(level)

    def _outside(self, gpio: int, flags: int) -> bool:
        driven = self.root / "outside" / str(gpio)
        return driven.read_text() == "1" if driven.exists() else bool(flags & LINE_PULL_UP)

    def _shorted(self, gpio: int) -> bool:
        return (self.root / "outside" / f"{gpio}.shorted").exists()

    def _chip(self, label: str, request: int, argument: bytearray) -> None:
        if request == GPIO_GET_CHIPINFO:
            CHIP_INFO.pack_into(argument, 0, b"gpiochip", label.encode(), 54)
        elif request == GPIO_GET_LINEINFO:
            gpio = LINE_INFO.unpack(argument)[2]
            name = self._line(gpio).with_suffix(".consumer")
            consumer = name.read_bytes() if self.held(gpio) and name.exists() else b""
            LINE_INFO.pack_into(argument, 0, b"", consumer, gpio, 0, 0)
        elif request == GPIO_GET_LINE:
            *offsets, consumer, flags, attributes, count, size, _ = LINE_REQUEST.unpack(argument)
            assert (attributes, count, size) == (0, 1, 0)
            gpio = offsets[0]
            fd = os.open(self._line(gpio), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                raise _fail(errno.EBUSY) from None
            self._line(gpio).with_suffix(".consumer").write_bytes(consumer.rstrip(b"\0"))
            self._set(fd, gpio, flags, 0)
            LINE_REQUEST.pack_into(argument, 0, *offsets, consumer, flags, 0, 1, 0, fd)

    def _values(self, fd: int, gpio: int, request: int, argument: bytearray) -> None:
        flags, level = self._state(gpio)
        bits, mask = LINE_VALUES.unpack(argument)
        if request == GPIO_LINE_SET_VALUES:
            if not flags & LINE_OUTPUT:
                raise _fail(errno.EPERM)
            self._set(fd, gpio, flags, bits & mask)
        elif request == GPIO_LINE_GET_VALUES:
            high = level if flags & LINE_OUTPUT else self._outside(gpio, flags)
            high = high or self._shorted(gpio)
            LINE_VALUES.pack_into(argument, 0, int(high), mask)

    def _set(self, fd: int, gpio: int, flags: int, level: int) -> None:
        os.pwrite(fd, f"{flags:5d} {level}".encode(), 0)
        with self._line(gpio).with_suffix(".log").open("a") as log:
            log.write(f"{time.monotonic()} {level}\n")

    # --- SPI ------------------------------------------------------------------------------------

    def _convert(self, adc_channel: int, at_s: float) -> int:
        return self.code_at(adc_channel, at_s)

    def _code(self, adc_channel: int, at_s: float) -> int:
        return self.circuit.code(at_s) if adc_channel == 0 else 321

    def _transfers(self, request: int, argument: bytearray) -> None:
        count = len(argument) // TRANSFER.size
        assert request == message(count)
        self.ioctls.append(count)
        # As spidev.c counts on arm64: each transfer is rounded up to 128 bytes.
        if count * 128 > int(self.read("sys/module/spidev/parameters/bufsiz")):
            raise _fail(errno.EMSGSIZE)
        at_s = self.clock()
        self.circuit.drive(self.duty(), at_s)
        for number in range(count):
            fields = TRANSFER.unpack_from(argument, TRANSFER.size * number)
            sent, got, length, spi_hz, wait_us, bits, released, *_ = fields
            assert bits == 8
            # A converter that is not let go of between conversions goes on with the last one.
            assert released == (number < count - 1)
            at_s += 8 * length / spi_hz
            self.conversions.append(at_s)
            answer = self._adc(0, ctypes.string_at(sent, length), at_s, spi_hz)
            ctypes.memmove(got, answer, length)
            at_s += wait_us * 1e-6 + CS_GAP_S

    def plug_in(self, car_ohm: float) -> None:
        """Hang a car on the pilot."""
        self.circuit.load = Load(car_ohm=car_ohm)


def _number(path: Path) -> int:
    return int(path.read_text().split()[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], FakeKernel(Path(sys.argv[1]))))
