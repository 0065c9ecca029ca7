# SPDX-License-Identifier: GPL-3.0-or-later
"""The converter's channels of the coil's supply and of the generator, where they are wired."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.sim.circuit import PARTS, Circuit
from tests.sim.bench import CONFIG, Bench

WIRED = InputsConfig(coil_supply_adc_channel=3, generator_adc_channel=4)


def bench_with(circuit: Circuit | None = None) -> Bench:
    bench = Bench(Control, config=replace(CONFIG, board=BoardConfig(inputs=WIRED)), circuit=circuit)
    bench.board.generator_wired = True
    bench.board.coil_supply_v = 12.0
    bench.run(2)
    return bench


def asking(bench: Bench, current_a: float = 16.0) -> Bench:
    bench.plug_in()
    bench.offer(current_a)
    bench.car.ask()
    return bench


@pytest.mark.parametrize("current_a", [6.0, 16.0, 50.0])
def test_a_box_that_is_well_charges_at_any_duty_without_a_fault(current_a: float) -> None:
    bench = asking(bench_with(), current_a)
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.run(30)

    assert bench.contactor_closed
    assert not bench.events_of(ev.FaultRaised)


@pytest.mark.parametrize(
    "parts",
    [replace(PARTS, source_high_v=6.0), replace(PARTS, source_high_v=10.9),
     replace(PARTS, source_low_v=-10.9)],
    ids=["+6 V", "+10.9 V", "-10.9 V"],
)  # fmt: skip
def test_a_weak_side_of_the_generator_is_named_by_its_own_channel(parts: object) -> None:
    assert isinstance(parts, type(PARTS))
    bench = asking(bench_with(Circuit(parts)))
    bench.run(15)

    told = " ".join(str(timed.event) for timed in bench.events_of(ev.FaultRaised))
    assert "the pilot's generator gives" in told or "with no car the pilot reads" in told
    assert not bench.events_of(ev.ContactorClosed)


def test_a_stop_in_the_safety_loop_alone_does_not_start_the_charge_when_it_is_released() -> None:
    bench = asking(bench_with())
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.run(5)
    bench.board.coil_supply_v = 0.0
    bench.run(0.1)
    assert not bench.commanded
    assert "the coil's supply is 0.0 V" in bench.snapshot.faults[Fault.CONTACTOR_OPEN]
    bench.board.coil_supply_v = 12.0
    bench.run(60)
    assert not bench.commanded
    bench.unplug()
    bench.run(2)

    assert not bench.snapshot.faults


def test_nothing_closes_while_the_coil_has_no_supply() -> None:
    bench = bench_with()
    bench.board.coil_supply_v = 9.0
    bench.run(2)
    assert not bench.snapshot.faults  # with no car it is of no interest
    asking(bench)
    bench.run(10)

    assert not bench.events_of(ev.ContactorClosed)
    assert "9.0 V" in bench.snapshot.faults[Fault.CONTACTOR_OPEN]
