# SPDX-License-Identifier: GPL-3.0-or-later
"""A converter or a bus that fails between its channels or in time: what it gives instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.boards.single_parts.plug import COIL_SUPPLY, GENERATOR, PILOT, Plug, Read

Wrong = Callable[[Read, int, float], int]
Fault = Callable[[Plug], Wrong]
CODES: Final = 1024


def always_channel(other: int) -> Fault:
    """The bits that choose the channel do not arrive: it is always this one."""
    return lambda _: lambda read, _, at_s: read(other, at_s)


def swapped(first: int, second: int) -> Fault:
    """Two channels in each other's place."""
    places = {first: second, second: first}
    return lambda _: lambda read, channel, at_s: read(places.get(channel, channel), at_s)


def bridged(first: int, second: int) -> Fault:
    """Two inputs joined, each of the same 12 kOhm: both read the middle of them."""

    def both(read: Read, channel: int, at_s: float) -> int:
        if channel not in (first, second):
            return read(channel, at_s)
        return (read(first, at_s) + read(second, at_s)) // 2

    return lambda _: both


def bleeding(other: int, share: float) -> Fault:
    """The sample keeps a share of another channel."""
    return lambda _: (
        lambda read, channel, at_s: round(
            (1.0 - share) * read(channel, at_s) + share * read(other, at_s)
        )
    )


def steady(code: int) -> Fault:
    """The bus's data line stays low, or high."""
    return lambda _: lambda _read, _channel, _at: code


def shifted(left: int) -> Fault:
    """The bus loses a clock, or has one more: each bit stands one place beside its own."""
    return lambda _: (
        lambda read, channel, at_s: (
            read(channel, at_s) << 1 & CODES - 1 if left else read(channel, at_s) >> 1
        )
    )


def only_while(*, high: bool) -> Fault:
    """The pilot is read right only in one half of its period; in the other the last code stays."""

    def of(_: Plug) -> Wrong:
        kept = 0

        def hold(read: Read, channel: int, at_s: float) -> int:
            nonlocal kept
            if channel != PILOT:
                return read(channel, at_s)
            if (read(GENERATOR, at_s) > CODES // 2) is high:
                kept = read(PILOT, at_s)
            return kept

        return hold

    return of


def as_the_last_car(_: Plug) -> Wrong:
    """The pilot is what drives it, with the levels of a car that asks, whatever hangs on it."""
    high, low = 735, 67  # +6.0 and -12.0 V
    return lambda read, channel, at_s: (
        (high if read(GENERATOR, at_s) > CODES // 2 else low)
        if channel == PILOT
        else read(channel, at_s)
    )


OF_THIS_CAR: Final = "the pilot reads as a car that asks"
"""In a charge, until the offer ends: what SAFETY.md names under "What is left"."""

FAULTS: Final[dict[str, Fault]] = {
    "the bus always gives the coil's supply": always_channel(COIL_SUPPLY),
    "the bus always gives the generator": always_channel(GENERATOR),
    "the bus always gives an empty channel": always_channel(7),
    "the bus always gives the pilot": always_channel(PILOT),
    "pilot and coil's supply swapped": swapped(PILOT, COIL_SUPPLY),
    "pilot and generator swapped": swapped(PILOT, GENERATOR),
    "pilot and coil's supply bridged": bridged(PILOT, COIL_SUPPLY),
    "pilot and generator bridged": bridged(PILOT, GENERATOR),
    "coil's supply and generator bridged": bridged(COIL_SUPPLY, GENERATOR),
    "a quarter of the coil's supply in each": bleeding(COIL_SUPPLY, 0.25),
    "half of the coil's supply in each": bleeding(COIL_SUPPLY, 0.5),
    "half of the generator in each": bleeding(GENERATOR, 0.5),
    "half of an empty channel in each": bleeding(7, 0.5),
    "the bus stays low": steady(0),
    "the bus stays high": steady(CODES - 1),
    "the bus loses a clock": shifted(0),
    "the bus has a clock more": shifted(1),
    "the pilot is read only while it is high": only_while(high=True),
    "the pilot is read only while it is low": only_while(high=False),
    OF_THIS_CAR: as_the_last_car,
}
