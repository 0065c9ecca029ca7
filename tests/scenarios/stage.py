# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the scenarios: a bench brought to where a story begins, and stop-watches.

The bounds are taken at the contacts, not at the command: the car has to lose power within 100 ms
of leaving C (IEC 61851-1 Table A.6 seq. 2.2 and 8), and the coil needs 15 ms of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.sim.cars.car import Car, CarModel
from evsed.sim.circuit import PARTS, Load, settle
from tests.sim.bench import CONFIG, Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.link import Configure
    from evsed.sim.circuit import Circuit
    from evsed.sim.contactor_drive import Contactor

TICK_S = 0.02
OPEN_WITHIN_S = 0.1  # IEC 61851-1 Table A.6 seq. 2.2 and 8
CLOSE_WITHIN_S = 3.0  # seq. 4

# Moments of a stimulus, seconds from the tick before: within its burst (the first 3 ms), just
# before the next one, and between. The ticks are 20 ms apart.
PHASES_S = (0.101, 0.1035, 0.107, 0.112, 0.1195)

PROVED = EvseConfig(front_end_proved=True)


def configured(evse: EvseConfig = EvseConfig(), *, supply_max_a: float = 32.0) -> Configure:  # noqa: B008 - frozen
    """The bench's configuration with another state machine's or supply's."""
    return replace(CONFIG, evse=evse, supply_max_a=supply_max_a)


def empty(
    *,
    car: Car | None = None,
    circuit: Circuit | None = None,
    config: Configure = CONFIG,
    contactors: Sequence[Contactor] = (),
    seed: int = 0,
) -> Bench:
    """No car for a second: long enough to have read 12 V without one."""
    bench = Bench(
        Control, car=car, circuit=circuit, config=config, contactors=contactors, seed=seed
    )
    bench.run(1)
    return bench


def connected(bench: Bench, amperes: float = 16.0) -> Bench:
    """A car that is plugged in, offered so much, and asks for nothing (B2)."""
    bench.plug_in()
    bench.offer(amperes)
    bench.run_until(lambda: bench.state == "B2", within=5)
    return bench


def charging(
    amperes: float = 16.0,
    *,
    car: Car | None = None,
    circuit: Circuit | None = None,
    config: Configure = CONFIG,
    seed: int = 0,
    for_s: float = 1.0,
) -> Bench:
    """A car that has been charging for a while."""
    bench = empty(car=car, circuit=circuit, config=config, seed=seed)
    connected(bench, amperes)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=5)
    bench.run(for_s)
    return bench


def prompt_car() -> Car:
    """A car whose S2 obeys its driver at once: what is timed is the EVSE."""
    return Car(CarModel(s2_open_s=0.0, s2_close_s=0.0))


def stubborn_car() -> Car:
    """A car that keeps S2 closed and draws whatever the pilot says."""
    car = Car()
    car.faults.ignores_pilot = True
    return car


def sets(target: object, **values: object) -> Callable[[], None]:
    """Return a function that sets these attributes of *target*: a fault to come."""

    def act() -> None:
        for name, value in values.items():
            setattr(target, name, value)

    return act


def opens_s(bench: Bench, act: Callable[[], None], after_s: float = 0.1) -> float:
    """Do *act* that much later; the seconds from then until the contacts are open.

    Raises TimeoutError when they are still closed a second after it.
    """
    acted_at = bench.now + after_s
    bench.after(after_s, act)
    bench.run(after_s)
    bench.run_until(lambda: not bench.contactor_closed, within=1.0)
    return bench.contactor_changed_at - acted_at


def never(bench: Bench, condition: Callable[[], bool], for_s: float) -> bool:
    """Let so much time pass; whether *condition* held at none of its ticks."""
    end_at = bench.now + for_s
    while bench.now < end_at:
        bench.run(TICK_S)
        if condition():
            return False
    return True


def raised(bench: Bench) -> list[str]:
    """The faults that were raised, by name, oldest first."""
    return [told.event.fault for told in bench.events if isinstance(told.event, ev.FaultRaised)]


def opened_why(bench: Bench) -> list[str]:
    """The reason of each opening of the contactor."""
    return [told.event.why for told in bench.events if isinstance(told.event, ev.ContactorOpened)]


def closings(bench: Bench) -> int:
    """The number of orders to close the contactor."""
    return len(bench.events_of(ev.ContactorClosed))


def load_ohm_for(high_v: float) -> float:
    """The resistor behind a diode of 0.7 V that makes the positive plateau *high_v* volts.

    By bisection on the circuit itself, whose generator and front end the answer depends on.
    """
    low, high = 1.0, 1e6
    for _ in range(60):
        middle = (low * high) ** 0.5
        if settle(PARTS, Load(car_ohm=middle), PARTS.source_high_v).v < high_v:
            low = middle
        else:
            high = middle
    return low
