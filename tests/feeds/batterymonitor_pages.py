# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of BatteryMonitor in short."""

from __future__ import annotations

import io
import struct
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

GOOD = [
    "Current Time 20261122113004",
    "Timestamp 20261122113002",
    "Excess solar power available 1834W",
    "Excess solar power available 1834W",
    "Minimum demand energy 0W",
    "Minimum demand energy 0W",
    "Maximum demand energy  5000W",
    "Maximum demand energy  5000W",
]


def zone_by_rule(rule: str) -> ZoneInfo:
    """A zone made of a POSIX rule alone, so that the tests need no zone files on the machine."""

    def block(version: bytes, counts: tuple[int, ...], data: bytes) -> bytes:
        return b"TZif" + version + bytes(15) + struct.pack(">6l", *counts) + data

    one_type = struct.pack(">lBB", 0, 0, 0) + b"UTC\0"  # RFC 8536: one type, no transitions
    counts = (0, 0, 0, 0, 1, 4)
    whole = block(b"2", counts, one_type) * 2 + b"\n" + rule.encode() + b"\n"
    return ZoneInfo.from_file(io.BytesIO(whole))


VIENNA = zone_by_rule("CET-1CEST,M3.5.0,M10.5.0/3")


def page(*lines: str) -> str:
    return "".join(f"<p>{line}</p>\n" for line in lines)


def stamped(stamp: str, now: str) -> str:
    return page(f"Current Time {now}", f"Timestamp {stamp}", *GOOD[2:])


def with_copies(label: str, *copies: str) -> str:
    return page(*(line for line in GOOD if label not in line), *(f"{label} {c}" for c in copies))


EXCESS = "Excess solar power available"
MAXIMUM = "Maximum demand energy"
POWERS = ["Excess solar power available", "Minimum demand energy", "Maximum demand energy"]
STAMPS = st.datetimes(datetime(2026, 3, 29), datetime(2026, 3, 29, 6))  # noqa: DTZ001
WATTS = st.one_of(st.integers(-9_000_000, 9_000_000), st.floats())
