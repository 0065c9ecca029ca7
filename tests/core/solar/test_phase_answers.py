# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases that a car uses, by the feed's answers to its start and to steps of the offer."""

from __future__ import annotations

import math
from random import Random

import pytest

from evsed.core.solar.allotment import Allotment, AllotmentConfig, Reading
from evsed.core.solar.allotment_config import Semantics
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.solar.phase_answers import PhaseAnswers
from tests.core.solar.solar_day import Day

QUIET = 2 * 100.0**2
NOISY = 2 * 1500.0**2


def answers(most: int, *given: tuple[float, float, float], scale: float = QUIET) -> PhaseAnswers:
    """Watts that came of an offer before and after."""
    found = PhaseAnswers(230.0, most)
    for answer_w, before_a, after_a in given:
        found.add(answer_w, before_a, after_a, scale)
    return found


@pytest.mark.parametrize("most", [2, 3])
@pytest.mark.parametrize("phases", [1, 2])
def test_a_start_and_a_step_tell_fewer_phases(phases: int, most: int) -> None:
    watts = 230.0 * phases
    found = answers(most, (6 * watts, 0.0, 6.0), (3 * watts, 6.0, 9.0))

    assert found.phases == (phases if phases < most else 0)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([(1380.0, 0.0, 6.0)], id="a start alone"),
        pytest.param([(1380.0, 0.0, 6.0)] * 2, id="two starts of a car that is nearly full"),
        pytest.param([(690.0, 6.0, 9.0)], id="a step alone"),
        pytest.param([(690.0, 6.0, 9.0)] * 3, id="steps of a car that takes no more than 7 A"),
        pytest.param([(1380.0, 0.0, 6.0), (0.0, 6.0, 9.0)], id="nearly full"),
        pytest.param([(4140.0, 0.0, 6.0), (690.0, 9.0, 12.0)], id="no more than 10 A"),
        pytest.param([(9000.0, 0.0, 6.0), (690.0, 6.0, 9.0)], id="an oven at the start"),
        pytest.param([(4140.0, 0.0, 6.0), (2070.0, 6.0, 9.0)], id="all phases"),
    ],
)
def test_nothing_else_is_taken_for_fewer_phases(given: list[tuple[float, float, float]]) -> None:
    assert answers(3, *given).phases == 0


def test_under_a_rough_sky_an_answer_says_nothing() -> None:
    assert answers(3, *[(1380.0, 0.0, 6.0), (690.0, 6.0, 9.0)] * 2, scale=NOISY).phases == 0


def test_more_phases_are_believed_at_the_first_clear_answer_and_an_old_one_turns_in_three() -> None:
    found = answers(3, *[(1380.0, 0.0, 6.0), (690.0, 6.0, 9.0)] * 6)
    assert found.phases == 1
    for _ in range(4):
        found.add(2070.0, 6.0, 9.0, QUIET)
        found.add(4140.0, 0.0, 6.0, QUIET)

    assert found.phases == 3


def test_another_car_begins_anew() -> None:
    found = answers(3, (1380.0, 0.0, 6.0), (690.0, 6.0, 9.0))
    found.begin_stay()
    assert found.phases == 0
    found.add(690.0, 6.0, 9.0, QUIET)

    assert found.phases == 0


class Car(Day):
    """A car on so many phases of a box with three, under a sky that moves by itself."""

    def __init__(
        self,
        phases: int,
        *,
        semantics: Semantics = "battery_power",
        period_s: int = 60,
        latency_s: int = 5,
        car_max_a: float = 16.0,
        rough_w: float = 60.0,
        solar_w: float = 6500.0,
    ) -> None:
        noise = Random(1)
        config = AllotmentConfig(
            phases=3, max_current_a=16.0, semantics=semantics, period_s=float(period_s)
        )
        self.error_w = 0.0

        def meter(sun_w: float, car_w: float) -> float:
            spare_w = sun_w - car_w * phases + noise.gauss(0.0, rough_w)
            if semantics == "battery_power":
                return spare_w
            self.error_w += spare_w * period_s / 60
            return spare_w + self.error_w

        super().__init__(
            config,
            solar_w=lambda now: solar_w + 400.0 * math.sin(now / 900),
            latency_s=latency_s,
            car_max_a=car_max_a,
            period_s=period_s,
            meter=meter,
        )

    def go(self, seconds: int) -> int:
        """Let time pass as the daemon does; return the phases that were found."""
        for _ in range(seconds // 10):
            self.run(10)
            self.allot.set_car(CarNeeds(phases=self.allot.car_phases))
        return self.allot.car_phases


@pytest.mark.parametrize(
    ("phases", "period_s", "found"),
    [(1, 5, 1), (1, 10, 1), (1, 60, 1), (2, 60, 2), (3, 10, 0), (3, 60, 0)],
)
def test_fewer_phases_are_found_within_an_hour(phases: int, period_s: int, found: int) -> None:
    assert Car(phases, period_s=period_s).go(3600) == found


def test_a_car_that_takes_all_that_is_spare_leaves_a_figure_near_0_that_shows_nothing() -> None:
    """There a battery may pay what the figure hides, so two phases stay unknown."""
    assert Car(2, period_s=10).go(3600) == 0


@pytest.mark.parametrize("phases", [1, 3])
@pytest.mark.parametrize(
    "how",
    [
        {"latency_s": 25},
        {"car_max_a": 10.0},
        {"rough_w": 200.0},
        {"solar_w": 12_000.0},
    ],
)
def test_a_late_feed_a_small_car_or_a_rough_sky_shows_no_wrong_number(
    phases: int, how: dict[str, float]
) -> None:
    car = Car(phases, **how)  # type: ignore[arg-type]  # each row names its own

    assert car.go(3 * 3600) in (0, phases)


def test_on_one_phase_of_a_box_that_switches_nothing_is_learned() -> None:
    car = Car(1)
    for _ in range(180):
        car.run(10)
        car.allot.set_car(CarNeeds(set_phases=1))

    assert car.allot.car_phases == 0


def test_an_unplugged_car_is_forgotten() -> None:
    car = Car(1)
    assert car.go(3600) == 1
    car.allot.on_unplugged()

    assert car.allot.car_phases == 0


def test_a_box_with_one_phase_has_nothing_to_find() -> None:
    allotment = Allotment(AllotmentConfig())
    allotment.on_reading(10.0, Reading(excess_w=500.0, stamp="1", age_s=0.0))
    allotment.on_unplugged()

    assert allotment.car_phases == 0
