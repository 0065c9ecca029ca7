# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and totals: where energy goes, what a session keeps, how it goes on after a restart."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.energy.sessions import (
    DayTotal,
    EndReason,
    Flow,
    Ledger,
    OpenSession,
    SavedTotals,
    SessionRecord,
    sun_text,
)
from tests.core.energy.ledgers import KILOWATT_3_6, NOON, NOTHING, TODAY, charge, new, plugged_in


def under_way(ledger: Ledger) -> SessionRecord:
    assert ledger.session is not None
    return ledger.session


# ------------------------------------------------------------------------------------ energy


def test_energy_goes_to_the_session_the_day_and_the_lifetime() -> None:
    ledger = plugged_in()

    charge(ledger, 100.0, 60)

    assert under_way(ledger).energy_wh == pytest.approx(60)
    assert ledger.day(TODAY).energy_wh == pytest.approx(60)
    assert ledger.total_wh == pytest.approx(60)
    assert under_way(ledger).charge_s == ledger.day(TODAY).charge_s == 60


def test_a_power_counts_until_the_next_is_told() -> None:
    """The current offered changes in steps, so the last message is what flowed."""
    ledger = plugged_in()
    ledger.add(0.0, TODAY, KILOWATT_3_6)
    ledger.add(2.0, TODAY, Flow(power_w=7200.0))
    ledger.add(3.0, TODAY, NOTHING)
    ledger.add(4.0, TODAY, NOTHING)

    assert ledger.total_wh == pytest.approx(2 + 2)
    assert under_way(ledger).charge_s == 3


def test_a_power_is_believed_for_five_seconds_at_most() -> None:
    ledger = plugged_in()
    ledger.add(0.0, TODAY, KILOWATT_3_6)
    ledger.add(3600.0, TODAY, KILOWATT_3_6)

    assert ledger.total_wh == pytest.approx(5)


def test_a_moment_before_the_last_adds_nothing() -> None:
    ledger = plugged_in()
    ledger.add(10.0, TODAY, KILOWATT_3_6)
    ledger.add(9.0, TODAY, KILOWATT_3_6)

    assert ledger.total_wh == 0


def test_each_share_goes_to_the_day_that_the_clock_on_the_wall_names() -> None:
    """Midnight passes; then the clock turns out to be years ahead, and is put back."""
    ledger = plugged_in()
    days = [TODAY, TODAY + timedelta(1), date(2038, 1, 19), TODAY]
    ledger.add(0.0, TODAY, KILOWATT_3_6)
    for second, day in enumerate(days, start=1):
        ledger.add(float(second), day, KILOWATT_3_6)

    assert ledger.day(TODAY).energy_wh == pytest.approx(2)
    assert ledger.day(date(2038, 1, 19)).energy_wh == pytest.approx(1)
    assert ledger.total_wh == pytest.approx(under_way(ledger).energy_wh) == pytest.approx(4)


def test_energy_without_a_session_still_counts_for_the_day_and_the_lifetime() -> None:
    ledger = Ledger()

    charge(ledger, 0.0, 10)

    assert ledger.session is None
    assert ledger.day(TODAY).energy_wh == pytest.approx(10)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["power_w", "current_a", "solar_w"])
def test_a_figure_that_would_spoil_a_total_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Flow(**{name: value})  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 10), st.floats(0, 50_000), st.dates(date(1970, 1, 1), date(2099, 12, 31))
        )
    )
)
def test_no_clock_on_the_wall_loses_energy(steps: list[tuple[float, float, date]]) -> None:
    ledger, now = plugged_in(), 0.0
    for wait_s, power_w, day in steps:
        now += wait_s
        ledger.add(now, day, Flow(power_w=power_w))

    by_day = sum(ledger.day(day).energy_wh for day in {day for _, _, day in steps})
    assert by_day == pytest.approx(ledger.total_wh)
    assert under_way(ledger).energy_wh == pytest.approx(ledger.total_wh)


# ------------------------------------------------------------------------ what a session keeps


