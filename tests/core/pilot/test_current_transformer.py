# SPDX-License-Identifier: GPL-3.0-or-later
"""The current transformer's conversions to amperes, on the simulated transformer of hw/."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evsed.core.pilot.current_transformer import CONVERSIONS, MOST_V, TICK_S, CurrentMeter
from evsed.core.pilot.faults import Fault
from evsed.sim.transformer import BURDEN_OHM, CurrentTransformer

TURNS = 2000.0
A_PER_V = TURNS / BURDEN_OHM
SPACING_S = 50e-6


class Clamped:
    """A meter with a transformer that is looked at every tick, a bit more or less apart."""

    def __init__(self, amperes: float, tick_s: float = TICK_S, **transformer: float) -> None:
        self.amperes = amperes
        self.tick_s = tick_s
        self.transformer = CurrentTransformer(lambda: self.amperes, TURNS, **transformer)  # type: ignore[arg-type]  # by name
        self.meter = CurrentMeter(A_PER_V)
        self.now = 0.0

    def run(self, for_s: float) -> CurrentMeter:
        for _ in range(round(for_s / self.tick_s)):
            self.now += self.tick_s
            moments = [self.now + SPACING_S * number for number in range(CONVERSIONS)]
            self.meter.update(self.now, tuple(self.transformer.codes(moments)))
        return self.meter


@settings(max_examples=200, deadline=None)
@given(
    amperes=st.floats(6.0, 32.0),
    mains_hz=st.sampled_from((50.0, 60.0)),
    drift=st.floats(0.99, 1.01),
    began_s=st.floats(0.0, 1.0),
    third=st.floats(0.0, 0.1),
    offset_v=st.floats(-0.03, 0.03),
)
def test_a_sine_of_6_to_32_a_is_read_within_3_percent(
    amperes: float,
    mains_hz: float,
    drift: float,
    began_s: float,
    third: float,
    offset_v: float,
) -> None:
    clamped = Clamped(amperes, mains_hz=mains_hz * drift, third=third, offset_v=offset_v)
    clamped.now = began_s
    read_a = clamped.run(1.2).amperes

    assert read_a == pytest.approx(amperes, rel=0.03)


def test_a_tick_as_long_as_a_period_would_see_one_phase_only() -> None:
    """The time of a tick is another where a current is read."""
    blind = Clamped(32.0, tick_s=0.02)
    read_a = blind.run(1.2).amperes

    assert read_a is not None
    assert read_a < 10.0


def test_nothing_is_said_before_a_second_was_heard() -> None:
    clamped = Clamped(16.0)
    assert clamped.run(0.9).amperes is None
    assert clamped.run(0.2).amperes == pytest.approx(16.0, rel=0.03)


def test_a_current_that_begins_is_read_after_a_second_and_half_of_it_after_half_of_one() -> None:
    clamped = Clamped(0.0)
    assert clamped.run(2).amperes == 0.0
    clamped.amperes = 20.0
    half_a = clamped.run(0.5).amperes
    assert half_a == pytest.approx(20.0 * math.sqrt(0.5), rel=0.1)

    assert clamped.run(0.52).amperes == pytest.approx(20.0, rel=0.03)


def test_the_noise_of_the_converter_is_no_current() -> None:
    assert Clamped(0.0).run(1.2).amperes == 0.0


def test_a_transformer_that_is_not_clamped_on_reads_0_a() -> None:
    """It looks like a car that takes nothing; SAFETY.md says so."""
    clamped = Clamped(16.0)
    clamped.transformer.off = True

    assert clamped.run(1.2).amperes == 0.0
    assert not clamped.meter.faults


@pytest.mark.parametrize("code", [0, 300, 1023])
def test_an_input_that_is_not_at_half_the_reference_is_a_fault_and_no_reading(code: int) -> None:
    clamped = Clamped(16.0)
    clamped.run(1.2)
    clamped.transformer.stuck_code = code
    clamped.run(1.2)
    assert clamped.meter.amperes is None
    assert str(code) in clamped.meter.faults[Fault.METER]
    clamped.transformer.stuck_code = None

    assert clamped.run(1.2).amperes == pytest.approx(16.0, rel=0.03)
    assert not clamped.meter.faults


@pytest.mark.parametrize("share", [1.2, 2.0, 10.0])
def test_beyond_the_span_it_reads_no_less_than_the_span(share: float) -> None:
    most_a = A_PER_V * MOST_V
    read_a = Clamped(share * most_a).run(1.2).amperes

    assert read_a is not None
    assert most_a <= read_a


def test_what_was_heard_before_a_gap_is_forgotten() -> None:
    clamped = Clamped(16.0)
    clamped.run(1.2)
    clamped.now += 0.2
    clamped.run(0.1)

    assert clamped.meter.amperes is None
