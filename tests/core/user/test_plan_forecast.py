# SPDX-License-Identifier: GPL-3.0-or-later
"""The forecast of a plan: the sun first, then as late as possible, or at the cheapest times."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf

import pytest

from evsed.core.solar.allotment_config import Mode
from evsed.core.user.controls import Controls
from evsed.core.user.plan_forecast import PlanForecast, forecast, mode_powers
from evsed.core.user.planner import PlanInputs, Planner
from evsed.core.user.prices import PriceSlot
from evsed.core.user.usual_sun import UsualSun
from evsed.core.user.weekly_window import WeeklyWindow

HOUR_S = 3600.0
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MOST_W = 7360.0
LEAST_W = 1380.0
SUNNY_W = 3000.0
SUN = UsualSun(7, tuple(SUNNY_W if 12 <= n // 4 < 16 else 0.0 for n in range(96)))
"""3 kW from noon to four."""
HUNGRY = UsualSun(7, tuple(-500.0 for _ in range(96)))
"""The house takes more than the sun gives."""
DIM = UsualSun(7, tuple(1000.0 for _ in range(96)))
"""Less than a car takes at least."""
GOAL = PlanInputs(goal_wh=20_000, done_wh=0, left_s=19 * HOUR_S, power_w=MOST_W, plugged=True)
"""20 kWh from noon until seven in the morning."""

CHEAP = (
    PriceSlot(0, 10 * HOUR_S, 0.3),
    PriceSlot(10 * HOUR_S, 12 * HOUR_S, 0.1),
    PriceSlot(12 * HOUR_S, 19 * HOUR_S, 0.3),
)
"""Cheap from ten to midnight."""


@dataclass(frozen=True)
class Case:
    """A plan, and what is expected: energies in kWh, hours after noon."""

    name: str
    energy_kwh: float
    sun_kwh: float
    begins_h: float | None
    reached_h: float | None
    mode: Mode = Mode.SOLAR
    sun: UsualSun | None = SUN
    inputs: PlanInputs = GOAL
    window: str = ""
    now_w: float | None = None
    more: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        """The name of the test."""
        return self.name

    def forecast(self) -> PlanForecast:
        """The forecast."""
        inputs = replace(self.inputs, **self.more)  # type: ignore[arg-type] # numbers only
        controls = Controls(
            mode=self.mode, window=WeeklyWindow.parse(self.window) if self.window else None
        )
        powers = mode_powers(
            controls, self.sun, NOON.timestamp(), inputs.left_s, UTC,
            least_w=LEAST_W, most_w=inputs.power_w, now_w=self.now_w,
        )  # fmt: skip
        return forecast(inputs, None, powers)


def late_h(kwh: float) -> float:
    """When so much is begun: as late as the reserve allows."""
    return 19 - kwh / 7.36 * 1.1 - 300 / HOUR_S


def late(kwh: float) -> tuple[float, float]:
    """When so much is begun and reached, charged at the end whatever the sun gives."""
    return late_h(kwh), late_h(kwh) + kwh / 7.36


NO_CAR, BLOCKED = replace(GOAL, plugged=False), replace(GOAL, blocked="a fault", power_w=0)
CASES = (
    Case("nothing from the sun", 20, 0, *late(20), sun=None),
    Case("the sun counts first", 20, 12, *late(8)),
    Case("the sun alone is enough", 10, 10, None, 10 / 3, more={"goal_wh": 10_000}),
    Case("too little for a car", 20, 20 / 7.36, *late(20), sun=DIM),
    Case("the least without the sun", 20, 12, None, 4 + 8 / 1.38, mode=Mode.SOLAR_MIN),
    Case("fast", 20, 3 * 20 / 7.36, None, 20 / 7.36, mode=Mode.FAST),
    Case("a weekly window", 20, 6, *late(14), window="Mon-Sun 14:00-18:00"),
    Case("too late", 7.36, 3, 0, None, more={"left_s": HOUR_S}),
    Case("a part is charged already", 20, 12, *late(3), more={"done_wh": 5000}),
    Case("reached", 20, 0, None, 0, more={"done_wh": 20_000}),
    Case("a limit of the session", 10, 10, None, None, more={"allowed_wh": 10_000}),
    Case("no car yet", 20, 12, *late(8), inputs=NO_CAR),
    Case("off", 0, 0, None, None, mode=Mode.OFF, inputs=BLOCKED),
    Case("no current at all", 0, 0, None, None, inputs=BLOCKED),
    Case("a house that takes more", 20, 0, *late(20), sun=HUNGRY),
    Case("a cloud now", 20, 11.25, *late(8.75), now_w=0.0),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_expected(case: Case) -> None:
    found = case.forecast()
    assert found.energy_wh == pytest.approx(case.energy_kwh * 1000, abs=2)
    assert found.sun_wh == pytest.approx(case.sun_kwh * 1000, abs=2)
    expected = (case.begins_h, case.reached_h)
    hours = [None if at is None else at / HOUR_S for at in (found.begins_s, found.reached_s)]
    for got, want in zip(hours, expected, strict=True):
        assert got == (want if want is None else pytest.approx(want, abs=0.003))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_parts_follow_each_other_and_add_up(case: Case) -> None:
    found = case.forecast()
    at_s, wh = 0.0, found.parts[0].energy_wh
    for part in found.parts:
        assert part.begin_s == at_s
        assert part.end_s > at_s
        assert part.energy_wh == pytest.approx(wh)
        at_s, wh = part.end_s, wh + part.power_w * (part.end_s - part.begin_s) / HOUR_S
    assert at_s == replace(case.inputs, **case.more).left_s  # type: ignore[arg-type]
    assert wh == pytest.approx(found.energy_wh)
    assert len(found.parts) < 10


def test_the_cheap_hours_are_used_to_their_end() -> None:
    found = Case("cheap hours", 20, 12, None, None, inputs=replace(GOAL, prices=CHEAP)).forecast()
    assert found.energy_wh == pytest.approx(20_000, abs=2)
    assert found.begins_s is not None
    assert found.reached_s is not None
    assert 10 * HOUR_S < found.begins_s < found.reached_s <= 12 * HOUR_S


def test_a_time_that_has_begun_goes_on_in_the_forecast() -> None:
    """A pause would be a closing more; the planner does not make one, so none is foreseen."""
    planner = Planner()
    night = replace(GOAL, left_s=3 * HOUR_S)
    assert planner.step(night).charges
    later = replace(night, left_s=2.5 * HOUR_S, done_wh=16_000)
    fresh = forecast(later, None, mode_powers(
        Controls(), None, NOON.timestamp(), later.left_s, UTC, least_w=LEAST_W, most_w=MOST_W
    ))  # fmt: skip
    assert fresh.begins_s
    assert planner.step(later).charges
    going = forecast(later, planner.begun_until_left_s, mode_powers(
        Controls(), None, NOON.timestamp(), later.left_s, UTC, least_w=LEAST_W, most_w=MOST_W
    ))  # fmt: skip
    assert going.begins_s == 0
    assert going.reached_s == pytest.approx(4000 / MOST_W * HOUR_S, abs=2)


def test_the_forecast_is_what_the_planner_then_does() -> None:
    """Second by second, with the sun as foreseen: begun at the same time, reached at the same."""
    case = CASES[1]
    found, planner, done_wh, begun_s = case.forecast(), Planner(), 0.0, inf
    powers = mode_powers(
        Controls(), SUN, NOON.timestamp(), GOAL.left_s, UTC, least_w=LEAST_W, most_w=MOST_W
    )
    for second in range(0, int(GOAL.left_s), 10):
        step = planner.step(replace(GOAL, done_wh=done_wh, left_s=GOAL.left_s - second))
        if step.charges:
            begun_s = min(begun_s, second)
        done_wh += (MOST_W if step.charges else powers[second // 900].power_w) * 10 / HOUR_S
        if done_wh >= GOAL.goal_wh:
            break
    assert found.begins_s == pytest.approx(begun_s, abs=30)
    assert found.reached_s == pytest.approx(second, abs=60)
