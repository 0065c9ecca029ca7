# SPDX-License-Identifier: GPL-3.0-or-later
"""One model for each section of evsed.toml: its keys, their defaults and what they may be.

Units are in the keys' suffixes. The ranges here are what evsed accepts; `words.py` reads them to
tell the owner what is allowed, so each is written once. A rule between two keys of a section is
checked at the later one, and only when the earlier is right: so one pass finds every mistake.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from evsed.core.car.care import CarCareConfig
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.phase_set import REST_S
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.core.text import text
from evsed.settings.common import (
    PILOT_GPIOS,
    AbsolutePath,
    Allowed,
    Applies,
    Gpio,
    Guard,
    Host,
    KeyMark,
    MaybeChannel,
    MaybeGpio,
    Network,
    Port,
    Section,
    Sensor,
    Site,
    absolute,
    must_be,
)

DEFAULTS = AllotmentConfig()
_CAR = CarCareConfig()
_BORNE = OverCurrentConfig()
PILOT_SWING_V = 12.6  # the pilot's supply is 12 V +-5 %: IEC 61851-1 Table A.2, 11.4 to 12.6 V


def _no_or_startable(current_a: float) -> float:
    if current_a != 0 and not 6 <= current_a <= 80:  # noqa: PLR2004 - what a pilot can say
        raise must_be(text("0, or 6 to 80 A"))
    return current_a


MaybeFuse = Annotated[
    Annotated[float, Field(ge=10, le=400)] | None, Allowed(text("10 to 400 A, or absent"))
]
MaybePeak = Annotated[
    Annotated[float, Field(ge=1000, le=1_000_000)] | None,
    Allowed(text("1000 to 1000000 W, or absent")),
]
LostCurrent = Annotated[float, AfterValidator(_no_or_startable), Allowed(text("0, or 6 to 80 A"))]


_BETWEEN_LINES_V = (300.0, 480.0)
"""The volts between two lines of the world's three-phase grids, IEC 60038: 380 to 480, and less."""


class SupplySettings(Section):
    """[supply]: what the wall can give. Every value is a ceiling, never a target."""

    guard: ClassVar[Guard] = Guard.BOX

    mains_v: float = Field(230.0, ge=100, le=277)
    phases: int = Field(1, ge=1, le=3)
    max_current_a: Annotated[float, KeyMark.SAFER_LOWER] = Field(
        10.0, ge=6, le=80
    )  # 6 to 80 A is what a pilot can say
    main_fuse_a: Annotated[MaybeFuse, KeyMark.SAFER_LOWER] = None
    peak_w: Annotated[MaybePeak, KeyMark.SAFER_LOWER] = None
    house_lost_a: Annotated[LostCurrent, KeyMark.SAFER_LOWER] = 6.0

    @field_validator("mains_v", mode="before")
    @classmethod
    def _line_to_neutral(cls, volts: object) -> object:
        least, most = _BETWEEN_LINES_V
        if isinstance(volts, int | float) and least <= volts <= most:
            wanted = f"100 to 277 V, line to neutral: {volts / math.sqrt(3):.0f} in a grid of"
            raise must_be(f"{wanted} {volts:g} V")
        return volts


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


class SurplusSettings(Section):
    """[surplus]: the solar rules. Defaults and ranges of `AllotmentConfig`."""

    applies: ClassVar[Applies] = Applies.AT_ONCE

    loan_wh: float = Field(DEFAULTS.loan_wh, ge=0, le=100_000)
    import_price: float | None = Field(None, ge=-1_000, le=1_000)
    feed_in_price: float | None = Field(None, ge=-1_000, le=1_000)
    later_price: float | None = Field(None, ge=-1_000, le=1_000)
    reserve_w: float = Field(DEFAULTS.reserve_w, ge=-5_000, le=100_000)
    battery_first_below: float = Field(DEFAULTS.battery_first_below, ge=0, le=1)
    min_on_s: float = Field(DEFAULTS.min_on_s, ge=0, le=86_400)
    min_off_s: float = Field(DEFAULTS.min_off_s, ge=0, le=86_400)
    start_share: float = Field(DEFAULTS.start_share, ge=0, le=1)
    up_slew_a_per_s: float = Field(DEFAULTS.up_slew_a_per_s, ge=0.01, le=100)
    # The control process and the guard of the main fuse have it, too.
    car_min_current_a: Annotated[float, Applies.UNPLUGGED] = Field(
        DEFAULTS.car_min_current_a, ge=6, le=80
    )

    @model_validator(mode="after")
    def _prices_together(self) -> Self:
        names = ("import_price", "feed_in_price", "later_price")
        given = [name for name in names if getattr(self, name) is not None]
        if 0 < len(given) < len(names):
            raise must_be(
                text("set together with the other two: {names}", names=", ".join(names)),
                key=given[0],
                value=getattr(self, given[0]),
            )
        return self


