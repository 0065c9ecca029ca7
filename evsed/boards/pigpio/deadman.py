# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man inside pigpiod: a stored script that opens the contactor when the beats stop.

pigpiod undoes nothing when a client dies, and its scripts outlive the client too; that is what
makes this one useful, and what makes it leave rubbish behind. So the script carries its own
record in the parameters that it does not need: a mark that it is evsed's, which pins it is for,
and the SPI handle that was opened with it. pigpiod cannot list SPI handles, nor show the text of
a script; but it shows parameters, and the next life finds in them exactly what to clear away.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import pigpio

from evsed.boards.pigpio.connection import (
    LETS_GO,
    Command,
    Connection,
    Request,
    hardware_pwm,
    refusal,
    try_write,
    write,
)
from evsed.core.text import text
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evsed.boards.board import PigpioConfig

PILOT_HZ: Final = 1000
"""Frequency of the control pilot (IEC 61851-1 Table A.2: 1000 Hz)."""

STEADY_PPM: Final = 1_000_000
"""Duty, in millionths, of the steady +12 V."""

PATIENCE_POLLS: Final = 9
"""Polls of 10 ms without a beat that are borne. The script fires 100-110 ms after the last beat
(one poll to see it, nine borne, one to fire), which leaves 40 ms for a late timer until the
150 ms that are promised."""

# p0 counts the beats (0: none yet, wait), p1-p3 are the contactors, p4 the pilot, p5 the patience,
# p8 and p9 are the record. It watches with `mils` and not with `wait`, so that pigpiod -m, which
# sees no edges, runs it too. `or 0` because loading alone does not set the flags (pigpio.c,
# pthScript). It only ever opens; having fired it halts, which script status shows.
SCRIPT: Final = (
    b"ld v0 0 tag 1 mils 10 lda p0 or 0 jz 1 cmp v0 jz 2 sta v0 ld v1 p5 jmp 1 "
    b"tag 2 dcr v1 jp 1 w p1 0 w p2 0 w p3 0 hp p4 1000 1000000 halt"
)

_MARK: Final = 0x45565345  # "EVSE"
_SCRIPTS: Final = 32  # PI_MAX_SCRIPTS, pigpio.h
_CONTACTORS: Final = 3  # one per phase
_STATUS: Final = struct.Struct("<11i")


class Leftover(NamedTuple):
    """A dead-man of an earlier life, as pigpiod still holds it."""

    script_id: int
    running: bool
    beat: int
    spi_handle: int


def parameters(config: PigpioConfig, spi_handle: int) -> list[int]:
    """The parameters to start the script with: waiting for its first beat."""
    contactors = list(config.contactor_gpios)
    contactors += contactors[-1:] * (_CONTACTORS - len(contactors))
    return [0, *contactors, config.pilot_gpio, PATIENCE_POLLS, 0, 0, spi_handle, _MARK]


def beat(script_id: int, number: int) -> Request:
    """Make the request for beat *number* (not 0, and not the number before)."""
    return Request(Command.PROCU, script_id, extension=number.to_bytes(4, "little"))


def safe_outputs(config: PigpioConfig) -> list[Request]:
    """Every contactor open, then the pilot at steady +12 V."""
    return [
        *(write(gpio, 0) for gpio in config.contactor_gpios),
        hardware_pwm(config.pilot_gpio, PILOT_HZ, STEADY_PPM),
    ]


def at_rest(pins: Iterable[tuple[int, int]]) -> list[Request]:
    """Put each of *pins* at its level; a refusal is no matter, because none is a barrier."""
    return [try_write(gpio, level) for gpio, level in pins]


def removal(script_id: int, spi_handle: int) -> list[Request]:
    """Close the SPI handle, then stop and delete the script, which holds the record, last."""
    return [
        Request(Command.SPIC, spi_handle),
        Request(Command.PROCS, script_id),
        Request(Command.PROCD, script_id),
    ]


def state(pipe: Connection, script_id: int) -> int:
    """The state of the script: one of pigpio's `PI_SCRIPT_...`.

    Raises `BoardError` when pigpiod does not show it. (The stock client would break on an answer
    of another length.)
    """
    (answer,) = pipe.ask(Request(Command.PROCP, script_id))
    if len(answer.data) != _STATUS.size:
        raise refusal("show the dead-man script", answer.result)
    number: int = _STATUS.unpack(answer.data)[0]
    return number


def require_armed(pipe: Connection, script_id: int) -> None:
    """Raise `BoardError` unless the script is armed."""
    if state(pipe, script_id) != pigpio.PI_SCRIPT_RUNNING:
        raise BoardError(
            text(
                "the dead-man script in pigpiod has fired or was stopped, so the "
                "contactor is open; {lets_go}; if it happens again, see what keeps the "
                "Pi busy for 100 ms",
                lets_go=LETS_GO,
            )
        )


def leftovers(pipe: Connection, config: PigpioConfig) -> list[Leftover]:
    """The scripts in pigpiod that an evsed with any of these outputs has stored.

    A second evsed for a second car, on other pins, is left alone, and so is every other program.

    Raises `BoardError` when pigpiod does not answer.
    """
    ours = {config.pilot_gpio, *config.contactor_gpios}
    found = []
    answers = pipe.ask(*(Request(Command.PROCP, script_id) for script_id in range(_SCRIPTS)))
    for script_id, answer in enumerate(answers):
        if len(answer.data) != _STATUS.size:
            continue  # no such script
        state, number, *pins_and_more, _, _, spi_handle, mark = _STATUS.unpack(answer.data)
        if mark == _MARK and ours & set(pins_and_more[: _CONTACTORS + 1]):
            running = state == pigpio.PI_SCRIPT_RUNNING
            found.append(Leftover(script_id, running, number, spi_handle))
    return found


def remove(pipe: Connection, found: list[Leftover]) -> None:
    """Clear *found* away, each with the SPI handle in its record.

    Raises `BoardError` when pigpiod does not answer. A refusal means that it is gone already.
    """
    pipe.ask(*(ask for old in found for ask in removal(old.script_id, old.spi_handle)))
