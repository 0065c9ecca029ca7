# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off` on a Pi without pigpiod: the outputs made safe by somebody who knows nothing.

A GPIO has one holder at a time. Where that is the dead-man's process of a living evsed, it is told
to open (SIGUSR1), opens, and ends; then the GPIO is free to be taken, driven low and read.
"""

from __future__ import annotations

import os
import signal
import time
from time import monotonic
from typing import TYPE_CHECKING, Final

from evsed.boards.kernel.deadman import CONSUMER
from evsed.boards.kernel.pwm import PERIOD_NS, PilotPwm
from evsed.boards.kernel.sysfs import LINE_OUTPUT, Kernel, Line, consumer_of
from evsed.errors import BoardError

if TYPE_CHECKING:
    from evsed.boards import KernelConfig

_AGAIN_S: Final = 0.01


def make_safe(config: KernelConfig, timeout_s: float, kernel: Kernel | None = None) -> str:
    """Contactors open, pilot steady +12 V; says what was done.

    Raises `BoardError` within *timeout_s* seconds when it cannot be done or is not confirmed,
    saying what still protects.
    """
    kernel = kernel or Kernel()
    until = monotonic() + timeout_s
    try:
        told = [_open(kernel, gpio, until) for gpio in config.contactor_gpios]
        pilot = PilotPwm(kernel, config.pilot_gpio)
        pilot.take()
        if pilot.get() != PERIOD_NS:
            raise BoardError("the contactor is open, but the pilot is not at steady +12 V")
    except BoardError as error:
        what = str(error).partition(";")[0]
        raise BoardError(
            f"{what}; what still opens the contactor is the dead-man's process of a running evsed, "
            "0.15 s after its last beat, and the charge pump of hw/, 0.2 s after it; stop evsed "
            "(sudo systemctl stop evsed) and repeat evsed off, or switch the supply off"
        ) from error
    names = ", ".join(str(gpio) for gpio in config.contactor_gpios)
    others = "a running evsed was told to open; " if any(told) else ""
    return (
        f"{others}contactor open (GPIO {names} low), pilot at steady +12 V "
        f"(GPIO {config.pilot_gpio})"
    )


def _open(kernel: Kernel, gpio: int, until: float) -> bool:
    """Drive *gpio* low and see that it is; whether a living evsed had to be told.

    The kernel gives it as an output that is low; released, it stays low, by the kernel or by its
    pull-down.
    """
    told: set[int] = set()
    while True:
        try:
            line = Line(kernel, gpio, LINE_OUTPUT, "evsed off")
        except BoardError:
            holder = _evsed_that_holds(kernel, gpio)
            if holder is None or monotonic() >= until:
                raise
            if holder not in told:
                if told:
                    return True  # the next life of that evsed has taken it, and began with open
                _tell(holder)
                told.add(holder)
            time.sleep(_AGAIN_S)
            continue
        try:
            if line.get():
                raise BoardError(f"GPIO {gpio} reads high after it was driven low")
        finally:
            line.release()
        return bool(told)


def _evsed_that_holds(kernel: Kernel, gpio: int) -> int | None:
    """The process id of the dead-man that holds *gpio*; None: nobody does, or somebody else."""
    mark, _, pid = consumer_of(kernel, gpio).partition(":")
    return int(pid) if f"{mark}:" == CONSUMER and pid.isdigit() else None


def _tell(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGUSR1)
    except ProcessLookupError:
        pass  # it has just ended, and what it held is free
    except PermissionError as error:
        raise BoardError(
            "the contactor is held by an evsed of another user, which could not be told to open"
        ) from error
