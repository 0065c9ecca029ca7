# SPDX-License-Identifier: GPL-3.0-or-later
"""One model for each section of evsed.toml: its keys, their defaults and what they may be.

Sections of the box's hardware are in `hardware.py`, and those of one part (`feed.py`, `mqtt.py`)
in files of their own.

Units are in the keys' suffixes. The ranges here are what evsed accepts; `messages.py` reads them to
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
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.core.text import text
from evsed.settings.common import (
    AbsolutePath,
    Allowed,
    Applies,
    Guard,
    Host,
    KeyMark,
    Network,
    Section,
    Sensor,
    Site,
    absolute,
    must_be,
)

DEFAULTS = AllotmentConfig()
_CAR = CarCareConfig()
_BORNE = OverCurrentConfig()


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
