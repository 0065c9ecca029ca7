# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters whose numbers come from sources."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from evsed.core.text import text
from evsed.errors import MeterError, SourceError
from evsed.meters import CarReading, HouseReading, MeterConfig
from evsed.meters.numbers import car_numbers, house_numbers
from evsed.sources.presets import Device, Numbers
from evsed.sources.reader import Figures, Reader

LEAST_PAUSE_S: Final = 0.5
"""Never read more often; a device that pushes faster is met with its newest number."""

HOLDS_PERIODS: Final = 3.0
"""A reading of the car holds for so many periods; after that the draw is estimated again."""

_BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0)

Reading = TypeVar("Reading")


class MeasuredMeter(Generic[Reading]):
    """Reads the figures of *config* once a period, or as they come, and builds readings of them."""

    def __init__(
        self,
        config: MeterConfig,
        find: Callable[[Device], Numbers],
        build: Callable[[Figures], Reading],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            self._reader = Reader(find(config.device), period_s=config.period_s, clock=clock)
        except SourceError as error:
            raise MeterError(text("the meter cannot be used: {error}", error=str(error))) from None
        self._build = build
        self._period_s = config.period_s
        self._clock = clock
        self._failures = 0
        self._next_at = -float("inf")

    async def read(self) -> Reading:
        """Wait for the next reading. Raises `MeterError` where a source fails."""
        await asyncio.sleep(max(0.0, self._next_at - self._clock()))
        began_at = self._clock()
        try:
            figures = await self._reader.read(self._period_s)
            reading = self._build(figures)
        except SourceError as error:
            pause_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
            self._failures += 1
            self._next_at = self._clock() + pause_s
            raise MeterError(str(error)) from None
        self._failures = 0
        pause_s = LEAST_PAUSE_S if self._reader.pushes else self._period_s
        self._next_at = began_at + pause_s
        return reading

    async def close(self) -> None:
        """Let go of the network."""
        await self._reader.close()


def open_measured_car(
    config: MeterConfig, *, clock: Callable[[], float] = time.monotonic
) -> MeasuredMeter[CarReading]:
    """The meter of the car at the sources of *config*."""
    build = partial(car_reading, holds_s=HOLDS_PERIODS * config.period_s)
    return MeasuredMeter(config, car_numbers, build, clock=clock)


def open_measured_house(
    config: MeterConfig, *, clock: Callable[[], float] = time.monotonic
) -> MeasuredMeter[HouseReading]:
    """The meter of the house at the sources of *config*."""
    return MeasuredMeter(config, house_numbers, _HouseReadings().build, clock=clock)


def car_reading(figures: Figures, *, holds_s: float) -> CarReading:
    """Return the car's draw by *figures*, for *holds_s*. Raises `SourceError` where none is in."""
    current, power = figures.get("current_a", ()), figures.get("power_w", ())
    if not current and not power:
        raise SourceError(text("the meter of the car gives neither current_a nor power_w"))
    energy = figures.get("energy_wh")
    return CarReading(
        measured_at=min(figure.at for figure in (*current, *power)),
        holds_s=holds_s,
        current_a=tuple(figure.value for figure in current),
        power_w=tuple(figure.value for figure in power),
        energy_wh=None if energy is None else sum(figure.value for figure in energy),
    )


class _HouseReadings:
    """Builds readings of a house that does not lose a phase on the way."""

    def __init__(self) -> None:
        self._phases = 0

    def build(self, figures: Figures) -> HouseReading:
        current, power = figures.get("current_a", ()), figures.get("power_w", ())
        if len(current) < max(1, self._phases):
            if not self._phases:
                raise SourceError(text("the meter of the house gives the current of no phase"))
            raise SourceError(
                text(
                    "the meter of the house gives the current of {phases} phases, and had "
                    "{before} before",
                    phases=len(current),
                    before=self._phases,
                )
            )
        self._phases = len(current)
        if len(power) != len(current):
            power = ()
        return HouseReading(
            measured_at=min(figure.at for figure in (*current, *power)),
            current_a=tuple(figure.value for figure in current),
            power_w=tuple(figure.value for figure in power),
        )
