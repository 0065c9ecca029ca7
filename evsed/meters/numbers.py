# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers that a meter of the car, and one of the house, are made of."""

from __future__ import annotations

from typing import Final

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.presets import Device, Numbers, numbers_of

CAR_NAMES: Final = ("current_a", "power_w", "energy_wh")
"""Either of the first two will do for the car; its counter is shown beside."""

HOUSE_NAMES: Final = ("current_a", "power_w")
"""The house's current of each phase is needed; with the powers, its direction is known as well."""


def car_numbers(device: Device) -> Numbers:
    """The numbers of *device* that make a meter of the car; `SourceError` where there is none."""
    numbers = numbers_of(device, CAR_NAMES, phases=True)
    if not numbers.keys() & {"current_a", "power_w"}:
        raise SourceError(
            text("neither current_a nor power_w can be had; say where one of them is")
        )
    return numbers


def house_numbers(device: Device) -> Numbers:
    """The numbers of *device* that make a meter of the house; `SourceError` without currents."""
    numbers = dict(numbers_of(device, HOUSE_NAMES, phases=True))
    if "current_a" not in numbers:
        raise SourceError(
            text(
                "current_a cannot be had, which the main fuse needs: say where the "
                "current of each phase is, such as current_a = [{ ... }, { ... }, { ... "
                "}]"
            )
        )
    if len(numbers.get("power_w", ())) not in (0, len(numbers["current_a"])):
        # One power for three phases tells no phase's direction.
        del numbers["power_w"]
    return numbers
