# SPDX-License-Identifier: GPL-3.0-or-later
"""Charging profiles: what each allows, when it changes, how several make one composite."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.ocpp.profiles import (
    DAY_S,
    MOST_PERIODS,
    ChargingProfile,
    ProfileError,
    ProfileKind,
    Purpose,
    Schedule,
    SchedulePeriod,
    Supply,
)
from evsed.core.ocpp.stack import MOST_STEPS, ProfileStack, Tx

ONE_PHASE = Supply(230.0, 1)
THREE_PHASES = Supply(230.0, 3)
NOON = 1_795_000_000.0
TX = Tx("t1", NOON)


def schedule(*periods: tuple[float, float], unit: str = "A", **more: Any) -> Schedule:  # noqa: ANN401
    return Schedule(unit, tuple(SchedulePeriod(*period) for period in periods), **more)


def profile(
    *periods: tuple[float, float],
    purpose: Purpose = Purpose.TX_DEFAULT,
    number: int = 1,
    kind: ProfileKind = ProfileKind.ABSOLUTE,
    **more: Any,  # noqa: ANN401 - each of the fields' types
) -> ChargingProfile:
    in_schedule = {k: more.pop(k) for k in ("unit", "start", "duration_s", "least") if k in more}
    made = schedule(*periods, **in_schedule)
    return ChargingProfile(number, more.pop("level", 0), purpose, kind, made, **more)


def limits(
    stack: ProfileStack, last: float, tx: Tx | None = TX
) -> list[tuple[float, float | None]]:
    """Return (seconds after noon, amperes) of the composite schedule from noon on."""
    steps = stack.composite(NOON, NOON + last, tx, ONE_PHASE)
    return [(step.at - NOON, step.bound.max_a) for step in steps]


def test_a_relative_schedule_begins_with_the_transaction() -> None:
    stack = ProfileStack((profile((0, 16.0), (600, 8.0), kind=ProfileKind.RELATIVE),))
    assert limits(stack, 1000.0) == [(0, 16.0), (600, 8.0)]
    assert limits(stack, 1000.0, Tx("t1", NOON - 500)) == [(0, 16.0), (100, 8.0)]
    assert limits(stack, 1000.0, None) == [(0, 16.0), (600, 8.0)]


def test_an_absolute_schedule_holds_from_its_start_to_its_end() -> None:
    stack = ProfileStack((profile((0, 16.0), (60, 8.0), start=NOON + 100, duration_s=90.0),))
    assert limits(stack, 1000.0) == [(0, None), (100, 16.0), (160, 8.0), (190, None)]
    assert limits(stack, 150.0) == [(0, None), (100, 16.0)]


@pytest.mark.parametrize(("recurrence", "span_s"), [("Daily", DAY_S), ("Weekly", 7 * DAY_S)])
def test_a_recurring_schedule_begins_again(recurrence: str, span_s: int) -> None:
    stack = ProfileStack(
        (
            profile(
                (0, 6.0),
                (3600, 20.0),
                kind=ProfileKind.RECURRING,
                recurrence=recurrence,
                start=NOON - 3 * span_s + 50,
                duration_s=7200.0,
            ),
        )
    )
    first = [(0, None), (50, 6.0), (3650, 20.0), (7250, None)]
    assert limits(stack, 10_000.0) == first
    again = stack.composite(NOON + span_s, NOON + span_s + 10_000, TX, ONE_PHASE)
    assert [step.at - NOON - span_s for step in again] == [at for at, _ in first]


def test_a_profile_counts_while_it_is_valid() -> None:
    stack = ProfileStack((profile((0, 9.0), start=0.0, valid_from=NOON + 5, valid_to=NOON + 15),))
    assert limits(stack, 100.0) == [(0, None), (5, 9.0), (15, None)]
    assert stack.after(NOON + 15, "") == ProfileStack()
    assert stack.after(NOON + 14, "") is stack


def test_watts_are_shared_among_the_phases_and_a_least_rate_is_kept() -> None:
    in_watts = schedule((0, 6900.0), (10, 1000.0), unit="W", least=1380.0)
    assert in_watts.amperes(0, ONE_PHASE) == pytest.approx(30.0)
    assert in_watts.amperes(0, THREE_PHASES) == pytest.approx(10.0)
    assert in_watts.amperes(1, ONE_PHASE) == 0.0


def test_the_highest_level_wins_and_a_lower_one_takes_over_after_it() -> None:
    low = profile((0, 20.0), number=1, level=0, start=0.0)
    high = profile((0, 30.0), number=2, level=3, start=0.0, duration_s=NOON + 60)
    assert limits(ProfileStack((high, low)), 100.0) == [(0, 30.0), (60, 20.0)]
    assert limits(ProfileStack((low, high)), 100.0) == [(0, 30.0), (60, 20.0)]


def test_the_profile_of_the_connector_goes_before_that_of_the_charge_point() -> None:
    whole = profile((0, 20.0), number=1, level=5, start=0.0)
    own = profile((0, 25.0), number=2, level=0, start=0.0, connector=1)
    assert limits(ProfileStack((whole, own)), 10.0) == [(0, 25.0)]


def test_a_transactions_own_profile_goes_before_the_default() -> None:
    default = profile((0, 20.0), number=1, start=0.0)
    own = profile((0, 25.0), number=2, start=0.0, purpose=Purpose.TX, transaction="t1")
    stack = ProfileStack((default, own))
    assert limits(stack, 10.0) == [(0, 25.0)]
    assert limits(stack, 10.0, Tx("t2", NOON)) == [(0, 20.0)]
    assert stack.bound(NOON, None, ONE_PHASE).max_a == 20.0
    any_tx = replace(own, transaction="")
    assert ProfileStack((default, any_tx)).bound(NOON, TX, ONE_PHASE).max_a == 25.0
    assert stack.after(NOON, "t2") == ProfileStack((default,))


def test_the_charge_points_maximum_holds_beside_the_others() -> None:
    most = profile((0, 10.0), purpose=Purpose.MAX, start=0.0)
    stack = ProfileStack((most, profile((0, 8.0), number=2, start=0.0)))
    assert stack.bound(NOON, TX, ONE_PHASE).max_a == 8.0
    assert stack.most(NOON, TX, ONE_PHASE).max_a == 10.0
    assert ProfileStack((most,)).bound(NOON, TX, ONE_PHASE).max_a == 10.0
    assert ProfileStack().bound(NOON, TX, ONE_PHASE).max_a is None


def test_a_profile_replaces_one_with_its_id_or_in_its_place() -> None:
    first = profile((0, 8.0), number=1, level=1)
    same_id = profile((0, 9.0), number=1, level=2)
    same_place = profile((0, 10.0), number=3, level=2)
    stack = ProfileStack().placed(first).placed(same_id)
    assert stack.profiles == (same_id,)
    assert stack.placed(same_place).profiles == (same_place,)


def test_profiles_are_cleared_by_id_or_by_what_they_share() -> None:
    a = profile((0, 8.0), number=1, level=1)
    b = profile((0, 8.0), number=2, level=2, connector=1)
    c = profile((0, 8.0), number=3, level=2, purpose=Purpose.MAX)
    stack = ProfileStack((a, b, c))
    assert stack.cleared(profile_id=2, level=1).profiles == (a, c)
    assert stack.cleared(level=2).profiles == (a,)
    assert stack.cleared(level=2, connector=1).profiles == (a, c)
    assert stack.cleared(purpose=Purpose.MAX).profiles == (a, b)
    assert stack.cleared().profiles == ()
    assert stack.cleared(profile_id=9) is stack


def test_a_schedule_of_very_many_steps_ends_somewhere() -> None:
    restless = [
        profile(
            *((n, float(n % 7)) for n in range(MOST_PERIODS)),
            number=m,
            kind=ProfileKind.RECURRING,
            recurrence="Daily",
            start=float(m) / 20,
            purpose=Purpose.MAX,
            level=m,
            duration_s=float(MOST_PERIODS - m),
        )
        for m in range(10)
    ]
    steps = ProfileStack(tuple(restless)).composite(0.0, 1e9, TX, ONE_PHASE)
    assert len(steps) <= MOST_STEPS + 1


@pytest.mark.parametrize(
    "make",
    [
        schedule,
        lambda: schedule(*((n, 6.0) for n in range(MOST_PERIODS + 1))),
        lambda: schedule((1, 6.0)),
        lambda: schedule((0, 6.0), (0, 7.0)),
        lambda: schedule((0, 6.0), unit="V"),
        lambda: schedule((0, -1.0)),
        lambda: schedule((0, math.nan)),
        lambda: schedule((0, 6.0), least=math.inf),
        lambda: schedule((0, 6.0), duration_s=0.0),
        lambda: profile((0, 6.0), kind=ProfileKind.RECURRING, start=0.0),
        lambda: profile((0, 6.0), kind=ProfileKind.RECURRING, recurrence="Daily"),
    ],
)
def test_what_cannot_be_followed_is_refused(make: Any) -> None:  # noqa: ANN401 - a maker each
    with pytest.raises(ProfileError):
        make()


def test_a_stack_is_kept_whole() -> None:
    stack = ProfileStack(
        (
            profile((0, 6.0), (5, 7.5), start=NOON, valid_to=NOON + 5, least=6.0, connector=1),
            profile((0, 9.0), number=2, kind=ProfileKind.RECURRING, recurrence="Daily", start=1.0),
        )
    )
    assert ProfileStack.from_json(json.loads(json.dumps(stack.to_json()))) == stack


@given(
    st.lists(st.tuples(st.integers(1, 500), st.floats(0, 80)), max_size=6),
    st.sampled_from(ProfileKind),
    st.floats(-2 * DAY_S, 2 * DAY_S),
    st.none() | st.floats(1, 1000),
)
def test_the_composite_is_what_the_profiles_say_at_each_moment(
    later: list[tuple[int, float]], kind: ProfileKind, start: float, duration_s: float | None
) -> None:
    periods = {0: 10.0} | dict(sorted(later))
    made = profile(
        *periods.items(),
        kind=kind,
        start=None if kind is ProfileKind.RELATIVE else NOON + start,
        duration_s=duration_s,
        recurrence="Daily" if kind is ProfileKind.RECURRING else "",
    )
    stack = ProfileStack((made, profile((0, 7.0), number=2, purpose=Purpose.MAX, start=0.0)))
    steps = stack.composite(NOON, NOON + 2000, TX, ONE_PHASE)
    for second in range(0, 2000, 7):
        at = NOON + second + 0.5
        step = [step for step in steps if step.at <= at][-1]
        assert step.bound.max_a == stack.bound(at, TX, ONE_PHASE).max_a
        assert step.bound.max_a is not None
        assert step.bound.max_a <= 7.0
