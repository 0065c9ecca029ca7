# SPDX-License-Identifier: GPL-3.0-or-later
"""Late ticks: the 100 ms are kept or nothing is offered, and nothing opens for no reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.sim.contactor_drive import Contactor
from tests.sim.bench import CONFIG, Bench

ALLOWED_S = 0.05  # the release of the slowest contactor that may be in the box
MIRROR = BoardConfig(inputs=InputsConfig(contactor_feedback_gpios=(25,)))


def charging(board: BoardConfig = BoardConfig(), **of_contactor: Any) -> Bench:  # noqa: B008, ANN401
    bench = Bench(
        Control, config=replace(CONFIG, board=board), contactors=[Contactor(**of_contactor)]
    )
    bench.board.feedback_wired = bool(board.inputs.contactor_feedback_gpios)
    bench.run(1)
    bench.plug_in()
    bench.offer(16)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=15)
    bench.run(2)
    return bench


def late_ticks(bench: Bench, gap_s: float, *, every_s: float, for_s: float) -> None:
    """Let one tick of each *every_s* come *gap_s* after the one before."""
    end_at = bench.now + for_s
    while bench.now < end_at:
        bench.run(every_s)
        bench.stall(gap_s - 0.02)


@pytest.mark.parametrize("tick_ms", [20, 22, 24, 27, 30, 32, 35, 40, 44, 60])
def test_with_any_tick_the_contacts_are_open_in_100_ms_or_the_charger_does_not_offer(
    tick_ms: int,
) -> None:
    slowest_s = 0.0
    for phase in range(10):
        bench = charging(release_s=ALLOWED_S)
        for _ in range(40):
            bench.stall(tick_ms / 1000)
            bench._tick()  # noqa: SLF001 - a tick at a pace of its own
        if not bench.contactor_closed or bench.duty == 1.0:
            assert bench.snapshot.blocked.startswith("the Pi is too busy")
            return
        left_at = bench.now + 0.1 + phase * tick_ms / 10_000
        bench.after(left_at - bench.now, bench.unplug)
        while bench.contactor_closed:
            bench.stall(tick_ms / 1000)
            bench._tick()  # noqa: SLF001 - as above
        slowest_s = max(slowest_s, bench.contactor_changed_at - left_at)

    assert slowest_s <= 0.1


def test_one_late_tick_that_no_dead_man_noticed_opens_nothing() -> None:
    for gap_s in (0.03, 0.04, 0.05, 0.058):
        bench = charging()
        late_ticks(bench, gap_s, every_s=20.0, for_s=40.0)

        assert bench.contactor_closed
        assert len(bench.events_of(ev.ContactorClosed)) == 1, gap_s


def test_without_a_mirror_contact_a_gap_that_the_pump_may_not_bear_ends_in_a_full_close() -> None:
    bench = charging()
    bench.stall(0.08)
    bench.run(0.1)
    opened = bench.events_of(ev.ContactorOpened)[-1].event

    assert "ms: the charge pump may have opened the contactor" in str(opened)
    bench.run_until(lambda: bench.contactor_closed, within=20)


def test_a_script_that_fired_is_named() -> None:
    bench = charging(MIRROR)
    bench.stall(0.2)
    bench.run(0.1)

    assert "dead-man fired" in bench.snapshot.board_why or any(
        "dead-man fired" in str(timed.event) for timed in bench.events_of(ev.FaultRaised)
    )
    bench.run_until(lambda: bench.contactor_closed, within=20)


def test_many_late_ticks_withdraw_the_offer_so_that_the_car_lets_go_without_load() -> None:
    bench = charging(MIRROR)
    late_ticks(bench, 0.05, every_s=0.5, for_s=5.0)
    bench.run(4)

    assert bench.duty == 1.0
    assert not bench.contactor_closed
    assert bench.snapshot.blocked.startswith("the Pi is too busy: 8 ticks came late within ")
    assert "it pauses until 1 min went by" in bench.snapshot.blocked
    [opened] = bench.events_of(ev.ContactorOpened)
    assert str(opened.event) == "contactor opened: the car no longer asks"
    bench.run_until(lambda: bench.contactor_closed, within=70)


def test_while_the_pi_stays_busy_nothing_is_offered() -> None:
    bench = charging(MIRROR)
    late_ticks(bench, 0.05, every_s=1.0, for_s=300.0)

    assert len(bench.events_of(ev.ContactorClosed)) == 1
    assert bench.duty == 1.0


def test_one_late_tick_in_1600_ms_closes_the_contactor_a_few_times_an_hour_at_most() -> None:
    bench = charging()
    late_ticks(bench, 0.08, every_s=1.6, for_s=400.0)

    assert len(bench.events_of(ev.ContactorClosed)) <= 6
    assert Fault.CONTACTOR not in bench.snapshot.faults
