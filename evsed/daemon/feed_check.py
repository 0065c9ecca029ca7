# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --feed`: read the feed and the meters once, and show what evsed makes of them.

A swapped sign is the commonest mistake, so each number is shown with the direction that evsed takes
it for, before any car is charged by it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from evsed.errors import EvsedError, SourceError
from evsed.feeds import FixedFeed, open_feed
from evsed.feeds.excess import excess_of, feed_numbers
from evsed.meters.numbers import car_numbers, house_numbers
from evsed.sources.reader import Figures, Reader

if TYPE_CHECKING:
    from evsed.settings import Settings
    from evsed.sources.presets import Device, Numbers

PATIENCE_S: Final = 15.0
"""The longest wait for a number that its sender sends by itself."""

_DIRECTIONS: Final = {
    "grid_w": ("taken from the grid", "given to the grid"),
    "battery_w": ("given by the battery", "taken by the battery"),
    "excess_w": ("spare", "taken too much"),
    "power_w": ("drawn from the grid", "given to the grid"),
}
_UNITS: Final = {"_w": "W", "_a": "A", "_wh": "Wh"}


def show(settings: Settings, write: Callable[[str], None] = print) -> bool:
    """Show the feed and the meters of *settings* by *write*; True where all of them were read."""
    return asyncio.run(check(settings, write))


async def check(settings: Settings, write: Callable[[str], None]) -> bool:
    """Do as `show()` does, in the running loop."""
    good = [await _feed(settings, write)]
    for name, section, build in (
        ("meters.car", settings.meters.car, car_numbers),
        ("meters.house", settings.meters.house, house_numbers),
    ):
        device = section.device()
        if device is not None:
            write(f"\n[{name}] {_origin(device)}")
            good.append(await _device(device, build, write) is not None)
    return all(good)


async def _feed(settings: Settings, write: Callable[[str], None]) -> bool:
    device = settings.feed.device()
    if device is None:
        return await _other(settings, write)
    write(f"[feed] {_origin(device)}")
    figures = await _device(device, feed_numbers, write)
    if figures is None:
        return False
    excess = excess_of(figures)
    spare = "are spare" if excess.excess_w >= 0 else "are taken too much"
    write(f"  evsed makes of it: {abs(excess.excess_w):.0f} W {spare} ({excess.why})")
    for line in _assumptions(figures):
        write(f"  {line}")
    if "grid_w" in figures:
        write(
            "  Is it so? Turn on a kettle and run this again: grid_w must rise by about 2000 W. "
            "If it falls,\n  write scale = -1 into grid_w, or turn the clamp round."
        )
    return True


def _assumptions(figures: Figures) -> Iterator[str]:
    """Yield what evsed takes for granted about the house battery."""
    if "battery_w" in figures:
        yield (
            "assumed: what charges the house battery is spare for the car "
            "(surplus.battery_first_below changes that)"
        )
    elif "grid_w" in figures:
        yield (
            "assumed: no house battery holds the grid at zero. If one does, evsed notices after "
            "some minutes\n  of a charge and goes by what is exported; give battery_w, too, if "
            "there is one"
        )
    if "battery_w" in figures and "soc" in figures:
        yield "assumed: from 97 % on, with nothing exported, the panels may give more than is seen"


async def _other(settings: Settings, write: Callable[[str], None]) -> bool:
    """BatteryMonitor's page, or a fixed current."""
    try:
        feed = open_feed(settings.feed_config())
        if isinstance(feed, FixedFeed):
            write(f"[feed] a fixed current: {feed.current_a:g} A")
            return True
        write(f"[feed] BatteryMonitor, {settings.feed.url}")
        try:
            reading = await feed.poll()
        finally:
            await feed.close()
    except EvsedError as error:
        write(f"  {error}")
        return False
    spare = "are spare" if reading.excess_w >= 0 else "are taken too much"
    write(f"  excess  {reading.excess_w:.0f} W, {reading.age_s:.0f} s old: so many {spare}")
    write(
        f"  for the car at least {reading.minimum_w:.0f} W, at most {reading.maximum_w or 0:.0f} W"
    )
    return True


async def _device(
    device: Device, build: Callable[[Device], Numbers], write: Callable[[str], None]
) -> Figures | None:
    """Read the numbers of one section and show each; None where they cannot be had."""
    try:
        reader = Reader(build(device), period_s=1.0)
        try:
            figures = await reader.read(PATIENCE_S if reader.pushes else 0.0)
        finally:
            await reader.close()
    except SourceError as error:
        write(f"  {error}")
        return None
    for line in _lines(figures, time.monotonic()):
        write(f"  {line}")
    return figures


def _lines(figures: Figures, now: float) -> Iterator[str]:
    for name, found in figures.items():
        for number, figure in enumerate(found, start=1):
            label = f"{name} L{number}" if len(found) > 1 else name
            unit = next((u for suffix, u in _UNITS.items() if name.endswith(suffix)), "")
            value = f"{figure.value:.0%}" if name == "soc" else f"{figure.value:.1f} {unit}"
            line = f"{label:13} {value:>12}  {max(0.0, now - figure.at):5.1f} s old"
            if name in _DIRECTIONS and figure.value:
                line += f"  {_DIRECTIONS[name][figure.value < 0]}"
            yield line


def _origin(device: Device) -> str:
    preset = f"preset {device.preset}" if device.preset else device.kind
    url = str(device.given.get("url", ""))
    scheme, between, rest = url.partition("://")
    # A password may stand before an @, and a key after a question mark.
    host = rest.rpartition("@")[2].partition("?")[0]
    return f"{preset}, {scheme}{between}{host}".rstrip(", ")
