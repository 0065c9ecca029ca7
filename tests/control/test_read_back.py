# SPDX-License-Identifier: GPL-3.0-or-later
"""The read-back of every output: once a second, after a gap in the beats, before each closing."""

from __future__ import annotations

import pytest

from evsed.boards import ReadBack, drive
from evsed.boards.board import Board
from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import Outputs
from evsed.core.pilot.faults import Fault
from evsed.errors import BoardError
from tests.sim.bench import Bench


def charging() -> Bench:
    bench = Bench(Control)
    bench.run(1)
    bench.plug_in()
    bench.offer(16)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=15)
    bench.run(2)
    return bench


def lost(bench: Bench) -> str:
    return bench.snapshot.faults.get(Fault.COMMUNICATION, "") or " ".join(
        str(timed.event) for timed in bench.events_of(ev.FaultRaised)
    )


def test_a_dead_man_that_was_stopped_is_found_within_a_second() -> None:
    bench = charging()
    bench.board._armed = False  # noqa: SLF001 - another program stopped the script
    bench.run(1.1)

    assert "dead-man fired or was stopped" in lost(bench)


def test_a_duty_that_another_program_set_is_found_within_a_second() -> None:
    bench = charging()
    bench.circuit.drive(0.2667 - 0.01, bench.now)  # a point, which the samples do not show so soon
    bench.run(1.1)

    assert "another program uses the pilot's pin" in lost(bench)


def test_a_script_that_fired_in_a_gap_is_found_in_the_first_tick_after_it() -> None:
    bench = charging()
    bench.run(0.9)
    bench.stall(0.2)
    bench.run(0.025)

    assert "dead-man fired or was stopped after 2" in lost(bench)


def test_a_beat_that_takes_long_itself_is_looked_into_in_the_next_tick() -> None:
    bench = charging()
    real = bench.board.beat

    def slow(*, pump: bool = True) -> None:
        bench.time.now += 0.08
        real(pump=pump)
        bench.board.beat = real  # type: ignore[method-assign]

    bench.board.beat = slow  # type: ignore[method-assign]
    bench.run(0.2)

    assert "no beat for" in str(bench.events_of(ev.ContactorOpened)[-1].event)


def test_every_output_is_read_back_in_the_tick_in_which_the_contactor_closes() -> None:
    bench = Bench(Control)
    real, read_at = bench.board.read_back, [0.0]

    def noted() -> ReadBack:
        read_at.append(bench.now)
        return real()

    bench.board.read_back = noted  # type: ignore[method-assign]
    bench.run(1)
    bench.plug_in()
    bench.offer(16)
    bench.car.ask()
    bench.run_until(lambda: bench.commanded, within=15)

    assert abs(bench.events_of(ev.ContactorClosed)[0].at - read_at[-1]) < 0.001


class Noted:
    """A board that only notes what is driven, in its order."""

    def __init__(self) -> None:
        self.order: list[str] = []

    def set_contactors(self, closed: int) -> None:
        self.order.append(f"contactors {closed}")

    def set_pilot(self, duty: float) -> None:
        self.order.append(f"pilot {duty}")

    def open_cp(self, on: bool) -> None:  # noqa: FBT001 - as in Board
        self.order.append(f"line {'open' if on else 'closed'}")


def driven(wanted: Outputs, last: Outputs | None) -> list[str]:
    board = Noted()
    as_board: Board = board  # type: ignore[assignment]  # the methods that `drive` calls
    drive(as_board, wanted, last)
    return board.order


def test_the_contactor_is_opened_before_the_pilot_is_changed_and_closed_after_it() -> None:
    assert driven(Outputs(1.0, 0), Outputs(0.2, 1)) == ["contactors 0", "pilot 1.0"]
    assert driven(Outputs(0.2, 1), Outputs(1.0, 0)) == ["pilot 0.2", "contactors 1"]
    assert driven(Outputs(0.2, 1), None) == [
        "contactors 0",
        "pilot 0.2",
        "line closed",
        "contactors 1",
    ]
    assert driven(Outputs(0.2, 1), Outputs(0.2, 1)) == []


def test_the_line_opens_after_the_contactor_and_closes_before_it() -> None:
    open_line, charging = Outputs(1.0, 0, cp_open=True), Outputs(0.2, 1)
    assert driven(open_line, charging) == ["contactors 0", "pilot 1.0", "line open"]
    assert driven(charging, open_line) == ["pilot 0.2", "line closed", "contactors 1"]


def test_a_line_that_would_open_with_a_contactor_closed_opens_the_contactor_instead() -> None:
    board = Noted()
    as_board: Board = board  # type: ignore[assignment]  # the methods that `drive` calls
    with pytest.raises(BoardError, match="pilot's line"):
        drive(as_board, Outputs(1.0, 1, cp_open=True), Outputs(1.0, 1))

    assert board.order == ["contactors 0"]
