# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off` on a Pi without pigpiod: the outputs made safe by a process without any state.

A GPIO has one holder at a time. Where that is the dead-man's process of a living evsed, it is
asked to open (SIGUSR1), opens, and ends; then the GPIO is free to be taken, driven low and read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from time import monotonic
from typing import TYPE_CHECKING, Final

from evsed.boards.kernel.deadman import CONSUMER
from evsed.boards.kernel.pwm import PERIOD_NS, PilotPwm
from evsed.boards.kernel.sysfs import LINE_OUTPUT, GpioLine, Kernel, consumer_of
from evsed.errors import BoardError

if TYPE_CHECKING:
    from evsed.boards.board import KernelConfig, Levels

_AGAIN_S: Final = 0.01


def make_safe(
    config: KernelConfig,
    timeout_s: float,
    rest: Levels = (),
    *,
    kernel: Kernel | None = None,
) -> str:
    """Open the contactors, set the pilot to steady +12 V, and return a sentence about it.

    The outputs of *rest*, which are no barriers, are at their levels then, unless an evsed that
    lives drives them.

    Raises `BoardError` within *timeout_s* seconds when it cannot be done or is not confirmed; the
    message names what still protects.
    """
    kernel = kernel or Kernel()
    until = monotonic() + timeout_s
    try:
        lines = [_open(kernel, gpio, until) for gpio in config.contactor_gpios]
        pilot = PilotPwm(kernel, config.pilot_gpio)
        pilot.acquire()
        if pilot.get() != PERIOD_NS:
            raise BoardError("the contactor is open, but the pilot is not at steady +12 V")
    except BoardError as error:
        problem = str(error).partition(";")[0]
        raise BoardError(
            f"{problem}; what still opens the contactor is the dead-man's process of a running "
            "evsed, 0.15 s after its last beat, and the charge pump of hw/, 0.2 s after it; stop "
            "evsed (sudo systemctl stop evsed) and repeat evsed off, or switch the supply off"
        ) from error
    for gpio, level in rest:
        with contextlib.suppress(BoardError):
            line = GpioLine(kernel, gpio, LINE_OUTPUT, "evsed off")
            line.set(bool(level))
            line.release()
    names = ", ".join(str(gpio) for gpio in config.contactor_gpios)
    others = "a running evsed was asked to open; " if any(lines) else ""
    return (
        f"{others}contactor open (GPIO {names} low), pilot at steady +12 V "
        f"(GPIO {config.pilot_gpio})"
    )


def _open(kernel: Kernel, gpio: int, until: float) -> bool:
    """Drive *gpio* low and read it back; return whether a living evsed had to be asked.

    The kernel gives it as an output that is low; released, it stays low, by the kernel or by its
    pull-down. A holder may end between the refusal and the question who it was, as it does when
    `evsed off` runs at the end of evsed: a GPIO without a holder is tried again until the time is
    up. Only another program, which has a name, is refused at once.
    """
    signalled: set[int] = set()
    while True:
        try:
            line = GpioLine(kernel, gpio, LINE_OUTPUT, "evsed off")
        except BoardError:
            consumer = consumer_of(kernel, gpio)
            holder = _dead_man_pid(consumer)
            if (consumer and holder is None) or monotonic() >= until:
                raise
            if holder is not None and holder not in signalled:
                if signalled:
                    return True  # the next life of that evsed has taken it, and began with open
                _ask_to_open(holder)
                signalled.add(holder)
            time.sleep(_AGAIN_S)
            continue
        try:
            if line.get():
                raise BoardError(f"GPIO {gpio} reads high after it was driven low")
        finally:
            line.release()
        return bool(signalled)


def _dead_man_pid(consumer: str) -> int | None:
    """The process id in the name of a *consumer* that is evsed's dead-man; else None."""
    mark, _, pid = consumer.partition(":")
    return int(pid) if f"{mark}:" == CONSUMER and pid.isdigit() else None


def _ask_to_open(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGUSR1)
    except ProcessLookupError:
        pass  # it has just ended, and its GPIO is free
    except PermissionError as error:
        raise BoardError(
            "the contactor is held by an evsed of another user, which could not be asked to open"
        ) from error
