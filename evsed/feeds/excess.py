# SPDX-License-Identifier: GPL-3.0-or-later
"""Spare power by measured numbers: an excess, or what the grid and a battery give. Pure.

The spare power beside the car's own draw is what flows to the grid and into the battery:
excess_w = -(grid_w + battery_w). Where no number of the battery is configured, what it takes is not
spare, and what it gives is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evsed.core.solar.allotment import Reading
from evsed.core.text import listed, text
from evsed.errors import SourceError
from evsed.sources.presets import Device, Numbers, numbers_of
from evsed.sources.reader import Figures

NAMES: Final = ("excess_w", "grid_w", "battery_w", "soc", "minimum_w", "maximum_w")
"""The numbers that a feed asks for."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Spare power by the numbers, and in words how it follows from them."""

    excess_w: float
    why: str


def excess_of(figures: Figures) -> Excess:
    """Return the spare power by *figures*. Raises `SourceError` where they do not give it."""
    if "excess_w" in figures:
        excess_w = figures["excess_w"][0].value
        return Excess(excess_w, text("as the source says itself"))
    if "grid_w" not in figures:
        raise SourceError(
            text("there is neither excess_w nor grid_w, so it is not known what is spare")
        )
    grid_w = figures["grid_w"][0].value
    if grid_w > 0:
        flow = text("{grid_w:.0f} W from the grid", grid_w=grid_w)
    else:
        flow = text("{grid_w:.0f} W into the grid", grid_w=abs(grid_w))
    if "battery_w" not in figures:
        return Excess(-grid_w, flow)
    battery_w = figures["battery_w"][0].value
    if battery_w > 0:
        other = text("{battery_w:.0f} W from the battery", battery_w=battery_w)
    else:
        other = text("{battery_w:.0f} W into the battery", battery_w=abs(battery_w))
    return Excess(-(grid_w + battery_w), listed((flow, other)))


def feed_numbers(device: Device) -> Numbers:
    """The numbers of *device* that make a feed. Raises `SourceError` where they do not suffice."""
    numbers = dict(numbers_of(device, NAMES))
    if "excess_w" in numbers and "grid_w" in numbers:
        # A preset may know both; the owner's own choice goes first.
        numbers.pop("grid_w" if "excess_w" in device.numbers else "excess_w")
    if "excess_w" not in numbers and "grid_w" not in numbers:
        if device.preset:
            raise SourceError(
                text(
                    "neither excess_w nor grid_w can be had: "
                    'preset "{preset}" needs an id for it, such as grid_w = {{ id = "..." }}',
                    preset=device.preset,
                )
            )
        raise SourceError(
            text(
                "neither excess_w nor grid_w can be had: say where it is, such as grid_w = { ... }"
            )
        )
    return numbers


def reading_of(figures: Figures, now: float) -> Reading:
    """Return *figures* as a reading at *now*. Raises `SourceError` where they are contradictory."""

    def value(name: str) -> float | None:
        return figures[name][0].value if name in figures else None

    found: Sequence[tuple[float, str]] = [
        (each.at, each.stamp)
        for name, several in figures.items()
        if name in {"excess_w", "grid_w", "battery_w"}
        for each in several
    ]
    excess_w = excess_of(figures).excess_w
    minimum_w, maximum_w = value("minimum_w"), value("maximum_w")
    if minimum_w is not None and maximum_w is not None and minimum_w > maximum_w:
        raise SourceError(
            text(
                "minimum_w is {minimum_w:g} W and maximum_w {maximum_w:g} W, which "
                "cannot both hold",
                minimum_w=minimum_w,
                maximum_w=maximum_w,
            )
        )
    oldest_at = min(at for at, _ in found)
    stamps = "+".join(stamp for _, stamp in found if stamp)
    return Reading(
        excess_w=excess_w,
        minimum_w=max(0.0, minimum_w or 0.0),
        # Below 0 is less than nothing: no charging.
        maximum_w=None if maximum_w is None else max(0.0, maximum_w),
        stamp=stamps or f"{oldest_at:.3f}",
        age_s=max(0.0, now - oldest_at),
        soc=value("soc"),
        grid_w=value("grid_w"),
        battery_w=value("battery_w"),
    )
