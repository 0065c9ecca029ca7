# SPDX-License-Identifier: GPL-3.0-or-later
"""The pilot at circuit level: the worked voltages of the standard, edges, codes and faults."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.sim.circuit import (
    CAR_B_OHM,
    CAR_C_OHM,
    CAR_D_OHM,
    PARTS,
    Circuit,
    Diode,
    Generator,
    Load,
)

CAR_B, CAR_C, CAR_D = Load(CAR_B_OHM), Load(CAR_C_OHM), Load(CAR_D_OHM)
NO_CAR = Load()


def quiet(load: Load = NO_CAR, duty: float = 1.0) -> Circuit:
    circuit = Circuit(load=load, noise_v=0.0)
    circuit.drive(duty, 0.0)
    return circuit


def volts(code: float) -> float:
    return PARTS.volts_at_code_0 + code * PARTS.volts_per_code


@pytest.mark.parametrize(
    ("load", "least_v", "most_v"),
    [(NO_CAR, 11.9, 12.0), (CAR_B, 8.9, 9.0), (CAR_C, 5.95, 6.0), (CAR_D, 2.9, 2.95)],
)
def test_each_state_reads_its_voltage_and_the_diode_keeps_the_low_plateau_at_twelve(
    load: Load, least_v: float, most_v: float
) -> None:
    circuit = quiet(load)
    assert least_v <= circuit.high_v <= most_v
    assert -11.95 <= circuit.low_v <= -11.9


@pytest.mark.parametrize(
    ("load", "high_v", "low_v"),
    [
        pytest.param(replace(CAR_B, diode=Diode.SHORTED), 8.75, -8.76, id="B, diode shorted"),
        pytest.param(replace(CAR_C, diode=Diode.SHORTED), 5.61, -5.62, id="C, diode shorted"),
        pytest.param(replace(CAR_D, diode=Diode.SHORTED), 2.37, -2.37, id="D, diode shorted"),
        pytest.param(replace(CAR_C, diode=Diode.OPEN), 11.92, -11.94, id="diode open"),
        pytest.param(replace(CAR_C, pe_broken=True), 11.92, -11.94, id="earth broken"),
        pytest.param(replace(CAR_C, short_ohm=0), 0.0, 0.0, id="hard short"),
        pytest.param(Load(short_ohm=80), 0.89, -0.89, id="80 Ohm, no car"),
        pytest.param(Load(short_ohm=120), 1.29, -1.29, id="120 Ohm, no car"),
        pytest.param(
            replace(CAR_C, short_ohm=0, short_after_diode=True), 0.7, -11.94, id="after the diode"
        ),
        pytest.param(replace(CAR_B, tied_to_v=12.0), 12.0, 12.0, id="tied to +12 V"),
    ],
)
def test_each_fault_shows_its_signature_on_both_plateaus(
    load: Load, high_v: float, low_v: float
) -> None:
    circuit = quiet(load)
    assert circuit.high_v == pytest.approx(high_v, abs=0.05)
    assert circuit.low_v == pytest.approx(low_v, abs=0.05)


def test_the_front_end_is_the_one_of_the_shipped_settings() -> None:
    """etc/evsed.toml and core round the divider to -13.76 V and 26.88 mV: 20 mV over the range."""
    assert PARTS.volts_at_code_0 == pytest.approx(-13.76, abs=0.02)
    assert PARTS.volts_per_code == pytest.approx(0.02688, abs=0.00005)
    for code in (67, 512, 844, 956):
        assert -13.76 + code * 0.02688 == pytest.approx(volts(code), abs=0.025)


def test_codes_are_those_of_the_circuit_simulator() -> None:
    """SPICE on the same parts: 956 and 67 in A, 844 in B, 734 in C, 620 in D, 512 at a short."""
    cases = ((NO_CAR, 956), (CAR_B, 844), (CAR_C, 734), (CAR_D, 620), (Load(short_ohm=0), 512))
    for load, code in cases:
        assert quiet(load, 1.0).code(0.5) == pytest.approx(code, abs=1)
    assert quiet(CAR_C, 0.0).code(0.5) == pytest.approx(67, abs=1)


@given(
    source=st.tuples(st.floats(11.4, 12.6), st.floats(970, 1030)),
    spread=st.floats(0.97, 1.03),
    diode_v=st.floats(0.55, 0.85),
)
def test_every_corner_of_the_tolerances_stays_in_its_window(
    source: tuple[float, float], spread: float, diode_v: float
) -> None:
    """IEC 61851-1 Table A.4: B 8.36-9.56, C 5.48-6.53, D 2.62-3.25 V; the front end takes 0.1 V."""
    source_v, source_ohm = source
    parts = replace(PARTS, source_high_v=source_v, source_low_v=-source_v, source_ohm=source_ohm)
    for load, least_v, most_v in ((CAR_B, 8.26, 9.6), (CAR_C, 5.38, 6.57), (CAR_D, 2.58, 3.29)):
        assert load.car_ohm is not None
        car = replace(load, car_ohm=load.car_ohm * spread, diode_v=diode_v)
        assert least_v <= Circuit(parts, car).high_v <= most_v


@given(
    duty=st.floats(0.05, 0.96),
    phase=st.floats(0.0, 0.999),
    load=st.sampled_from([NO_CAR, CAR_B, CAR_C]),
)
def test_the_wire_never_leaves_the_span_of_its_plateaus(
    duty: float, phase: float, load: Load
) -> None:
    circuit = quiet(load, duty)
    assert circuit.low_v <= circuit.cp_v(7.0 + phase / 1000) <= circuit.high_v


def test_edges_rise_as_fast_as_the_capacitance_lets_them() -> None:
    """C with 1.6 + 2.4 nF: 10 to 90 % in 4 us up and 8.8 us down (the diode no longer helps)."""
    circuit = quiet(CAR_C, 0.5)
    span_v = circuit.high_v - circuit.low_v
    steps_s = [i * 1e-8 for i in range(3000)]
    rise = [t for t in steps_s if 0.1 < (circuit.cp_v(t) - circuit.low_v) / span_v < 0.9]
    fall = [t for t in steps_s if 0.1 < (circuit.cp_v(500e-6 + t) - circuit.low_v) / span_v < 0.9]
    assert rise[-1] - rise[0] == pytest.approx(4.1e-6, rel=0.05)
    assert fall[-1] - fall[0] == pytest.approx(8.7e-6, rel=0.05)


def test_the_adc_sees_an_edge_late_and_is_settled_within_37_microseconds() -> None:
    """The filter's 4 us come on top: +-4 codes are reached after 24-37 us (ngspice)."""
    circuit = quiet(CAR_B, 0.5)
    settled = circuit.code(499e-6)
    assert circuit.code(5e-6) < settled - 100
    assert abs(circuit.code(24e-6) - settled) <= 6
    assert abs(circuit.code(37e-6) - settled) <= 1


