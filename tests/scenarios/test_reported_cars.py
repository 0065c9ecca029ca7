# SPDX-License-Identifier: GPL-3.0-or-later
"""Cars and supplies that reports tell of, on the bench, which computes every burst of the pilot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.link import Configure, WakeCar
from evsed.sim.cars.library import build_car
from tests.sim.bench import CONFIG, Bench


def charging(name: str = "ordinary", offered_a: float = 16.0, seed: int = 0) -> Bench:
    """A car of the library that charges."""
    bench = Bench(Control, car=build_car(name), seed=seed)
    bench.run(1.0)
    bench.plug_in()
    bench.offer(offered_a)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=15)
    return bench


def raised(bench: Bench) -> list[str]:
    """The faults that were raised."""
    events = (noted.event for noted in bench.events_of(ev.FaultRaised))
    return [event.fault for event in events if isinstance(event, ev.FaultRaised)]


@pytest.mark.parametrize("share", [0.88, 0.82, 0.75])
def test_a_sag_of_the_pilots_supply_opens_and_is_over_in_a_minute(share: float) -> None:
    """github.com/OpenEVSE/OpenEVSE_PLUS/issues/13: "diode check failed", cured by a reset."""
    bench = charging()
    bench.after(1.0, lambda: bench.circuit.supply(share))
    bench.after(1.06, lambda: bench.circuit.supply(1.0))
    bench.run(3.0)

    assert raised(bench) == ["PilotFault"]
    assert not bench.contactor_closed
    bench.run_until(lambda: bench.contactor_closed, within=60)


def test_a_bmw_that_flinches_at_each_change_is_not_held_for_a_chatterer() -> None:
    """Tinkerforge/evse-v2-bricklet: 2.7 kilo-ohm 500 ms after each change of the duty."""
    bench = charging("bmw")
    for step in range(6):
        bench.offer(10.0 if step % 2 else 14.0)
        bench.run(8.0)

    assert len(bench.events_of(ev.CarFlinched)) >= 4
    assert raised(bench) == []


def fast_asleep(name: str, config: Configure) -> Bench:
    """A bench whose car fell asleep without an offer, and leaves the one it has now untaken."""
    bench = Bench(Control, car=build_car(name, after_s=20.0), config=config)
    bench.run(1.0)
    bench.plug_in()
    bench.car.ask()
    bench.offer(0.0)
    bench.run(25.0)
    bench.offer(16.0)
    bench.run(10.0)
    assert not bench.contactor_closed
    return bench


def test_a_sleeping_car_is_woken_by_the_order_and_charges() -> None:
    """github.com/OpenEVSE/ESP8266_WiFi_v2.x/issues/223: asleep after a time without an offer."""
    bench = fast_asleep("asleep-2h", CONFIG)

    bench.send(WakeCar())

    assert 7.0 <= bench.run_until(lambda: bench.contactor_closed, within=15) <= 10.0
    assert len(bench.events_of(ev.CarWoken)) == 1


WITH_RELAY = replace(CONFIG, evse=replace(CONFIG.evse, cp_relay=True))


def test_a_car_that_wakes_on_an_open_pilot_only_is_woken_by_the_relay_and_charges() -> None:
    """Tinkerforge/evse-v2-bricklet opens the control pilot for 4 s before it tries F."""
    bench = fast_asleep("wants-open", WITH_RELAY)
    bench.send(WakeCar())
    bench.run(15.0)
    assert not bench.contactor_closed

    bench.send(WakeCar(4.0))

    assert 7.0 <= bench.run_until(lambda: bench.contactor_closed, within=15) <= 10.0
    assert bench.events_of(ev.CarUnplugged) == []
    assert raised(bench) == []


def test_a_relay_that_sticks_open_charges_nothing_and_is_no_fault() -> None:
    bench = Bench(Control, config=WITH_RELAY)
    bench.run(1.0)
    bench.plug_in()
    bench.offer(16.0)
    bench.run(10.0)
    bench.board.line_stuck = True
    bench.send(WakeCar(4.0))
    bench.run(1.0)
    bench.car.ask()
    bench.run(30.0)

    assert not bench.contactor_closed
    assert not bench.snapshot.plugged
    assert raised(bench) == []


def test_no_car_is_called_while_it_charges_or_is_offered_nothing() -> None:
    """State F would end a charge, and promise current that is not there."""
    bench = charging()
    bench.send(WakeCar())
    bench.run(5.0)
    assert bench.contactor_closed
    bench.offer(0.0)
    bench.run(20.0)
    bench.send(WakeCar())
    bench.run(5.0)

    assert bench.events_of(ev.CarWoken) == []


def sticky() -> Bench:
    """A car that keeps S2 closed without PWM, and charges (goecharger/go-eCharger-API-v2#60)."""
    return charging("holds-on")


@pytest.mark.parametrize(
    ("fault", "value", "within_s"),
    [("cp_tied_to_v", 12.0, 60.0), ("wants_ventilation", True, 60.0), ("cp_short_ohm", 0.0, 110.0)],
)
def test_a_car_that_stays_in_c_through_a_disturbance_charges_again(
    fault: str, value: object, within_s: float
) -> None:
    bench = sticky()
    sound = getattr(bench.car.faults, fault)
    bench.after(0.01, lambda: setattr(bench.car.faults, fault, value))
    bench.after(0.07, lambda: setattr(bench.car.faults, fault, sound))
    bench.run(1.0)
    assert not bench.contactor_closed
    assert raised(bench)

    bench.run_until(lambda: bench.contactor_closed, within=within_s)

    assert len(bench.events_of(ev.StateFShown)) == 1


def test_a_receiver_that_is_stuck_at_c_is_shown_f_once_and_never_closes() -> None:
    """The way out of a disturbance is B, which such a receiver never reads."""
    bench = sticky()
    bench.car.faults.cp_tied_to_v = 12.0
    bench.run(0.1)
    bench.car.faults.cp_tied_to_v = None
    bench.run(2.0)
    bench.circuit.stuck_code = bench.circuit.code(bench.now)
    bench.unplug()

    bench.run(120.0)

    assert not bench.commanded
    assert len(bench.events_of(ev.StateFShown)) == 1
