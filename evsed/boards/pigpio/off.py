# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off` on a Pi with pigpiod: the outputs made safe by a process without any state.

It runs beside a daemon that lives, hangs or is gone, after a crash, and a second time. So it keeps
no state, uses no thread and no client without time-outs, and ends in time whatever pigpiod does.
"""

from __future__ import annotations

import contextlib
import time
from time import monotonic
from typing import TYPE_CHECKING, Final

import pigpio

from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.connection import Command, Connection, Request, read
from evsed.errors import BoardError, BoardGone

if TYPE_CHECKING:
    from evsed.boards.board import Levels, PigpioConfig


_AGAIN_S: Final = 0.1  # between attempts to reach a pigpiod that systemd may be restarting

_STILL = (
    "the contactor outputs are as they were left, and what still opens the contactor is the "
    "charge pump of hw/, 200 ms after the last beat, and the dead-man script if pigpiod runs it"
)


def make_safe(config: PigpioConfig, timeout_s: float, rest: Levels = ()) -> str:
    """Open the contactors, set the pilot to steady +12 V, stop evsed's scripts; describe it.

    The outputs of *rest*, which are no barriers, are at their levels then.

    Raises `BoardError` within *timeout_s* seconds when pigpiod cannot be reached or does not
    confirm it, saying what still protects.
    """
    until = monotonic() + timeout_s
    try:
        pipe = _reach(config, until)
        try:
            return _make_safe(config, pipe, until, rest)
        finally:
            pipe.close()
    except BoardError as error:
        problem = str(error).partition(";")[0]
        raise type(error)(
            f"{problem}; {_STILL}; restart pigpiod (sudo systemctl restart pigpiod) and repeat "
            "evsed off, or switch the supply off"
        ) from error


def _reach(config: PigpioConfig, until: float) -> Connection:
    while True:
        try:
            return Connection(config.host, config.port, until - monotonic())
        except BoardGone:
            if monotonic() + _AGAIN_S >= until:
                raise
            time.sleep(_AGAIN_S)


def _make_safe(config: PigpioConfig, pipe: Connection, until: float, rest: Levels) -> str:
    pipe.limit_time(until - monotonic())
    pipe.ask(*deadman.safe_outputs(config))
    found = deadman.leftovers(pipe, config)
    deadman.remove(pipe, found)
    # Again, and read: a script may have been at work in between, and only this is proof. The level
    # of an output under PWM would not be: it may just be low.
    gpios = config.contactor_gpios
    answers = pipe.ask(
        *deadman.safe_outputs(config),
        *(read(gpio) for gpio in gpios),
        *(Request(Command.GDC, gpio) for gpio in (*gpios, config.pilot_gpio)),
    )
    results = [answer.result for answer in answers[-2 * len(gpios) - 1 :]]
    levels, widths, duty_ppm = results[: len(gpios)], results[len(gpios) : -1], results[-1]
    if any(width != pigpio.PI_NOT_PWM_GPIO for width in widths):
        raise BoardError(
            f"pigpiod reports PWM of {widths} on the contactor outputs after they were set to 0"
        )
    if any(levels):
        raise BoardError(f"pigpiod reports contactor outputs at {levels} after they were set to 0")
    if duty_ppm != deadman.STEADY_PPM:
        raise BoardError(
            f"the contactor is open, but pigpiod reports {duty_ppm} for the pilot on GPIO "
            f"{config.pilot_gpio} after it was set to steady +12 V"
        )
    with contextlib.suppress(BoardError):  # no barriers: one that fails is no reason to doubt
        pipe.ask(*deadman.at_rest(rest))
    names = ", ".join(str(gpio) for gpio in gpios)
    return (
        f"contactor open (GPIO {names} low), pilot at steady +12 V (GPIO {config.pilot_gpio}), "
        f"dead-man scripts removed: {len(found)}"
    )
