# SPDX-License-Identifier: GPL-3.0-or-later
"""Any Raspberry Pi with any kernel: PWM of /sys, MCP3008 on spidev, GPIO character device.

For a Pi 5, and for systems without pigpiod. There is no script in another program to open the
contactor when evsed dies; what takes its place is a process of evsed's own (`deadman`), which
holds the contactors. Where a kernel keeps an output driven after its holder is gone (Raspberry Pi's
do, unless started with `strict_gpiod`), `evsed off` opens what a death of both has left closed, and
before that the charge pump of hw/ does.

Beside it: `sysfs` (GPIO and all that is asked of Linux), `pwm` (the pilot), `spi` (its
conversions), `deadman`, `session` (acquiring and releasing the wires), `off` (for `evsed off`).
"""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Final

from evsed.boards.board import BoardConfig, ReadBack
from evsed.boards.held_board import HeldBoard
from evsed.boards.kernel.deadman import PATIENCE_S, DeadManCommand, State
from evsed.boards.kernel.pwm import PERIOD_NS
from evsed.boards.kernel.session import ANSWER_S, KernelSession, acquire
from evsed.boards.kernel.sysfs import Kernel
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.protection import Inputs
from evsed.core.pilot.self_checks import GENERATOR_CONVERSIONS
from evsed.errors import BoardError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WATCH: Final = (sys.executable, "-m", "evsed.boards.kernel.deadman")


class KernelBoard(HeldBoard[KernelSession]):
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
        super().__init__("kernel", clock)
        self._config: Final = config
        self._kernel: Final = kernel or Kernel()
        self._watch: Final = watch
        self._patience_s: Final = patience_s
        self._answer_s: Final = answer_s
        self._light: tuple[bool, ...] = ()
        self._button_pressed: bool | None = None

    # ---------------------------------------------------------------------- acquiring the wires

    def _acquire(self) -> KernelSession:
        return acquire(self._kernel, self._config, self._watch, self._patience_s, self._answer_s)

    def _begin(self, session: KernelSession) -> None:
        self._light, self._button_pressed = (), None
        session.require_armed(session.watcher.ask(DeadManCommand.BEAT))

    # -------------------------------------------------------------------------------- each tick

    def sample_pilot(self, count: int) -> Sequence[int]:
        """A burst of *count* codes 0-1023 at a pace not locked to 1 kHz.

        Raises `BoardError` unless all came.
        """
        return self._session.adc.convert(self._config.pilot_adc_channel, count)

    def beat(self, *, pump: bool = True) -> None:
        """Toggle the heartbeat pin (if *pump*) and tell the dead-man, which answers.

        Raises `BoardError` unless both were done in time, and when it has fired.
        """
        session = self._session
        if pump:
            session.heartbeat_high = not session.heartbeat_high
            session.heartbeat.set(session.heartbeat_high)
        session.require_armed(session.watcher.ask(DeadManCommand.BEAT))
        self._button_pressed = session.read_button()

    def read_inputs(self) -> Inputs:
        """The optional inputs. Raises `BoardError` unless all could be read."""
        session, wanted = self._session, self._config.inputs
        high = {gpio: line.get() for gpio, line in session.inputs.items()}
        ground_fault, stop = wanted.ground_fault_gpio, wanted.emergency_stop_gpio
        proximity, current = wanted.proximity_adc_channel, wanted.current_adc_channel
        return Inputs(
            contactor_feedback=tuple(high[gpio] for gpio in wanted.contactor_feedback_gpios),
            ground_fault=None if ground_fault is None else high[ground_fault],
            emergency_stop=None if stop is None else high[stop],
            proximity_code=None if proximity is None else session.adc.convert(proximity, 1)[0],
            current_codes=_train(session, current, CONVERSIONS),
            coil_supply_code=next(iter(_train(session, wanted.coil_supply_adc_channel, 1)), None),
            generator_codes=_train(session, wanted.generator_adc_channel, GENERATOR_CONVERSIONS),
        )

    # ------------------------------------------------------------------------------- on change

    def set_pilot(self, duty: float) -> None:
        """Put *duty* (0-1) on the pilot, rounded down to a millionth: never more than was meant.

        Raises `ValueError` outside 0-1 and `BoardError` when the kernel refuses.
        """
        if not 0.0 <= duty <= 1.0:
            raise ValueError(f"a duty is 0 to 1, not {duty}")
        self._session.pilot.set(int(duty * PERIOD_NS))

    def set_contactors(self, closed: int) -> None:
        """Open all but the first *closed* contactors, then close those.

        Raises `BoardError` when it was not done, as with no dead-man armed.
        """
        session = self._session
        report = session.watcher.ask(DeadManCommand.CLOSE, closed)
        if closed:
            session.require_armed(report)
        wanted = tuple(place < closed for place in range(len(report.levels)))
        session.closed = closed
        if report.levels != wanted:
            on = any(level and not want for level, want in zip(report.levels, wanted, strict=True))
            raise (OutputError if on else BoardError)(
                f"the contactors' GPIOs read {report.levels} after they were set to {wanted}; "
                "evsed lets go of the wires; look for a short, or for something else that drives "
                "them"
            )

    def hold_contactors(self) -> None:
        """Raises `BoardError`: Linux has no PWM for contactors. The settings do not allow it."""
        raise BoardError("the kernel board cannot hold a contactor with less than full drive")

    def set_ground_fault_test(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Drive the self-test input of the ground-fault device; nothing where none is wired.

        Raises `BoardError` when the kernel refuses.
        """
        if (test := self._session.test) is not None:
            test.set(on)

    def open_cp(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Open the pilot's line to the car (*on*) or close it; nothing where no relay is wired.

        Raises `BoardError` when the kernel refuses.
        """
        if (relay := self._session.cp_relay) is not None:
            relay.set(on)

    def set_light(self, levels: tuple[bool, ...]) -> None:
        """Put the light's outputs at *levels* (True: lit), as far as they can be driven."""
        if levels != self._light and self._held is not None:
            self._light = levels
            self._held.drive_light(self._config.box.lit(levels))

    @property
    def button_pressed(self) -> bool | None:
        """The button's level by the last beat; None where there is none, or it cannot be read."""
        return self._button_pressed

    @property
    def box_refused(self) -> tuple[int, ...]:
        """The GPIOs of the light and the button that another program of this machine holds."""
        return () if self._held is None else self._held.box_refused

    # ----------------------------------------------------------------------------- once a second

    def read_back(self) -> ReadBack:
        """Read the outputs back from Linux.

        Raises `BoardError` when it does not answer, and when another program took the pilot.
        """
        session = self._session
        duty_ns = session.pilot.get()
        report = session.watcher.ask(DeadManCommand.SHOW)
        armed = report.state is State.ARMED
        if armed and sum(report.levels) == session.closed:
            self._on_working()
        return ReadBack(duty_ns / PERIOD_NS, report.levels, armed)


def _train(session: KernelSession, channel: int | None, count: int) -> tuple[int, ...]:
    """Return *count* conversions of an optional channel; none where it is not wired."""
    return () if channel is None else tuple(session.adc.convert(channel, count))
