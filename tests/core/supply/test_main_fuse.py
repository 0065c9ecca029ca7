# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of the main fuse, rule by rule, and in houses by the second."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from evsed.core.supply.main_fuse import WARM, HouseReading, MainFuse, MainFuseConfig
from evsed.core.supply.peak_power import PeakPower
from tests.core.supply.house_loads import (
    House,
    Load,
    day_cellar,
    day_kitchen,
    heat_pump,
    kettle,
    oven,
    shower,
    welder,
)

FUSE_A = 25.0


@dataclass
class Bench:
    """A guard, a house and a car that the test sets, and a reading every two seconds."""

    config: MainFuseConfig = field(default_factory=lambda: MainFuseConfig(main_fuse_a=FUSE_A))
    rest_a: tuple[float, ...] = (2.0,)
    car_a: float = 0.0
    metered: bool = True
    follows: bool = True
    now: float = 0.0

    def __post_init__(self) -> None:
        self.guard = MainFuse(self.config)

    @property
    def limit_a(self) -> float:
        return self.guard.update(self.now).max_a

    @property
    def why(self) -> str:
        return self.guard.update(self.now).why

    def run(self, seconds: int, *, reads: bool = True) -> list[float]:
        """Let time pass; the limit of each second."""
        limits = []
        for _ in range(seconds):
            self.now += 1
            if reads and self.now % 2 == 0:
                total = tuple(each + self.car_a for each in self.rest_a)
                self.guard.on_reading(HouseReading(measured_at=self.now, current_a=total))
            limits.append(self.limit_a)
            if self.follows:
                self.car_a = limits[-1]
            self.guard.on_draw(self.now, limits[-1] if not self.metered else self.car_a,
                               measured=self.metered)  # fmt: skip
        return limits


def test_before_the_first_reading_the_fuse_counts_as_loaded() -> None:
    assert Bench().limit_a == 6.0
    assert Bench(MainFuseConfig(main_fuse_a=FUSE_A, house_lost_a=0.0)).limit_a == 0.0


def test_what_is_free_is_given_in_steps_until_the_fuse_is_used_but_for_a_margin() -> None:
    bench = Bench()

    limits = bench.run(120)

    assert limits[-1] == pytest.approx(25 - 0.5 - 2, abs=0.3)
    rises = [second for second in range(1, 120) if limits[second] > limits[second - 1]]
    assert len(rises) >= 3
    assert all(after - before >= 5 for before, after in pairwise(rises))
    assert "A of its main fuse" in bench.why


def test_too_much_is_taken_back_at_once_and_in_full() -> None:
    bench = Bench()
    bench.run(120)
    bench.rest_a = (12.0,)

    limits = bench.run(2)

    assert limits[-1] == pytest.approx(25 - 0.5 - 12, abs=0.3)


def test_noise_of_the_meter_moves_nothing() -> None:
    bench = Bench()
    bench.run(120)
    before_a = bench.limit_a
    for _ in range(10):
        bench.rest_a = (2.2 if bench.rest_a == (2.0,) else 2.0,)
        bench.run(2)

    assert bench.limit_a == before_a


def test_a_short_load_leaves_the_least_current_and_a_long_one_stops_the_car() -> None:
    bench = Bench()
    bench.run(120)
    bench.rest_a = (22.0,)

    short, long = bench.run(14), bench.run(10)

    assert short[-1] == 6.0
    assert long[-1] == 0.0


def test_a_stopped_car_starts_again_after_a_minute_with_room() -> None:
    bench = Bench()
    bench.run(120)
    bench.rest_a = (22.0,)
    bench.run(30)
    bench.rest_a = (10.0,)

    limits = bench.run(64)

    assert limits[57] == 0.0
    assert limits[-1] == 6.0


def test_a_meter_that_is_silent_for_ten_seconds_counts_as_full_load() -> None:
    bench = Bench()
    bench.run(120)

    limits = bench.run(12, reads=False)

    assert limits[9] > 20
    assert limits[-1] == 6.0
    assert "silent" in bench.why
    bench.run(120)
    assert bench.limit_a > 20


def test_a_silent_meter_stops_the_car_where_the_owner_said_so() -> None:
    bench = Bench(MainFuseConfig(main_fuse_a=FUSE_A, house_lost_a=0.0))
    bench.run(200)
    assert bench.limit_a > 20

    bench.run(12, reads=False)
    assert bench.limit_a == 0.0
    limits = bench.run(64)
    assert limits[55] == 0.0
    assert limits[-1] == 6.0


