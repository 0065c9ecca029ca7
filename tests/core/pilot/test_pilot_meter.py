# SPDX-License-Identifier: GPL-3.0-or-later
"""From bursts of codes to what the pilot says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.pilot_meter import Anomaly, PilotMeter, PilotReading, burst_length, densest
from tests.core.pilot.bursts import FRONT_END, HIGH_V, Wire, code

TICK_S = 0.02
A, B, C, D, E, F = PilotState


class Watch:
    """A meter, a wire and made-up time: one burst a tick."""

    def __init__(self, noise_v: float = 0.02) -> None:
        self.meter = PilotMeter(FRONT_END)
        self.wire = Wire(noise_v=noise_v)
        self.now = 0.0
        self.reading: PilotReading | None = None

    def sees(
        self, state: str | float, duty: float, ticks: int = 1, low_v: float = -11.94
    ) -> PilotReading:
        for _ in range(ticks):
            self.update(self.wire.burst(state, duty, low_v), duty)
        assert self.reading is not None
        return self.reading

    def update(self, codes: list[int], duty: float) -> PilotReading:
        self.reading = self.meter.update(self.now, codes, duty)
        self.now += TICK_S
        return self.reading


@pytest.mark.parametrize("duty", [0.1, 0.27, 0.53, 0.85])
@pytest.mark.parametrize("state", ["A", "B", "C", "D"])
def test_every_state_is_read_with_its_plateaus_at_every_duty(state: str, duty: float) -> None:
    reading = Watch(noise_v=0.06).sees(state, duty, ticks=5)

    assert reading.settled is PilotState(state)
    assert reading.high_v == pytest.approx(HIGH_V[state], abs=0.15)
    assert reading.low_v == pytest.approx(-11.94, abs=0.15)
    assert reading.anomaly is None
    assert reading.trouble == ""


@pytest.mark.parametrize("state", ["A", "B", "C", "D"])
def test_every_state_is_read_without_pwm(state: str) -> None:
    reading = Watch().sees(state, 1.0, ticks=2)

    assert reading.settled is PilotState(state)
    assert reading.low_v is None


def test_one_burst_settles_nothing_and_two_that_agree_do() -> None:
    watch = Watch()

    assert watch.sees("C", 0.5).settled is None
    assert watch.sees("C", 0.5).settled is C


def test_one_stray_burst_does_not_open_and_two_do() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)

    assert watch.sees("B", 0.5).settled is C
    assert watch.sees("C", 0.5).settled is C
    assert watch.sees("B", 0.5).settled is C
    assert watch.sees("B", 0.5).settled is B


def test_two_bursts_that_agree_only_in_not_being_c_open_too() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)

    watch.sees("B", 0.5)

    assert watch.sees("A", 0.5).settled is A


def test_three_stray_bursts_within_a_second_of_c_are_a_receiver_that_jumps() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)
    for _ in range(2):
        assert watch.sees("A", 0.5).anomaly is None
        assert watch.sees("C", 0.5, ticks=20).anomaly is None

    assert watch.sees("A", 0.5).anomaly is Anomaly.JUMPS


def test_stray_bursts_that_are_seconds_apart_and_those_in_b_are_none() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)
    for _ in range(9):
        assert watch.sees("B", 0.5).anomaly is None
        assert watch.sees("C", 0.5, ticks=50).anomaly is None
    watch.sees("B", 0.5, ticks=2)
    for _ in range(9):
        assert watch.sees("C", 0.5).anomaly is None
        assert watch.sees("B", 0.5, ticks=2).anomaly is None


def test_conversions_far_above_c_in_six_bursts_of_a_second_are_a_receiver_that_jumps() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)
    for _ in range(5):
        watch.update([*watch.wire.burst("C", 0.5), code(HIGH_V["A"])], 0.5)
        assert watch.sees("C", 0.5, ticks=5).anomaly is None

    burst = [*watch.wire.burst("C", 0.5), code(HIGH_V["A"])]
    assert watch.update(burst, 0.5).anomaly is Anomaly.JUMPS


def test_a_burst_that_comes_again_and_again_is_a_receiver_that_repeats_itself() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)
    kept = [watch.wire.burst("C", 0.5), watch.wire.burst("C", 0.5)]
    for number in range(6):
        assert watch.update(kept[number % 2], 0.5).anomaly is None

    assert watch.update(kept[0], 0.5).anomaly is Anomaly.REPEATS
    assert watch.sees("C", 0.5).anomaly is None


def test_a_steady_pilot_may_read_the_same_for_ever() -> None:
    watch = Watch(noise_v=0.0)

    assert watch.sees("A", 1.0, ticks=50).anomaly is None


def test_half_a_second_of_c_with_the_diode_counts_up_and_a_stray_burst_starts_it_again() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=27)
    assert watch.reading is not None
    assert watch.reading.live_for_s == pytest.approx(0.5, abs=0.021)

    watch.sees("B", 0.5)

    assert watch.sees("C", 0.5).live_for_s == 0.0


def test_c_without_pwm_is_never_live() -> None:
    assert Watch().sees("C", 1.0, ticks=50).live_for_s == 0.0


@pytest.mark.parametrize("high_v", [7.24, 4.7])
def test_c_at_the_edge_of_its_band_holds_but_is_not_live_for_closing(high_v: float) -> None:
    watch = Watch(noise_v=0.0)
    watch.sees("C", 0.5, ticks=5)

    reading = watch.sees(high_v, 0.5, ticks=50)

    assert reading.settled is C
    assert reading.live_for_s == 0.0


def test_d_is_live_inside_its_own_window() -> None:
    assert Watch().sees("D", 0.5, ticks=30).live_for_s > 0.5


def test_a_change_between_duties_keeps_the_live_count() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=20)

    assert watch.sees("C", 0.4).live_for_s > 0.3


@pytest.mark.parametrize("state", ["B", "C", "D"])
def test_a_shorted_diode_mirrors_the_plateau_and_is_seen_in_two_bursts(state: str) -> None:
    watch = Watch()
    high_v = {"B": 8.79, "C": 5.62, "D": 2.37}[state]

    assert watch.sees(high_v, 0.5, low_v=-high_v).anomaly is None
    assert watch.sees(high_v, 0.5, low_v=-high_v).anomaly is Anomaly.NO_DIODE


@pytest.mark.parametrize(
    ("high_v", "low_v"), [(8.95, -10.7), (8.95, -10.05), (5.97, -10.7), (5.2, -10.5), (4.9, -9.6)]
)
def test_a_supply_that_sags_is_no_missing_diode(high_v: float, low_v: float) -> None:
    watch = Watch()
    watch.sees(high_v, 0.5)
    watch.sees(high_v, 0.5, low_v=low_v)

    reading = watch.sees(high_v, 0.5, low_v=low_v)
    assert reading.anomaly is Anomaly.WEAK_LOW
    assert reading.trouble.startswith("the pilot's negative supply is weak")
    assert f"(it reads {reading.low_v:.2f} V)" in reading.trouble


@pytest.mark.parametrize(
    ("high_v", "low_v"), [(8.79, -8.79), (9.4, -8.4), (8.4, -9.5), (5.62, -5.62), (5.62, -6.9)]
)
def test_a_low_plateau_that_mirrors_the_high_one_is_a_missing_diode(
    high_v: float, low_v: float
) -> None:
    watch = Watch()
    watch.sees(high_v, 0.5, low_v=low_v)

    assert watch.sees(high_v, 0.5, low_v=low_v).anomaly is Anomaly.NO_DIODE


def test_a_pilot_shorted_to_earth_is_e() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)

    reading = watch.sees(0.0, 0.5, ticks=2, low_v=0.0)

    assert reading.settled is E
    assert reading.anomaly is Anomaly.SHORTED
    assert reading.trouble == Anomaly.SHORTED.value


def test_a_short_behind_the_diode_is_e_although_the_low_plateau_is_there() -> None:
    reading = Watch().sees(0.7, 0.5, ticks=2)

    assert reading.settled is E
    assert reading.anomaly is Anomaly.SHORTED
    assert reading.trouble == Anomaly.SHORTED.value


def test_a_pilot_that_stands_at_12_v_though_pwm_is_commanded_is_an_anomaly() -> None:
    watch = Watch()

    reading = watch.sees("A", 0.5, ticks=3, low_v=11.92)

    assert reading.anomaly is Anomaly.NO_PWM


def test_a_sensor_stuck_at_c_is_found_out_by_the_missing_low_plateau() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=30)

    for _ in range(2):
        watch.update([code(5.97)] * 64, 0.5)

    assert watch.reading is not None
    assert watch.reading.anomaly is Anomaly.NO_PWM


def test_a_pilot_stuck_at_minus_12_v_is_f() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=5)

    reading = watch.sees("F", 0.5, ticks=2)

    assert reading.settled is F
    assert reading.anomaly is Anomaly.STUCK_LOW


def test_minus_12_v_is_f_and_an_anomaly_when_steady_12_v_is_commanded() -> None:
    watch = Watch()

    watch.sees("F", 1.0, ticks=1, low_v=-11.94)
    reading = watch.sees("F", 1.0)

    assert (reading.settled, reading.anomaly) == (F, Anomaly.STUCK_LOW)


def test_f_that_was_commanded_is_no_anomaly() -> None:
    reading = Watch().sees("F", 0.0, ticks=3)

    assert (reading.settled, reading.anomaly, reading.high_v) == (F, None, None)


@pytest.mark.parametrize("duty", [0.5, 1.0])
def test_what_no_supply_can_give_is_the_sensors_lie(duty: float) -> None:
    assert Watch().sees(13.4, duty, ticks=2).anomaly is Anomaly.OUT_OF_RANGE


def test_a_low_plateau_beyond_the_supply_is_the_sensors_lie() -> None:
    assert Watch().sees("C", 0.5, ticks=2, low_v=-13.5).anomaly is Anomaly.OUT_OF_RANGE


def test_a_duty_that_is_not_the_commanded_one_is_found_within_two_seconds() -> None:
    watch = Watch()
    for _ in range(100):
        watch.update(watch.wire.burst("C", 0.53, count=64), 0.27)

    assert watch.reading is not None
    assert watch.reading.anomaly is Anomaly.WRONG_DUTY


@pytest.mark.parametrize(("wire", "found"), [(0.265, False), (0.28, False), (0.305, True)])
def test_a_duty_that_is_off_by_more_than_2_points_is_found_within_20_s_over_changes_of_the_duty(
    wire: float,
    found: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    watch = Watch()
    off = wire - 0.27
    for tick in range(1000):
        duty = 0.27 if tick // 50 % 2 else 0.3  # a new one each second
        watch.update(watch.wire.burst("C", duty + off, count=64), duty)

    assert watch.reading is not None
    assert (watch.reading.anomaly is Anomaly.WRONG_DUTY) is found


def test_a_burst_that_misses_the_short_plateau_says_nothing_and_the_next_one_joins_it() -> None:
    watch = Watch()
    watch.sees("C", 0.1, ticks=5)

    missed = watch.update([code(-11.94)] * 128, 0.1)

    assert (missed.state, missed.settled, missed.anomaly) == (None, C, None)
    assert not missed.lost
    assert watch.sees("C", 0.1).state is C


def test_two_hits_on_a_plateau_are_too_few() -> None:
    watch = Watch()

    reading = watch.update([code(5.97)] * 2 + [code(-11.94)] * 126, 0.1)

    assert reading.state is None


def test_a_plateau_missed_too_often_to_be_chance_is_f() -> None:
    watch = Watch()
    watch.sees("C", 0.1, ticks=5)

    states = [watch.update([code(-11.94)] * 128, 0.1).state for _ in range(4)]

    assert states[0] is None
    assert F in states


def test_sixty_milliseconds_without_a_readable_burst_is_lost() -> None:
    watch = Watch()
    watch.sees("C", 0.1, ticks=5)

    lost = [watch.update([], 0.1).lost for _ in range(3)]

    assert lost == [False, False, True]


def test_hash_that_has_a_plateau_once_it_is_joined_is_lost_all_the_same() -> None:
    watch = Watch()
    watch.sees("C", 0.1, ticks=5)

    readings = [watch.update([1023 * number // 128 for number in range(128)], 0.1) for _ in "123"]

    assert [reading.lost for reading in readings] == [False, False, True]


def test_a_pilot_that_is_seen_only_in_two_bursts_together_is_not_lost() -> None:
    watch = Watch()
    watch.sees("C", 0.1, ticks=5)
    high, low = code(5.97), code(-11.94)

    readings = [watch.update([high, high, *[low] * 126], 0.1) for _ in range(20)]

    assert not any(reading.lost for reading in readings)
    assert readings[-1].settled is PilotState.C


def test_hash_on_the_wire_is_not_readable() -> None:
    watch = Watch()

    reading = watch.update(list(range(0, 1023, 16)), 1.0)

    assert reading.state is None


def test_spikes_do_not_move_a_plateau() -> None:
    watch = Watch()
    codes = watch.wire.burst("C", 0.5)
    codes[3], codes[17], codes[40] = code(9.2), code(2.8), code(-8.8)

    assert watch.update(codes, 0.5).high_v == pytest.approx(5.97, abs=0.1)


def test_a_short_low_plateau_may_be_missed_for_a_while_and_keeps_its_last_value() -> None:
    watch = Watch()
    watch.sees("C", 0.96, ticks=10)

    reading = watch.update([code(5.97)] * 128, 0.96)

    assert reading.state is C
    assert reading.anomaly is None


def test_a_meter_that_forgets_starts_afresh() -> None:
    watch = Watch()
    watch.sees("C", 0.5, ticks=30)

    watch.meter.reset()

    reading = watch.sees("C", 0.5)
    assert (reading.settled, reading.live_for_s) == (None, 0.0)


def test_bursts_are_longer_where_a_plateau_is_short() -> None:
    assert [burst_length(duty) for duty in (0.0, 0.1, 0.16, 0.53, 0.9, 1.0)] == [
        64,
        128,
        64,
        64,
        128,
        64,
    ]


def test_the_densest_window_of_nothing_has_no_hits() -> None:
    assert densest([], 10, topmost=True) == (0.0, 0)


def test_among_windows_nearly_as_dense_the_outermost_wins() -> None:
    ordered = [100] * 10 + [200] * 8

    assert densest(ordered, 10, topmost=True) == (200, 8)
    assert densest(ordered, 10, topmost=False) == (100, 10)


@given(st.lists(st.integers(0, 1023), max_size=200), st.sampled_from([0.0, 0.1, 0.5, 0.96, 1.0]))
def test_no_codes_whatever_make_the_meter_fail(codes: list[int], duty: float) -> None:
    meter = PilotMeter(FRONT_END)

    readings = [meter.update(tick * TICK_S, codes, duty) for tick in range(3)]

    assert readings[-1].live_for_s < 0.05
