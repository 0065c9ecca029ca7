# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated car on made-up time, against a pilot that the tests drive by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.j1772 import current_for_duty, duty_for_current
from evsed.sim.cars.car import Car, CarModel, offer_from_duty
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, CAR_D_OHM, NO_CAR, Circuit, Diode

STEP_S = 0.01


@dataclass(slots=True)
class Garage:
    """A car, a pilot and a contactor; whoever tests is the EVSE."""

    car: Car = field(default_factory=Car)
    circuit: Circuit = field(default_factory=Circuit)
    live_phases: int = 0
    now: float = 100.0
    trace: list[tuple[float, float, bool]] = field(default_factory=list)

    def run(self, seconds: float, step_s: float = STEP_S) -> None:
        for _ in range(round(seconds / step_s)):
            self.now += step_s
            self.car.step(self.now, self.circuit, self.live_phases)
            self.trace.append((self.now, self.car.drawn_a, self.car.s2_closed))

    def offer(self, amperes: float) -> None:
        self.circuit.drive(duty_for_current(amperes), self.now)

    @property
    def ohm(self) -> float | None:
        return self.circuit.load.car_ohm


def charging(amperes: float = 16.0, model: CarModel | None = None) -> Garage:
    """A garage in which the car charges at *amperes*, settled."""
    garage = Garage(Car(model or CarModel(max_a=32.0)))
    garage.car.plug_in(garage.now)
    garage.car.ask()
    garage.offer(amperes)
    garage.run(3)
    garage.live_phases = 1
    garage.run(15)
    garage.trace.clear()
    return garage


@pytest.mark.parametrize(
    ("percent", "amperes"),
    [
        (2, 0), (5, 0), (7.5, 0), (8, 6), (9, 6), (10, 6), (53, 31.8), (85, 51), (86, 55),
        (96, 80), (96.5, 80), (97, 80), (97.5, 0), (100, 0), (0, 0),
    ],
)  # fmt: skip
def test_the_car_reads_the_duty_by_table_a8(percent: float, amperes: float) -> None:
    assert offer_from_duty(percent / 100) == pytest.approx(amperes)


@given(ppm=st.integers(0, 1_000_000))
def test_the_car_and_core_read_every_duty_alike(ppm: int) -> None:
    """Two independent readings of Table A.8; only rounding at an edge may differ."""
    duty = ppm / 1e6
    near = {offer_from_duty(duty + shift) for shift in (-5e-7, 0.0, 5e-7)}
    assert any(current_for_duty(duty) == pytest.approx(amperes, abs=1e-3) for amperes in near)


def test_a_plugged_in_car_shows_b_and_nothing_more_without_an_offer() -> None:
    garage = Garage()
    garage.run(1)
    assert garage.circuit.load == NO_CAR
    garage.car.plug_in(garage.now)
    garage.car.ask()
    garage.run(60)
    assert garage.ohm == CAR_B_OHM
    assert not garage.car.s2_closed


def test_a_car_that_is_offered_power_asks_a_second_later() -> None:
    garage = Garage()
    garage.car.plug_in(garage.now)
    garage.car.ask()
    garage.run(1)
    garage.offer(16)
    garage.run(0.98)
    assert garage.ohm == CAR_B_OHM
    garage.run(0.05)
    assert garage.ohm == CAR_C_OHM
    assert garage.car.drawn_a == 0.0, "nothing flows through an open contactor"


@pytest.mark.parametrize("asleep", [False, True])
def test_a_car_that_does_not_want_stays_in_b_and_one_asleep_too(*, asleep: bool) -> None:
    garage = Garage()
    garage.car.faults.sleeps = asleep
    garage.car.plug_in(garage.now)
    if asleep:
        garage.car.ask()
    garage.offer(16)
    garage.run(30)
    assert garage.ohm == CAR_B_OHM


