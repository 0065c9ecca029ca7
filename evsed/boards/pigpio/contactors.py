# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactors' outputs in pigpiod: driven fully or held with PWM, and read back either way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pigpio

from evsed.boards.pigpio.connection import LETS_GO, checked
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.boards.board import BoardConfig

HOLD_HZ: Final = 4000
HOLD_RANGE: Final = 1000
"""Software PWM that holds a coil: 50 steps of 5 us at pigpiod's shipped sample rate, and fast
against the coil's 0.6 to 4 ms, in which its current follows."""


class Output(NamedTuple):
    """A contactor's GPIO in pigpiod: function, PWM (its width may be an error), level."""

    mode: int
    width: int
    hz: int
    level: int


class PigpioContactors:
    """All contactors of one life, open at first.

    *require_armed* raises `BoardError` unless the script in pigpiod is armed.
    """

    def __init__(
        self, config: BoardConfig, client: pigpio.pi, require_armed: Callable[[], None]
    ) -> None:
        self._gpios: Final = config.pigpio.contactor_gpios
        self._hold_width: Final = int(config.hold_duty * HOLD_RANGE)
        self._client: Final = client
        self._require_armed: Final = require_armed
        self._closed = 0
        self._held_hz: int | None = None  # None: fully driven

    def set(self, closed: int) -> None:
        """Open all but the first *closed*, then close those, fully driven.

        A write ends the PWM that may have held one (gpioWrite, pigpio.h).

        Raises `BoardError` when pigpiod refuses, or when one would close with no dead-man armed.
        """
        client = self._client
        for gpio in self._gpios[closed:]:
            checked(f"open the contactor on GPIO {gpio}", client.write(gpio, 0))
        if closed > self._closed:
            self._require_armed()
        for gpio in self._gpios[:closed]:
            checked(f"close the contactor on GPIO {gpio}", client.write(gpio, 1))
        self._closed = closed
        self._held_hz = None

    def hold(self) -> None:
        """Hold the closed ones with software PWM, which pigpiod's DMA plays by itself.

        Raises `BoardError` when pigpiod refuses, and when the dead-man has fired meanwhile. That is
        asked last: one that fires later ends the PWM with what it writes.
        """
        client = self._client
        for gpio in self._gpios[: self._closed]:
            doing = f"hold the contactor on GPIO {gpio}"
            checked(doing, client.set_PWM_range(gpio, HOLD_RANGE))
            self._held_hz = checked(doing, client.set_PWM_frequency(gpio, HOLD_HZ))
            checked(doing, client.set_PWM_dutycycle(gpio, self._hold_width))
        self._require_armed()

    # -------------------------------------------------------------------------------- read back

    def read(self) -> list[Output]:
        """Each output as it is. Raises `BoardError`."""
        client = self._client
        return [
            Output(
                checked(f"read the function of GPIO {gpio}", client.get_mode(gpio)),
                client.get_PWM_dutycycle(gpio),
                client.get_PWM_frequency(gpio),
                checked(f"read GPIO {gpio}", client.read(gpio)),
            )
            for gpio in self._gpios
        ]

    @property
    def closed(self) -> int:
        """The number of contactors that are commanded to be closed."""
        return self._closed

    def are_closed(self, outputs: Sequence[Output]) -> tuple[bool, ...]:
        """Return True for each that is driven as closed, by its level or by the chosen PWM."""
        return tuple(
            output.level == 1
            if output.width == pigpio.PI_NOT_PWM_GPIO
            else self._as_wanted(place, output)
            for place, output in enumerate(outputs)
        )

    def require(self, outputs: Sequence[Output]) -> None:
        """Raise `BoardError` unless each is driven in the way that evsed has chosen for it.

        Call it only while the dead-man is armed: what that changed, no other program did.
        """
        for place, output in enumerate(outputs):
            if not self._as_wanted(place, output):
                raise BoardError(
                    f"another program took the contactor's GPIO {self._gpios[place]} from evsed "
                    f"(function {output.mode}, PWM {output.width} at {output.hz} Hz); {LETS_GO}; "
                    "find the program that drives it through pigpiod, and stop it"
                )

    def _as_wanted(self, place: int, output: Output) -> bool:
        """Return True for an output with the PWM that is to hold it, or with none where none is.

        The level is not compared: `control` does that, and under PWM it means nothing.
        """
        held = self._held_hz is not None and place < self._closed
        pwm = (self._hold_width, self._held_hz) if held else (pigpio.PI_NOT_PWM_GPIO, output.hz)
        return output.mode == pigpio.OUTPUT and (output.width, output.hz) == pwm