def test_a_session_keeps_its_name_its_start_and_its_highest_current() -> None:
    ledger = plugged_in()
    end = charge(ledger, 0.0, 10)
    charge(ledger, end + 600, 10, Flow(power_w=1400.0, current_a=6.1))

    record = ledger.unplug(NOON + timedelta(hours=1))

    assert record is not None
    assert (record.id, record.started, record.ended) == ("one", NOON, NOON + timedelta(hours=1))
    assert record.peak_a == 15.7
    assert ledger.session is None


def test_energy_from_the_sun_is_kept_where_it_is_known_and_never_more_than_there_was() -> None:
    ledger = plugged_in()
    end = charge(ledger, 0.0, 10, Flow(power_w=3600.0, solar_w=1800.0))
    end = charge(ledger, end, 10, Flow(power_w=3600.0, solar_w=9000.0))
    charge(ledger, end, 10, Flow(power_w=3600.0))

    assert under_way(ledger).solar_wh == pytest.approx(5 + 10)
    assert ledger.day(TODAY).solar_wh == pytest.approx(5 + 10)


def test_energy_from_the_sun_is_unknown_where_nobody_says() -> None:
    ledger = plugged_in()
    charge(ledger, 0.0, 10)

    assert under_way(ledger).solar_wh is None
    assert ledger.day(TODAY).solar_wh is None


def test_what_is_imported_costs_its_price_and_what_the_sun_gave_saves_it() -> None:
    ledger = plugged_in()
    dear, cheap = Flow(power_w=3600.0, solar_w=900.0, price=0.4), Flow(power_w=3600.0, price=-0.1)
    end = charge(ledger, 0.0, 1000, dear)
    end = charge(ledger, end, 1000, cheap)  # without the sun's part all counts as imported
    charge(ledger, end, 1000)  # without a price nothing is added

    for found in (under_way(ledger), ledger.day(TODAY)):
        assert found.cost == pytest.approx(0.4 * 0.75 - 0.1)
        assert found.savings == pytest.approx(0.4 * 0.25)


def test_without_a_price_cost_and_savings_are_unknown() -> None:
    ledger = plugged_in()
    charge(ledger, 0.0, 10)
    assert (under_way(ledger).cost, ledger.day(TODAY).savings) == (None, None)
    with pytest.raises(ValueError, match="price is nan"):
        Flow(price=float("nan"))


def test_energy_is_measured_only_when_all_of_it_is() -> None:
    metered = Flow(power_w=3600.0, measured=True)
    ledger = plugged_in()
    assert not under_way(ledger).measured  # nothing is, yet

    end = charge(ledger, 0.0, 10, metered)
    assert under_way(ledger).measured
    end = charge(ledger, end, 1)
    assert not under_way(ledger).measured
    charge(ledger, end, 10, metered)
    assert not under_way(ledger).measured


@pytest.mark.parametrize("reason", list(EndReason))
def test_a_session_ends_for_the_reason_its_current_stopped_last(reason: EndReason) -> None:
    ledger = plugged_in()
    ledger.stopped(EndReason.FEED)
    charge(ledger, 0.0, 10)
    ledger.stopped(EndReason.FEED)
    ledger.stopped(reason)
    record = ledger.unplug(NOON)

    assert record is not None
    assert record.reason is reason


def test_a_car_pulled_out_while_charging_ends_its_session_unplugged() -> None:
    ledger = plugged_in()
    ledger.stopped(EndReason.FEED)
    charge(ledger, 0.0, 10)
    record = ledger.unplug(NOON)

    assert record is not None
    assert record.reason is EndReason.UNPLUGGED


def test_without_a_car_nothing_stops_and_nothing_ends() -> None:
    ledger = new()
    ledger.stopped(EndReason.OWNER)

    assert ledger.unplug(NOON) is None
    assert not ledger.save_due(0.0)


# ------------------------------------------------------------------------------- earlier lives


