# SPDX-License-Identifier: GPL-3.0-or-later
"""A Raspberry Pi 0-4 driven through pigpiod: hardware PWM, outputs, dead-man, MCP3008 on SPI.

pigpiod undoes nothing when evsed dies and nothing when it dies itself, so this file trusts no
state that it has not made or read back. It keeps two connections: one under the stock client, for
what happens seldom, and one of its own for what happens every tick (a burst, the beat, the
inputs), each of these one segment there and one answer back.

Beside it: `connection`, `burst` (the pilot's conversions), `deadman` (the script inside pigpiod),
`contactors`, `inputs`, `session` (acquiring and releasing the wires), `off` (for `evsed off`).
"""

from __future__ import annotations

import struct
from itertools import cycle
from time import monotonic
from typing import TYPE_CHECKING, Final

import pigpio

from evsed.boards.board import BoardConfig, ReadBack
from evsed.boards.held_board import HeldBoard
from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.connection import (
    ANSWER_S,
    HEAD_BYTES,
    LETS_GO,
    Batch,
    checked,
    try_read,
    try_write,
    write,
)
from evsed.boards.pigpio.inputs import InputsWanted
from evsed.boards.pigpio.session import PigpioSession, acquire
from evsed.core.pilot.protection import Inputs
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BEATS: Final = 64  # numbers a beat may have, in turn
_RESULT: Final = struct.Struct("<i")  # the last word of an answer's head