def test_the_share_of_high_samples_is_the_duty() -> None:
    for duty in (0.1, 0.27, 0.53, 0.9):
        burst = quiet(CAR_C, duty).codes([i * 53.1e-6 for i in range(5000)])
        assert sum(code > 400 for code in burst) / len(burst) == pytest.approx(duty, abs=0.01)


def test_a_changed_duty_keeps_the_phase_of_the_running_signal() -> None:
    circuit = quiet(CAR_B)
    circuit.drive(0.25, 0.0123)
    assert circuit.generator == Generator(0.25, 1000.0, 0.0123)
    circuit.drive(0.5, 0.0777)
    assert circuit.generator == Generator(0.5, 1000.0, 0.0123)


def test_steady_pilots_have_no_edges() -> None:
    moments = [i * 17e-6 for i in range(200)]
    assert len(set(quiet(CAR_B, 1.0).codes(moments))) == 1
    assert len(set(quiet(CAR_B, 0.0).codes(moments))) == 1


def test_noise_has_the_sigma_it_is_given_and_the_same_seed_gives_the_same_noise() -> None:
    moments = [i * 1e-4 for i in range(8000)]
    first = Circuit(load=CAR_B, noise_v=0.06, seed=3).codes(moments)
    again = Circuit(load=CAR_B, noise_v=0.06, seed=3).codes(moments)
    other = Circuit(load=CAR_B, noise_v=0.06, seed=4).codes(moments)
    assert first == again != other
    assert pstdev(map(volts, first)) == pytest.approx(0.06, rel=0.05)
    assert fmean(map(volts, first)) == pytest.approx(quiet(CAR_B).high_v, abs=0.01)


def test_a_stuck_adc_says_one_code_and_a_stuck_generator_one_level() -> None:
    circuit = quiet(CAR_C, 0.5)
    circuit.stuck_code = 77
    assert set(circuit.codes([0.0, 1e-4, 6e-4])) == {77}
    circuit.stuck_code = None
    circuit.stuck_source_v = 12.0
    assert circuit.high_v == circuit.low_v == pytest.approx(5.98, abs=0.02)
    circuit.stuck_source_v = -12.0
    assert circuit.high_v == circuit.low_v == pytest.approx(-11.88, abs=0.02)


def test_codes_end_where_the_adc_ends_and_a_disturbance_is_added_to_the_wire() -> None:
    circuit = quiet(CAR_C)
    circuit.disturbance = lambda at_s: 30.0 if at_s < 1 else -30.0
    assert circuit.codes([0.5, 1.5]) == [1023, 0]
    assert circuit.cp_v(0.5) == pytest.approx(circuit.high_v + 30)
