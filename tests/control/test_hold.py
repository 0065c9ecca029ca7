# SPDX-License-Identifier: GPL-3.0-or-later
"""The control tick with a coil economiser, on the bench: a coil that has to be held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.economiser import FULL_S
from evsed.core.pilot.faults import Fault
from evsed.sim.contactor_drive import PUMP_HOLD_S, RELEASE_S, Contactor
from tests.sim.bench import CONFIG, Bench

TICK_S = 0.02


def bench_that_holds(hold_duty: float = 0.8, contactor: Contactor | None = None) -> Bench:
    """A bench with a mirror contact and an economiser, a second after the start."""
    inputs = InputsConfig(contactor_feedback_gpios=(25,))
    board = BoardConfig(inputs=inputs, hold_duty=hold_duty)
    bench = Bench(
        Control, config=replace(CONFIG, board=board), contactors=[contactor or Contactor()]
    )
    bench.board.feedback_wired = True
    bench.run(1)
    return bench


def closed(bench: Bench) -> Bench:
    """A car that asks, and the contacts just closed."""
    bench.plug_in()
    bench.offer(32)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    return bench


def held(bench: Bench) -> Bench:
    """The contactor closed, and held."""
    before = bench.board.held_at
    closed(bench)
    bench.run_until(lambda: bench.board.held_at > before, within=1)
    return bench


def test_after_half_a_second_of_full_drive_the_contactor_is_held_and_stays_closed() -> None:
    bench = held(bench_that_holds())
    assert bench.board.held_at - bench.contactor_changed_at + 0.04 >= FULL_S
    held_at = bench.board.held_at
    bench.run(60)

    assert bench.contactor_closed
    assert bench.board.held_at == held_at
    assert not bench.snapshot.faults


def test_the_pumps_test_is_over_before_full_drive_counts() -> None:
    bench = closed(bench_that_holds())
    told_at = bench.events_of(ev.ContactorClosed)[-1].at
    bench.run_until(lambda: bench.board.held_at > 0, within=1)

    assert bench.board.held_at - told_at >= 0.3 + FULL_S  # 0.3 s of them without the pump


def test_each_closing_begins_with_full_drive() -> None:
    bench = held(bench_that_holds())
    bench.car.stop_asking()
    bench.run_until(lambda: not bench.contactor_closed, within=10)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)  # what holds would not close it
    again_at = bench.contactor_changed_at
    bench.run(1)

    assert bench.board.held_at - again_at >= FULL_S - 2 * TICK_S
    assert bench.contactor_closed


def test_a_contactor_that_lets_go_while_held_stays_open_until_the_car_is_unplugged() -> None:
    bench = held(bench_that_holds(contactor=(contactor := Contactor())))
    contactor.closed = False  # a knock at the box, or an emergency stop in the safety loop
    bench.run(0.1)
    assert not bench.commanded
    assert "opened by themselves" in bench.snapshot.faults[Fault.CONTACTOR_OPEN]
    bench.run(60)
    assert not bench.contactor_closed
    bench.unplug()
    bench.run(2)

    closed(bench)


def test_a_duty_that_does_not_hold_the_contactor_is_a_fault() -> None:
    bench = closed(bench_that_holds(0.5))
    bench.run_until(lambda: Fault.CONTACTOR_OPEN in bench.snapshot.faults, within=15)
    bench.run(30)

    assert not bench.commanded
    assert len(bench.events_of(ev.ContactorClosed)) == 1


def test_a_late_beat_that_the_mirror_contact_shows_to_be_harmless_changes_nothing() -> None:
    bench = held(bench_that_holds())
    held_at = bench.board.held_at
    bench.stall(0.08)  # less than the pump of this box holds
    bench.run(10)

    assert bench.contactor_closed
    assert len(bench.events_of(ev.ContactorClosed)) == 1
    assert bench.board.held_at == held_at


def test_a_late_beat_after_which_the_contacts_are_open_ends_in_a_full_close() -> None:
    bench = held(bench_that_holds())
    held_at = bench.board.held_at
    bench.board.dead_man_stuck = True
    bench.stall(PUMP_HOLD_S[1] + RELEASE_S + TICK_S)  # the pump lets go, and the contacts open
    bench.run(0.1)
    assert not bench.commanded
    assert "the charge pump may have opened" in str(bench.events_of(ev.ContactorOpened)[-1].event)
    bench.run_until(lambda: bench.contactor_closed, within=20)
    bench.run(1)

    assert bench.contactor_closed
    assert bench.board.held_at > held_at + FULL_S


def test_a_board_that_is_lost_while_fully_driven_comes_back_to_full_drive() -> None:
    bench = closed(bench_that_holds())
    bench.run(0.1)
    bench.board.daemon_dead = True
    bench.run(1)
    assert not bench.contactor_closed
    assert bench.board.held_at < 0
    bench.board.daemon_dead = False
    bench.run_until(lambda: bench.contactor_closed, within=30)
    closed_at = bench.contactor_changed_at
    bench.run(2)

    assert bench.board.held_at - closed_at >= FULL_S - 2 * TICK_S
    assert bench.contactor_closed


def test_each_dead_man_opens_what_is_held() -> None:
    for script_stuck in (True, False):
        bench = held(bench_that_holds())
        bench.board.dead_man_stuck = script_stuck
        bench.board.box.pump_stuck = not script_stuck
        bench.stall(0.5)
        assert not bench.contactor_closed


def test_a_car_that_leaves_c_is_off_the_mains_within_100_ms_while_held() -> None:
    bench = held(bench_that_holds())
    bench.unplug()
    at = bench.now
    bench.run_until(lambda: not bench.contactor_closed, within=1)

    assert bench.contactor_changed_at - at <= 0.1


def test_without_an_economiser_nothing_is_ever_held() -> None:
    bench = closed(bench_that_holds(1.0))
    bench.run(10)

    assert bench.board.held_at < 0


HAPPENS = (
    "ask",
    "stop",
    "unplug",
    "plug",
    "late",
    "hang",
    "dead",
    "alive",
    "knock",
    "offer",
    "none",
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HAPPENS), st.floats(0.02, 2.0)), max_size=12))
def test_whatever_happens_nothing_is_held_that_was_not_fully_driven_for_half_a_second(
    story: list[tuple[str, float]],
) -> None:
    bench = bench_that_holds(contactor=(contactor := Contactor()))
    closed(bench)
    happens: dict[str, Callable[[], object]] = {
        "ask": bench.car.ask,
        "stop": bench.car.stop_asking,
        "unplug": bench.unplug,
        "plug": bench.plug_in,
        "late": lambda: bench.stall(0.06),
        "hang": lambda: bench.stall(0.2),
        "dead": lambda: setattr(bench.board, "daemon_dead", True),
        "alive": lambda: setattr(bench.board, "daemon_dead", False),
        "knock": lambda: setattr(contactor, "closed", False),
        "offer": lambda: bench.offer(0 if bench.duty < 1 else 16),
        "none": lambda: None,
    }
    held_at = bench.board.held_at
    for what, for_s in [("none", 1.0), *story, ("alive", 1.0), ("none", 3.0)]:
        happens[what]()
        end_at = bench.now + for_s
        while bench.now < end_at:
            bench.run(TICK_S)
            if bench.board.held_at != held_at:
                held_at = bench.board.held_at
                # a tick measures from its beginning, the outputs change at its end
                assert held_at - bench.board.commanded_at >= FULL_S - 0.005
                assert bench.board.commanded
            if not bench.commanded:
                assert not bench.contactor_closed or bench.now - bench.commanded_at <= 0.04
