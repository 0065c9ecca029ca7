# SPDX-License-Identifier: GPL-3.0-or-later
"""The pins of a simulated Pi: what outlives a daemon.

A Pi's outputs, pin functions, pulls and PWM registers are hardware. They outlive
every program: pigpiod leaves each as it was when it is stopped or killed (pigpio.md section 4,
measured). So they live here, apart from the simulated daemon, which is made again over the same
`GpioLines`, and the simulated circuit reads them here.

PWM is the mark-space kind of the BCM2835 family: in each period the pin is high first, for
``duty`` of it. Periods are counted from ``started_at_s``, which stays when only the duty changes.
A new duty is taken at once, also in the middle of a period (whether real silicon waits for the
period's end was not measured).

All moments are seconds of the one clock that is handed in. Nothing here locks: one thread writes,
others may read single values and `history`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

LAST_GPIO = 53  # of the BCM2835 (BCM2835 ARM Peripherals, 6.1)


INPUT, OUTPUT, ALT5, ALT0, ALT1 = 0, 1, 2, 4, 5
PULL_OFF, PULL_DOWN, PULL_UP = 0, 1, 2

PWM_PINS = {
    12: (0, ALT0),
    13: (1, ALT0),
    18: (0, ALT5),
    19: (1, ALT5),
    40: (0, ALT0),
    41: (1, ALT0),
    45: (1, ALT0),
    52: (0, ALT1),
    53: (1, ALT1),
}
"""GPIO -> its hardware PWM channel, and the pin function that connects it (BCM2835 manual)."""

LAST_PULLED_UP_AT_BOOT = 8
"""At power-up GPIO 0-8 are pulled up, the others down (BCM2835 manual p. 102)."""


class WireEvent(NamedTuple):
    """One change that a program brought about on a pin.

    ``value`` is the new level (``level``), the pin function (``mode``), the duty 0-1 (``pwm``) or
    0 (``pwm_off``). ``script`` is no change of a pin (``gpio`` is -1): the parameters of a script
    were changed, of which ``value`` is the first.
    """

    at_s: float
    kind: Literal["level", "mode", "pwm", "pwm_off", "script"]
    gpio: int
    value: float


class PwmWave(NamedTuple):
    """A running PWM as a pin carries it: high for ``duty`` of each period from ``started_at_s``."""

    frequency_hz: float
    duty: float
    started_at_s: float

    def level(self, at_s: float) -> int:
        """The level at a moment."""
        if self.duty >= 1.0:
            return 1
        return int(((at_s - self.started_at_s) * self.frequency_hz) % 1.0 < self.duty)


@dataclass(slots=True)
class _Pin:
    mode: int = INPUT
    latch: int = 0
    pull: int = PULL_DOWN
    driven: int | None = None
    shorted: int | None = None
    soft: PwmWave | None = None


class GpioLines:
    """The pins of one Pi.

    Args:
        clock: the seconds that every stamp is in; monotonic time by default.
        history_size: how many events are kept; older ones are forgotten.

    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, history_size: int = 20_000
    ) -> None:
        self.clock = clock
        self.listeners: list[Callable[[WireEvent], None]] = []
        self.pads = [2, 2, 2]  # mA; what the registers of the recorded daemon held
        self._pins = [_Pin() for _ in range(LAST_GPIO + 1)]
        for pin in self._pins[: LAST_PULLED_UP_AT_BOOT + 1]:
            pin.pull = PULL_UP
        self._channels: list[PwmWave | None] = [None, None]
        self._events: deque[WireEvent] = deque(maxlen=history_size)
        self._static = sum(
            self._steady_level(gpio) << gpio for gpio in range(LAST_GPIO + 1)
        )  # levels of all pins without PWM, one bit each

    # -- what the circuit reads ------------------------------------------------------------------

    def level(self, gpio: int, at_s: float | None = None) -> int:
        """The level of a pin, 0 or 1, at a moment (by default now)."""
        wave = self.pwm(gpio)
        if wave is None:
            return self._static >> gpio & 1
        return wave.level(self.clock() if at_s is None else at_s)

    def pwm(self, gpio: int) -> PwmWave | None:
        """The PWM on a pin, or None where there is none (then `level` says all)."""
        pin = self._pins[gpio]
        if pin.shorted is not None:
            return None
        if pin.soft is not None:
            return pin.soft
        known = PWM_PINS.get(gpio)
        if known is None or pin.mode != known[1]:
            return None
        return self._channels[known[0]]

    def mode(self, gpio: int) -> int:
        """The pin function in pigpio's numbers: 0 input, 1 output, 4-7, 3, 2 are ALT0-5."""
        return self._pins[gpio].mode

    def history(self) -> tuple[WireEvent, ...]:
        """The events kept, oldest first; safe to ask from any thread."""
        return tuple(self._events)

    # -- what the world does to a pin ------------------------------------------------------------

    def drive_input(self, gpio: int, level: int | None, at_s: float | None = None) -> None:
        """Put a level on a pin from outside; None releases it."""
        self._pins[gpio].driven = level
        self._settle(gpio, self.clock() if at_s is None else at_s)

    def short(self, gpio: int, level: int | None) -> None:
        """Tie a pin to a level that no output moves, by a solder bridge; None ends it."""
        self._pins[gpio].shorted = level
        self._settle(gpio, self.clock())

    # -- what a daemon does to a pin -------------------------------------------------------------

    def write(self, gpio: int, level: int, at_s: float) -> None:
        """Set the output latch; it shows on the pin while the pin is an output."""
        self._pins[gpio].latch = level
        self._settle(gpio, at_s)

    def set_mode(self, gpio: int, mode: int, at_s: float) -> None:
        """Give a pin a function."""
        pin = self._pins[gpio]
        if pin.mode == mode:
            return
        before = self.pwm(gpio)
        pin.mode = mode
        self._notify(WireEvent(at_s, "mode", gpio, mode))
        after = self.pwm(gpio)
        if after is not None and after != before:
            self._notify(WireEvent(at_s, "pwm", gpio, after.duty))
        elif before is not None and after is None:
            self._notify(WireEvent(at_s, "pwm_off", gpio, 0))
        self._settle(gpio, at_s)

    def set_pull(self, gpio: int, pull: int, at_s: float) -> None:
        """Set the pull resistor of a pin: 0 off, 1 down, 2 up."""
        self._pins[gpio].pull = pull
        self._settle(gpio, at_s)

    def set_soft_pwm(self, gpio: int, wave: PwmWave | None, at_s: float) -> None:
        """Let DMA play a wave on an output pin, or end that."""
        pin = self._pins[gpio]
        if pin.soft == wave:
            return
        pin.soft = wave
        if wave is None:
            self._notify(WireEvent(at_s, "pwm_off", gpio, 0))
        else:
            self._notify(WireEvent(at_s, "pwm", gpio, wave.duty))
        self._settle(gpio, at_s)

    def stop_dma(self, at_s: float) -> None:
        """End what DMA plays on any pin, which stays at the level that it has just then."""
        for gpio, pin in enumerate(self._pins):
            if pin.soft is not None:
                pin.latch = pin.soft.level(at_s)
                self.set_soft_pwm(gpio, None, at_s)

    def set_channel(self, channel: int, frequency_hz: float, duty: float, at_s: float) -> None:
        """Run a hardware PWM channel; the phase goes on when only the duty changes."""
        old = self._channels[channel]
        keep = old is not None and old.frequency_hz == frequency_hz
        started_at_s = old.started_at_s if old is not None and keep else at_s
        self._channels[channel] = PwmWave(frequency_hz, duty, started_at_s)
        if old != self._channels[channel]:
            self._notify_channel(channel, "pwm", duty, at_s)

    def stop_channel(self, channel: int, at_s: float) -> None:
        """Stop a hardware PWM channel: its pins go low and keep their function."""
        if self._channels[channel] is not None:
            self._channels[channel] = None
            self._notify_channel(channel, "pwm_off", 0, at_s)

    def steady_word(self) -> int:
        """As `word`, with the pins under PWM as 0."""
        return self._static

    def word(self, at_s: float) -> int:
        """The levels of all pins as one number, bit by GPIO."""
        word = self._static
        for gpio in PWM_PINS:
            wave = self.pwm(gpio)
            if wave is not None:
                word |= wave.level(at_s) << gpio
        return word

    # -- inside ----------------------------------------------------------------------------------

    def _steady_level(self, gpio: int) -> int:
        pin = self._pins[gpio]
        if pin.shorted is not None:
            return pin.shorted
        if pin.soft is not None:
            return 0
        if pin.mode == OUTPUT:
            return pin.latch
        known = PWM_PINS.get(gpio)
        if known is not None and pin.mode == known[1]:
            return 0  # the channel's own, or low while that is stopped
        if pin.driven is not None:
            return pin.driven
        return int(pin.pull == PULL_UP)

    def _settle(self, gpio: int, at_s: float) -> None:
        level = self._steady_level(gpio)
        if self._static >> gpio & 1 != level:
            self._static ^= 1 << gpio
            self._notify(WireEvent(at_s, "level", gpio, level))

    def _notify_channel(
        self, channel: int, kind: Literal["pwm", "pwm_off"], duty: float, at_s: float
    ) -> None:
        for gpio, (its_channel, mode) in PWM_PINS.items():
            if its_channel == channel and self._pins[gpio].mode == mode:
                self._notify(WireEvent(at_s, kind, gpio, duty))

    def on_script(self, at_s: float, value: float) -> None:
        """Note that the first parameter of a script was changed to *value*."""
        self._notify(WireEvent(at_s, "script", -1, value))

    def _notify(self, event: WireEvent) -> None:
        self._events.append(event)
        for listener in self.listeners:
            listener(event)