class CarSettings(Section):
    """[car]: the needs of the car that only its owner can know."""

    wake_up: bool = _CAR.wake_up
    wake_first: bool = _CAR.wake_first
    least_pause_s: float = Field(60.0, ge=3, le=3600)
    pause: Literal["x1", "F"] = "x1"
    most_interruptions: int = Field(_CAR.most_interruptions, ge=0, le=100)
    phases: int = Field(_CAR.phases, ge=0, le=3)
    soft_start_s: float = Field(_CAR.soft_start_s, ge=0, le=3600)
    welcome_s: float = Field(_CAR.welcome_s, ge=0, le=3600)


class SafetySettings(Section):
    """[safety]: what only the owner can know of the place."""

    guard: ClassVar[Guard] = Guard.BOX

    allow_ventilated: Annotated[bool, KeyMark.SAFER_LOWER] = False
    allow_without_b: Annotated[bool, KeyMark.SAFER_LOWER] = False
    temperature_sensor: Sensor = ""
    restart_delay_max_s: float = Field(0.0, ge=0, le=600)
    over_current_share: Annotated[float, KeyMark.SAFER_LOWER] = Field(_BORNE.share, ge=1, le=1.25)
    over_current_plus_a: Annotated[float, KeyMark.SAFER_LOWER] = Field(_BORNE.plus_a, ge=0, le=2)
    over_current_for_s: Annotated[float, KeyMark.SAFER_LOWER] = Field(_BORNE.for_s, ge=6, le=15)


MaybePath = Annotated[
    str,
    AfterValidator(lambda text: str(absolute(Path(text))) if text else text),
    Allowed(text('an absolute path, or "" for none')),
]


class WebSettings(Section):
    """[web]: where the page is served."""

    guard: ClassVar[Guard] = Guard.PASSWORD

    host: Host = "0.0.0.0"  # noqa: S104 - reading is open to the whole LAN by design
    port: int = Field(80, ge=0, le=65535)
    socket: MaybePath = "/run/evsed/control.sock"
    password_file: AbsolutePath = Path("/var/lib/evsed/password")
    names: Annotated[
        tuple[Host, ...],
        Field(strict=False),
        Allowed('a list of names such as ["charger.example.org"], or []'),
    ] = ()
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Field(strict=False),
        Allowed('a list of addresses or networks such as ["127.0.0.1", "192.168.1.0/24"], or []'),
    ] = ()
    https_port: int = Field(0, ge=0, le=65535)
    certificate: MaybePath = ""
    key: MaybePath = ""
    frame_ancestors: Annotated[
        tuple[Site, ...],
        Field(strict=False),
        Allowed('a list of sites such as ["http://homeassistant.local:8123"], or []'),
    ] = ()

    @field_validator("https_port")
    @classmethod
    def _another_port(cls, https_port: int, info: ValidationInfo) -> int:
        if https_port and https_port == info.data.get("port"):
            raise must_be(text("other than port, which is {https_port}", https_port=https_port))
        return https_port

    @field_validator("key")
    @classmethod
    def _key_of_a_certificate(cls, key: str, info: ValidationInfo) -> str:
        if key and not info.data.get("certificate"):
            raise must_be(text('"" where certificate is "": evsed makes both itself'))
        return key


class OpenEvseSettings(Section):
    """[openevse]: OpenEVSE's interface beside evsed's own, for Home Assistant and evcc."""

    enabled: bool = False
    announce: Annotated[bool, Applies.AT_ONCE] = True


class LogsSettings(Section):
    """[logs]: where the files for people are kept."""

    guard: ClassVar[Guard] = Guard.PASSWORD

    dir: AbsolutePath = Path("/var/log/evsed")
    level: Annotated[Literal["debug", "info", "warning", "error"], Applies.AT_ONCE] = "info"


class StoreSettings(Section):
    """[store]: where sessions and totals are kept."""

    guard: ClassVar[Guard] = Guard.PASSWORD

    path: AbsolutePath = Path("/var/lib/evsed/evsed.db")
