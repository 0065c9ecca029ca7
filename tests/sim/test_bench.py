# SPDX-License-Identifier: GPL-3.0-or-later
"""The bench with the real control tick on it: sessions, deadlines, dead-men, and a fast day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import pairwise

import pytest

from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.limits import Limit
from evsed.core.solar.allotment import Allotment, AllotmentConfig
from evsed.link import Acknowledge, StopCharging
from evsed.sim.cars.car import Car, CarModel
from evsed.sim.circuit import Diode
from evsed.sim.contactor_drive import PUMP_HOLD_S, RELEASE_S, Contactor
from evsed.sim.house import Clouds, House
from tests.sim.bench import CONFIG, Bench
from tests.sim.day import Day

MIDNIGHT = datetime(2026, 6, 21)  # noqa: DTZ001 - the feed's clock has no zone


def charging(
    amperes: float = 16.0,
    *,
    seed: int = 0,
    car: Car | None = None,
    for_s: float = 10.0,
    contactor: Contactor | None = None,
) -> Bench:
    """A bench on which a car has been charging for some seconds."""
    bench = Bench(Control, car=car, seed=seed, contactors=() if contactor is None else (contactor,))
    bench.run(1)
    bench.plug_in()
    bench.offer(amperes)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.run(for_s)
    return bench


# -- a session -------------------------------------------------------------------------------------


def test_without_a_car_the_pilot_stands_at_twelve_volts_and_nothing_is_closed() -> None:
    bench = Bench(Control)
    bench.offer(16)
    bench.run(5)
    assert bench.state == "A"
    assert bench.duty == 1.0
    assert not bench.commanded


def test_a_car_is_only_noticed_before_anybody_has_set_a_limit() -> None:
    bench = Bench(Control)
    bench.plug_in()
    bench.car.ask()
    bench.run(30)
    assert bench.state == "B1"
    assert bench.duty == 1.0


def test_a_car_is_offered_asks_is_served_and_follows() -> None:
    bench = charging(16)
    assert bench.state == "C2"
    assert bench.offered_a == pytest.approx(16, abs=0.001)
    assert bench.car.drawn_a == pytest.approx(16, abs=0.001)
    bench.offer(8)
    assert bench.run_until(lambda: bench.offered_a < 8.001, within=0.1) < 0.05
    bench.run(5)
    assert bench.car.drawn_a == pytest.approx(8, abs=0.001)


def test_a_plug_that_bounces_is_one_plug() -> None:
    bench = Bench(Control)
    bench.run(1)
    bench.plug_in(bounces=10)
    bench.run(3)
    assert len(bench.events_of(ev.CarPluggedIn)) == 1


def test_a_withdrawn_offer_lets_the_car_go_before_the_contactor_opens() -> None:
    bench = charging(16)
    bench.offer(0)
    withdrawn_at = bench.now
    bench.run_until(lambda: not bench.contactor_closed, within=6)
    assert bench.car.drawn_a < 1.0
    assert bench.now - withdrawn_at < 3.0


def test_a_car_that_ignores_the_end_of_the_offer_is_cut_off_after_six_seconds() -> None:
    bench = charging(16)
    bench.car.faults.ignores_pilot = True
    bench.offer(0)
    took_s = bench.run_until(lambda: not bench.commanded, within=7)
    assert 6.0 <= took_s <= 6.5


# -- the hundred milliseconds ----------------------------------------------------------------------


ENDS: dict[str, Callable[[Bench], None]] = {
    "unplug": lambda bench: bench.car.unplug(),
    "stop": lambda bench: bench.car.stop_asking(),
    "earth": lambda bench: setattr(bench.car.faults, "pe_broken", True),
    "short": lambda bench: setattr(bench.car.faults, "cp_short_ohm", 0.0),
    "diode": lambda bench: setattr(bench.car.faults, "diode", Diode.SHORTED),
}


@pytest.mark.parametrize("amperes", [6.0, 32.0])
@pytest.mark.parametrize("action", ENDS)
def test_the_contacts_open_within_a_hundred_milliseconds_at_any_phase(
    amperes: float, action: str
) -> None:
    """IEC 61851-1 Table A.6 seq. 2.2 and 8.1; ten phases of the tick, in the burst as well.

    With the slowest contactor: half of the time is its own.
    """
    model = CarModel(max_a=32.0, s2_open_s=0.0)
    for trial in range(10):
        slowest = Contactor(release_s=0.05)
        bench = charging(amperes, seed=trial, car=Car(model), for_s=0.2, contactor=slowest)
        wait_s = 0.1 + trial * 0.002
        left_at = bench.now + wait_s
        bench.after(wait_s, partial(ENDS[action], bench))
        bench.run_until(lambda bench=bench: not bench.contactor_closed, within=0.4)  # type: ignore[misc]  # bound now
        assert 0.0 < bench.contactor_changed_at - left_at <= 0.1


@pytest.mark.parametrize("amperes", [6.0, 32.0])
def test_a_pilot_that_cannot_be_read_opens_the_contacts_within_120_ms_at_any_phase(
    amperes: float,
) -> None:
    for trial in range(10):
        bench = charging(amperes, seed=trial, for_s=0.2, contactor=Contactor(release_s=0.05))
        read = bench.circuit.codes
        began_at = bench.now + 0.1 + trial * 0.002

        def hash_only(
            moments: Sequence[float],
            read: Callable[[Sequence[float]], list[int]] = read,
            began_at: float = began_at,
        ) -> list[int]:
            if moments[0] < began_at:
                return read(moments)
            return [1023 * number // len(moments) for number in range(len(moments))]

        bench.circuit.codes = hash_only  # type: ignore[method-assign]
        bench.run_until(lambda bench=bench: not bench.contactor_closed, within=0.4)  # type: ignore[misc]  # bound now
        assert 0.0 < bench.contactor_changed_at - began_at <= 0.12


def test_something_that_happens_within_a_burst_is_half_seen_by_it() -> None:
    bench = Bench(Control)
    bench.plug_in()
    bench.run(1)
    bench.after(0.002, bench.unplug)
    codes = bench.board.sample_pilot(64)
    away = [code > 900 for code in codes]
    assert away == sorted(away)
    assert 5 < away.count(True) < 59


# -- dead-men --------------------------------------------------------------------------------------


def test_a_control_process_that_hangs_loses_the_contactor_to_the_script() -> None:
    bench = charging(16)
    hung_at = bench.now
    bench.stall(0.5)
    assert not bench.contactor_closed
    assert bench.board.dead_man_fired_at is not None
    assert bench.contactor_changed_at - hung_at <= 0.166
    assert bench.duty == 1.0


def test_the_charge_pump_opens_where_the_daemon_died_with_its_script() -> None:
    bench = charging(16)
    died_at = bench.now
    bench.board.daemon_dead = True
    bench.stall(0.5)
    assert bench.board.commanded == 1, "nothing is undone when pigpiod dies"
    assert not bench.contactor_closed
    dropped_s = bench.contactor_changed_at - died_at - RELEASE_S
    assert (
        PUMP_HOLD_S[1] - 0.02 <= dropped_s <= PUMP_HOLD_S[1] + 1e-6
    )  # the last edge was up to a tick ago


def test_each_dead_man_is_enough_alone() -> None:
    for script_stuck in (True, False):
        bench = charging(16)
        bench.board.dead_man_stuck = script_stuck
        bench.board.box.pump_stuck = not script_stuck
        bench.stall(0.5)
        assert not bench.contactor_closed
    bench = charging(16)
    bench.board.dead_man_stuck = bench.board.box.pump_stuck = True
    bench.stall(0.5)
    assert bench.contactor_closed, "the bench would hide a dead-man that is missing"


def test_after_a_hang_the_contactor_closes_only_through_a_full_close() -> None:
    bench = charging(16)
    bench.stall(0.3)
    assert bench.run_until(lambda: bench.contactor_closed, within=60) >= 3.0
    assert bench.since(ev.ContactorOpened) > 3.0


def test_a_dead_board_is_a_fault_and_a_revived_one_charges_again() -> None:
    bench = charging(16)
    bench.board.daemon_dead = True
    bench.run(2)
    assert not bench.contactor_closed
    assert not bench.snapshot.board_ok
    bench.board.daemon_dead = False
    assert bench.run_until(lambda: bench.contactor_closed, within=30) >= 3.0


# -- faults of car, contactor and wires ------------------------------------------------------------


def test_a_shorted_diode_opens_and_its_fault_ends_when_the_car_is_unplugged() -> None:
    bench = charging(16)
    bench.car.faults.diode = Diode.SHORTED
    assert bench.run_until(lambda: not bench.contactor_closed, within=1) <= 0.12
    assert [told.event.fault for told in bench.events_of(ev.FaultRaised)] == ["DiodeFault"]  # type: ignore[attr-defined]
    bench.car.faults.diode = Diode.GOOD
    bench.unplug()
    bench.run(2)
    assert bench.events_of(ev.FaultCleared)


@pytest.mark.parametrize("ohm", [0.0, 80.0, 120.0])
def test_a_shorted_pilot_opens(ohm: float) -> None:
    bench = charging(16)
    bench.car.faults.cp_short_ohm = ohm
    bench.run_until(lambda: not bench.contactor_closed, within=0.12)


def test_a_stuck_converter_opens() -> None:
    bench = charging(16)
    bench.circuit.stuck_code = 734
    bench.run_until(lambda: not bench.contactor_closed, within=1.0)


def test_a_stolen_pwm_is_noticed_within_a_second_or_so() -> None:
    bench = charging(16)
    bench.circuit.drive(0.9, bench.now)
    bench.run_until(lambda: not bench.contactor_closed, within=1.5)


def test_a_welded_contactor_stays_closed_and_a_jammed_one_open_and_the_feedback_says_so() -> None:
    for fault, start in (("welded", True), ("jammed", False)):
        contactor = Contactor()
        setattr(contactor, fault, True)
        bench = Bench(Control, contactors=[contactor])
        bench.board.feedback_wired = True
        bench.run(1)
        bench.plug_in()
        bench.offer(16)
        bench.car.ask()
        bench.run_until(lambda bench=bench: bench.commanded, within=10)  # type: ignore[misc]  # bound now
        bench.run(0.1)
        assert bench.contactor_closed is start
        bench.unplug()
        bench.run(1)
        assert bench.contactor_closed is start
        assert bench.board.read_inputs().contactor_feedback == (start,)


def test_the_optional_inputs_are_there_once_they_are_wired() -> None:
    board = Bench(Control).board
    inputs = board.read_inputs()
    assert (inputs.contactor_feedback, inputs.ground_fault, inputs.emergency_stop) == (
        (),
        None,
        None,
    )
    board.ground_fault = False
    board.emergency_stop = True
    board.proximity_code = 512
    inputs = board.read_inputs()
    assert (inputs.ground_fault, inputs.emergency_stop, inputs.proximity_code) == (False, True, 512)
    board.set_ground_fault_test(True)
    assert board.read_inputs().ground_fault is True
    board.ground_fault_deaf = True
    assert board.read_inputs().ground_fault is False


# -- the bench itself ------------------------------------------------------------------------------


def test_the_trace_is_a_line_for_every_change_and_none_between() -> None:
    bench = charging(16)
    lines = bench.trace
    assert all(before[1:] != after[1:] for before, after in pairwise(lines))
    assert next(mark.state for mark in lines if mark.commanded) == "C2"
    assert all(mark.high_v < 6.0 for mark in lines if mark.commanded)
    count = len(lines)
    bench.run(30)
    assert len(lines) == count


def test_what_does_not_come_in_time_is_told_with_how_things_stand() -> None:
    bench = Bench(Control)
    bench.plug_in()
    with pytest.raises(TimeoutError, match=r"not within 2 s: state B1, .*car plugged in"):
        bench.run_until(lambda: bench.contactor_closed, within=2)


def test_messages_reach_the_control_process_and_limits_end() -> None:
    bench = charging(16)
    bench.offer(16, for_s=1.0)
    bench.send(Acknowledge())
    bench.run(6)
    assert not bench.contactor_closed
    bench = charging(16)
    bench.send(StopCharging())
    bench.run_until(lambda: not bench.contactor_closed, within=6.5)


def test_the_supply_is_a_limit_of_the_configuration() -> None:
    bench = Bench(Control, config=replace(CONFIG, supply_max_a=10.0))
    bench.run(1)
    bench.plug_in()
    bench.offer(32)
    bench.run(5)
    assert bench.offered_a == pytest.approx(10, abs=0.001)


def test_the_same_seed_gives_the_same_run() -> None:
    assert charging(10, seed=5).trace == charging(10, seed=5).trace
    assert charging(10, seed=5).trace != charging(10, seed=6).trace


# -- a day -----------------------------------------------------------------------------------------


def sunny(hour: float, *, cover: float = 0.4) -> Day:
    """A day that begins at *hour* under passing clouds, a car plugged in and asking."""
    bench = Bench(
        Control,
        car=Car(CarModel(max_a=16.0, battery_wh=80_000.0)),
        config=replace(CONFIG, supply_max_a=16.0),
    )
    house = House(bench.now, MIDNIGHT, sun_h=hour, clouds=Clouds(cover, seed=1), maximum_w=9_000)
    config = AllotmentConfig(
        period_s=60.0, window_s=10.0, semantics="battery_power", max_current_a=16.0
    )
    bench.after(60, bench.plug_in)
    bench.after(65, bench.car.ask)
    return Day(bench, house, Allotment(config))


def test_the_coarse_part_of_a_day_changes_nothing_that_counts() -> None:
    """Eight minutes at both rates: the same events, and energies within 1 %."""
    coarse, fine = sunny(11.0), sunny(11.0)
    coarse.run(480)
    fine.around_s = 1e9
    fine.run(480)
    assert coarse.summary.ticks < fine.summary.ticks / 2
    assert fine.summary.ticks == pytest.approx(480 * 50, abs=60)
    assert coarse.summary.car_wh == pytest.approx(fine.summary.car_wh, rel=0.01)
    assert coarse.summary.car_wh > 100
    names = [type(told.event) for told in coarse.bench.events]
    assert names == [type(told.event) for told in fine.bench.events]


def test_a_day_follows_the_sun_and_is_short_work() -> None:
    """Two hours: most of the spare energy goes to the car, at a fraction of all ticks."""
    day = sunny(11.0)
    day.run(2 * 3600)
    assert day.summary.car_wh > 0.75 * day.summary.spare_wh
    assert day.summary.ticks < 2 * 3600 * 50 / 5
    assert day.summary.contactor_cycles >= 1
    assert all(second.drawn_a <= 16.01 for second in day.history)


def test_a_day_obeys_the_other_limits_too() -> None:
    day = sunny(11.0, cover=0.0)
    day.limits = (Limit("owner", 8.0),)
    day.run(900)
    assert max(second.drawn_a for second in day.history) == pytest.approx(8.0, abs=0.01)
