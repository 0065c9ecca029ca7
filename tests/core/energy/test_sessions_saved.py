# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and totals: when there is something to save, and what is saved."""

from __future__ import annotations

from datetime import date

import pytest

from evsed.core.energy.sessions import (
    SAVE_AFTER_S,
    DayTotal,
    EndReason,
    Ledger,
    SavedTotals,
)
from tests.core.energy.ledgers import KILOWATT_3_6, NOON, NOTHING, TODAY, charge, plugged_in

# -------------------------------------------------------------------------------------- saving


def saved(ledger: Ledger, now: float = 0.0) -> Ledger:
    ledger.saved(ledger.checkpoint(), now)
    return ledger


def test_an_idle_evse_has_nothing_to_save_all_day() -> None:
    ledger = saved(plugged_in())
    for second in range(0, 86_400, 5):
        ledger.add(float(second), TODAY, NOTHING)
        assert not ledger.save_due(float(second))


@pytest.mark.parametrize(
    "what",
    [
        lambda ledger: ledger.plug_in("two", NOON),
        lambda ledger: ledger.stopped(EndReason.OWNER),
        lambda ledger: ledger.unplug(NOON),
        lambda ledger: ledger.closed_contactor(),
    ],
)
def test_what_happens_is_saved_at_once_and_once(what: object) -> None:
    ledger = saved(plugged_in())
    assert not ledger.save_due(0.0)

    assert callable(what)
    what(ledger)
    assert ledger.save_due(0.0)
    assert not saved(ledger).save_due(1e6)


def test_the_same_reason_told_again_is_no_news() -> None:
    ledger = plugged_in()
    ledger.stopped(EndReason.CAR)
    saved(ledger).stopped(EndReason.CAR)

    assert not ledger.save_due(1e6)


def test_energy_is_saved_forty_seconds_after_it_began_to_flow() -> None:
    ledger = saved(plugged_in())
    due_at = []
    for second in range(200):
        ledger.add(float(second), TODAY, KILOWATT_3_6)
        if ledger.save_due(float(second)):
            due_at.append(second)
            saved(ledger, float(second))

    assert due_at == [40, 80, 120, 160]
    assert SAVE_AFTER_S == 40


def test_energy_that_has_stopped_flowing_is_saved_too() -> None:
    ledger = saved(plugged_in())
    charge(ledger, 0.0, 3)

    assert not ledger.save_due(39.0)
    assert ledger.save_due(40.0)


def test_a_checkpoint_holds_what_has_changed_and_nothing_else() -> None:
    ledger = Ledger()
    ledger.load(SavedTotals(days=(DayTotal(date(2020, 1, 1), 1.0),), total_wh=1.0))
    ledger.plug_in("one", NOON)
    charge(ledger, 0.0, 10)
    first = ledger.unplug(NOON)
    ledger.plug_in("two", NOON)

    checkpoint = ledger.checkpoint()
    assert [record.id for record in checkpoint.sessions] == ["one", "two"]
    assert checkpoint.sessions[0] == first
    assert [total.day for total in checkpoint.days] == [TODAY]
    after = saved(ledger).checkpoint()
    assert [record.id for record in after.sessions] == ["two"]
    assert after.days == ()


def test_what_happens_while_a_save_is_under_way_is_saved_by_the_next() -> None:
    ledger = plugged_in()
    ledger.add(0.0, TODAY, KILOWATT_3_6)
    checkpoint = ledger.checkpoint()
    ledger.add(1.0, TODAY, KILOWATT_3_6)
    ledger.saved(checkpoint, 1.0)

    assert not ledger.save_due(40.0)  # energy only: no hurry
    assert ledger.save_due(41.0)
    assert [total.day for total in ledger.checkpoint().days] == [TODAY]
    checkpoint = ledger.checkpoint()
    ledger.unplug(NOON)
    ledger.saved(checkpoint, 41.0)
    assert ledger.save_due(41.0)
    assert [record.ended for record in ledger.checkpoint().sessions] == [NOON]


def test_a_save_that_failed_is_due_again() -> None:
    ledger = plugged_in()
    ledger.checkpoint()

    assert ledger.save_due(0.0)