class PigpioBoard(HeldBoard[PigpioSession]):
    """The wires of one EVSE behind pigpiod; see `evsed.boards.Board` for each method.

    pigpiod gets *answer_s* seconds for an answer; *clock* measures the pauses between attempts.
    """

    def __init__(
        self,
        config: BoardConfig,
        *,
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__("pigpio", clock)
        self._config: Final = config
        self._answer_s: Final = answer_s
        self._wires: Final = config.pigpio
        # for the script alone; with the heartbeat pin low; with the pin high
        self._beats: Iterator[tuple[Batch, Batch, Batch]] = iter(())
        self._heartbeat_high = False
        self._inputs: Final = InputsWanted(config)
        self._duty_ppm = deadman.STEADY_PPM
        # The light's outputs as they are to be and as they are; the button as it was.
        self._light: tuple[tuple[int, int], ...] = ()
        self._light_driven: tuple[tuple[int, int], ...] = ()
        self._button_pressed: bool | None = None

    # ---------------------------------------------------------------------- acquiring the wires

    def _acquire(self) -> PigpioSession:
        return acquire(self._config, self._answer_s)

    def _begin(self, session: PigpioSession) -> None:
        """Arm the dead-man; from now on the beats must come."""
        gpio = self._wires.heartbeat_gpio
        numbers = range(1, _BEATS + 1)
        beats = [deadman.beat(session.script_id, number) for number in numbers]
        button = self._config.box.button_gpio
        last = [] if button is None else [try_read(button)]
        self._heartbeat_high = False
        self._beats = cycle(
            [
                (
                    Batch([beat, *last]),
                    Batch([write(gpio, 0), beat, *last]),
                    Batch([write(gpio, 1), beat, *last]),
                )
                for beat in beats
            ]
        )
        self._light = self._light_driven = self._config.box.rest()
        self._button_pressed = None
        self._inputs.prepare(session.spi_handle)
        self._duty_ppm = deadman.STEADY_PPM
        # The script alone: the charge pump in hw/ begins to run with the first real beat.
        session.fast.exchange(Batch([deadman.beat(session.script_id, _BEATS)]))
        session.line.limit_time()
        deadman.require_armed(session.line, session.script_id)

    def _timed(self) -> PigpioSession:
        """The wires, with the time of one answer for all that the stock client is asked now."""
        session = self._session
        session.line.limit_time()
        return session

    # -------------------------------------------------------------------------------- each tick

    def sample_pilot(self, count: int) -> Sequence[int]:
        """A burst of *count* codes 0-1023 at a pace not locked to 1 kHz; one round trip.

        Raises `BoardError` unless all came, in time.
        """
        return self._timed().sampler.burst(count)

    def beat(self, *, pump: bool = True) -> None:
        """Toggle the heartbeat pin (if *pump*) and tell the dead-man script; one round trip.

        The light and the button go with it. Raises `BoardError` unless pin and script were
        acknowledged in time.
        """
        self._heartbeat_high ^= pump
        script_alone, low, high = next(self._beats)
        with_pump = high if self._heartbeat_high else low
        batch = with_pump if pump else script_alone
        if self._light != self._light_driven:  # once or twice a second
            changed = (pin for pin in self._light if pin not in self._light_driven)
            batch = Batch([*batch.asks, *(try_write(gpio, level) for gpio, level in changed)])
        answer = self._session.fast.exchange(batch)
        self._light_driven = self._light
        if self._config.box.button_gpio is not None:
            self._button_pressed = _pressed(answer, len(script_alone.asks) + pump)

    def read_inputs(self) -> Inputs:
        """The optional inputs; one round trip, none where none is wired.

        Raises `BoardError` unless all came, in time.
        """
        session = self._timed()
        if self._inputs.batch is None:
            return Inputs()
        return self._inputs.parse(session.fast.exchange(self._inputs.batch))

    # ------------------------------------------------------------------------------- on change

    def set_pilot(self, duty: float) -> None:
        """Put *duty* (0-1) on the pilot, rounded down to a millionth: never more than was meant.

        Raises `ValueError` outside 0-1 and `BoardError` when pigpiod refuses.
        """
        if not 0.0 <= duty <= 1.0:
            raise ValueError(f"a duty is 0 to 1, not {duty}")
        duty_ppm = int(duty * deadman.STEADY_PPM)
        gpio = self._wires.pilot_gpio
        client = self._timed().client
        doing = f"put a duty of {duty_ppm} ppm on GPIO {gpio}"
        checked(doing, client.hardware_PWM(gpio, deadman.PILOT_HZ, duty_ppm))
        self._duty_ppm = duty_ppm

    def set_contactors(self, closed: int) -> None:
        """Open all but the first *closed* contactors, then close those, fully driven.

        Raises `BoardError` when pigpiod refuses, or when one would close with no dead-man armed.
        """
        self._timed().contactors.set(closed)

    def hold_contactors(self) -> None:
        """Hold the closed contactors with software PWM.

        Raises `BoardError` when pigpiod refuses, and when the dead-man has fired meanwhile.
        """
        self._timed().contactors.hold()

    def set_ground_fault_test(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Drive the self-test input of the ground-fault device; nothing where none is wired.

        Raises `BoardError` when pigpiod refuses.
        """
        if (gpio := self._config.inputs.ground_fault_test_gpio) is not None:
            checked(f"drive GPIO {gpio}", self._timed().client.write(gpio, int(on)))

    def open_cp(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Open the pilot's line to the car (*on*) or close it; nothing where no relay is wired.

        Raises `BoardError` when pigpiod refuses.
        """
        if (gpio := self._config.cp_relay_gpio) is not None:
            checked(f"drive GPIO {gpio}", self._timed().client.write(gpio, int(on)))

    def set_light(self, levels: tuple[bool, ...]) -> None:
        """Have the light's outputs at *levels* (True: lit) with the next beat."""
        self._light = self._config.box.lit(levels)

    @property
    def button_pressed(self) -> bool | None:
        """The button's level by the last beat; None where there is none, or it cannot be read."""
        return self._button_pressed

    @property
    def box_refused(self) -> tuple[int, ...]:
        """The GPIOs of the light and the button that pigpiod does not let evsed use."""
        return () if self._held is None else self._held.box_refused

    # ----------------------------------------------------------------------------- once a second

    def read_back(self) -> ReadBack:
        """Return the outputs as pigpiod reports them.

        Raises `BoardError` when it does not answer, and when another program took the pilot: any
        client that sends a wave stops hardware PWM on all pins (pigpio.c:9901).
        """
        session = self._timed()
        client, gpio = session.client, self._wires.pilot_gpio
        duty_ppm = client.get_PWM_dutycycle(gpio)
        pilot_hz = client.get_PWM_frequency(gpio)
        outputs = session.contactors.read()
        armed = session.dead_man_state() == pigpio.PI_SCRIPT_RUNNING
        # A dead-man that fired has changed the duty too: that is its news, not a thief's.
        if armed and (duty_ppm, pilot_hz) != (self._duty_ppm, deadman.PILOT_HZ):
            carries = (
                "carries no hardware PWM any more"
                if duty_ppm < 0
                else f"carries {duty_ppm} ppm at {pilot_hz} Hz where evsed put {self._duty_ppm} "
                f"ppm at {deadman.PILOT_HZ} Hz"
            )
            raise BoardError(
                f"another program took the pilot from evsed: GPIO {gpio} {carries}; {LETS_GO}; "
                "stop the program that sends waves or PWM through pigpiod"
            )
        closed = session.contactors.are_closed(outputs)
        if armed:
            session.contactors.require(outputs)
            if sum(closed) == session.contactors.closed:
                self._on_working()
        return ReadBack(max(duty_ppm, 0) / deadman.STEADY_PPM, closed, armed)


def _pressed(answer: memoryview, asks: int) -> bool | None:
    """Return the button's level: the last of so many *asks* without data; None where refused."""
    result: int = _RESULT.unpack_from(answer, asks * HEAD_BYTES - _RESULT.size)[0]
    return None if result < 0 else result == 0
