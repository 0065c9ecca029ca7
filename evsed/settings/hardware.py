# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the hardware of the box: board, contactor, inputs, light and button."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from evsed.core.pilot.phase_set import REST_S
from evsed.core.text import text
from evsed.settings.common import (
    PILOT_GPIOS,
    Allowed,
    Gpio,
    Guard,
    Host,
    MaybeChannel,
    MaybeGpio,
    Port,
    Section,
    must_be,
)

PILOT_SWING_V = 12.6  # the pilot's supply is 12 V +-5 %: IEC 61851-1 Table A.2, 11.4 to 12.6 V


class WiresSettings(Section):
    """Base of the sections of all boards: the GPIOs (BCM numbers) and their purpose."""

    guard: ClassVar[Guard] = Guard.BOX

    pilot_gpio: Annotated[Literal[12, 13, 18, 19], PILOT_GPIOS] = 18
    contactor_gpios: Annotated[
        tuple[Gpio, ...],
        Field(strict=False, min_length=1, max_length=3),
        Allowed("a list of 1 to 3 GPIOs"),
    ] = (23,)
    heartbeat_gpio: Gpio = 24
    spi_channel: int = Field(0, ge=0, le=1)
    # At most what an MCP3008 takes at 2.7 V (DS21295), and fast enough for 128 conversions of 24
    # bits in half a tick.
    spi_hz: int = Field(650_000, ge=400_000, le=1_350_000)

    @field_validator("contactor_gpios")
    @classmethod
    def _each_contactor_its_own(
        cls, gpios: tuple[int, ...], info: ValidationInfo
    ) -> tuple[int, ...]:
        pilot = info.data.get("pilot_gpio")
        if pilot in gpios:
            raise must_be(text("other than pilot_gpio, which is {pilot}", pilot=pilot))
        if len(set(gpios)) < len(gpios):
            raise must_be(text("different GPIOs"))
        return gpios

    @field_validator("heartbeat_gpio")
    @classmethod
    def _heartbeat_its_own(cls, gpio: int, info: ValidationInfo) -> int:
        if gpio == info.data.get("pilot_gpio"):
            raise must_be(text("other than pilot_gpio, which is {gpio}", gpio=gpio))
        if gpio in info.data.get("contactor_gpios", ()):
            raise must_be(text("other than contactor_gpios, which have {gpio}", gpio=gpio))
        return gpio


class PigpioSettings(WiresSettings):
    """[board.pigpio]: where pigpiod is, and the wires behind it."""

    host: Host = "127.0.0.1"
    port: Port = 8888


class KernelSettings(WiresSettings):
    """[board.kernel]: the wires behind Linux itself, whose SPI clock is what it is asked for."""

    spi_hz: int = Field(1_000_000, ge=400_000, le=1_350_000)


class FrontEndSettings(Section):
    """[board.front_end]: how an ADC code becomes volts on the pilot."""

    guard: ClassVar[Guard] = Guard.BOX

    pilot_adc_channel: int = Field(0, ge=0, le=7)
    volts_at_code_0: float = Field(-13.76, ge=-30, le=-PILOT_SWING_V)
    volts_per_code: float = Field(0.02688, ge=0.02, le=0.06)

    @field_validator("volts_per_code")
    @classmethod
    def _reaches_the_top(cls, volts_per_code: float, info: ValidationInfo) -> float:
        bottom_v = info.data.get("volts_at_code_0")
        if bottom_v is not None and bottom_v + 1023 * volts_per_code < PILOT_SWING_V:
            least = math.ceil((PILOT_SWING_V - bottom_v) / 1023 * 1e5) / 1e5
            raise must_be(
                text("{least:g} or more: with this one, +12.6 V cannot be read", least=least)
            )
        return volts_per_code


