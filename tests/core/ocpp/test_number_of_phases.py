# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of phases in a profile: a bound on the set, and less for each where it is not kept."""

from __future__ import annotations

import json

import pytest

from evsed.core.ocpp.ceiling import (
    Ceiling,
    CeilingStep,
    CentralMoment,
    Offline,
    open_ceiling,
    returning,
)
from evsed.core.ocpp.profiles import (
    ChargingProfile,
    ProfileError,
    ProfileKind,
    Purpose,
    Schedule,
    SchedulePeriod,
    Supply,
)
from evsed.core.ocpp.stack import Bound, ProfileStack
from tests.core.ocpp.test_profiles import NOON, ONE_PHASE, THREE_PHASES, TX

TWO_PHASES = Supply(230.0, 2)
OFFLINE = Offline(keep_s=300.0, max_a=6.0)
NOW = CentralMoment(now=1000.0, epoch=NOON)


def profile(
    *periods: tuple[float, float, int],
    unit: str = "A",
    purpose: Purpose = Purpose.TX_DEFAULT,
    number: int = 1,
) -> ChargingProfile:
    made = Schedule(unit, tuple(SchedulePeriod(*period) for period in periods))
    return ChargingProfile(number, 0, purpose, ProfileKind.RELATIVE, made)


def bound(*profiles: ChargingProfile, supply: Supply) -> Bound:
    return ProfileStack(profiles).bound(NOON, TX, supply)


def ceiling(*profiles: ChargingProfile, supply: Supply) -> Ceiling:
    return open_ceiling(ProfileStack(profiles), TX, supply, OFFLINE, 1000.0, NOW)


@pytest.mark.parametrize(
    ("phases", "supply", "max_a"),
    [
        (0, THREE_PHASES, 16.0),
        (3, THREE_PHASES, 16.0),
        (2, THREE_PHASES, 16.0 * 2 / 3),
        (1, THREE_PHASES, 16.0 / 3),
        (1, TWO_PHASES, 8.0),
        (1, ONE_PHASE, 16.0),
        (3, ONE_PHASE, 16.0),
    ],
)
def test_amperes_on_fewer_phases_than_are_used_are_shared_among_those(
    phases: int, supply: Supply, max_a: float
) -> None:
    assert bound(profile((0, 16.0, phases)), supply=supply).max_a == pytest.approx(max_a)


def test_watts_are_the_same_on_any_number_of_phases() -> None:
    for supply in (ONE_PHASE, TWO_PHASES, THREE_PHASES):
        found = bound(profile((0, 3680.0, 1), unit="W"), supply=supply)
        assert found.max_a == pytest.approx(16.0 / supply.phases)
        assert found.phases == 1


def test_the_fewest_phases_of_all_profiles_in_force_count() -> None:
    own = profile((0, 10.0, 3))
    most = profile((0, 32.0, 1), purpose=Purpose.MAX, number=2)
    found = bound(own, most, supply=ONE_PHASE)
    assert (found.max_a, found.phases) == (10.0, 1)
    assert bound(own, supply=ONE_PHASE).phases == 3
    assert bound(profile((0, 10.0, 0)), supply=ONE_PHASE).phases == 0


def test_a_change_of_phases_alone_is_a_step_of_the_composite() -> None:
    stack = ProfileStack((profile((0, 16.0, 3), (60, 16.0, 1), (90, 16.0, 0)),))
    steps = stack.composite(NOON, NOON + 1000.0, TX, ONE_PHASE)
    assert [(step.at - NOON, step.bound.phases) for step in steps] == [(0, 3), (60, 1), (90, 0)]


@pytest.mark.parametrize("phases", [-1, 4])
def test_no_box_has_so_many_phases(phases: int) -> None:
    with pytest.raises(ProfileError, match="phases"):
        profile((0, 16.0, phases))


def test_the_number_of_phases_is_kept() -> None:
    stack = ProfileStack((profile((0, 16.0, 1), (60, 8.0, 0)),))
    assert ProfileStack.from_json(json.loads(json.dumps(stack.to_json()))) == stack


def test_a_ceiling_made_for_one_phase_leaves_less_for_each_of_three() -> None:
    """The phases may rise while nothing makes a new ceiling."""
    by_amperes = ceiling(profile((0, 16.0, 1)), supply=ONE_PHASE).at(1000.0)
    by_watts = ceiling(profile((0, 3680.0, 0), unit="W"), supply=ONE_PHASE).at(1000.0)
    for step in (by_amperes, by_watts):
        assert step.on(1) == 16.0
        assert step.on(3) == pytest.approx(16.0 / 3)
    assert (by_amperes.phases, by_watts.phases) == (1, 0)
    for_each = ceiling(profile((0, 16.0, 0)), supply=ONE_PHASE).at(1000.0)
    assert for_each.on(3) == 16.0
    assert CeilingStep(0.0, None, shared_by=1).on(3) is None


def test_a_ceiling_made_for_three_phases_is_not_raised_on_one() -> None:
    step = ceiling(profile((0, 16.0, 1)), supply=THREE_PHASES).at(1000.0)
    assert step.on(1) == pytest.approx(16.0 / 3)


def test_the_reason_names_the_phases_that_are_allowed() -> None:
    assert ceiling(profile((0, 16.0, 1)), supply=ONE_PHASE).at(1000.0).why == (
        "16 A for every charge, by the central system (OCPP), which allows 1 phase"
    )
    assert ceiling(profile((0, 9.0, 2)), supply=ONE_PHASE).at(1000.0).why.endswith("2 phases")


def test_phases_that_are_not_allowed_stay_so_offline_and_after_it() -> None:
    made = ceiling(profile((0, 16.0, 1), purpose=Purpose.MAX), supply=ONE_PHASE)
    assert [(made.at(at).max_a, made.at(at).phases) for at in (1000.0, 1301.0, 1601.0)] == [
        (16.0, 1),
        (6.0, 1),
        (6.0, 1),
    ]
    held = returning(made, 1060.0, 1000.0, OFFLINE)
    assert (held.at(1000.0).max_a, held.at(1000.0).phases) == (6.0, 1)