@given(
    before_a=st.integers(6, 32).map(float),
    after_a=st.integers(6, 32).map(float),
    jitter=st.floats(0.0, 0.02),
)
def test_every_change_is_followed_within_five_seconds_and_not_in_the_dead_time(
    before_a: float, after_a: float, jitter: float
) -> None:
    """IEC 61851-1 Table A.6 seq. 6."""
    garage = charging(before_a)
    garage.now += jitter
    assert garage.car.drawn_a == pytest.approx(before_a, abs=0.01)
    garage.offer(after_a)
    garage.run(1.9)
    assert garage.car.drawn_a == pytest.approx(before_a, abs=0.01)
    garage.run(3.1)
    assert garage.car.drawn_a == pytest.approx(after_a, abs=0.01)
    low_a, high_a = sorted((before_a, after_a))
    assert all(low_a - 0.01 <= drawn_a <= high_a + 0.01 for _, drawn_a, _ in garage.trace)


def test_it_takes_the_least_of_offer_own_maximum_and_want() -> None:
    garage = charging(32, CarModel(max_a=20.0))
    assert garage.car.drawn_a == pytest.approx(20)
    garage.car.wanted_a = 8.0
    garage.run(5)
    assert garage.car.drawn_a == pytest.approx(8)
    garage.car.wanted_a = 40.0
    garage.offer(10)
    garage.run(6)
    assert garage.car.drawn_a == pytest.approx(10, abs=0.01)


def test_energy_is_what_current_volts_and_phases_make_of_it() -> None:
    garage = charging(10, CarModel(max_a=16, phases=3))
    garage.live_phases = 3
    garage.run(1)
    before_wh = garage.car.charge_wh
    garage.run(360)
    assert garage.car.charge_wh - before_wh == pytest.approx(10 * 230 * 3 * 0.1, rel=1e-3)
    assert garage.car.drawn_w == pytest.approx(6900, rel=1e-3)


def test_long_steps_give_the_same_energy_as_short_ones_once_nothing_moves() -> None:
    fine, coarse = charging(10), charging(10)
    start_wh = fine.car.charge_wh
    fine.run(600)
    coarse.run(600, step_s=1.0)
    assert coarse.car.charge_wh - start_wh == pytest.approx(fine.car.charge_wh - start_wh)


def test_when_the_offer_ends_the_current_is_down_before_s2_opens_within_three_seconds() -> None:
    """Table A.6 seq. 7 and 10.1."""
    garage = charging(32)
    ended_at = garage.now
    garage.offer(0)
    garage.run(3)
    opened_at = next(at for at, _, s2 in garage.trace if not s2)
    assert opened_at - ended_at <= 3.0
    last_a = [drawn_a for at, drawn_a, s2 in garage.trace if s2][-1]
    assert last_a < 1.0
    assert garage.ohm == CAR_B_OHM


def test_an_offer_that_comes_back_in_time_keeps_s2_closed() -> None:
    garage = charging(16)
    garage.offer(0)
    garage.run(1)
    garage.offer(16)
    garage.run(6)
    assert all(s2 for _, _, s2 in garage.trace)
    assert garage.car.drawn_a == pytest.approx(16, abs=0.01)


def test_the_driver_stops_the_car_and_a_full_battery_does_too() -> None:
    garage = charging(16)
    garage.car.stop_asking()
    garage.run(3)
    assert garage.ohm == CAR_B_OHM
    garage = charging(16)
    garage.car.target_wh = garage.car.charge_wh + 1
    garage.run(10)
    assert garage.ohm == CAR_B_OHM
    assert not garage.car.wants


def test_nothing_flows_once_the_contactor_is_open_or_the_plug_is_out() -> None:
    garage = charging(16)
    garage.live_phases = 0
    garage.run(STEP_S)
    assert garage.car.drawn_a == 0.0
    garage = charging(16)
    garage.car.unplug()
    garage.run(STEP_S)
    assert garage.car.drawn_a == 0.0
    assert garage.circuit.load == NO_CAR


def test_a_bouncing_plug_comes_and_goes_for_twenty_milliseconds_each() -> None:
    garage = Garage()
    garage.car.plug_in(garage.now, bounces=10)
    there = []
    for _ in range(50):
        garage.run(STEP_S)
        there.append(garage.ohm is not None)
    assert sum(before and not after for before, after in pairwise(there)) == 10
    assert there.count(False) == 20
    assert all(there[40:])