class BoardSettings(Section):
    """[board]: what drives the wires."""

    guard: ClassVar[Guard] = Guard.BOX

    kind: Literal["pigpio", "kernel"] = "pigpio"
    pigpio: PigpioSettings = PigpioSettings()
    kernel: KernelSettings = KernelSettings()
    cp_relay_gpio: MaybeGpio = None
    front_end: FrontEndSettings = FrontEndSettings()

    @field_validator("cp_relay_gpio")
    @classmethod
    def _relay_its_own(cls, gpio: int | None, info: ValidationInfo) -> int | None:
        wires = info.data.get(info.data.get("kind", ""))
        if gpio is not None and isinstance(wires, WiresSettings):
            for name, other in wires:
                if name.endswith(("_gpio", "_gpios")) and gpio in (
                    other if isinstance(other, tuple) else (other,)
                ):
                    raise must_be(text("other than {name}, which has {gpio}", name=name, gpio=gpio))
        return gpio

    @property
    def wires(self) -> WiresSettings:
        """The wires of the board in use."""
        return self.kernel if self.kind == "kernel" else self.pigpio


class ContactorSettings(Section):
    """[contactor]: how its coil is driven, and when the set of phases may change."""

    guard: ClassVar[Guard] = Guard.BOX

    hold_duty: float = Field(1.0, ge=0.2, le=1)
    switching: Literal["off", "unplugged", "down", "auto"] = "off"
    switching_rest_s: float = Field(REST_S, ge=REST_S, le=300)
    switching_pilot: Literal["x1", "F"] = "x1"


class InputsSettings(Section):
    """[inputs]: optional wires into the box. A key that is absent is a wire that is not there."""

    guard: ClassVar[Guard] = Guard.BOX

    contactor_feedback_gpios: Annotated[
        tuple[Gpio, ...],
        Field(strict=False, max_length=3),
        Allowed("a list of GPIOs, as many as the board's contactor_gpios has, or []"),
    ] = ()
    ground_fault_gpio: MaybeGpio = None
    ground_fault_test_gpio: MaybeGpio = None
    emergency_stop_gpio: MaybeGpio = None
    proximity_adc_channel: MaybeChannel = None
    current_adc_channel: MaybeChannel = None
    current_a_per_v: float = Field(42.55, ge=1, le=1000)
    coil_supply_adc_channel: MaybeChannel = None
    generator_adc_channel: MaybeChannel = None

    @field_validator("current_adc_channel", "coil_supply_adc_channel", "generator_adc_channel")
    @classmethod
    def _its_own_channel(cls, channel: int | None, info: ValidationInfo) -> int | None:
        for key, other in info.data.items():
            if key.endswith("_adc_channel") and channel is not None and channel == other:
                raise must_be(
                    text("other than {key}, which is {channel}", key=key, channel=channel)
                )
        return channel

    @field_validator("contactor_feedback_gpios")
    @classmethod
    def _each_feedback_its_own(cls, gpios: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(gpios)) < len(gpios):
            raise must_be(text("different GPIOs"))
        return gpios

    @field_validator("ground_fault_gpio", "ground_fault_test_gpio", "emergency_stop_gpio")
    @classmethod
    def _each_input_its_own(cls, gpio: int | None, info: ValidationInfo) -> int | None:
        for name, other in info.data.items():
            if gpio is not None and (gpio == other or (isinstance(other, tuple) and gpio in other)):
                raise must_be(text("other than {name}, which has {gpio}", name=name, gpio=gpio))
        return gpio

    @field_validator("ground_fault_test_gpio")
    @classmethod
    def _test_has_an_answer(cls, gpio: int | None, info: ValidationInfo) -> int | None:
        if gpio is not None and info.data.get("ground_fault_gpio", gpio) is None:
            raise must_be(text("absent where ground_fault_gpio is: nothing would hear the answer"))
        return gpio


class BoxSettings(Section):
    """[box]: a light and a button for people at the box. Neither is a barrier."""

    light_gpios: Annotated[
        tuple[Gpio, ...],
        Field(strict=False, max_length=3),
        Allowed("a list of up to 3 GPIOs: red, green and blue, or []"),
    ] = ()
    light_on_low: bool = False
    button_gpio: MaybeGpio = None
    button_may_start: bool = False

    @field_validator("light_gpios")
    @classmethod
    def _each_light_its_own(cls, gpios: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(gpios)) < len(gpios):
            raise must_be(text("different GPIOs"))
        return gpios

    @field_validator("button_gpio")
    @classmethod
    def _button_its_own(cls, gpio: int | None, info: ValidationInfo) -> int | None:
        if gpio is not None and gpio in info.data.get("light_gpios", ()):
            raise must_be(text("other than light_gpios, which have {gpio}", gpio=gpio))
        return gpio
