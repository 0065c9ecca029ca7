# SPDX-License-Identifier: GPL-3.0-or-later
"""Light and button in the control process, on simulated time: they show and report, no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.boards import BoardConfig, BoxConfig
from evsed.control import Control
from evsed.core.box.button import STUCK
from evsed.core.box.light import Hint, LightState
from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from evsed.link import Acknowledge, ReportedFaults, SetLimits
from tests.sim.bench import CONFIG, Bench

FITTED = BoxConfig(light_gpios=(17, 27, 22), button_gpio=21)


def bench_with(box: BoxConfig = FITTED) -> Bench:
    bench = Bench(Control, config=replace(CONFIG, board=BoardConfig(box=box)))
    bench.board.button_pressed = None if box.button_gpio is None else False
    bench.run(2)
    return bench


def limited(bench: Bench, owner: str, max_a: float, hint: Hint = Hint.NONE) -> None:
    until_at = bench.time.control() + 1e6
    bench.send(SetLimits((Limit(owner, max_a, until_at, "a test"),), hint=hint))
    bench.run(0.1)


def charging(bench: Bench) -> Bench:
    bench.plug_in()
    bench.offer(16)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.run(1)
    return bench


def light(bench: Bench) -> LightState | None:
    return bench.snapshot.light


def seen_levels(bench: Bench, seconds: float) -> list[tuple[bool, ...]]:
    levels = []
    for _ in range(round(seconds / 0.02)):
        bench.run(0.02)
        levels.append(bench.board.light)
    return levels


def press(bench: Bench, seconds: float) -> None:
    bench.board.button_pressed = True
    bench.run(seconds)
    bench.board.button_pressed = False
    bench.run(0.5)


def test_a_box_without_light_and_button_has_none() -> None:
    bench = charging(bench_with(BoxConfig()))

    assert light(bench) is None
    assert bench.board.light == ()
    assert bench.snapshot.box_trouble == ""


def test_the_light_follows_a_charge_from_plug_to_plug() -> None:
    bench = bench_with()
    limited(bench, "feed", 0.0)
    assert light(bench) is LightState.NO_CAR
    bench.plug_in()
    bench.run(2)
    assert light(bench) is LightState.WAITING_SUN
    limited(bench, "feed", 0.0, Hint.FEED_LOST)
    assert light(bench) is LightState.FEED_LOST
    limited(bench, "feed", 16.0)
    bench.run(1)
    assert light(bench) is LightState.OFFERED
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.run(0.1)
    assert light(bench) is LightState.CHARGING
    limited(bench, "feed", 6.0, Hint.LENT)
    assert light(bench) is LightState.CHARGING_LENT
    limited(bench, "feed", 0.0)
    assert light(bench) is LightState.LETTING_GO
    bench.run(7)
    assert light(bench) is LightState.WAITING_SUN
    bench.unplug()
    bench.run(1)
    assert light(bench) is LightState.NO_CAR


@pytest.mark.parametrize("owner", ["owner", "button"])
def test_switched_off_by_a_person_is_shown_with_and_without_a_car(owner: str) -> None:
    bench = bench_with()
    limited(bench, owner, 0.0)
    assert light(bench) is LightState.OFF
    bench.plug_in()
    bench.run(2)

    assert light(bench) is LightState.OFF


def test_the_weekly_window_and_every_other_limit_have_their_own_light() -> None:
    bench = bench_with()
    bench.plug_in()
    bench.run(2)
    limited(bench, "schedule", 0.0)
    assert light(bench) is LightState.WAITING_SCHEDULE
    limited(bench, "house", 0.0)
    assert light(bench) is LightState.CONNECTED


def test_a_daemon_that_falls_silent_no_longer_tells_the_light_anything() -> None:
    bench = bench_with()
    bench.plug_in()
    bench.run(2)
    until_at = bench.time.control() + 3.0
    bench.send(SetLimits((Limit("feed", 0.0, until_at, "a test"),), hint=Hint.FEED_LOST))
    bench.run(2.5)
    assert light(bench) is LightState.FEED_LOST
    bench.run(1)

    assert light(bench) is LightState.CONNECTED


def test_the_light_moves_while_the_plug_is_live_and_is_dark_when_evsed_lets_the_board_go() -> None:
    bench = charging(bench_with())

    assert set(seen_levels(bench, 4.0)) == {(False, True, False), (False, False, False)}


def test_a_fault_is_red_whether_it_ends_by_itself_or_not() -> None:
    bench = charging(bench_with())
    bench.send(ReportedFaults({Fault.METER: "as the test has it"}))
    bench.run(0.1)
    assert light(bench) is LightState.FAULT_ENDS
    bench.send(ReportedFaults({Fault.EMERGENCY_STOP: "as the test has it"}))
    bench.run(0.1)

    assert light(bench) is LightState.FAULT_WAITS
    assert set(seen_levels(bench, 1.0)) == {(True, False, False)}


def test_a_board_that_is_lost_drives_no_light() -> None:
    bench = charging(bench_with())
    bench.board.daemon_dead = True
    bench.run(0.1)

    assert light(bench) is LightState.NOT_DRIVEN


@pytest.mark.parametrize(("seconds", "kind"), [(0.3, "short"), (2.0, "long")])
def test_a_press_is_reported_and_changes_nothing_by_itself(seconds: float, kind: str) -> None:
    bench = charging(bench_with())
    before = bench.trace[-1]
    press(bench, seconds)

    assert [timed.event for timed in bench.events_of(ev.ButtonPressed)] == [
        ev.ButtonPressed(bench.events_of(ev.ButtonPressed)[0].event.at, kind)
    ]
    assert bench.trace[-1] == before


def test_a_stuck_button_is_reported_once_and_does_nothing() -> None:
    bench = charging(bench_with())
    bench.board.button_pressed = True
    bench.run(60)

    assert bench.snapshot.box_trouble == STUCK
    assert [str(timed.event) for timed in bench.events_of(ev.BoxTrouble)] == [STUCK]
    assert not bench.events_of(ev.ButtonPressed)
    assert bench.contactor_closed
    bench.board.button_pressed = False
    bench.run(1)
    assert bench.snapshot.box_trouble == ""
    assert "well again" in str(bench.events_of(ev.BoxTrouble)[-1].event)
    assert not bench.events_of(ev.ButtonPressed)


def test_a_gpio_that_evsed_was_not_given_is_named_once_and_the_charge_goes_on() -> None:
    bench = charging(bench_with())
    bench.board.box_refused = (17, 21)
    bench.run(60)

    (told,) = bench.events_of(ev.BoxTrouble)
    assert str(told.event).startswith("GPIO 17, GPIO 21 of [box] cannot be used")
    assert bench.snapshot.box_trouble == str(told.event)
    assert bench.contactor_closed
    bench.board.box_refused = ()
    bench.run(1)
    assert bench.snapshot.box_trouble == ""


def test_whatever_the_button_does_no_contactor_closes_without_an_offer() -> None:
    bench = bench_with()
    limited(bench, "owner", 0.0)
    bench.plug_in()
    bench.car.ask()
    for tick in range(3000):
        bench.board.button_pressed = [True, False, None][tick // (1 + tick % 97) % 3]
        bench.run(0.02)

    assert not bench.events_of(ev.ContactorClosed)
    assert not bench.events_of(ev.OfferMade)


def test_only_the_faults_that_are_named_are_acknowledged() -> None:
    bench = bench_with()
    bench.send(ReportedFaults({Fault.EMERGENCY_STOP: "pressed", Fault.CONTACTOR: "welded"}))
    bench.run(0.1)
    bench.send(ReportedFaults({}))
    bench.send(Acknowledge((Fault.EMERGENCY_STOP,)))
    bench.run(0.1)
    assert set(bench.snapshot.faults) == {Fault.CONTACTOR}
    bench.send(Acknowledge())
    bench.run(0.1)

    assert not bench.snapshot.faults