@pytest.mark.parametrize("shift_hz", [-100.0, 100.0])
def test_a_signal_of_the_wrong_frequency_is_no_offer(shift_hz: float) -> None:
    garage = charging(16)
    garage.circuit.generator = replace(garage.circuit.generator, frequency_hz=1000 + shift_hz)
    garage.run(3)
    assert garage.ohm == CAR_B_OHM


# -- faults ----------------------------------------------------------------------------------------


def test_a_shorted_diode_mirrors_the_plateau_and_an_open_one_reads_as_no_car() -> None:
    garage = charging(16)
    garage.car.faults.diode = Diode.SHORTED
    garage.run(1)
    assert garage.circuit.low_v == pytest.approx(-5.6, abs=0.05)
    garage.car.faults.diode = Diode.OPEN
    garage.run(STEP_S)
    assert garage.circuit.high_v > 11.9
    garage.run(3)
    assert not garage.car.s2_closed


@pytest.mark.parametrize("ohm", [0.0, 80.0, 120.0])
@pytest.mark.parametrize("after_diode", [False, True])
def test_a_short_pulls_the_pilot_down_and_the_car_lets_go(ohm: float, *, after_diode: bool) -> None:
    garage = charging(16)
    garage.car.faults.cp_short_ohm = ohm
    garage.car.faults.cp_short_after_diode = after_diode
    garage.run(STEP_S)
    assert garage.circuit.high_v < 2.0
    garage.run(3)
    assert garage.car.drawn_a == 0.0
    assert not garage.car.s2_closed


def test_a_broken_earth_reads_as_no_car() -> None:
    garage = charging(16)
    garage.car.faults.pe_broken = True
    garage.run(STEP_S)
    assert garage.circuit.high_v > 11.9
    assert garage.circuit.low_v < -11.9


def test_a_foreign_twelve_volts_hides_the_signal() -> None:
    garage = charging(16)
    garage.car.faults.cp_tied_to_v = 12.0
    garage.run(STEP_S)
    assert garage.circuit.low_v > 11.5


def test_a_car_that_ignores_the_pilot_goes_on_drawing() -> None:
    garage = charging(16, CarModel(max_a=16.0))
    garage.car.faults.ignores_pilot = True
    garage.offer(0)
    garage.run(10)
    assert garage.ohm == CAR_C_OHM
    assert garage.car.drawn_a == pytest.approx(16)


def test_a_chattering_car_toggles_s2_every_so_many_seconds() -> None:
    garage = charging(16)
    garage.car.faults.chatter_s = 3.0
    garage.run(30)
    s2 = [closed for _, _, closed in garage.trace]
    assert sum(before != after for before, after in pairwise(s2)) == 9
    garage.car.faults.chatter_s = None
    garage.run(1)
    assert garage.car.s2_closed


def test_a_greedy_car_draws_more_than_it_was_offered() -> None:
    garage = charging(10)
    garage.car.faults.overdraw_a = 3.0
    garage.run(5)
    assert garage.car.drawn_a == pytest.approx(13, abs=0.01)


def test_a_car_that_wants_ventilation_shows_d() -> None:
    garage = charging(10)
    garage.car.faults.wants_ventilation = True
    garage.run(STEP_S)
    assert garage.ohm == CAR_D_OHM


def test_a_slow_s2_opens_late() -> None:
    garage = charging(10)
    garage.car.faults.s2_open_s = 9.0
    garage.offer(0)
    garage.run(8.9)
    assert garage.car.s2_closed
    garage.run(0.2)
    assert not garage.car.s2_closed


def test_pulses_show_c_three_times_for_a_quarter_second_each() -> None:
    garage = Garage()
    garage.car.plug_in(garage.now)
    garage.run(1)
    garage.trace.clear()
    garage.car.pulse(garage.now, count=3)
    garage.run(3)
    s2 = [closed for _, _, closed in garage.trace]
    assert sum(after and not before for before, after in pairwise([False, *s2])) == 3
    assert s2.count(True) * STEP_S == pytest.approx(0.75, abs=0.03)
    assert not s2[-1]


def test_a_generator_that_stands_still_offers_nothing() -> None:
    garage = charging(16)
    garage.circuit.stuck_source_v = 12.0
    garage.run(3)
    assert not garage.car.s2_closed