def test_totals_carry_on_from_earlier_lives_even_when_these_are_read_late() -> None:
    ledger = plugged_in()
    charge(ledger, 0.0, 10)
    ledger.closed_contactor()
    ledger.load(SavedTotals(days=(DayTotal(TODAY, 90.0, 50.0, 1.0),), total_wh=5000.0, cycles=7))

    day = ledger.day(TODAY)
    assert (day.energy_wh, day.charge_s, day.solar_wh) == pytest.approx((100.0, 60.0, 1.0))
    assert ledger.total_wh == pytest.approx(5010)
    assert ledger.cycles == 8
    assert ledger.checkpoint().days == (ledger.day(TODAY),)


def test_nothing_is_due_to_be_saved_before_the_totals_of_earlier_lives_are_known() -> None:
    """Totals are saved whole: without the earlier ones, these would be overwritten."""
    ledger = Ledger()
    ledger.plug_in("one", NOON)
    charge(ledger, 0.0, 100)

    assert not ledger.save_due(100.0)
    ledger.load(SavedTotals(total_wh=5000.0))
    assert ledger.save_due(100.0)
    assert ledger.checkpoint().total_wh == pytest.approx(5100)


def left_open(name: str, reason: EndReason | None = None) -> OpenSession:
    record = SessionRecord(id=name, started=NOON, energy_wh=500.0, charge_s=100.0, reason=reason)
    return OpenSession(record, NOON + timedelta(hours=2))


def test_a_car_that_is_still_there_goes_on_with_its_session() -> None:
    ledger = new()
    ledger.resume([left_open("before")], plugged=True)
    charge(ledger, 0.0, 10)

    record = ledger.unplug(NOON + timedelta(days=1))
    assert record is not None
    assert (record.id, record.started) == ("before", NOON)
    assert record.energy_wh == pytest.approx(510)


@pytest.mark.parametrize(
    ("reason", "ended"),
    [(None, EndReason.POWER_CUT), (EndReason.SHUTDOWN, EndReason.SHUTDOWN)],
)
def test_a_car_that_has_gone_meanwhile_ended_its_session_when_it_was_saved_last(
    reason: EndReason | None, ended: EndReason
) -> None:
    ledger = new()
    ledger.resume([left_open("before", reason)], plugged=False)

    (record,) = ledger.checkpoint().sessions
    assert (record.id, record.ended, record.reason) == ("before", NOON + timedelta(hours=2), ended)
    assert record.energy_wh == 500.0
    assert ledger.save_due(0.0)


def test_of_several_sessions_left_open_only_the_newest_can_be_the_cars() -> None:
    ledger = new()
    ledger.resume([left_open("older"), left_open("newer")], plugged=True)

    assert under_way(ledger).id == "newer"
    ended, under_way_now = ledger.checkpoint().sessions
    assert (ended.id, ended.reason) == ("older", EndReason.POWER_CUT)
    assert under_way_now.ended is None


def test_a_session_that_has_begun_meanwhile_is_not_replaced_by_one_left_open() -> None:
    ledger = plugged_in()
    ledger.resume([left_open("before")], plugged=True)

    assert under_way(ledger).id == "one"
    assert ledger.checkpoint().sessions[0].id == "before"


def test_a_car_plugged_in_while_another_seems_to_be_there_ends_the_others_session() -> None:
    ledger = plugged_in()
    ledger.plug_in("two", NOON + timedelta(hours=1))

    first, second = ledger.checkpoint().sessions
    assert (first.id, first.ended) == ("one", NOON + timedelta(hours=1))
    assert (second.id, second.ended) == ("two", None)


# -------------------------------------------------------------------------------------- saving


@pytest.mark.parametrize(
    ("energy_wh", "solar_wh", "text"),
    [
        (4620.0, 4343.0, "94 % sun"),
        (1000.0, 1000.2, "100 % sun"),
        (1000.0, -0.1, "0 % sun"),
        (1000.0, None, ""),
        (0.0, 0.0, ""),
    ],
)
def test_the_solar_share_in_words_is_0_to_100_percent_or_not_known(
    energy_wh: float, solar_wh: float | None, text: str
) -> None:
    assert sun_text(energy_wh, solar_wh) == text
