# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the feed: each is a sound reading or a `FeedError`, and no reading asks for too much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from evsed.core.solar.allotment import Allotment, Reading
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.errors import FeedError
from evsed.feeds.batterymonitor import parse_page
from tests.fuzz.source import Source

PAGES = Path(__file__).parent.parent / "pages"
CONFIG = AllotmentConfig()
ZONES = (UTC, ZoneInfo("Europe/Vienna"), ZoneInfo("Australia/Lord_Howe"))
LABELS = (
    "Current Time",
    "Timestamp",
    "Excess solar power available",
    "Excess solar power available",
    "Minimum demand energy",
    "Minimum demand energy",
    "Maximum demand energy ",
    "Maximum demand energy ",
)
RIGHT = ("20261122113004", "20261122113002", "1834W", "1834W", "0W", "0W", "5000W", "5000W")
AROUND = (("<p>", "</p>\n"), ("", "  \n"), ("<p>", "</p>"), ("\r\n", "\r\n"), ("<p ", "</p>\n"))
RAW = 0

CONFIGS = (CONFIG, replace(CONFIG, semantics="battery_power"))
FIRST = Reading(excess_w=1500.0, minimum_w=0.0, maximum_w=5000.0, stamp="first", age_s=0.0)


def seeds() -> Iterator[bytes]:
    """Real pages as they are, and the built page."""
    for path in sorted(PAGES.glob("*.html")):
        yield bytes([RAW]) + path.read_bytes()
    yield b"\x01" + bytes(40)


def one_input(data: bytes) -> None:
    """Parse one page, and let the allotment hear it if it is sound."""
    source = Source(data)
    kind, zone = source.byte(), source.choice(ZONES)
    page = source.rest().decode("utf-8", "replace") if kind == RAW else _page(source)
    try:
        reading = parse_page(page, zone)
    except FeedError as error:
        assert str(error)
        return
    assert math.isfinite(reading.excess_w)
    assert 0 <= reading.minimum_w < math.inf
    assert reading.maximum_w is None or reading.minimum_w <= reading.maximum_w < math.inf
    assert 0 <= reading.age_s < math.inf
    # Heard as the second of two: what counts is also how it follows on the one before.
    allotment = Allotment(CONFIGS[kind % len(CONFIGS)])
    allotment.on_reading(1000.0, FIRST)
    allotment.on_reading(1060.0, reading)
    allotted_a = allotment.update(1060.0).current_a
    assert allotted_a == 0.0 or CONFIG.car_min_current_a <= allotted_a <= CONFIG.max_current_a


def _page(source: Source) -> str:
    """A page nearly as it should be."""
    lines = []
    before, after = source.choice(AROUND)
    for label, right in zip(LABELS, RIGHT, strict=True):
        value = right
        if source.chance(64):
            value = source.text() + source.choice(("W", "", " W", "W W", "kW"))
        elif source.chance(128) and label in LABELS[:2]:
            value = "".join(str(source.byte() % 10) for _ in range(14))
        elif source.chance(128):
            value = f"{source.below(65536) - 32768}W"
        lines.append(f"{before}{label} {value}{after}")
    for _ in range(source.byte() % 4):  # lines lost, doubled, moved, or of another kind
        place, what = source.below(len(lines)), source.byte() % 4
        if what == 0 and len(lines) > 1:
            del lines[place]
        elif what == 1:
            lines.append(lines[place])
        elif what == 2:
            lines.insert(0, lines.pop(place))
        else:
            lines.insert(place, before + source.text() + after)
    return "".join(lines)
