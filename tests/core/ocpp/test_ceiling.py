# SPDX-License-Identifier: GPL-3.0-or-later
"""The ceiling: profiles, for the keep time after a loss as well, then the offline limit."""

from __future__ import annotations

import pytest

from evsed.core.ocpp.ceiling import (
    Ceiling,
    CentralMoment,
    Offline,
    closed,
    open_ceiling,
    returning,
    starting,
)
from evsed.core.ocpp.profiles import ProfileKind, Purpose
from evsed.core.ocpp.stack import ProfileStack
from tests.core.ocpp.test_profiles import NOON, ONE_PHASE, TX, profile

OFFLINE = Offline(keep_s=300.0, max_a=6.0)
NOW = CentralMoment(now=1000.0, epoch=NOON)


def ceiling(stack: ProfileStack, contact_at: float = 1000.0, offline: Offline = OFFLINE) -> Ceiling:
    return open_ceiling(stack, TX, ONE_PHASE, offline, contact_at, NOW)


def test_a_profile_holds_for_the_keep_time_and_then_the_offline_limit() -> None:
    made = ceiling(ProfileStack((profile((0, 16.0), kind=ProfileKind.RELATIVE),)), contact_at=900.0)
    assert (made.at(0.0).max_a, made.at(1000.0).max_a) == (16.0, 16.0)
    assert made.at(1199.9).max_a == 16.0
    assert made.at(1200.0).max_a == 6.0
    assert made.at(1e9).max_a == 6.0
    assert "cannot be reached" in made.at(1200.0).why
    assert made.left_s(1100.0) == pytest.approx(100.0)
    assert made.left_s(1500.0) is None


def test_the_schedule_goes_on_within_the_keep_time() -> None:
    made = ceiling(ProfileStack((profile((0, 16.0), (120, 8.0), kind=ProfileKind.RELATIVE),)))
    assert [made.at(at).max_a for at in (1119.0, 1121.0, 1301.0)] == [16.0, 8.0, 6.0]


def test_a_car_that_was_to_wait_is_not_starved_offline() -> None:
    made = ceiling(ProfileStack((profile((0, 0.0), kind=ProfileKind.RELATIVE),)))
    assert [made.at(at).max_a for at in (1000.0, 1301.0, 1599.0, 1601.0)] == [0.0, 0.0, 0.0, 6.0]


def test_the_limit_of_the_charge_point_holds_offline_too() -> None:
    most = profile((0, 10.0), purpose=Purpose.MAX, start=NOON - 5)
    made = ceiling(ProfileStack((most,)), offline=Offline(300.0, 16.0))
    assert made.at(1301.0).max_a == 10.0
    assert "for this charger" in made.at(1301.0).why


def test_without_a_profile_only_the_offline_limit_is_set() -> None:
    made = ceiling(ProfileStack())
    assert (made.at(1000.0).max_a, made.at(1300.0).max_a) == (None, 6.0)
    assert made.at(1000.0).why == ""


def test_who_offers_less_than_the_offline_limit_rises_after_all_others_have_fallen() -> None:
    low = ceiling(ProfileStack((profile((0, 3.0), kind=ProfileKind.RELATIVE),)), contact_at=925.0)
    high = ceiling(ProfileStack((profile((0, 30.0), kind=ProfileKind.RELATIVE),)), contact_at=999.0)
    for now, expected in ((1000.0, [3.0, 30.0]), (1230.0, [3.0, 30.0]), (1300.0, [3.0, 6.0])):
        assert [made.at(now).max_a for made in (low, high)] == expected
    assert low.at(1525.0).max_a == 6.0


@pytest.mark.parametrize("contact_at", [float("-inf"), 400.0, 0.0])
def test_who_has_not_been_reached_for_long_is_offline_now(contact_at: float) -> None:
    made = ceiling(ProfileStack((profile((0, 16.0), kind=ProfileKind.RELATIVE),)), contact_at)
    assert made.at(1000.0).max_a == 6.0


def test_nothing_flows_where_nobody_has_authorised_it() -> None:
    made = closed("nobody has authorised the charge")
    assert (made.at(0.0).max_a, made.at(1e9).max_a) == (0.0, 0.0)


def test_before_the_first_report_nothing_flows_and_a_silent_part_frees_only_who_is_free() -> None:
    made = starting(60.0, OFFLINE)
    assert [made.at(at).max_a for at in (0.0, 59.0, 60.0)] == [0.0, 0.0, 6.0]
    assert starting(60.0, None).at(1e9).max_a == 0.0


def test_after_a_long_loss_a_higher_profile_waits_for_the_central_system_to_repeat_it() -> None:
    schedule = ProfileStack((profile((0, 16.0), (20, 4.0), (40, 16.0), kind=ProfileKind.RELATIVE),))
    made = returning(ceiling(schedule), 1060.0, 1000.0, OFFLINE)
    found = [made.at(at).max_a for at in (1000.0, 1019.0, 1021.0, 1041.0, 1059.0, 1061.0, 1301.0)]
    assert found == [6.0, 6.0, 4.0, 6.0, 6.0, 16.0, 6.0]
    assert "is back" in made.at(1000.0).why
    unlimited = returning(ceiling(ProfileStack()), 1060.0, 1000.0, OFFLINE)
    assert [unlimited.at(at).max_a for at in (1000.0, 1060.0)] == [6.0, None]
