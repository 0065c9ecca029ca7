# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters: what the car draws, and what the house does, measured.

A meter is read again and again, each time when it has something new. It decides nothing: what a
reading of the house means for the car is the business of `core.supply`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from evsed.core.supply.main_fuse import HouseReading
from evsed.sources.presets import Device

__all__ = ["CarReading", "HouseReading", "Meter", "MeterConfig", "open_car", "open_house"]

Reading_co = TypeVar("Reading_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """[meters.car] or [meters.house]: where the numbers are, and how often they are read."""

    device: Device
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CarReading:
    """Draw of the car at the monotonic moment `measured_at`.

    `current_a` is amperes on each phase, `power_w` watts on each phase or in all; either may be
    empty, but not both. `energy_wh` is the meter's own counter, where it has one. After `holds_s`
    seconds the reading is too old to be taken for what the car draws.
    """

    measured_at: float
    holds_s: float = 15.0
    current_a: tuple[float, ...] = ()
    power_w: tuple[float, ...] = ()
    energy_wh: float | None = None

    def most_a(self, mains_v: float, phases: int) -> float:
        """The current of the phase that carries most; without currents, as the power says."""
        if self.current_a:
            return max(map(abs, self.current_a))
        return abs(sum(self.power_w)) / (mains_v * phases)

    def phases_a(self, mains_v: float) -> tuple[float, ...]:
        """The current on each phase; without currents, as the power on each says."""
        if self.current_a:
            return tuple(map(abs, self.current_a))
        return tuple(abs(power_w) / mains_v for power_w in self.power_w)

    def total_w(self, mains_v: float) -> float:
        """The power on all phases; without powers, as the currents say."""
        if self.power_w:
            return abs(sum(self.power_w))
        return mains_v * sum(map(abs, self.current_a))


class Meter(Protocol[Reading_co]):
    """Something that measures."""

    async def read(self) -> Reading_co:
        """Wait for the next reading. Raises `MeterError` where there is none; call again then."""

    async def close(self) -> None:
        """Close the connection."""


def open_car(config: MeterConfig) -> Meter[CarReading]:
    """The meter of the car. Raises `MeterError` for what cannot be one."""
    from evsed.meters.measured import open_measured_car  # noqa: PLC0415 - only where it is used

    return open_measured_car(config)


def open_house(config: MeterConfig) -> Meter[HouseReading]:
    """The meter of the house. Raises `MeterError` for what cannot be one."""
    from evsed.meters.measured import open_measured_house  # noqa: PLC0415 - only where it is used

    return open_measured_house(config)