def test_a_reading_that_is_not_newer_is_passed_over() -> None:
    bench = Bench()
    bench.run(120)
    before_a = bench.limit_a

    bench.guard.on_reading(HouseReading(measured_at=bench.now - 5, current_a=(60.0,)))

    assert bench.limit_a == before_a


def test_what_the_car_drew_after_a_late_reading_was_made_does_not_count_for_it() -> None:
    bench = Bench()
    bench.run(120)
    settled_a = bench.limit_a
    bench.guard.on_draw(bench.now + 3, 0.0, measured=True)

    late = HouseReading(measured_at=bench.now + 1, current_a=(2.0 + bench.car_a,))
    bench.guard.on_reading(late)

    assert bench.limit_a == settled_a


def test_without_a_meter_of_the_car_one_that_does_not_follow_is_stopped() -> None:
    bench = Bench(metered=False)
    bench.run(120)
    bench.follows, bench.car_a = False, 16.0  # it takes 16 A of 22 A, and of less too
    bench.rest_a = (14.0,)

    limits = bench.run(40)

    assert 6.0 in limits
    assert limits[-1] == 0.0


def test_loads_that_come_again_and_again_keep_the_car_low_once_the_fuse_is_warm() -> None:
    bench = Bench()
    bench.run(120)
    worst = 0.0
    for _ in range(12):
        bench.rest_a = (24.0,)
        bench.follows = False  # a car that is as late as it may be
        bench.run(5)
        bench.follows = True
        bench.rest_a = (2.0,)
        bench.run(20)
        worst = max(worst, bench.guard.warmth)

    assert worst > 0.25
    assert bench.limit_a <= 6.0


def test_a_fuse_that_carries_its_rating_cools() -> None:
    bench = Bench(rest_a=(50.0,))
    bench.run(4)
    warm = bench.guard.warmth
    bench.rest_a = (2.0,)
    bench.run(600)

    assert 0 < bench.guard.warmth < 0.5 * warm


def test_the_worst_of_three_phases_decides() -> None:
    bench = Bench(rest_a=(2.0, 9.0, 4.0))

    bench.run(120)

    assert bench.limit_a == pytest.approx(25 - 0.5 - 9, abs=0.3)
    assert "on L2" in bench.why


def reading(at: float, current_a: float, power_w: float) -> HouseReading:
    return HouseReading(measured_at=at, current_a=(current_a,), power_w=(power_w,))


def settled(current_a: float, power_w: float) -> float:
    """The limit at a house that stays like that, with no car."""
    guard = MainFuse(MainFuseConfig(main_fuse_a=FUSE_A, max_current_a=80.0))
    for second in range(0, 240, 2):
        guard.on_draw(second, 0.0, measured=True)
        guard.on_reading(reading(second, current_a, power_w))
    return guard.update(238).max_a


def test_current_that_flows_into_the_grid_leaves_more_room_for_the_car() -> None:
    assert settled(10.0, -2300.0) == pytest.approx(24.5 + 10, abs=0.3)
    assert settled(10.0, 2300.0) == pytest.approx(24.5 - 10, abs=0.3)


def test_current_across_the_cars_own_counts_by_its_square() -> None:
    assert settled(10.0, 0.0) == pytest.approx(math.sqrt(24.5**2 - 10**2), abs=0.3)
    assert settled(30.0, 0.0) == 0.0


def test_a_power_that_means_more_than_the_current_is_believed() -> None:
    assert settled(1.0, 2300.0) == pytest.approx(24.5 - 10, abs=0.3)


@pytest.mark.parametrize(
    ("current_a", "power_w"),
    [((), ()), ((1.0, 2.0), (1.0,)), ((math.nan,), ()), ((1.0,), (math.inf,))],
)
def test_what_no_meter_can_mean_is_refused(
    current_a: tuple[float, ...], power_w: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="house"):
        HouseReading(measured_at=0.0, current_a=current_a, power_w=power_w)


# -- the peak of a quarter of an hour ------------------------------------------------------------


def peak_bench(rest_a: float) -> Bench:
    config = MainFuseConfig(peak_w=4000.0, max_current_a=32.0)
    return Bench(config, rest_a=(rest_a,))


