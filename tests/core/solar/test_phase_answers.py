# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases that a car uses, by the feed's answers to its start and to steps of the offer."""

from __future__ import annotations

import pytest

from evsed.core.solar.phase_answers import CEILINGS_A, PhaseAnswers, Side

CALM_W = 100.0
ROUGH_W = 1500.0

UP, DOWN = (6.0, 9.0), (9.0, 6.0)


def answers(
    most: int,
    *given: tuple[float, tuple[float, float]],
    noise_w: float = CALM_W,
    side: Side = Side.SOUND,
) -> PhaseAnswers:
    """Watts that came of an offer before and after."""
    found = PhaseAnswers(230.0, most)
    for answer_w, step_a in given:
        add(found, answer_w, step_a, noise_w=noise_w, side=side)
    return found


def add(
    found: PhaseAnswers,
    answer_w: float,
    step_a: tuple[float, float],
    *,
    noise_w: float = CALM_W,
    side: Side = Side.SOUND,
) -> None:
    before_a, after_a = step_a
    rises_a = {most_a: min(most_a, after_a) - min(most_a, before_a) for most_a in CEILINGS_A}
    begins = min(step_a) <= 0
    found.add(answer_w, rises_a, noise_w, load_share=0.05, side=side, begins=begins)


def ordinary(phases: int) -> list[tuple[float, tuple[float, float]]]:
    """The answers of a car to its start, a step up and one down."""
    watts = 230.0 * phases
    return [(6 * watts, (0.0, 6.0)), (3 * watts, UP), (-3 * watts, DOWN)]


@pytest.mark.parametrize("most", [2, 3])
@pytest.mark.parametrize("phases", [1, 2, 3])
def test_a_start_and_two_steps_tell_the_phases(phases: int, most: int) -> None:
    assert answers(most, *ordinary(min(phases, most))).phases == min(phases, most)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([(1380.0, (0.0, 6.0))], id="a start alone"),
        pytest.param([(1380.0, (0.0, 6.0))] * 2, id="two starts of a car that is nearly full"),
        pytest.param([(690.0, UP)], id="a step alone"),
        pytest.param([(690.0, UP), (-690.0, DOWN)] * 3, id="a car that takes no more than 7 A"),
        pytest.param([(1380.0, (0.0, 6.0)), (0.0, UP), (0.0, DOWN)], id="nearly full"),
        pytest.param([(9000.0, (0.0, 6.0)), (690.0, UP)], id="an oven at the start"),
        pytest.param([(2760.0, (0.0, 6.0)), (1380.0, UP)], id="rises alone, under a cloud"),
        pytest.param(
            [(2760.0, (0.0, 6.0)), (1380.0, UP), (1380.0, UP), (-690.0, DOWN)],
            id="falls that contradict",
        ),
    ],
)
def test_nothing_else_is_taken_for_fewer_phases(
    given: list[tuple[float, tuple[float, float]]],
) -> None:
    assert answers(3, *given).phases == 0


@pytest.mark.parametrize("phases", [1, 2, 3])
@pytest.mark.parametrize("most_a", [8.0, 10.0, 13.0])
def test_a_car_that_takes_less_than_it_is_offered_is_not_taken_for_another(
    phases: int, most_a: float
) -> None:
    watts, high_a = 230.0 * phases, min(16.0, most_a)
    given = [
        (6 * watts, (0.0, 6.0)),
        (watts * (high_a - 6), (6.0, 16.0)),
        (-watts * (high_a - 6), (16.0, 6.0)),
        (2 * watts, (6.0, 8.0)),
        (-2 * watts, (8.0, 6.0)),
    ]

    assert answers(3, *given).phases == phases


def test_a_start_under_clouds_and_steps_that_hardly_tell_are_not_enough() -> None:
    found = answers(3, (1380.0, (0.0, 6.0)), noise_w=480.0)
    add(found, 690.0, (6.0, 10.0), noise_w=160.0)
    add(found, -690.0, (10.0, 6.0), noise_w=400.0)

    assert found.phases == 0


def test_rises_are_not_believed_where_falls_contradict_them() -> None:
    found = answers(3, (2760.0, (0.0, 6.0)), (1380.0, UP), (1380.0, UP))
    add(found, -690.0, DOWN, noise_w=350.0)

    assert found.phases == 0


def test_under_a_rough_sky_an_answer_says_nothing() -> None:
    assert answers(3, *ordinary(1) * 2, noise_w=ROUGH_W).phases == 0


@pytest.mark.parametrize(
    ("sides", "phases"),
    [
        ([Side.ABOVE], 0),
        ([Side.BELOW], 0),
        ([Side.ABOVE, Side.BELOW], 1),
        ([Side.SOUND], 1),
    ],
)
def test_what_a_battery_may_hide_shows_no_fewer_phases_until_it_is_seen_on_both_sides(
    sides: list[Side], phases: int
) -> None:
    found = PhaseAnswers(230.0, 3)
    for side in sides:
        for answer_w, step_a in ordinary(1):
            add(found, answer_w, step_a, side=side)

    assert found.phases == phases


@pytest.mark.parametrize(("side", "phases"), [(Side.ABOVE, 1), (Side.BELOW, 0)])
def test_many_answers_that_agree_are_enough_above_0_where_no_battery_pays_a_part_of_each(
    side: Side, phases: int
) -> None:
    given = ordinary(1) + [(230.0 * step_a, (6.0, 6.0 + step_a)) for step_a in (2.0, 5.0, 8.0)]

    assert answers(3, *given, side=side).phases == phases


@pytest.mark.parametrize("side", [Side.ABOVE, Side.BELOW])
def test_all_phases_need_no_second_side(side: Side) -> None:
    assert answers(3, *ordinary(3), side=side).phases == 3


@pytest.mark.parametrize(("side", "phases"), [(Side.SOUND, 3), (Side.BELOW, 0)])
def test_an_answer_that_is_hidden_shows_no_car_that_takes_less_of_more_phases(
    side: Side, phases: int
) -> None:
    """Two phases, or three of 12 A at the most: which answer nothing from there to 15 A."""
    found = answers(3, (4140.0, (6.0, 15.0)), (-4140.0, (15.0, 6.0)))
    assert found.phases == 0
    for step_a in ((12.0, 15.0), (15.0, 12.0)) * 2:
        add(found, 0.0, step_a, side=side)

    assert found.phases == phases


def test_a_wrong_number_is_given_up_before_another_is_believed() -> None:
    found = answers(3, *ordinary(1) * 6)
    believed = []
    for _ in range(4):
        for answer_w, step_a in ordinary(3):
            add(found, answer_w, step_a)
            believed.append(found.phases)

    assert list(dict.fromkeys(believed)) == [1, 0, 3]


def test_a_car_that_answers_nothing_is_known_as_such() -> None:
    assert answers(3, (0.0, (0.0, 6.0)), (0.0, UP)).takes_nothing
    assert not answers(3, *ordinary(1)).takes_nothing


def test_another_car_begins_without_evidence() -> None:
    found = answers(3, *ordinary(1))
    found.begin_stay()
    assert found.phases == 0
    add(found, 690.0, UP)

    assert found.phases == 0


def test_a_step_tells_more_where_the_explanations_differ() -> None:
    """460 W of 4 A more: that is one phase of 8 A, or two of 7 A."""
    found = answers(3, *[(460.0, (6.0, 10.0)), (-460.0, (10.0, 6.0))] * 4)

    assert found.telling(6.0, 7.0, CALM_W) > found.telling(6.0, 16.0, CALM_W)
