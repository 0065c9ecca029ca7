# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated daemon's view of its pins: modes, levels, PWM, servo, clocks, pads.

pigpiod keeps, beside the registers, its own record of the use of each GPIO, and answers from
that. The two differ when the daemon is new over old registers, when a wave has stolen the
PWM, or when a pin's function is changed by hand: `Gpios` holds the record and ends with the daemon,
`GpioLines` holds the registers and does not.

Figures: pigpio.md 1.4 and 4 and the recordings; those marked [K] from pigpio.h v79, unverified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from evsed.sim.gpio_lines import (
    ALT0,
    ALT5,
    LAST_GPIO,
    OUTPUT,
    PULL_UP,
    PWM_PINS,
    GpioLines,
    PwmWave,
)
from evsed.sim.pigpiod.protocol import (
    LAST_USER_GPIO,
    U32,
    Cmd,
    CommandReply,
    Err,
    Handler,
)

DUTY_RANGE = 1_000_000
"""Hardware PWM duties are millionths."""

SOFT_FREQUENCIES_HZ = (
    *(8000, 4000, 2000, 1600, 1000, 800, 500, 400, 320),
    *(250, 200, 160, 100, 80, 50, 40, 20, 10),
)
"""Software PWM at the default sample rate of 5 us, and the real range of each:"""
SOFT_REAL_RANGES = tuple(200_000 // hz for hz in SOFT_FREQUENCIES_HZ)
_SOFT_DEFAULT = SOFT_FREQUENCIES_HZ.index(800)

CLOCK_PINS = {4: (0, ALT0), 5: (1, ALT0), 6: (2, ALT0), 20: (0, ALT5), 21: (1, ALT5)}
_CLOCK_PASSWORD = 0x5A
_CLOCK_LOWEST_HZ = {375_000_000: 13_184, 250_000_000: 4_689}  # [K]

_LAST_MODE = 7
_SERVO_US = range(500, 2501)
_SERVO_HZ = 50.0
_SOFT_RANGE = range(25, 40_001)
_TRIGGER_US = range(1, 101)
_PAD_MA = range(1, 17)
_BANK_2_PINS = (1 << (LAST_GPIO - 31)) - 1


class Use(Enum):
    """The use of a GPIO as the daemon has it."""

    NOTHING = auto()
    WRITE = auto()
    PWM = auto()
    SERVO = auto()
    HW_PWM = auto()
    HW_CLOCK = auto()


@dataclass(slots=True)
class _Gpio:
    use: Use = Use.NOTHING
    width: int = 0
    soft_range: int = 255
    soft_index: int = _SOFT_DEFAULT


@dataclass(slots=True)
class _Channel:
    """The last request to a hardware PWM channel."""

    frequency_hz: int = 0
    duty: int = 0
    real_range: int = 0


class Gpios:
    """The pin commands.

    Args:
        wires: the pins.
        permitted: bit by bit which GPIO may be changed (``-x``).
        pwm_clock_hz: half of PLLD: 375 MHz on a Pi 4, 250 MHz before.
        pwm_is_clock: the daemon was started with ``-t 0`` and times its DMA with the PWM.

    """

    def __init__(
        self, wires: GpioLines, *, permitted: int, pwm_clock_hz: int, pwm_is_clock: bool
    ) -> None:
        self._wires = wires
        self._permitted = permitted
        self._pwm_clock_hz = pwm_clock_hz
        self._pwm_is_clock = pwm_is_clock
        self._gpios = [_Gpio() for _ in range(LAST_GPIO + 1)]
        self._channels = [_Channel(), _Channel()]
        self._pwm_touched = False
        self._clocks_hz: dict[int, int] = {}

    def handlers(self) -> dict[int, Handler]:
        """The commands answered here."""
        return {
            Cmd.MODES: self._set_mode,
            Cmd.MODEG: self._get_mode,
            Cmd.PUD: self._pull,
            Cmd.READ: self._read,
            Cmd.WRITE: self._write,
            Cmd.PWM: self._pwm,
            Cmd.PRS: self._set_range,
            Cmd.PFS: self._set_frequency,
            Cmd.PRG: self._get_range,
            Cmd.PFG: self._get_frequency,
            Cmd.PRRG: self._get_real_range,
            Cmd.GDC: self._get_duty,
            Cmd.SERVO: self._servo,
            Cmd.GPW: self._get_servo,
            Cmd.BR1: lambda _1, _2, _e, at_s: self._wires.word(at_s) & 0xFFFFFFFF,
            Cmd.BR2: lambda _1, _2, _e, at_s: self._wires.word(at_s) >> 32,
            Cmd.BC1: lambda bits, _2, _e, at_s: self._bank(bits, 0, 0, at_s),
            Cmd.BC2: lambda bits, _2, _e, at_s: self._bank(bits & _BANK_2_PINS, 32, 0, at_s),
            Cmd.BS1: lambda bits, _2, _e, at_s: self._bank(bits, 0, 1, at_s),
            Cmd.BS2: lambda bits, _2, _e, at_s: self._bank(bits & _BANK_2_PINS, 32, 1, at_s),
            Cmd.TRIG: self._trigger,
            Cmd.HP: self._hardware_pwm,
            Cmd.HC: self._hardware_clock,
            Cmd.PADS: self._set_pad,
            Cmd.PADG: lambda pad, _2, _e, _s: (
                self._wires.pads[pad] if pad < len(self._wires.pads) else Err.BAD_PAD
            ),
        }

    def stop_hardware_pwm(self, at_s: float) -> None:
        """Stop it on every pin this daemon started it on: what sending a wave does."""
        for number, gpio in enumerate(self._gpios):
            if gpio.use is Use.HW_PWM:
                gpio.use = Use.NOTHING
                self._wires.stop_channel(PWM_PINS[number][0], at_s)

    def put(self, gpio: int, level: int, at_s: float) -> None:
        """Set or clear an output the way DMA does: the latch alone."""
        if self._permitted >> gpio & 1:
            self._wires.write(gpio, level, at_s)

    # -- modes and levels ------------------------------------------------------------------------

    def _denied(self, gpio: int) -> bool:
        """A pin outside the mask; numbers beyond the last pin meet their own errors later."""
        return gpio <= LAST_GPIO and not self._permitted >> gpio & 1

    def _release(self, gpio: int, use: Use, at_s: float) -> None:
        """End what the daemon plays on a pin; the PWM and clock hardware is left running."""
        its = self._gpios[gpio]
        if its.use is not use:
            its.width = 0
            its.use = use
        self._wires.set_soft_pwm(gpio, None, at_s)

    def _set_mode(self, gpio: int, mode: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_GPIO:
            return Err.BAD_GPIO
        if mode > _LAST_MODE:
            return Err.BAD_MODE
        if self._wires.mode(gpio) != mode:
            self._release(gpio, Use.NOTHING, at_s)
            self._wires.set_mode(gpio, mode, at_s)
        return 0

    def _get_mode(self, gpio: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        return Err.BAD_GPIO if gpio > LAST_GPIO else self._wires.mode(gpio)

    def _pull(self, gpio: int, pull: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_GPIO:
            return Err.BAD_GPIO
        if pull > PULL_UP:
            return Err.BAD_PUD
        self._wires.set_pull(gpio, pull, at_s)
        return 0

    def _read(self, gpio: int, _p2: int, _ext: bytes, at_s: float) -> int:
        return Err.BAD_GPIO if gpio > LAST_GPIO else self._wires.level(gpio, at_s)

    def _write(self, gpio: int, level: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_GPIO:
            return Err.BAD_GPIO
        if level > 1:
            return Err.BAD_LEVEL
        self._wires.write(gpio, level, at_s)  # the level first: no glitch on becoming an output
        self._release(gpio, Use.WRITE, at_s)
        self._wires.set_mode(gpio, OUTPUT, at_s)
        return 0

    def _bank(self, bits: int, first: int, level: int, at_s: float) -> int:
        wanted = bits << first
        allowed = wanted & self._permitted
        for gpio in range(first, min(first + 32, LAST_GPIO + 1)):
            if allowed >> gpio & 1:
                self._wires.write(gpio, level, at_s)
        return 0 if allowed == wanted else Err.SOME_PERMITTED

    def _trigger(self, gpio: int, pulse_us: int, ext: bytes, at_s: float) -> int | CommandReply:
        level = U32.unpack_from(ext)[0]
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        if level > 1:
            return Err.BAD_LEVEL
        if pulse_us not in _TRIGGER_US:
            return Err.BAD_PULSELEN
        self._write(gpio, level, ext, at_s)
        self._wires.write(gpio, 1 - level, at_s + pulse_us * 1e-6)
        return CommandReply(0, took_s=pulse_us * 1e-6)

    # -- PWM by DMA ------------------------------------------------------------------------------

    def _play(self, gpio: int, use: Use, width: int, at_s: float) -> None:
        its = self._gpios[gpio]
        if its.use is not use:
            self._wires.write(gpio, 0, at_s)
            self._release(gpio, use, at_s)
            self._wires.set_mode(gpio, OUTPUT, at_s)
        its.width = width
        self._refresh(gpio, at_s)

    def _refresh(self, gpio: int, at_s: float) -> None:
        its = self._gpios[gpio]
        wave = None
        if its.width and its.use is Use.PWM:
            hz, real = SOFT_FREQUENCIES_HZ[its.soft_index], SOFT_REAL_RANGES[its.soft_index]
            steps = its.width * real // its.soft_range
            wave = PwmWave(float(hz), steps / real, at_s)
        elif its.width and its.use is Use.SERVO:
            wave = PwmWave(_SERVO_HZ, its.width * 1e-6 * _SERVO_HZ, at_s)
        self._wires.set_soft_pwm(gpio, wave, at_s)

    def _pwm(self, gpio: int, width: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        if width > self._gpios[gpio].soft_range:
            return Err.BAD_DUTYCYCLE
        self._play(gpio, Use.PWM, width, at_s)
        return 0

    def _servo(self, gpio: int, width_us: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        if width_us and width_us not in _SERVO_US:
            return Err.BAD_PULSEWIDTH
        self._play(gpio, Use.SERVO, width_us, at_s)
        return 0

    def _get_servo(self, gpio: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        its = self._gpios[gpio]
        return its.width if its.use is Use.SERVO else Err.NOT_SERVO_GPIO

    def _set_range(self, gpio: int, new: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        if new not in _SOFT_RANGE:
            return Err.BAD_DUTYRANGE
        its = self._gpios[gpio]
        if its.use is Use.PWM:
            its.width = its.width * new // its.soft_range
        its.soft_range = new  # also under hardware PWM, unseen: a trap of the real daemon
        if its.use is Use.PWM:
            self._refresh(gpio, at_s)
        return SOFT_REAL_RANGES[its.soft_index]

    def _set_frequency(self, gpio: int, wanted_hz: int, _ext: bytes, at_s: float) -> int:
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        nearest = min(SOFT_FREQUENCIES_HZ, key=lambda hz: abs(hz - wanted_hz))
        self._gpios[gpio].soft_index = SOFT_FREQUENCIES_HZ.index(nearest)
        if self._gpios[gpio].use is Use.PWM:
            self._refresh(gpio, at_s)
        return nearest

    # -- what the daemon says about a PWM, of either kind ----------------------------------------

    def _get_duty(self, gpio: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        match self._gpios[gpio].use:
            case Use.PWM:
                return self._gpios[gpio].width
            case Use.HW_PWM:
                return self._channels[PWM_PINS[gpio][0]].duty
            case Use.HW_CLOCK:
                return DUTY_RANGE // 2
            case _:
                return Err.NOT_PWM_GPIO

    def _get_range(self, gpio: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        its = self._gpios[gpio]
        return DUTY_RANGE if its.use in {Use.HW_PWM, Use.HW_CLOCK} else its.soft_range

    def _get_real_range(self, gpio: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        its = self._gpios[gpio]
        if its.use is Use.HW_PWM:
            return self._channels[PWM_PINS[gpio][0]].real_range
        return DUTY_RANGE if its.use is Use.HW_CLOCK else SOFT_REAL_RANGES[its.soft_index]

    def _get_frequency(self, gpio: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        match self._gpios[gpio].use:
            case Use.HW_PWM:
                return self._channels[PWM_PINS[gpio][0]].frequency_hz
            case Use.HW_CLOCK:
                return self._clocks_hz[CLOCK_PINS[gpio][0]]
            case _:
                return SOFT_FREQUENCIES_HZ[self._gpios[gpio].soft_index]

    # -- PWM and clocks in hardware --------------------------------------------------------------

    def _hardware_pwm(self, gpio: int, hz: int, ext: bytes, at_s: float) -> int:
        duty = U32.unpack_from(ext)[0]
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_GPIO:
            return Err.BAD_GPIO
        if gpio not in PWM_PINS:
            return Err.NOT_HPWM_GPIO
        if duty > DUTY_RANGE:
            return Err.BAD_HPWM_DUTY
        if self._pwm_is_clock:
            return Err.HPWM_ILLEGAL
        if hz > self._pwm_clock_hz // 2:
            return Err.BAD_HPWM_FREQ
        number, mode = PWM_PINS[gpio]
        if hz == 0:
            if self._gpios[gpio].use is Use.HW_PWM:
                self._gpios[gpio].use = Use.NOTHING
                self._wires.stop_channel(number, at_s)
            return 0
        if not self._pwm_touched:  # the first one after a start zeroes the control register
            self._pwm_touched = True
            self._wires.stop_channel(0, at_s)
            self._wires.stop_channel(1, at_s)
        steps = int(self._pwm_clock_hz / hz + 0.5)
        channel = self._channels[number]
        channel.frequency_hz = int(self._pwm_clock_hz / steps + 0.5)
        channel.duty, channel.real_range = duty, steps
        self._release(gpio, Use.HW_PWM, at_s)
        self._wires.set_mode(gpio, mode, at_s)
        high_steps = duty * steps // DUTY_RANGE
        self._wires.set_channel(number, self._pwm_clock_hz / steps, high_steps / steps, at_s)
        return 0

    def _hardware_clock(self, p1: int, hz: int, _ext: bytes, at_s: float) -> int:
        gpio, password = p1 & 0xFF, p1 >> 24
        if self._denied(gpio):
            return Err.NOT_PERMITTED
        if gpio > LAST_GPIO:
            return Err.BAD_GPIO
        if gpio not in CLOCK_PINS:
            return Err.NOT_HCLK_GPIO
        if hz and not _CLOCK_LOWEST_HZ[self._pwm_clock_hz] <= hz <= self._pwm_clock_hz:
            return Err.BAD_HCLK_FREQ
        number, mode = CLOCK_PINS[gpio]
        if number == 1 and password != _CLOCK_PASSWORD:  # clock 1 feeds the Pi's own parts
            return Err.BAD_HCLK_PASS
        self._release(gpio, Use.HW_CLOCK if hz else Use.NOTHING, at_s)
        self._clocks_hz[number] = hz
        if hz:
            self._wires.set_mode(gpio, mode, at_s)
        return 0

    def _set_pad(self, pad: int, milliamperes: int, _ext: bytes, _at_s: float) -> int:
        if pad >= len(self._wires.pads):
            return Err.BAD_PAD
        if milliamperes not in _PAD_MA:
            return Err.BAD_STRENGTH
        self._wires.pads[pad] = milliamperes
        return 0
