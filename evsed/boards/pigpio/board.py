# SPDX-License-Identifier: GPL-3.0-or-later
"""A Raspberry Pi 0-4 driven through pigpiod: hardware PWM, outputs, dead-man, MCP3008 on SPI.

pigpiod undoes nothing when evsed dies and nothing when it dies itself, so this file trusts no
state that it has not made or read back. It keeps two connections: one under the stock client, for
what happens seldom, and one of its own for what happens every tick (a burst, the beat, the
inputs), each of these one segment there and one answer back.

Its neighbours: `pigpio_wire` the connection, `pigpio_burst` the bursts, `pigpio_deadman` the
script inside pigpiod, `pigpio_contactors` and `pigpio_inputs` what they say, `pigpio_grip` taking
and releasing the wires, `pigpio_off` for `evsed off`.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from time import monotonic
from typing import TYPE_CHECKING, Final

import pigpio

from evsed.boards import BoardConfig, ReadBack
from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.connection import ANSWER_S, LETS_GO, Batch, checked, write
from evsed.boards.pigpio.inputs import InputsWanted
from evsed.boards.pigpio.session import PigpioSession, take
from evsed.core.pilot.protection import Inputs
from evsed.errors import BoardError, BoardGone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 5.0
"""Pauses between attempts that fail: 0.25 s, doubling up to 5 s."""

_BEATS: Final = 64  # numbers a beat may have; even, because the heartbeat pin alternates


class PigpioBoard:
    """The wires of one EVSE behind pigpiod. See `evsed.boards.Board` for what each method does.

    pigpiod gets *answer_s* seconds for an answer; *clock* measures the pauses between attempts.
    """

    def __init__(
        self,
        config: BoardConfig,
        *,
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._config: Final = config
        self._answer_s: Final = answer_s
        self._clock: Final = clock
        self._wires: Final = config.pigpio
        # One thread, so that one attempt at a time is made however long it lasts.
        self._worker: Final = ThreadPoolExecutor(1, "evsed-pigpio")
        self._taking: Future[PigpioSession] | None = None
        self._grip: PigpioSession | None = None
        self._beats: Iterator[tuple[Batch, Batch]] = iter(())  # script alone, pump and script
        self._inputs: Final = InputsWanted(config)
        self._duty_ppm = deadman.STEADY_PPM
        self._proved = False
        self._wait_s = 0.0
        self._not_before = 0.0

    # ------------------------------------------------------------------------ taking the wires

    @property
    def is_open(self) -> bool:
        """Whether the wires are held."""
        return self._grip is not None

    def open(self) -> bool:
        """Start or continue to take the wires; see `Board.open`.

        Raises `BoardError` with what the attempt met. Until the pause after that is over it only
        returns False.
        """
        if self._grip is not None:
            return True
        if self._taking is None:
            if self._clock() >= self._not_before:
                self._taking = self._worker.submit(take, self._config, self._answer_s)
            return False
        if not self._taking.done():
            return False
        taking, self._taking = self._taking, None
        try:
            self._grip = taking.result()
            self._begin()
        except BoardError:
            self._let_go()
            self._pause()
            raise
        return True

    def close(self) -> None:
        """Outputs safe, as far as they can be reached, then let go; never raises, ends in 0.3 s."""
        taking, self._taking = self._taking, None
        if taking is not None and not taking.cancel():
            # Whenever that attempt ends, what it took is given back; nobody waits for it.
            taking.add_done_callback(_give_back)
        if self._let_go() and not self._proved:
            self._pause()  # it was taken, and lost before it was seen to work

    def _let_go(self) -> bool:
        grip, self._grip = self._grip, None
        if grip is not None:
            grip.release()
        return grip is not None

    def _begin(self) -> None:
        """Arm the dead-man, here in the thread of the ticks: from now on the beats must come."""
        grip = self._held()
        gpio = self._wires.heartbeat_gpio
        beats = [(number, deadman.beat(grip.script_id, number)) for number in range(1, _BEATS + 1)]
        self._beats = cycle(
            [(Batch([beat]), Batch([write(gpio, number % 2), beat])) for number, beat in beats]
        )
        self._inputs.aim(grip.spi_handle)
        self._duty_ppm = deadman.STEADY_PPM
        self._proved = False
        # The script alone: the charge pump in hw/ begins to run with the first real beat.
        grip.fast.exchange(Batch([deadman.beat(grip.script_id, _BEATS)]))
        deadman.demand(grip.line, grip.script_id)

    def _pause(self) -> None:
        self._wait_s = min(max(FIRST_WAIT_S, 2 * self._wait_s), LONGEST_WAIT_S)
        self._not_before = self._clock() + self._wait_s

    def _held(self) -> PigpioSession:
        """The wires, with the time of one answer for all that the stock client is asked now."""
        if self._grip is None:
            raise BoardGone("the board is not open; nothing is driven; open it first")
        self._grip.line.within()
        return self._grip

    # -------------------------------------------------------------------------------- each tick

    def sample_pilot(self, count: int) -> Sequence[int]:
        """A burst of *count* codes 0-1023 at a pace not locked to 1 kHz; one round trip.

        Raises `BoardError` unless all came, in time.
        """
        return self._held().sampler.burst(count)

    def beat(self, *, pump: bool = True) -> None:
        """Toggle the heartbeat pin (if *pump*) and tell the dead-man script; one round trip.

        Raises `BoardError` unless both were acknowledged in time.
        """
        self._held().fast.exchange(next(self._beats)[pump])

    def read_inputs(self) -> Inputs:
        """The optional inputs; one round trip, none where none is wired.

        Raises `BoardError` unless all came, in time.
        """
        grip = self._held()
        if self._inputs.batch is None:
            return Inputs()
        return self._inputs.understood(grip.fast.exchange(self._inputs.batch))

    # ------------------------------------------------------------------------------- on change

    def set_pilot(self, duty: float) -> None:
        """Put *duty* (0-1) on the pilot, rounded down to a millionth: never more than was meant.

        Raises `ValueError` outside 0-1 and `BoardError` when pigpiod refuses.
        """
        if not 0.0 <= duty <= 1.0:
            raise ValueError(f"a duty is 0 to 1, not {duty}")
        duty_ppm = int(duty * deadman.STEADY_PPM)
        gpio = self._wires.pilot_gpio
        client = self._held().client
        doing = f"put a duty of {duty_ppm} ppm on GPIO {gpio}"
        checked(doing, client.hardware_PWM(gpio, deadman.PILOT_HZ, duty_ppm))
        self._duty_ppm = duty_ppm

    def set_contactors(self, closed: int) -> None:
        """Open all but the first *closed* contactors, then close those, fully driven.

        Raises `BoardError` when pigpiod refuses, or when one would close with no dead-man armed.
        """
        self._held().contactors.set(closed)

    def hold_contactors(self) -> None:
        """Hold the closed contactors with software PWM.

        Raises `BoardError` when pigpiod refuses, and when the dead-man has fired meanwhile.
        """
        self._held().contactors.hold()

    def set_ground_fault_test(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Drive the self-test input of the ground-fault device; nothing where none is wired.

        Raises `BoardError` when pigpiod refuses.
        """
        if (gpio := self._config.inputs.ground_fault_test_gpio) is not None:
            checked(f"drive GPIO {gpio}", self._held().client.write(gpio, int(on)))

    # ----------------------------------------------------------------------------- once a second

    def read_back(self) -> ReadBack:
        """What pigpiod says that the outputs are.

        Raises `BoardError` when it does not answer, and when another program took the pilot: any
        client that sends a wave stops hardware PWM on all pins (pigpio.c:9901).
        """
        grip = self._held()
        client, gpio = grip.client, self._wires.pilot_gpio
        duty_ppm = client.get_PWM_dutycycle(gpio)
        pilot_hz = client.get_PWM_frequency(gpio)
        outputs = grip.contactors.read()
        armed = grip.dead_man_state() == pigpio.PI_SCRIPT_RUNNING
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
        if armed:
            grip.contactors.demand(outputs)
            self._proved, self._wait_s = True, 0.0
        return ReadBack(
            max(duty_ppm, 0) / deadman.STEADY_PPM, grip.contactors.are_closed(outputs), armed
        )


def _give_back(taking: Future[PigpioSession]) -> None:
    if not taking.cancelled() and taking.exception() is None:
        taking.result().release()
