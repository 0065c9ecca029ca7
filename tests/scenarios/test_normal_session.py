# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios 1-15: a session that goes as it should, and how it may begin."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.link import SetLimits
from evsed.sim.cars.car import Car, CarModel
from evsed.sim.circuit import Diode
from tests.scenarios.stage import (
    CLOSE_WITHIN_S,
    OPEN_WITHIN_S,
    PHASES_S,
    PROVED,
    charging,
    closings,
    configured,
    connected,
    empty,
    never,
    opens_s,
    prompt_car,
    raised,
    stubborn_car,
)


def test_without_a_car_the_pilot_stands_at_12_v_and_the_contactor_is_open() -> None:
    """#1: state A, steady +12 V, open, for a minute, though the sun would give 32 A."""
    bench = empty()
    bench.offer(32)

    assert never(bench, lambda: bench.commanded or bench.duty != 1.0 or bench.state != "A", 60)
    assert 11.4 <= bench.circuit.high_v <= 12.6


def test_a_car_that_is_plugged_in_without_a_grant_stays_at_b1() -> None:
    """#2 (seq. 1.1): no PWM and no closing in 60 s, even when the car wants power."""
    bench = empty()
    bench.plug_in()
    bench.car.ask()
    bench.run(0.5)

    assert never(bench, lambda: bench.commanded or bench.duty != 1.0 or bench.state != "B1", 60)


def test_a_car_in_b_with_16_a_granted_reads_16_a_from_the_wire() -> None:
    """#3 (seq. 3, Table A.2): 26.7 % +-0.5 points at 1 kHz +-2 % within 10 s.

    The bench's generator only takes a duty; that the Pi's pin runs at 1 kHz is shown in
    tests/boards.
    """
    bench = empty()
    bench.plug_in()
    bench.offer(16)

    bench.run_until(lambda: bench.duty < 1.0, within=10)

    assert 100 * bench.duty == pytest.approx(26.7, abs=0.5)
    assert bench.circuit.generator.frequency_hz == pytest.approx(1000, rel=0.02)


def test_a_car_that_closes_s2_gets_power_within_3_s_and_not_before_half_a_second() -> None:
    """#4 (seq. 4): the diode is checked, then the contactor closes; 0.5-3 s after S2."""
    bench = connected(empty(car=prompt_car()))
    bench.run(1)
    bench.car.ask()
    bench.run_until(lambda: bench.car.s2_closed, within=1)

    took_s = bench.run_until(lambda: bench.contactor_closed, within=CLOSE_WITHIN_S)

    assert took_s >= 0.5
    assert bench.circuit.low_v <= -10.8, "the diode was there to be seen"
    assert [type(found.event) for found in bench.events_of(ev.ContactorClosed)] == [
        ev.ContactorClosed
    ]


def test_a_car_whose_diode_was_never_seen_never_gets_power() -> None:
    """#5: the negative plateau mirrors the positive one; nothing closes in 60 s."""
    car = stubborn_car()
    car.faults.diode = Diode.SHORTED
    car.ask()
    bench = empty(car=car)
    bench.plug_in()
    bench.offer(16)

    bench.run(60)

    assert closings(bench) == 0
    assert raised(bench) == ["DiodeFault"]


@pytest.mark.parametrize("amperes", [6.0, 16.0, 32.0])
def test_a_car_that_opens_s2_is_off_the_mains_within_100_ms(amperes: float) -> None:
    """#6 (seq. 8.1): C to B while charging, at five phases of the tick; the offer stays."""
    for phase_s in PHASES_S:
        bench = charging(amperes, car=prompt_car(), seed=int(1e4 * phase_s))
        duty = bench.duty

        assert 0.0 < opens_s(bench, bench.car.stop_asking, phase_s) <= OPEN_WITHIN_S
        assert bench.duty == duty


@pytest.mark.parametrize("amperes", [6.0, 16.0, 32.0])
def test_a_car_that_is_unplugged_is_off_the_mains_within_100_ms(amperes: float) -> None:
    """#7 (seq. 2.2): C to A; the PWM ends within 2 s [unverified], and so does the session."""
    for phase_s in PHASES_S:
        bench = charging(amperes, seed=int(1e4 * phase_s))

        assert 0.0 < opens_s(bench, bench.unplug, phase_s) <= OPEN_WITHIN_S
        bench.run_until(lambda bench=bench: bench.duty == 1.0, within=1.9)  # type: ignore[misc]  # bound now
        assert len(bench.events_of(ev.CarUnplugged)) == 1


def test_a_car_that_leaves_before_it_asked_ends_the_offer_within_2_s() -> None:
    """#8 (seq. 2.1): B2 to A; the 2 s are of SAE J1772 [unverified]."""
    bench = connected(empty())
    bench.unplug()

    bench.run_until(lambda: bench.duty == 1.0 and not bench.snapshot.plugged, within=2)

    assert len(bench.events_of(ev.CarUnplugged)) == 1
    assert closings(bench) == 0