def quarters(bench: Bench, seconds: int, loads: dict[int, float]) -> float:
    """The highest mean of any 900 s, in watts, while the house changes as *loads* says."""
    totals = []
    for second in range(seconds):
        if second in loads:
            bench.rest_a = (loads[second],)
        bench.run(1)
        totals.append(230 * (bench.rest_a[0] + bench.car_a))
    sums = [0.0]
    for total in totals:
        sums.append(sums[-1] + total)
    return max(sums[t] - sums[t - 900] for t in range(900, len(sums))) / 900


def test_no_quarter_of_an_hour_is_above_the_peak_wherever_it_begins() -> None:
    bench = peak_bench(3.0)

    highest_w = quarters(bench, 4000, {1000: 12.0, 1180: 3.0, 2000: 14.0, 2400: 2.0, 3000: 9.0})

    assert 3500 < highest_w <= 4000
    assert "quarter hour's peak" in bench.why


def test_a_kettle_within_the_credit_does_not_stop_the_car() -> None:
    bench = peak_bench(2.0)
    bench.follows = False
    bench.car_a = 6.0
    bench.run(600)
    bench.rest_a = (12.0,)

    assert min(bench.run(120)) >= 6.0


def test_a_house_that_feeds_in_owes_nothing() -> None:
    peak = PeakPower(4000.0)
    peak.add(-5000.0, 900.0)

    assert peak.in_credit
    assert peak.allowed_w == 0.95 * 4000


def test_fuse_and_peak_are_kept_together() -> None:
    bench = Bench(MainFuseConfig(main_fuse_a=16.0, peak_w=20_000.0))
    bench.run(120)

    assert bench.limit_a == pytest.approx(16 - 0.5 - 2, abs=0.3)


# -- houses by the second --------------------------------------------------------------------------

HOURS_2 = 7200


@pytest.mark.parametrize("period_s", [1, 2, 5])
@pytest.mark.parametrize("metered", [True, False])
@pytest.mark.parametrize(
    "loads",
    [(kettle, oven), (heat_pump, kettle), (welder,)],
    ids=["kitchen", "heat pump", "welder"],
)
def test_the_fuse_is_never_over_its_curve_although_the_car_answers_as_late_as_it_may(
    period_s: int,
    metered: bool,  # noqa: FBT001 - a parameter of the test
    loads: tuple[Load, ...],
) -> None:
    house = House(loads=(loads,), period_s=period_s, car_metered=metered).run(HOURS_2)

    assert house.nearest < 1.0
    assert max(house.limits_a) > 15


@pytest.mark.parametrize("period_s", [1, 2, 5])
def test_a_shower_of_seven_kilowatts_does_not_melt_a_fuse_of_35_a(period_s: int) -> None:
    house = House(loads=((shower, kettle),), fuse_a=35.0, period_s=period_s).run(HOURS_2)

    assert house.nearest < 1.0


def test_a_single_phase_car_in_a_house_of_three_phases_loses_little() -> None:
    house = House(loads=((day_kitchen,), (day_cellar,), (kettle,)), period_s=2).run(4 * 3600)

    assert house.nearest < 1.0
    assert house.lost_share < 0.05


@pytest.mark.untraced
@pytest.mark.parametrize("period_s", [1, 5])
def test_a_car_on_three_phases_loses_little_to_inrush_and_welding(period_s: int) -> None:
    loads: tuple[tuple[Load, ...], ...] = ((day_kitchen,), (day_cellar,), (kettle,))
    house = House(loads=loads, period_s=period_s, car_phases=(0, 1, 2)).run(18 * 3600)

    assert house.nearest < 1.0
    assert house.lost_share < 0.05


def test_a_single_reading_of_a_warm_fuse_stops_no_charge_and_the_next_does() -> None:
    """A meter that meets the fifth of a second of an inrush shows it for two."""
    bench = Bench()
    bench.run(200)
    bench.rest_a = (60.0,)
    bench.run(2)
    assert bench.guard.warmth >= WARM
    assert bench.limit_a == 6
    bench.run(2)
    assert bench.limit_a == 0


def test_a_house_meter_that_dies_under_load_costs_the_fuse_nothing() -> None:
    house = House(loads=((oven, kettle),), meter_lives=lambda t: t % 600 < 300).run(HOURS_2)

    assert house.nearest < 1.0
    assert min(house.limits_a[315:590]) == max(house.limits_a[315:590]) == 6.0
