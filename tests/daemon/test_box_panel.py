# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's side of the box: the hint for its light, and the orders of its button."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evsed.core.box.light import Hint, LightState
from evsed.core.car.care import Care, CarNote
from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import NO_LIMIT
from evsed.core.solar.allotment import AllotmentResult, AllotmentRule
from evsed.core.solar.allotment_config import Mode
from evsed.core.solar.allotment_result import AllotmentReason
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.user.controls import Controls
from evsed.daemon.box_panel import ButtonHandler, light_hint
from evsed.frontends.hub import HubEvent
from evsed.link import Snapshot
from tests.daemon.daemon_world import NOON, World, life

SHORT, LONG = ev.ButtonPressed(1.0, "short"), ev.ButtonPressed(1.0, "long")

SNAPSHOT = Snapshot(
    at=100.0, board_ok=True, board_why="", state="B1", plugged=True, high_v=9.0, low_v=None,
    drawn_a=None, duty=1.0, closed=0, limits=(NO_LIMIT,), blocked="", wait_s=0.0, faults={},
    front_end_proved=True, cycles=0, ticks=1, worst_tick_s=0.001, late=0,
)  # fmt: skip


def handler(world: World, *, may_start: bool = True) -> ButtonHandler:
    return ButtonHandler(world.charger, world.hub, may_start=may_start)


def show(world: World, **changed: object) -> None:
    snapshot = replace(SNAPSHOT, **changed)  # type: ignore[arg-type]  # each test names its own
    world.charger.set(world.charger.state.with_snapshot(snapshot, NOON))


def orders(found: list[HubEvent]) -> list[tuple[str, str]]:
    return [(e.event.who, e.event.what) for e in found if isinstance(e.event, ev.OwnerAsked)]


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (AllotmentRule.FOLLOWING, Hint.NONE),
        (AllotmentRule.WAITING, Hint.NONE),
        (AllotmentRule.LENDING, Hint.LENT),
        (AllotmentRule.MIN_ON, Hint.LENT),
        (AllotmentRule.PRICED, Hint.LENT),
        (AllotmentRule.TOO_OLD, Hint.FEED_LOST),
        (AllotmentRule.LAST_FORBADE, Hint.FEED_LOST),
        (AllotmentRule.DOUBTED, Hint.FEED_LOST),
        (AllotmentRule.NO_NEWS_YET, Hint.FEED_LOST),
    ],
)
def test_the_hint_follows_from_the_rule_of_the_feed(rule: AllotmentRule, hint: Hint) -> None:
    assert light_hint(AllotmentResult(0.0, AllotmentReason(rule)), None) is hint


def test_a_car_that_leaves_its_offer_untaken_is_a_hint() -> None:
    asleep = Care(CarNeeds(), note=CarNote("tried", "The car seems asleep"))

    assert light_hint(None, asleep) is Hint.ASLEEP
    assert light_hint(None, Care(CarNeeds(), note=CarNote("a habit"))) is Hint.NONE
    assert light_hint(None, None) is Hint.NONE


async def test_the_orders_of_the_button_are_events_of_its_own(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        found: list[HubEvent] = []
        world.hub.subscribe(found.append)
        show(world)
        button = handler(world)
        for press in (SHORT, SHORT, LONG, LONG):
            await button.on_event(press)

        assert orders(found) == [
            ("button", "charge, until the car is unplugged (claim of button)"),
            ("button", "the claim of button is withdrawn"),
            ("button", "do not charge (claim of button)"),
            ("button", "the claim of button is withdrawn"),
        ]


async def test_a_long_press_ends_the_charge_and_the_limit_says_who(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.orders.set_controls(Controls(mode=Mode.FAST))
        show(world)
        await handler(world, may_start=False).on_event(LONG)

        (limit,) = [at for at in world.limits(16.0).update(200.0, NOON) if at.owner == "button"]
        assert limit.max_a == 0.0


async def test_an_off_by_the_button_outlives_a_restart(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await handler(world).on_event(LONG)
    async with life(tmp_path) as world:
        owners = [limit.owner for limit in world.limits(16.0).update(200.0, NOON)]

        assert "button" in owners


async def test_only_the_sun_in_mode_fast_until_the_car_is_unplugged(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.orders.set_controls(Controls(mode=Mode.FAST))
        limits = world.limits(None)
        world.plug_in()
        assert limits.update(200.0, NOON)[-1].max_a > 0
        await handler(world, may_start=False).on_event(SHORT)
        assert limits.update(201.0, NOON)[-1].max_a == 0
        world.unplug()
        assert limits.update(202.0, NOON)[-1].max_a > 0


async def test_what_the_button_may_not_do_is_noted_with_the_reason(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        show(world)
        button = handler(world, may_start=False)
        await button.on_event(SHORT)
        assert "button_may_start" in world.status().events[0].text
        assert not world.recorder.orders.claims.of

        world.recorder.orders.set_controls(Controls(mode=Mode.OFF))
        for press in (SHORT, LONG):
            await button.on_event(press)
            assert "the owner has switched evsed off" in world.status().events[0].text
        assert world.recorder.orders.controls.mode is Mode.OFF


async def test_the_owners_off_is_ended_by_a_button_that_may_start(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.orders.set_controls(Controls(mode=Mode.OFF))
        await handler(world).on_event(LONG)

        assert world.recorder.orders.controls.mode is Mode.SOLAR


async def test_a_press_acknowledges_a_fault_and_changes_nothing_else(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        found: list[HubEvent] = []
        world.hub.subscribe(found.append)
        show(world, faults={Fault.EMERGENCY_STOP: "pressed"})
        await handler(world).on_event(SHORT)

        assert orders(found) == [("button", "acknowledge faults")]
        assert not world.recorder.orders.claims.of


async def test_other_events_are_no_orders(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await handler(world).on_event(ev.CarPluggedIn(1.0))

        assert not world.status().events


async def test_the_status_has_the_light_in_words(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        show(world)
        assert world.status(100.1).light is None
        show(world, light=LightState.WAITING_SUN, box_trouble="it is stuck")
        status = world.status(100.1)

        assert status.light is not None
        assert status.light.text == "the light is blue, blinking slowly: waiting for the sun"
        assert (status.light.state, status.light.colour) == ("waiting_sun", "blue")
        assert status.light.pattern_s == (1.0, 1.0)
        assert status.box_trouble == "it is stuck"


async def test_a_control_process_that_hangs_drives_no_light(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        show(world, light=LightState.CHARGING)
        light = world.status(105.0).light

        assert light is not None
        assert light.state == "not_driven"
