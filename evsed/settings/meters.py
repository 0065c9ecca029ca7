# SPDX-License-Identifier: GPL-3.0-or-later
"""[meters.car] and [meters.house]: what measures the car, and what measures the house."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from evsed.meters.numbers import CAR_NAMES, HOUSE_NAMES, car_numbers, house_numbers
from evsed.settings.common import Applies, Guard, Section
from evsed.settings.device import DeviceSettings, Terms, check_address
from evsed.sources.presets import Transport


class MeterSettings(DeviceSettings):
    """The keys of both meters; without a kind there is none."""

    kind: Literal["", Transport] = ""

    @field_validator("url")
    @classmethod
    def _fits_the_kind(cls, url: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        return check_address(kind, url) if kind and url else url


class CarMeterSettings(MeterSettings):
    """[meters.car]: behind it lies the car, and nothing else."""

    applies: ClassVar[Applies] = Applies.AT_ONCE
    named: ClassVar[tuple[str, ...]] = CAR_NAMES
    numbers_of = car_numbers

    period_s: float = Field(5.0, ge=1, le=60)
    current_a: Terms = None
    power_w: Terms = None
    energy_wh: Terms = None


class HouseMeterSettings(MeterSettings):
    """[meters.house]: at the main fuse, so that everything flows through it, the car too."""

    guard: ClassVar[Guard] = Guard.BOX  # a false one would lift the limit of the main fuse
    named: ClassVar[tuple[str, ...]] = HOUSE_NAMES
    numbers_of = house_numbers

    period_s: float = Field(2.0, ge=1, le=5)
    current_a: Terms = None
    power_w: Terms = None


class MetersSettings(Section):
    """[meters]: both of them."""

    car: CarMeterSettings = CarMeterSettings()
    house: HouseMeterSettings = HouseMeterSettings()
