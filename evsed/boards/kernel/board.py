# SPDX-License-Identifier: GPL-3.0-or-later
"""Any Raspberry Pi with any kernel: PWM of /sys, MCP3008 on spidev, GPIO character device.

For a Pi 5, and for systems without pigpiod. There is no script in another program to open the
contactor when evsed dies; what takes its place is a process of evsed's own (`kernel_watch`), which
holds the contactors. Where a kernel keeps an output driven after its holder is gone (Raspberry Pi's
do, unless started with `strict_gpiod`), `evsed off` opens what a death of both has left closed, and
before that the charge pump of hw/ does.

Its neighbours: `kernel_sys` GPIO and all that is asked of Linux, `kernel_pwm` the pilot,
`kernel_spi` the bursts, `kernel_watch` the dead-man, `kernel_grip` taking and releasing the wires,
`kernel_off` for `evsed off`.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, Final

from evsed.boards import BoardConfig, ReadBack
from evsed.boards.kernel.deadman import PATIENCE_S, DeadManCommand, State
from evsed.boards.kernel.pwm import PERIOD_NS
from evsed.boards.kernel.session import ANSWER_S, KernelSession, take
from evsed.boards.kernel.sysfs import Kernel
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.protection import Inputs
from evsed.errors import BoardError, BoardGone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 5.0
"""Pauses between attempts that fail: 0.25 s, doubling up to 5 s."""

WATCH: Final = (sys.executable, "-m", "evsed.boards.kernel.deadman")


class KernelBoard:
    """The wires of one EVSE behind Linux itself. See `evsed.boards.Board` for each method.

    *kernel*, *watch* (the command of the dead-man's process), *patience_s* (how long that bears
    without a beat), *answer_s* (how long it may take to answer) and *clock* (for the pauses
    between attempts) are others only in tests.
    """

    def __init__(
        self,
        config: BoardConfig,
        *,
        kernel: Kernel | None = None,
        watch: Sequence[str] = WATCH,
        patience_s: float = PATIENCE_S,
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._config: Final = config
        self._kernel: Final = kernel or Kernel()
        self._watch: Final = watch
        self._patience_s: Final = patience_s
        self._answer_s: Final = answer_s
        self._clock: Final = clock
        # One thread, so that one attempt at a time is made however long it lasts.
        self._worker: Final = ThreadPoolExecutor(1, "evsed-kernel")
        self._taking: Future[KernelSession] | None = None
        self._grip: KernelSession | None = None
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
                self._taking = self._worker.submit(
                    take, self._kernel, self._config, self._watch, self._patience_s, self._answer_s
                )
            return False
        if not self._taking.done():
            return False
        taking, self._taking = self._taking, None
        try:
            self._grip = taking.result()
            # From here on the beats must come.
            self._grip.demand_dead_man(self._grip.watcher.ask(DeadManCommand.BEAT))
        except BoardError:
            self._let_go()
            self._pause()
            raise
        self._proved = False
        return True

    def close(self) -> None:
        """Outputs safe, as far as they can be reached, then let go; never raises, ends in 0.2 s."""
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

    def _pause(self) -> None:
        self._wait_s = min(max(FIRST_WAIT_S, 2 * self._wait_s), LONGEST_WAIT_S)
        self._not_before = self._clock() + self._wait_s

    def _held(self) -> KernelSession:
        if self._grip is None:
            raise BoardGone("the board is not open; nothing is driven; open it first")
        return self._grip

    # -------------------------------------------------------------------------------- each tick

    def sample_pilot(self, count: int) -> Sequence[int]:
        """A burst of *count* codes 0-1023 at a pace not locked to 1 kHz.

        Raises `BoardError` unless all came.
        """
        return self._held().adc.convert(self._config.pilot_adc_channel, count)

    def beat(self, *, pump: bool = True) -> None:
        """Toggle the heartbeat pin (if *pump*) and tell the dead-man, which answers.

        Raises `BoardError` unless both were done in time, and when it has fired.
        """
        grip = self._held()
        if pump:
            grip.heartbeat_high = not grip.heartbeat_high
            grip.heartbeat.set(grip.heartbeat_high)
        grip.demand_dead_man(grip.watcher.ask(DeadManCommand.BEAT))

    def read_inputs(self) -> Inputs:
        """The optional inputs. Raises `BoardError` unless all could be read."""
        grip, wanted = self._held(), self._config.inputs
        high = {gpio: line.get() for gpio, line in grip.inputs.items()}
        ground_fault, stop = wanted.ground_fault_gpio, wanted.emergency_stop_gpio
        proximity, current = wanted.proximity_adc_channel, wanted.current_adc_channel
        return Inputs(
            contactor_feedback=tuple(high[gpio] for gpio in wanted.contactor_feedback_gpios),
            ground_fault=None if ground_fault is None else high[ground_fault],
            emergency_stop=None if stop is None else high[stop],
            proximity_code=None if proximity is None else grip.adc.convert(proximity, 1)[0],
            current_codes=() if current is None else tuple(grip.adc.convert(current, CONVERSIONS)),
        )

    # ------------------------------------------------------------------------------- on change

    def set_pilot(self, duty: float) -> None:
        """Put *duty* (0-1) on the pilot, rounded down to a millionth: never more than was meant.

        Raises `ValueError` outside 0-1 and `BoardError` when the kernel refuses.
        """
        if not 0.0 <= duty <= 1.0:
            raise ValueError(f"a duty is 0 to 1, not {duty}")
        self._held().pilot.set(int(duty * PERIOD_NS))

    def set_contactors(self, closed: int) -> None:
        """Open all but the first *closed* contactors, then close those.

        Raises `BoardError` when it was not done, as with no dead-man armed.
        """
        grip = self._held()
        shown = grip.watcher.ask(DeadManCommand.CLOSE, closed)
        if closed:
            grip.demand_dead_man(shown)
        wanted = tuple(place < closed for place in range(len(shown.levels)))
        if shown.levels != wanted:
            raise BoardError(
                f"the contactors' GPIOs read {shown.levels} after they were set to {wanted}; evsed "
                "lets go of the wires; look for a short, or for something else that drives them"
            )

    def hold_contactors(self) -> None:
        """Raises `BoardError`: Linux has no PWM for contactors. The settings do not allow it."""
        raise BoardError("the kernel board cannot hold a contactor with less than full drive")

    def set_ground_fault_test(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Drive the self-test input of the ground-fault device; nothing where none is wired.

        Raises `BoardError` when the kernel refuses.
        """
        if (test := self._held().test) is not None:
            test.set(on)

    # ----------------------------------------------------------------------------- once a second

    def read_back(self) -> ReadBack:
        """What Linux says that the outputs are.

        Raises `BoardError` when it does not answer, and when another program took the pilot.
        """
        grip = self._held()
        duty_ns = grip.pilot.get()
        shown = grip.watcher.ask(DeadManCommand.SHOW)
        armed = shown.state is State.ARMED
        if armed:
            self._proved, self._wait_s = True, 0.0
        return ReadBack(duty_ns / PERIOD_NS, shown.levels, armed)


def _give_back(taking: Future[KernelSession]) -> None:
    if not taking.cancelled() and taking.exception() is None:
        taking.result().release()
