# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases switched under cars of the library: one that connects two phases, one that hangs."""

from __future__ import annotations

from random import Random

import pytest

from evsed.core.pilot.phase_set import REST_S, Switching
from evsed.sim.cars.car import CarFaults
from evsed.sim.cars.library import build_car
from tests.control.test_phases import ask_for, charging, live
from tests.sim.bench import Bench

NEARLY_S = 0.1


class Watch:
    """The moves of the contacts under one car, seen in every tick.

    `rises` has an entry for each time that more phases closed than had been closed before: the
    longest stretch in between in which all was open, nothing was offered and the car did not ask.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.rises: list[float] = []
        self._phases = live(bench).count(True)
        self._quiet_at, self._longest_s = bench.now, 0.0

    def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        end_at = self.bench.now + seconds
        while self.bench.now < end_at:
            self.bench.run(0.02)
            phases = live(self.bench).count(True)
            if phases or self.bench.car.s2_closed or self.bench.offered_a:
                self._quiet_at = self.bench.now
            self._longest_s = max(self._longest_s, self.bench.now - self._quiet_at)
            if phases:
                if phases > self._phases:
                    self.rises.append(self._longest_s)
                self._phases, self._longest_s = phases, 0.0


@pytest.mark.parametrize("name", ["ordinary", "two-phases", "three-phases", "hangs-10s"])
def test_a_car_goes_on_after_its_phases_were_switched_up_and_down(name: str) -> None:
    car = build_car(name)
    bench = charging(1, car=car)
    bench.run(10)
    assert car.drawn_w == pytest.approx(16 * 230.0, rel=0.05)

    ask_for(bench, 3)
    bench.run_until(lambda: live(bench).count(True) == 3, within=60)
    bench.run(10)
    assert car.drawn_w == pytest.approx(16 * 230.0 * car.model.phases, rel=0.05)

    ask_for(bench, 1)
    bench.run_until(lambda: live(bench) == (True, False, False), within=60)
    bench.run(10)
    assert car.drawn_w == pytest.approx(16 * 230.0, rel=0.05)


@pytest.mark.parametrize("after_s", [2.0, 7.0])
@pytest.mark.parametrize("before", [1, 3])
def test_a_car_that_hangs_after_a_short_pause_bears_a_change_that_is_taken_back(
    before: int, after_s: float
) -> None:
    car = build_car("hangs-10s")
    bench = charging(before, car=car)
    bench.run(5)
    ask_for(bench, 4 - before)
    bench.run(after_s)

    ask_for(bench, before)
    bench.run(40)

    assert car.drawn_w == pytest.approx(16 * 230.0 * before, rel=0.05)


def test_a_second_phase_under_a_car_that_connects_two_is_a_short_circuit_which_auto_closes() -> (
    None
):
    """The hazard that the setting and SAFETY.md name: no pause and no proof prevents it."""
    car = build_car("bridges")
    bench = charging(1, car=car)
    bench.run(5)
    assert car.bridged
    ask_for(bench, 3)
    bench.run(60)

    assert car.short_circuit


@pytest.mark.parametrize("switching", [Switching.UNPLUGGED, Switching.DOWN])
@pytest.mark.parametrize("seed", range(2))
def test_no_other_setting_closes_a_second_phase_under_a_car_that_connects_two(
    switching: Switching, seed: int
) -> None:
    random = Random(seed)
    car = build_car("bridges")
    bench = charging(random.choice([1, 3]), switching, car=car)
    watch = Watch(bench)
    for _ in range(6):
        ask_for(bench, random.choice([1, 3]))
        if random.random() < 0.3:
            car.stop_asking()
        watch.run(random.uniform(5, 60))
        car.ask()

    assert not car.short_circuit
    assert not watch.rises


@pytest.mark.parametrize("seed", range(2))
def test_auto_closes_a_second_phase_only_after_the_whole_rest_with_the_car_out_of_c(
    seed: int,
) -> None:
    random = Random(seed)
    car = build_car("three-phases")
    bench = charging(1, car=car)
    watch = Watch(bench)
    for _ in range(6):
        ask_for(bench, random.choice([1, 3, 3]))
        car.faults = random.choice(
            [CarFaults(), CarFaults(), CarFaults(ignores_pilot=True), CarFaults(chatter_s=4.0)]
        )
        watch.run(random.uniform(10, 80))
    car.faults = CarFaults()
    ask_for(bench, 3)
    watch.run(120)

    assert min(watch.rises, default=REST_S) >= REST_S - NEARLY_S


def test_auto_closes_no_second_phase_under_a_car_that_stays_in_c() -> None:
    car = build_car("three-phases")
    bench = charging(1, car=car)
    car.faults = CarFaults(ignores_pilot=True)
    watch = Watch(bench)
    ask_for(bench, 3)
    watch.run(300)

    assert not watch.rises
    assert bench.snapshot.outputs == 1
