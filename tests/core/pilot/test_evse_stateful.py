# SPDX-License-Identifier: GPL-3.0-or-later
"""Car, feed, owner and faults at random on the bench: the rules hold at every tick.

The rules are those of the walk (`rules.broken`), asked of the real control tick; and one more that
asks the circuit itself and trusts nothing that evsed has measured: contacts that are closed have
seen a real C within 120 ms (100 ms and a tick), an offer within 6.5 s.

`HYPOTHESIS_PROFILE=search` looks on for as long as it is let.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from evsed.control import Control
from evsed.core.pilot.evse_values import SAFE, EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import B_C_V, C_D_V
from evsed.core.pilot.limits import lowest
from evsed.link import Acknowledge, ReportedFaults
from evsed.sim.cars.car import Car, CarModel
from evsed.sim.circuit import Diode
from tests.core.pilot.bursts import code
from tests.core.pilot.rules import LONG_AGO, Wires, broken
from tests.sim.bench import CONFIG, Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.boards import Board
    from evsed.link import Configure

LIVE_WITHIN_S = 0.12
DEAD_MAN_S = 0.24  # the pump's 200 ms, the coil's 15, and a tick
OFFER_WITHIN_S = 6.52


class Watched(Control):
    """The control tick, with somebody who looks at every one."""

    def __init__(self, board: Board, config: Configure, clock: Callable[[], float]) -> None:
        super().__init__(board, config, clock)
        self.wires = Wires(pwm_ended_at=clock())
        self.bench: Bench | None = None
        self.live_at = LONG_AGO
        self.offered_at = LONG_AGO
        self.excused_until = LONG_AGO
        self.ticks_closed = 0

    def tick(self) -> None:
        was, began_at = self.wires, self.clock()
        super().tick()
        step, reading, now = self._step, self._reading, self.clock()
        if step is None or reading is None:
            self.wires = replace(was.at(now, SAFE), pwm_ended_at=now)
        else:
            self.wires = was.at(reading.at, step.outputs, step.events, reading)
            if was.closed and not self.wires.closed:  # a late tick opens before it samples
                self.wires = replace(self.wires, opened_at=began_at)
            limit_a = lowest(self.limits_at(reading.at), reading.at).max_a
            words = broken(self.config.evse, was, self.wires, reading, limit_a, step)
            assert not words, words
        self.check_wires(now)

    def check_wires(self, now: float) -> None:
        """Look at the circuit itself."""
        bench = self.bench
        if bench is None:
            return
        circuit = bench.circuit
        if C_D_V < circuit.high_v < B_C_V and not bench.car.faults.pe_broken:
            self.live_at = now
        if 0.0 < circuit.generator.duty < 1.0:
            self.offered_at = now
        if bench.contactor_closed:
            self.ticks_closed += 1
            allowed_s = DEAD_MAN_S if now < self.excused_until else LIVE_WITHIN_S
            assert now - self.live_at <= allowed_s, "closed although the car is not in C"
            assert now - self.offered_at <= OFFER_WITHIN_S, "closed without an offer"


class World(RuleBasedStateMachine):
    """Whatever a car, a house, an owner and a broken wire may do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(
            Watched,
            car=Car(CarModel(max_a=32.0, s2_open_s=0.5)),
            config=replace(CONFIG, evse=EvseConfig(front_end_proved=True)),
        )
        assert isinstance(self.bench.control, Watched)
        self.watched = self.bench.control
        self.watched.bench = self.bench
        self.bench.run(0.5)

    # -- time

    @rule(ticks=st.integers(1, 12))
    def a_moment_passes(self, ticks: int) -> None:
        self.bench.run(0.02 * ticks)

    @rule(seconds=st.sampled_from([0.5, 1.1, 3.1, 5.1]))
    def time_passes(self, seconds: float) -> None:
        self.bench.run(seconds)

    @rule(seconds=st.sampled_from([0.03, 0.05, 0.16, 0.4]))
    def the_control_process_hangs(self, seconds: float) -> None:
        self.watched.excused_until = self.bench.now + seconds + 0.3
        self.bench.stall(seconds)

    # -- the car

    @rule(bounces=st.integers(0, 3), asks=st.booleans())
    @precondition(lambda self: not self.bench.car.plugged)
    def a_car_comes(self, bounces: int, asks: bool) -> None:  # noqa: FBT001 - drawn
        self.bench.plug_in(bounces)
        self.bench.car.asks = asks

    @rule()
    @precondition(lambda self: self.bench.car.plugged)
    def the_car_goes(self) -> None:
        self.bench.unplug()

    @rule(asks=st.booleans())
    def the_car_asks_or_stops_asking(self, asks: bool) -> None:  # noqa: FBT001 - drawn
        self.bench.car.asks = asks

    @rule(ignores=st.booleans(), chatter_s=st.sampled_from([None, None, 0.7, 2.0]))
    def the_car_is_odd(self, ignores: bool, chatter_s: float | None) -> None:  # noqa: FBT001 - drawn
        self.bench.car.faults.ignores_pilot = ignores
        self.bench.car.faults.chatter_s = chatter_s

    @rule(wants=st.booleans())
    def the_car_wants_ventilation_or_not(self, wants: bool) -> None:  # noqa: FBT001 - drawn
        self.bench.car.faults.wants_ventilation = wants

    # -- the limit

    @rule(amperes=st.sampled_from([0.0, 5.9, 6.0, 10.0, 16.0, 16.0, 32.0, math.nan]))
    def somebody_sets_a_limit(self, amperes: float) -> None:
        self.bench.offer(amperes)

    @rule(seconds=st.floats(0.02, 3.0))
    def a_limit_is_set_for_a_while(self, seconds: float) -> None:
        self.bench.offer(16.0, for_s=seconds)

    # -- what breaks, and what is mended

    @rule(
        diode=st.sampled_from(Diode),
        short_ohm=st.sampled_from([None, 0.0, 80.0]),
        pe_broken=st.booleans(),
    )
    def the_cable_breaks(self, diode: Diode, short_ohm: float | None, pe_broken: bool) -> None:  # noqa: FBT001 - drawn
        faults = self.bench.car.faults
        faults.diode, faults.cp_short_ohm, faults.pe_broken = diode, short_ohm, pe_broken

    @rule(
        stuck_v=st.sampled_from([None, 12.0, -12.0]),
        stuck_code=st.sampled_from([None, None, code(5.97), code(-11.94)]),
    )
    def the_box_breaks(self, stuck_v: float | None, stuck_code: int | None) -> None:
        self.bench.circuit.stuck_source_v = stuck_v
        self.bench.circuit.stuck_code = stuck_code

    @rule(noise_v=st.sampled_from([0.02, 0.06, 0.3]))
    def the_wire_hums(self, noise_v: float) -> None:
        self.bench.circuit.noise_v = noise_v

    @rule(dead=st.booleans())
    def pigpiod_dies_or_lives(self, dead: bool) -> None:  # noqa: FBT001 - drawn
        self.watched.excused_until = self.bench.now + 0.5
        self.bench.board.daemon_dead = dead

    @rule()
    def all_is_mended(self) -> None:
        bench, faults = self.bench, self.bench.car.faults
        faults.diode, faults.cp_short_ohm, faults.pe_broken = Diode.GOOD, None, False
        faults.ignores_pilot, faults.chatter_s, faults.wants_ventilation = False, None, False
        bench.circuit.stuck_source_v = bench.circuit.stuck_code = None
        bench.board.daemon_dead = False

    # -- what is reported, and the owner

    @rule(
        reported=st.sampled_from([(), (), (Fault.TEMPERATURE,), (Fault.METER,), (Fault.GROUND,)]),
    )
    def the_daemon_reports(self, reported: tuple[Fault, ...]) -> None:
        self.bench.send(ReportedFaults(dict.fromkeys(reported, "reported")))

    @rule()
    def the_owner_acknowledges(self) -> None:
        self.bench.send(Acknowledge())

    @rule()
    def a_good_car_charges(self) -> None:
        """So that there is something to lose: mend, plug in, offer, ask, and wait."""
        self.all_is_mended()
        self.bench.send(ReportedFaults({}))
        self.bench.send(Acknowledge())
        if not self.bench.car.plugged:
            self.bench.plug_in()
        self.bench.offer(16.0)
        self.bench.car.ask()
        self.bench.run(5)


class Charging(World):
    """The same, begun with a car that charges."""

    def __init__(self) -> None:
        super().__init__()
        self.a_good_car_charges()
        self.bench.run_until(lambda: self.bench.contactor_closed, within=5)

    def teardown(self) -> None:
        assert self.watched.ticks_closed, "something was closed, so the rules were asked"


# Time is made up, but a tick still costs half a millisecond: an eighth of the profile's examples.
_bounded = settings(
    max_examples=settings().max_examples // 8,
    stateful_step_count=50,
    suppress_health_check=list(HealthCheck),
)
TestAnything = World.TestCase
TestAnything.settings = _bounded
TestWhileCharging = Charging.TestCase
TestWhileCharging.settings = _bounded
