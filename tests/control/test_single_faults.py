# SPDX-License-Identifier: GPL-3.0-or-later
"""One failed part of the contactor's drive, with no car, before, during and after a charge.

Each of the coil's two switches is off by itself while no contactor is commanded to close, so none
of these keeps an empty plug live for longer than 300 ms: 40 ms of detection, 60 ms of beats in
which the mirror contact shows whether the GPIO opens, the pump, and the contactor's release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import Control
from evsed.core.pilot.faults import Fault
from evsed.link import Acknowledge
from evsed.sim.contactor_drive import Contactor
from tests.sim.bench import CONFIG, Bench

LIVE_WITHIN_S = 0.3
SLOWEST_S = 0.05  # the release of the slowest contactor that may be in the box


class Watched(Bench):
    """A bench that measures for how long an empty plug is live without a break."""

    live_since: float | None = None
    longest_s: float = 0.0

    def _world(self) -> None:
        super()._world()
        if not self.contactor_closed or self.car.touching:
            self.live_since = None
            return
        if self.live_since is None:
            self.live_since = self.now
        self.longest_s = max(self.longest_s, self.now - self.live_since)


def shorted(bench: Bench) -> None:
    """Q401, which the GPIO drives, is shorted from drain to source."""
    bench.board.box.short_drive(bench.time.control())


def stuck_high(bench: Bench) -> None:
    """GPIO 23 stays high: its driver, or a bridge to 3.3 V."""
    bench.board.stuck_high()


def pump_stuck(bench: Bench) -> None:
    """The charge pump never lets go."""
    bench.board.box.pump_stuck = True


FAULTS = [shorted, stuck_high, pump_stuck]
Fail = Callable[[Bench], None]


def bench_with(*, mirror: bool) -> Watched:
    inputs = InputsConfig(contactor_feedback_gpios=(25,) if mirror else ())
    config = replace(CONFIG, board=BoardConfig(inputs=inputs))
    bench = Watched(Control, config=config, contactors=[Contactor(release_s=SLOWEST_S)])
    bench.board.feedback_wired = mirror
    bench.run(2)
    bench.offer(16)
    return bench


def charge(bench: Bench, seconds: float = 10.0) -> None:
    """Plug in, and charge for a while where evsed allows it."""
    bench.plug_in()
    bench.car.ask()
    bench.run(10)
    bench.run(seconds)


both = pytest.mark.parametrize("mirror", [False, True], ids=["no mirror contact", "mirror contact"])
each = pytest.mark.parametrize("fail", FAULTS, ids=lambda fail: fail.__name__)


@both
@each
def test_with_no_car_nothing_is_live(fail: Fail, mirror: bool) -> None:  # noqa: FBT001
    bench = bench_with(mirror=mirror)
    fail(bench)
    bench.run(120)

    assert bench.longest_s == 0.0


@both
@each
def test_before_a_charge_an_empty_plug_is_never_live(fail: Fail, mirror: bool) -> None:  # noqa: FBT001
    bench = bench_with(mirror=mirror)
    fail(bench)
    charge(bench)
    bench.unplug()
    bench.run(60)

    assert bench.longest_s <= LIVE_WITHIN_S


@both
@each
def test_in_the_middle_of_a_charge_the_plug_that_is_pulled_is_dead_in_300_ms(
    fail: Fail,
    mirror: bool,  # noqa: FBT001
) -> None:
    bench = bench_with(mirror=mirror)
    charge(bench)
    assert bench.contactor_closed
    fail(bench)
    bench.run(0.5)
    bench.unplug()
    bench.run(60)

    assert bench.longest_s <= LIVE_WITHIN_S
    assert not bench.contactor_closed


@both
@each
def test_after_a_charge_the_next_cars_plug_is_never_live_when_it_is_pulled(
    fail: Fail,
    mirror: bool,  # noqa: FBT001
) -> None:
    bench = bench_with(mirror=mirror)
    charge(bench)
    bench.unplug()
    bench.run(5)
    fail(bench)
    charge(bench)
    bench.unplug()
    bench.run(60)

    assert bench.longest_s <= LIVE_WITHIN_S


@pytest.mark.parametrize(
    ("fail", "fault"),
    [(shorted, Fault.CONTACTOR), (stuck_high, Fault.CONTACTOR), (pump_stuck, Fault.DEAD_MAN)],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_with_a_mirror_contact_each_is_found_at_the_next_opening_or_closing_and_waits_for_the_owner(
    fail: Fail, fault: Fault
) -> None:
    bench = bench_with(mirror=True)
    charge(bench)
    fail(bench)
    bench.car.stop_asking()
    bench.run(5)
    bench.car.ask()
    bench.run(20)

    assert fault in bench.snapshot.faults
    assert "switch the breaker off" in fault.kind.todo
    assert not bench.contactor_closed
    bench.unplug()
    bench.run(60)
    assert fault in bench.snapshot.faults


@both
def test_a_gpio_that_is_stuck_high_is_found_within_a_second_and_latches_when_it_comes_back(
    mirror: bool,  # noqa: FBT001
) -> None:
    bench = bench_with(mirror=mirror)
    stuck_high(bench)
    bench.run(1.2)
    assert "on where 0 should be" in bench.snapshot.faults[Fault.COMMUNICATION]
    bench.run(5)

    assert "on where 0 should be" in bench.snapshot.faults[Fault.CONTACTOR]


def test_the_fault_of_a_stuck_gpio_ends_with_the_owners_acknowledgement_after_the_repair() -> None:
    bench = bench_with(mirror=False)
    stuck_high(bench)
    bench.run(5)
    bench.board._stuck_high = bench.board.box._shorted = False  # noqa: SLF001 - the repair
    bench.run(30)
    assert Fault.CONTACTOR in bench.snapshot.faults
    bench.send(Acknowledge())
    bench.run(5)

    assert not bench.snapshot.faults
    charge(bench)
    assert bench.contactor_closed


def test_the_pump_gets_its_first_beat_with_the_first_command_to_close() -> None:
    bench = bench_with(mirror=False)
    bench.plug_in()
    bench.run(10)
    assert bench.board.box._edge_at < 0  # noqa: SLF001 - no edge yet
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)

    assert bench.board.box._edge_at > 0  # noqa: SLF001 - as above
