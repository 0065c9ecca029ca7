# SPDX-License-Identifier: GPL-3.0-or-later
"""The control tick with the optional inputs wired, on the bench: real contacts, made-up time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.phase_set import SwitchRules
from evsed.link import Acknowledge, ReportedFaults
from evsed.sim.contactor_drive import Contactor
from evsed.sim.transformer import CurrentTransformer
from tests.sim.bench import CONFIG, Bench

FEEDBACK = InputsConfig(contactor_feedback_gpios=(25,))
STOP = InputsConfig(emergency_stop_gpio=26)
DEVICE = InputsConfig(ground_fault_gpio=16, ground_fault_test_gpio=20)
SOCKET = InputsConfig(proximity_adc_channel=1)
METER = InputsConfig(current_adc_channel=2)
CABLE_20_A = 414  # 680 ohm behind 1 kOhm
NO_CABLE = 1023


def bench_with(inputs: InputsConfig, *contactors: Contactor) -> Bench:
    """A bench whose box has these wires, a second after the start."""
    poles = len(contactors) or 1
    config = replace(
        CONFIG, board=BoardConfig(inputs=inputs), evse=EvseConfig(switch=SwitchRules(outputs=poles))
    )
    bench = Bench(Control, config=config, contactors=contactors)
    bench.board.feedback_wired = bool(inputs.contactor_feedback_gpios)
    if inputs.ground_fault_gpio is not None:
        bench.board.ground_fault = False
    if inputs.emergency_stop_gpio is not None:
        bench.board.emergency_stop = False
    if inputs.proximity_adc_channel is not None:
        bench.board.proximity_code = CABLE_20_A
    if inputs.current_adc_channel is not None:
        bench.board.transformer = CurrentTransformer(lambda: bench.car.drawn_a)
    bench.run(1)
    return bench


def leak(bench: Bench, amperes: float) -> None:
    """Let so much flow past the contactor."""
    assert bench.board.transformer is not None
    bench.board.transformer.leak_a = amperes


def asking(bench: Bench) -> Bench:
    """A car is plugged in, offered 32 A, and asks."""
    bench.plug_in()
    bench.offer(32)
    bench.car.ask()
    return bench


def charging(bench: Bench) -> Bench:
    asking(bench)
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.run(10)
    return bench


def raised(bench: Bench, fault: Fault) -> bool:
    return fault in bench.snapshot.faults


# --- contactor and pump ---------------------------------------------------


def test_with_mirror_contacts_a_closing_proves_the_pump_within_the_3_s_a_car_is_owed() -> None:
    bench = asking(bench_with(FEEDBACK))
    bench.run_until(lambda: bench.state == "C2", within=10)
    waited_s = bench.run_until(lambda: bench.contactor_closed, within=3.0)

    assert 0.8 <= waited_s <= 1.1
    assert bench.since(ev.ContactorClosed) >= 0.28  # first, and held open by the pump alone
    bench.run(60)
    assert bench.contactor_closed
    assert not bench.snapshot.faults


def test_a_pump_that_is_stuck_is_found_at_the_first_closing_and_nothing_is_ever_charged() -> None:
    bench = bench_with(FEEDBACK)
    bench.board.box.pump_stuck = True
    asking(bench)
    bench.run_until(lambda: raised(bench, Fault.DEAD_MAN), within=10)
    assert bench.run_until(lambda: not bench.contactor_closed, within=0.1) <= 0.1
    bench.run(60)

    assert len(bench.events_of(ev.ContactorClosed)) == 1
    assert bench.duty == 1.0


def test_with_no_car_the_contactor_is_never_told_to_close_by_a_test() -> None:
    bench = bench_with(FEEDBACK)
    bench.board.box.pump_stuck = True
    bench.offer(32)
    bench.run(60)
    bench.skip(100_000)
    bench.run(60)

    assert not bench.events_of(ev.ContactorClosed)
    assert all(mark.commanded == 0 for mark in bench.trace)


def test_a_welded_contactor_is_a_fault_within_150_ms_of_opening_and_outlives_the_car() -> None:
    bench = charging(bench_with(FEEDBACK, contactor := Contactor()))
    contactor.welded = True
    bench.unplug()
    bench.run_until(lambda: not bench.commanded, within=0.1)

    assert bench.run_until(lambda: raised(bench, Fault.CONTACTOR), within=0.2) <= 0.15
    contactor.welded = contactor.closed = False  # somebody hit it
    bench.run(60)
    assert raised(bench, Fault.CONTACTOR)
    bench.send(Acknowledge())
    bench.run(1)
    assert not bench.snapshot.faults


def test_a_contactor_that_does_not_close_is_tried_three_times_a_second_apart() -> None:
    bench = bench_with(FEEDBACK, contactor := Contactor())
    contactor.jammed = True
    asking(bench)
    bench.run_until(lambda: raised(bench, Fault.CONTACTOR_OPEN), within=15)
    bench.run(60)
    closings = [told.at for told in bench.events_of(ev.ContactorClosed)]
    assert len(closings) == 3
    assert all(after - before >= 1.3 for before, after in pairwise(closings))
    contactor.jammed = False
    bench.unplug()
    bench.run(1)

    charging(bench)


def test_an_emergency_stop_in_the_loop_alone_does_not_start_the_charge_when_it_is_released() -> (
    None
):
    bench = charging(bench_with(FEEDBACK, contactor := Contactor()))
    contactor.closed = False  # the loop is in series with the coil
    contactor.jammed = True
    bench.run(0.1)
    assert not bench.commanded
    assert "emergency stop" in bench.snapshot.faults[Fault.CONTACTOR_OPEN]
    bench.run(3)
    contactor.jammed = False
    bench.run(60)
    assert not bench.contactor_closed
    bench.unplug()
    bench.run(2)
    assert not bench.snapshot.faults

    charging(bench)


def test_a_board_that_is_lost_in_the_middle_of_the_test_comes_back_and_tests_again() -> None:
    bench = asking(bench_with(FEEDBACK))
    bench.run_until(lambda: bench.commanded, within=10)
    bench.board.daemon_dead = True
    bench.run(1)
    bench.board.daemon_dead = False
    bench.run_until(lambda: not bench.commanded, within=1)
    bench.run_until(lambda: bench.commanded, within=10)
    assert not bench.contactor_closed

    assert bench.run_until(lambda: bench.contactor_closed, within=1) >= 0.3


# --- what comes from outside ---------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "press", "fault"),
    [(STOP, "emergency_stop", Fault.EMERGENCY_STOP), (DEVICE, "ground_fault", Fault.GROUND)],
    ids=["stop", "ground fault"],
)
def test_a_stop_or_a_ground_fault_opens_in_the_same_tick_and_waits_for_the_owner(
    inputs: InputsConfig, press: str, fault: Fault
) -> None:
    bench = charging(bench_with(inputs))
    setattr(bench.board, press, True)
    assert bench.run_until(lambda: not bench.commanded, within=0.1) <= 0.041
    setattr(bench.board, press, False)
    bench.run(60)
    assert raised(bench, fault)
    assert not bench.commanded
    bench.send(Acknowledge())

    bench.run_until(lambda: bench.contactor_closed, within=10)


def test_while_the_cause_remains_acknowledging_changes_nothing() -> None:
    bench = charging(bench_with(STOP))
    bench.board.emergency_stop = True
    bench.run(1)
    bench.send(Acknowledge())
    bench.run(10)

    assert raised(bench, Fault.EMERGENCY_STOP)
    assert not bench.commanded


def test_the_ground_fault_device_is_tested_before_each_closing() -> None:
    bench = charging(bench_with(DEVICE))
    bench.car.stop_asking()
    bench.run_until(lambda: not bench.commanded, within=10)
    bench.board.ground_fault_deaf = True
    bench.run(5)
    bench.car.ask()

    bench.run_until(lambda: raised(bench, Fault.GROUND_TEST), within=10)

    assert len(bench.events_of(ev.ContactorClosed)) == 1
    assert not bench.commanded


def test_all_tests_together_stay_under_the_3_s_a_car_is_owed() -> None:
    everything = replace(DEVICE, contactor_feedback_gpios=(25,), emergency_stop_gpio=26)
    bench = asking(bench_with(everything))
    bench.run_until(lambda: bench.state == "C2", within=10)

    bench.run_until(lambda: bench.contactor_closed, within=3.0)


def test_a_cable_of_20_a_is_offered_20_a_and_its_loss_opens_within_150_ms() -> None:
    bench = charging(bench_with(SOCKET))
    assert bench.offered_a == pytest.approx(20.0, abs=0.01)
    assert bench.snapshot.lowest.owner == "cable"
    bench.board.proximity_code = NO_CABLE

    assert bench.run_until(lambda: not bench.commanded, within=1.0) <= 0.15
    assert raised(bench, Fault.PROXIMITY)


def test_a_current_while_open_is_a_welded_contactor_where_a_meter_is_read() -> None:
    bench = bench_with(METER)
    leak(bench, 2.0)

    assert 1.5 <= bench.run_until(lambda: raised(bench, Fault.CONTACTOR), within=3) <= 2.1


def test_what_flowed_until_the_contactor_opened_is_no_leak() -> None:
    bench = bench_with(METER)
    for _ in range(2):  # the third plug pulled in C is doubted
        charging(bench)
        bench.unplug()  # under load
        bench.run(5)
        assert not bench.snapshot.faults


def test_a_meter_that_cannot_be_read_lets_the_car_go_and_is_heard_again() -> None:
    bench = charging(bench_with(METER))
    assert bench.board.transformer is not None
    bench.board.transformer.stuck_code = 0
    bench.run_until(lambda: raised(bench, Fault.METER), within=1)
    assert bench.commanded  # the car is let go first
    assert bench.snapshot.drawn_a is None
    bench.run_until(lambda: not bench.commanded, within=6.5)
    bench.board.transformer.stuck_code = None

    bench.run_until(lambda: bench.contactor_closed, within=15)


def test_after_the_board_was_lost_the_meter_is_read_anew() -> None:
    bench = charging(bench_with(METER))
    assert bench.snapshot.drawn_a == pytest.approx(bench.car.drawn_a, rel=0.05)
    bench.board.daemon_dead = True
    bench.run(0.5)
    assert bench.snapshot.drawn_a is None
    bench.board.daemon_dead = False
    bench.run(0.5)
    assert bench.snapshot.drawn_a is None
    bench.run(1)
    assert bench.snapshot.drawn_a == 0.0


def test_only_with_a_meter_is_the_tick_another_than_a_period_of_the_mains() -> None:
    assert bench_with(METER).control.tick_s == 0.018
    assert bench_with(STOP).control.tick_s == 0.02


def test_what_the_daemon_reports_and_what_the_inputs_say_are_both_faults() -> None:
    bench = charging(bench_with(STOP))
    bench.send(ReportedFaults({Fault.TEMPERATURE: "76 degrees in the box"}))
    bench.run(0.1)
    assert bench.commanded  # the car is let go first
    bench.board.emergency_stop = True
    bench.run(0.1)

    assert {Fault.TEMPERATURE, Fault.EMERGENCY_STOP} <= set(bench.snapshot.faults)
    assert not bench.commanded
