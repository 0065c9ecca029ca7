# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases switched on the bench: real ticks, contacts and mirror contacts, one contactor a phase."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.boards import BoardConfig, InputsConfig, drive
from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig, Outputs
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from evsed.errors import BoardError
from evsed.link import SetLimits, StopCharging
from evsed.sim.cars.car import Car
from evsed.sim.contactor_drive import Contactor
from tests.sim.bench import CONFIG, Bench

FOREVER = float("inf")
MIRRORS = InputsConfig(contactor_feedback_gpios=(25, 26, 27))


def ask_for(bench: Bench, outputs: int) -> None:
    """Ask for 16 A and this set, as the daemon does."""
    bench.send(SetLimits((Limit("feed", 16.0),), wish=PhaseWish(outputs, FOREVER)))


def charging(outputs: int, switching: Switching = Switching.AUTO, car: Car | None = None) -> Bench:
    """A car that charges on this set."""
    rules = SwitchRules(switching, 3, mirrored=True)
    config = replace(CONFIG, board=BoardConfig(inputs=MIRRORS), evse=EvseConfig(switch=rules))
    contactors = [Contactor(poles=1) for _ in range(3)]
    bench = Bench(Control, car=car, config=config, contactors=contactors)
    bench.board.feedback_wired = True
    bench.run(1)
    ask_for(bench, outputs)
    bench.run(16)
    bench.plug_in()
    bench.car.ask()
    bench.run_until(lambda: live(bench).count(True) == outputs, within=30)
    bench.run(1)
    return bench


def live(bench: Bench) -> tuple[bool, ...]:
    """The phases that the contacts put on the cable."""
    return bench.board.box.live


@pytest.mark.parametrize(
    ("outputs", "phases"), [(1, (True, False, False)), (3, (True, True, True))]
)
def test_the_contactors_of_the_set_close_and_no_other(
    outputs: int, phases: tuple[bool, ...]
) -> None:
    bench = charging(outputs)

    assert live(bench) == phases
    assert bench.snapshot.outputs == outputs


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3)])
def test_between_two_sets_every_contact_is_open_for_fifteen_seconds(
    before: int, after: int
) -> None:
    bench = charging(before)
    ask_for(bench, after)

    bench.run_until(lambda: not any(live(bench)), within=7)
    began_at = bench.now
    assert bench.snapshot.switching_to == after
    bench.run_until(lambda: any(live(bench)), within=40)

    assert bench.now - began_at >= 15
    bench.run(0.1)
    assert live(bench).count(True) == after
    assert not bench.events_of(ev.FaultRaised)


@pytest.mark.parametrize("place", [1, 2])
def test_a_phase_that_closes_beside_the_one_that_charges_opens_everything(place: int) -> None:
    bench = charging(1)

    contactor = bench.board.box.contactors[place]
    bench.board.box.drive(place, bench.now, 1.0)  # a bridge from another pin
    bench.run_until(lambda: Fault.CONTACTOR in bench.snapshot.faults, within=0.2)
    bench.run(0.3)

    assert not any(live(bench)), "the pump's beats have ended, so nothing holds it"
    assert not contactor.closed


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_contact_that_stays_closed_ends_the_change_and_latches(place: int) -> None:
    bench = charging(3)
    bench.board.box.contactors[place].welded = True
    ask_for(bench, 1)

    bench.run(60)

    assert Fault.CONTACTOR in bench.snapshot.faults
    assert bench.snapshot.outputs == 3
    assert bench.commanded == 0


def test_a_lost_board_in_the_middle_ends_in_all_open_and_the_whole_rest() -> None:
    bench = charging(3)
    ask_for(bench, 1)
    bench.run_until(lambda: not any(live(bench)), within=7)
    bench.run(10)
    bench.board.daemon_dead = True
    bench.run(0.1)
    bench.board.daemon_dead = False
    back_at = bench.now
    bench.run_until(lambda: bench.snapshot.outputs == 1, within=40)

    assert bench.now - back_at >= 15
    assert not any(live(bench))


@pytest.mark.parametrize("hangs_s", [0.3, 20.0])
def test_a_control_process_that_hangs_in_the_middle_has_the_whole_rest_begin_again(
    hangs_s: float,
) -> None:
    """A dead-man fires meanwhile, and no mirror contact is read."""
    bench = charging(3)
    ask_for(bench, 1)
    bench.run_until(lambda: not any(live(bench)), within=7)
    bench.run(10)
    bench.stall(hangs_s)
    back_at = bench.now
    bench.run_until(lambda: bench.snapshot.outputs == 1, within=40)

    assert bench.now - back_at >= 15
    assert not any(live(bench))


def test_after_a_power_cut_in_the_middle_all_is_open_and_the_new_life_rests_in_full() -> None:
    bench = charging(1)
    ask_for(bench, 3)
    bench.run_until(lambda: not any(live(bench)), within=7)
    bench.run(14)
    proved = EvseConfig(switch=SwitchRules(Switching.AUTO, 3, mirrored=True), front_end_proved=True)
    bench.cut_power(replace(CONFIG, board=BoardConfig(inputs=MIRRORS), evse=proved))
    began_at = bench.now
    ask_for(bench, 3)
    closings = [live(bench)]
    while live(bench) != (True, True, True):
        bench.run(0.02)
        closings.append(live(bench))
        assert bench.now - began_at < 60

    assert bench.now - began_at >= 15
    assert not any(any(phases) for phases in closings[:-1])


def test_a_set_never_changes_on_the_wires_while_something_is_closed() -> None:
    bench = charging(1)

    with pytest.raises(BoardError, match="evsed opened all"):
        drive(bench.board, Outputs(0.3, 3), Outputs(0.3, 1))

    assert bench.commanded == 0


def test_an_end_of_evsed_in_the_middle_of_a_change_leaves_all_open() -> None:
    bench = charging(3)
    ask_for(bench, 1)
    bench.run(0.1)
    bench.send(StopCharging())
    bench.run(60)

    assert not any(live(bench))
