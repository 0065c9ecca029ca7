# SPDX-License-Identifier: GPL-3.0-or-later
"""Boards: the wires of one EVSE, and the choice of the board that drives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.boards.board import (
    SPI_GPIOS,
    Board,
    BoardConfig,
    BoxConfig,
    InputsConfig,
    KernelConfig,
    PigpioConfig,
    ReadBack,
    drive,
)
from evsed.boards.lock import lock_board
from evsed.errors import BoardError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "SPI_GPIOS",
    "Board",
    "BoardConfig",
    "BoxConfig",
    "InputsConfig",
    "KernelConfig",
    "PigpioConfig",
    "ReadBack",
    "drive",
    "lock_board",
    "make_safe",
    "missing_pwm",
    "open_board",
]


def open_board(config: BoardConfig) -> Board:
    """Make the board that *config* names, not yet opened.

    Raises `BoardError` when there is no such board here.
    """
    match config.kind:
        case "pigpio":
            from evsed.boards.pigpio.board import PigpioBoard  # noqa: PLC0415 - only the board in use

            return PigpioBoard(config)
        case "kernel":
            from evsed.boards.kernel.board import KernelBoard  # noqa: PLC0415 - only the board in use

            return KernelBoard(config)
        case other:
            raise BoardError(_no_such_board(other))


def make_safe(config: BoardConfig, timeout_s: float = 2.0) -> str:
    """Open the contactors, put the pilot at steady +12 V, and its other outputs at rest.

    It works beside a running evsed or without.

    For `evsed off`: needs no daemon, does no harm a second time, ends within *timeout_s* seconds.
    Returns a sentence about what was done and confirmed. Raises `BoardError` when the board cannot
    be reached or does not confirm it; the message names what still protects.
    """
    match config.kind:
        case "pigpio":
            from evsed.boards.pigpio import off as pigpio_off  # noqa: PLC0415 - only the board in use

            return pigpio_off.make_safe(config.pigpio, timeout_s, config.rest())
        case "kernel":
            from evsed.boards.kernel import off as kernel_off  # noqa: PLC0415 - only the board in use

            return kernel_off.make_safe(config.kernel, timeout_s, config.rest())
        case other:
            raise BoardError(_no_such_board(other))


def missing_pwm(gpio: int, root: Path) -> str:
    """Return the reason why Linux has no PWM for the pilot on *gpio*; "" when it has one.

    *root*: where Linux is seen, / on a Pi.
    """
    from evsed.boards.kernel.pwm import find_channel  # noqa: PLC0415 - only where it is asked for
    from evsed.boards.kernel.sysfs import Kernel  # noqa: PLC0415

    try:
        find_channel(Kernel(root), gpio)
    except BoardError as error:
        return str(error)
    return ""


def _no_such_board(kind: str) -> str:
    return f'board.kind = "{kind}" is not a board evsed has; use "pigpio" or "kernel"'
