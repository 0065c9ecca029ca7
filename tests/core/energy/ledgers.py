# SPDX-License-Identifier: GPL-3.0-or-later
"""Ledgers of sessions for the tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from evsed.core.energy.sessions import (
    Flow,
    Ledger,
    SavedTotals,
)

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KILOWATT_3_6 = Flow(power_w=3600.0, current_a=15.7)  # 1 Wh a second
NOTHING = Flow()


def new() -> Ledger:
    ledger = Ledger()
    ledger.load(SavedTotals())
    return ledger


def plugged_in() -> Ledger:
    ledger = new()
    ledger.plug_in("one", NOON)
    return ledger


def charge(ledger: Ledger, start: float, seconds: int, flow: Flow = KILOWATT_3_6) -> float:
    """A second at a time, ending with the current off; the moment it ended."""
    for second in range(seconds):
        ledger.add(start + second, TODAY, flow)
    ledger.add(start + seconds, TODAY, NOTHING)
    return start + seconds