def test_a_car_that_never_asks_keeps_its_offer_and_is_left_alone() -> None:
    """#9, #10: B2 for two minutes; PWM stays, nothing closes, no waking with F.

    The control process calls no car by itself: the daemon orders it, after three minutes.
    """
    bench = connected(empty(car=Car()))

    assert never(bench, lambda: bench.state != "B2" or bench.offered_a < 15.9, 120)
    assert closings(bench) == 0


def test_a_car_that_pauses_loses_power_at_once_and_goes_on_under_the_same_offer() -> None:
    """#11: B with PWM opens within 100 ms, C closes again within 3 s, the duty stands still."""
    bench = charging(car=prompt_car())
    duty = bench.duty
    assert opens_s(bench, bench.car.stop_asking) <= OPEN_WITHIN_S
    bench.run(5)
    assert bench.state == "B2"
    bench.car.ask()
    bench.run_until(lambda: bench.car.s2_closed, within=1)

    bench.run_until(lambda: bench.contactor_closed, within=CLOSE_WITHIN_S)

    assert {mark.duty for mark in bench.trace if mark.at > bench.now - 8} == {duty}
    assert len(bench.events_of(ev.CarStopped)) == 1
    assert len(bench.events_of(ev.CarAsked)) == 2


def test_a_car_that_comes_straight_to_c_is_served_after_the_same_proofs() -> None:
    """#12: A goes to C; x1, state F for B, diode seen in PWM, half a second of C.

    The cap of 10 A for such cars (Annex A.2.3) is an option that evsed does not have.
    """
    car = stubborn_car()
    car.ask()
    bench = empty(car=car)
    bench.offer(16)
    bench.plug_in()

    bench.run_until(lambda: 0.0 < bench.duty < 1.0, within=12)
    took_s = bench.run_until(lambda: bench.contactor_closed, within=CLOSE_WITHIN_S)

    assert took_s >= 0.5
    assert len(bench.events_of(ev.CarPluggedIn)) == 1


def test_a_car_that_comes_straight_to_c_without_a_diode_gets_nothing() -> None:
    """#12: the diode is asked for there, too."""
    car = stubborn_car()
    car.ask()
    car.faults.diode = Diode.SHORTED
    bench = empty(car=car)
    bench.offer(16)
    bench.plug_in()

    assert never(bench, lambda: bench.commanded, 20)


def test_a_daemon_that_starts_with_a_car_in_c_makes_a_full_pass_first() -> None:
    """#13: open, 3 s of x1, PWM, diode, half a second of C; then it closes."""
    car = stubborn_car()
    car.ask()
    car.plug_in(0.0)
    bench = empty(car=car, config=configured(PROVED))
    bench.offer(16)
    began_at = bench.trace[0].at

    bench.run_until(lambda: bench.commanded, within=15)

    offered_at = next(mark.at for mark in bench.trace if 0.0 < mark.duty < 1.0)
    assert offered_at - began_at >= 2.9
    assert bench.commanded_at - offered_at >= 0.5


def test_a_daemon_that_never_read_12_v_without_a_car_asks_for_that_first() -> None:
    """#13: with a front end of unknown truth, a car in C waits until it was unplugged once."""
    car = stubborn_car()
    car.ask()
    car.plug_in(0.0)
    bench = empty(car=car, config=configured(EvseConfig()))
    bench.offer(16)
    assert never(bench, lambda: bench.commanded or bench.duty != 1.0, 60)
    assert "unplug" in bench.snapshot.blocked
    bench.unplug()
    bench.run(2)
    bench.plug_in()

    bench.run_until(lambda: bench.contactor_closed, within=15)


def test_a_daemon_that_starts_with_a_car_in_b_tells_of_it_once() -> None:
    """#14: one plugging in, no unplugging."""
    car = Car()
    car.plug_in(0.0)
    bench = empty(car=car, config=configured(PROVED))

    bench.run(10)

    assert len(bench.events_of(ev.CarPluggedIn)) == 1
    assert not bench.events_of(ev.CarUnplugged)


def test_a_grant_withdrawn_in_b_ends_the_pwm_and_nothing_else() -> None:
    """#15 (seq. 9): B2 to B1 at once, the contactor never moves."""
    bench = connected(empty())
    bench.offer(0)

    assert bench.run_until(lambda: bench.state == "B1", within=0.1) <= 0.04
    assert bench.duty == 1.0
    assert closings(bench) == 0


def test_a_grant_withdrawn_while_charging_lets_the_car_go_first() -> None:
    """#15: C1 with the contactor closed until the car has opened S2 (seq. 10.1)."""
    bench = charging(car=Car(CarModel(s2_open_s=2.0)))
    bench.send(SetLimits(()))  # no limit grants anything any more
    bench.run(1)
    assert bench.state == "C1"
    assert bench.contactor_closed

    took_s = bench.run_until(lambda: not bench.contactor_closed, within=5)

    assert not bench.car.s2_closed
    assert took_s <= 1.0 + OPEN_WITHIN_S + 0.02
