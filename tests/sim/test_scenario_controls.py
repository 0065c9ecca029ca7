# SPDX-License-Identifier: GPL-3.0-or-later
"""The garage: each button does to the simulated world what it says, and only its page presses."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from evsed.sim.cars.car import Car, CarFaults
from evsed.sim.circuit import Diode
from evsed.sim.garage_page import garage_app
from evsed.sim.house import FeedFault, House
from evsed.sim.scenario_controls import Garage
from evsed.sim.world import World


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    made = World(House(time.monotonic(), datetime(2026, 6, 21, 12, 0)), Car())  # noqa: DTZ001 - local, as BatteryMonitor's pages
    await made.pigpiod.start()
    yield made
    await made.pigpiod.stop()


@pytest.fixture
def garage(world: World) -> Garage:
    return Garage(world)


@pytest_asyncio.fixture
async def client(garage: Garage) -> AsyncIterator[aiohttp.ClientSession]:
    runner = web.AppRunner(garage_app(garage), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(url) as session:
        yield session
    await runner.cleanup()


def on(garage: Garage) -> set[str]:
    told = garage.state()["on"]
    assert isinstance(told, list)
    return set(told)


async def test_an_untouched_world_is_well(garage: Garage) -> None:
    assert on(garage) == {
        "unplug", "stop", "choose_ordinary", "clear", "feed_none", "demand_none", "car_good",
        "box_good", "revive",
    }  # fmt: skip


async def test_another_car_takes_the_place_of_the_one_that_is_there(
    garage: Garage, world: World
) -> None:
    garage.act("plug")
    garage.act("choose_bmw")
    assert "choose_bmw" in on(garage)
    assert not world.car.plugged
    assert [type(habit).__name__ for habit in world.car.habits] == ["Flinches"]
    garage.act("choose_full")
    assert world.car.charge_wh == world.car.model.battery_wh
    garage.act("choose_ordinary")
    assert not world.car.habits


async def test_every_button_can_be_pressed_twice_and_no_two_read_alike(garage: Garage) -> None:
    for name in garage.actions:
        garage.act(name)
        garage.act(name)
        await asyncio.sleep(0)
        garage.state()
    labels = [(action.group, action.label) for action in garage.actions.values()]
    assert len(set(labels)) == len(labels)


async def test_plugging_in_makes_the_car_ask_and_unplugging_takes_it_away(
    garage: Garage, world: World
) -> None:
    garage.act("plug")
    assert world.car.plugged
    assert world.car.asks
    assert {"plug", "ask"} <= on(garage)
    garage.act("unplug")
    assert not world.car.plugged


async def test_a_fault_replaces_the_last_one_and_well_ends_all(
    garage: Garage, world: World
) -> None:
    garage.act("diode_shorted")
    assert world.car.faults == CarFaults(diode=Diode.SHORTED)
    garage.act("ignores_pilot")
    assert world.car.faults == CarFaults(ignores_pilot=True)
    assert "ignores_pilot" in on(garage)
    garage.act("car_good")
    assert world.car.faults == CarFaults()
    garage.act("welded")
    assert world.box.contactors[0].welded
    garage.act("pilot_low")
    assert not world.box.contactors[0].welded
    assert world.circuit.stuck_source_v == -12.0
    garage.act("box_good")
    assert world.circuit.stuck_source_v is None


async def test_the_feed_can_be_pulled_and_brought_back(garage: Garage, world: World) -> None:
    for name, fault in (("feed_pulled", FeedFault.PULLED), ("feed_none", FeedFault.NONE)):
        garage.act(name)
        assert world.house.fault is fault


async def test_the_sky_and_the_kettle_change_what_is_to_spare(garage: Garage, world: World) -> None:
    now = time.monotonic()
    clear_w = world.house.spare_w(now)
    garage.act("dark")
    dark_w = world.house.spare_w(now)
    assert dark_w < clear_w
    garage.act("kettle")
    assert world.house.spare_w(now) == pytest.approx(dark_w - 2000.0)
    garage.act("kettle")
    garage.act("clear")
    assert world.house.spare_w(now) == pytest.approx(clear_w)


async def test_pigpiod_can_be_killed_revived_frozen_and_thawed(
    garage: Garage, world: World
) -> None:
    garage.act("kill")
    assert garage.state()["pigpiod"] == "dead"
    garage.act("revive")
    while not world.pigpiod.alive:  # noqa: ASYNC110 - it comes up within some rounds of the loop
        await asyncio.sleep(0)
    garage.act("freeze")
    assert garage.state()["pigpiod"] == "frozen"
    garage.act("thaw")
    assert garage.state()["pigpiod"] == "running"


async def test_the_page_presses_buttons_and_sees_what_came_of_it(
    client: aiohttp.ClientSession, world: World
) -> None:
    async with client.get("/state") as answer:
        told = await answer.json()
    assert {"name": "plug", "label": "Plug in", "group": "Car"} in told["buttons"]
    assert told["state"]["plugged"] is False
    async with client.post("/do/plug") as answer:
        assert (await answer.json())["plugged"] is True
    assert world.car.plugged


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Host": "elsewhere.example"},
        {"Host": "elsewhere.example", "Origin": "http://elsewhere.example"},
    ],
)
async def test_pages_from_elsewhere_press_nothing(
    client: aiohttp.ClientSession, world: World, headers: dict[str, str]
) -> None:
    async with client.post("/do/plug", headers=headers) as answer:
        assert answer.status == 403
    assert not world.car.plugged


async def test_a_button_that_is_not_there_is_404(client: aiohttp.ClientSession) -> None:
    async with client.post("/do/nothing") as answer:
        assert answer.status == 404


async def test_the_page_loads_nothing_and_allows_only_its_own_script(
    client: aiohttp.ClientSession,
) -> None:
    async with client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        body = await answer.text()
    assert "unsafe" not in policy
    assert policy.count("sha256-") == 2
    assert "http" not in body
