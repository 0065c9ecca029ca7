# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up days for the tests of the command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 6, 21, 9, tzinfo=UTC)


def write_day(
    path: Path, watts: Callable[[int], float], minutes: int = 180, begin: datetime = BEGIN
) -> Path:
    """A file with a row a minute."""
    rows = [
        f"{begin + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ},{watts(minute):.0f}"
        for minute in range(minutes)
    ]
    path.write_text("time,surplus_w\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def cloudy(minute: int) -> float:
    """Dark, 3 kW from the 20th minute on, a short cloud, and a long one after two hours."""
    if minute < 20:
        return -300
    if 60 <= minute < 63:
        return 300
    return 3000 if minute < 120 else 200
