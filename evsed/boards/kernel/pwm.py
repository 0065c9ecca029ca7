# SPDX-License-Identifier: GPL-3.0-or-later
"""The pilot by the kernel's PWM: /sys/class/pwm.

Nothing of it ends with a program: an exported channel stays exported and goes on running, so that
a new life finds the one before, and a pilot at steady +12 V stays there. The kernel shows what was
set, not what the silicon makes of it: the divider of a BCM2835 rounds to the period of its clock,
some 10 ns of a millisecond.
"""

from __future__ import annotations

import errno
import re
import time
from typing import TYPE_CHECKING, Final

from evsed.errors import BoardError

if TYPE_CHECKING:
    from evsed.boards.kernel.sysfs import Kernel

PERIOD_NS: Final = 1_000_000
"""1000 Hz (IEC 61851-1 Table A.2)."""

_BCM_CHANNELS: Final = {12: 0, 18: 0, 13: 1, 19: 1}
_RP1_CHANNELS: Final = {12: 0, 13: 1, 18: 2, 19: 3}
_BLOCKS: Final = (
    # The PWM block that reaches the header, by the address at the end of its device's path: the
    # chip's number differs from model to model and from kernel to kernel.
    (re.compile(r"[0-9a-f]{2}20c000\.pwm$"), _BCM_CHANNELS),  # Pi Zero to 4: 7e20c000 on the bus
    (re.compile(r"1f00098000\.pwm$"), _RP1_CHANNELS),  # Pi 5: the first block of RP1
)
_PERMITTED_S: Final = 1.0  # udev gives a new channel to its group a moment after it appears

_OVERLAY: Final = (
    'nothing is driven; add "dtoverlay=pwm-2chan" to /boot/firmware/config.txt and reboot, then '
    "see what `evsed check --hardware` says"
)


class PilotPwm:
    """The PWM channel behind the pilot's pin."""

    def __init__(self, kernel: Kernel, gpio: int) -> None:
        self._kernel: Final = kernel
        self._gpio: Final = gpio
        chip, channel = find_channel(kernel, gpio)
        self._chip: Final = chip
        self._channel: Final = channel
        self.folder: Final = f"{chip}/pwm{channel}"
        self.duty_path: Final = f"{self.folder}/duty_cycle"

    def acquire(self) -> None:
        """Steady +12 V, 1 kHz, running. May last a second. Raises `BoardError`."""
        try:
            if not (self._kernel.root / self.folder).is_dir():
                self._kernel.write(f"{self._chip}/export", str(self._channel))
            self._wait_for_permission()
            if self._number("period") != PERIOD_NS:
                # The period may never be shorter than the duty, also in between.
                if self._number("duty_cycle") > 0:
                    self._kernel.write(self.duty_path, "0")
                self._kernel.write(f"{self.folder}/period", str(PERIOD_NS))
            self._kernel.write(self.duty_path, str(PERIOD_NS))
            if self._kernel.read(f"{self.folder}/polarity") != "normal":
                self._kernel.write(f"{self.folder}/enable", "0")
                self._kernel.write(f"{self.folder}/polarity", "normal")
            self._kernel.write(f"{self.folder}/enable", "1")
        except (OSError, ValueError) as error:
            raise BoardError(
                f"the PWM of GPIO {self._gpio} cannot be used ({error}); nothing is driven; run "
                "`evsed check --hardware`, which names what is missing"
            ) from error

    def set(self, duty_ns: int) -> None:
        """High for *duty_ns* of each period. Raises `BoardError`."""
        try:
            self._kernel.write(self.duty_path, str(duty_ns))
        except OSError as error:
            raise BoardError(
                f"the PWM of GPIO {self._gpio} refuses {duty_ns} ns ({error.strerror}); evsed "
                "lets go of the wires; see which other program uses /sys/class/pwm"
            ) from error

    def get(self) -> int:
        """For how many ns of each period it is high. Raises `BoardError` when it was taken."""
        try:
            running, period_ns = self._number("enable"), self._number("period")
            duty_ns = self._number("duty_cycle")
        except (OSError, ValueError) as error:
            raise BoardError(
                f"the PWM of GPIO {self._gpio} is gone ({error}): another program took it from "
                "evsed, which lets go of the wires; stop that program"
            ) from error
        if not running or period_ns != PERIOD_NS:
            raise BoardError(
                f"another program took the pilot from evsed: the PWM of GPIO {self._gpio} is "
                f"{'running' if running else 'stopped'} with a period of {period_ns} ns; evsed "
                "lets go of the wires; stop that program"
            )
        return duty_ns

    def _number(self, name: str) -> int:
        return int(self._kernel.read(f"{self.folder}/{name}").split()[0])

    def _wait_for_permission(self) -> None:
        until = time.monotonic() + _PERMITTED_S
        while True:
            try:
                self._kernel.write(self.duty_path, str(self._number("duty_cycle")))
            except OSError as error:
                # EINVAL: a duty of 0 in a period of 0 is refused by some, and permission is there.
                if error.errno == errno.EINVAL:
                    return
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


def find_channel(kernel: Kernel, gpio: int) -> tuple[str, int]:
    """The chip (its path under the root) and the channel that reach *gpio*.

    Raises `BoardError` when there is none.
    """
    for chip in sorted(kernel.root.glob("sys/class/pwm/pwmchip*")):
        device = str((chip / "device").resolve())
        for block, channels in _BLOCKS:
            if block.search(device) and gpio in channels:
                return f"sys/class/pwm/{chip.name}", channels[gpio]
    raise BoardError(f"Linux has no PWM that reaches GPIO {gpio}; {_OVERLAY}")
