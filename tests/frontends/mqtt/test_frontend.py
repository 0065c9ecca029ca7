# SPDX-License-Identifier: GPL-3.0-or-later
"""MQTT with a real mosquitto: state, last will, discovery, orders, loss and flood."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from structlog.testing import capture_logs

from evsed.frontends.mqtt import MqttConfig
from evsed.frontends.mqtt.frontend import MqttFrontend
from evsed.frontends.mqtt.messages import Topics, without_clocks
from evsed.frontends.status import Status
from evsed.frontends.views import ClaimView, PhaseSetView
from evsed.sources.broker import FLOOD_PER_S
from evsed.sources.terms import BrokerAccess
from tests.frontends.web.web_world import CHARGING, ShownHub
from tests.sources.devices import Broker, broker_in, needs_mosquitto

pytestmark = needs_mosquitto

PATIENCE_S = 60.0
"""Far more than any of it takes; a test that waits so long has failed."""
TOPICS = Topics("0a1b2c3d")


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_in(tmp_path) as running:
        yield running


@asynccontextmanager
async def shown_at(
    broker: Broker,
    hub: ShownHub,
    clock: Callable[[], float] = time.monotonic,
    **settings: Any,  # noqa: ANN401 - each of MqttConfig's types
) -> AsyncIterator[None]:
    config = MqttConfig(BrokerAccess(url=broker.url), **settings)
    task = asyncio.create_task(MqttFrontend(config, "0.1.0", 80, clock=clock).run(hub))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def reader(broker: Broker, *topics: str) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for topic in topics:
            await client.subscribe(topic, qos=1)
        yield client


async def until(client: aiomqtt.Client, topic: str, text: str = "") -> bytes:
    """The payload of the first message on *topic* with *text* in it."""
    async with asyncio.timeout(PATIENCE_S):
        async for message in client.messages:
            payload = bytes(message.payload)
            if str(message.topic) == topic and text in payload.decode():
                return payload
    raise AssertionError("the connection ended")


async def test_the_status_is_there_for_whoever_comes_later(broker: Broker) -> None:
    async with shown_at(broker, ShownHub(CHARGING)):
        async with reader(broker, TOPICS.availability) as first:
            await until(first, TOPICS.availability, "online")
        async with reader(broker, TOPICS.state) as late:
            state = json.loads(await until(late, TOPICS.state))

    assert state["evse_status"] == CHARGING.evse_status
    assert state["power_w"] == pytest.approx(CHARGING.power_w)


async def test_a_change_is_published(broker: Broker) -> None:
    hub = ShownHub(CHARGING)
    async with shown_at(broker, hub), reader(broker, TOPICS.state) as client:
        await until(client, TOPICS.state)
        hub.show(replace(CHARGING, offered_a=7.3))
        state = json.loads(await until(client, TOPICS.state, "7.3"))

    assert state["offered_a"] == 7.3


PHASE_SET = PhaseSetView(
    closes=1,
    wished=3,
    why="5.0 kW spare, all phases are used from 4.3 kW on",
    switching_to=None,
    left_s=170.0,
    switching="auto",
    hazard="a short circuit for some cars",
)


async def test_the_set_of_phases_is_told_with_its_reason_and_when_it_may_change(
    broker: Broker,
) -> None:
    hub = ShownHub(CHARGING)
    async with shown_at(broker, hub), reader(broker, TOPICS.state) as client:
        await until(client, TOPICS.state)
        hub.show(replace(CHARGING, phase_set=PHASE_SET))
        state = json.loads(await until(client, TOPICS.state, "all phases are used"))

    assert state["phase_set"] == {
        "closes": 1,
        "wished": 3,
        "why": PHASE_SET.why,
        "switching_to": None,
        "left_s": 170.0,
        "switching": "auto",
        "hazard": "a short circuit for some cars",
    }


def test_a_change_of_phases_is_news_and_the_time_until_it_is_not() -> None:
    now = replace(CHARGING, phase_set=PHASE_SET)
    later = replace(CHARGING, phase_set=replace(PHASE_SET, left_s=165.0))
    changing = replace(CHARGING, phase_set=replace(PHASE_SET, switching_to=3))

    assert without_clocks(later) == without_clocks(now) != without_clocks(changing)


async def test_the_end_of_evsed_is_shown_as_offline(broker: Broker) -> None:
    async with reader(broker, TOPICS.availability) as client:
        async with shown_at(broker, ShownHub(CHARGING)):
            await until(client, TOPICS.availability, "online")
        await until(client, TOPICS.availability, "offline")


async def test_home_assistant_gets_the_discovery_again_when_it_has_started(broker: Broker) -> None:
    charger = shown_at(broker, ShownHub(CHARGING), orders=True)
    async with reader(broker, TOPICS.discovery) as client, charger:
        first = json.loads(await until(client, TOPICS.discovery))
        await client.publish("homeassistant/status", "online")
        again = json.loads(await until(client, TOPICS.discovery))

    assert first == again
    assert first["cmps"]["mode"]["cmd_t"] == "evsed/0a1b2c3d/set/mode"


async def test_entities_that_give_orders_are_removed_while_orders_are_off(broker: Broker) -> None:
    async with reader(broker, TOPICS.discovery) as client, shown_at(broker, ShownHub(CHARGING)):
        message = json.loads(await until(client, TOPICS.discovery))

    assert message["cmps"]["mode"] == {"p": "select"}
    assert message["cmps"]["ack"] == {"p": "button"}


async def test_the_light_is_an_entity_where_the_box_has_one(broker: Broker) -> None:
    async with reader(broker, TOPICS.discovery) as client:
        async with shown_at(broker, ShownHub(CHARGING), light=True):
            message = json.loads(await until(client, TOPICS.discovery))
        light = message["cmps"]["light"]
        assert {"charging", "fault_waits", "not_driven"} <= set(light["ops"])
        async with shown_at(broker, ShownHub(CHARGING)):
            message = json.loads(await until(client, TOPICS.discovery))
        assert message["cmps"]["light"] == {"p": "sensor"}


async def test_without_discovery_home_assistant_forgets_the_device(broker: Broker) -> None:
    async with reader(broker, TOPICS.discovery) as client:
        await client.publish(TOPICS.discovery, b"{}", retain=True, qos=1)
        await until(client, TOPICS.discovery, "{}")
        async with shown_at(broker, ShownHub(CHARGING), discovery=False):
            assert await until(client, TOPICS.discovery) == b""


async def test_an_order_is_carried_out_and_answered(broker: Broker) -> None:
    hub = ShownHub(CHARGING)
    reading = reader(broker, TOPICS.result, TOPICS.availability)
    async with shown_at(broker, hub, orders=True), reading as client:
        await until(client, TOPICS.availability, "online")
        await client.publish(TOPICS.order("max_current_a"), "13.5", qos=1)
        good = json.loads(await until(client, TOPICS.result))
        await client.publish(TOPICS.order("mode"), "turbo", qos=1)
        bad = json.loads(await until(client, TOPICS.result))

    assert good["order"] == "max_current_a"
    assert good["ok"]
    assert not bad["ok"]
    assert hub.shown.controls.max_current_a == 13.5


async def test_orders_are_not_even_heard_while_they_are_off(broker: Broker) -> None:
    hub = ShownHub(CHARGING)
    async with shown_at(broker, hub), reader(broker, TOPICS.state, TOPICS.availability) as client:
        await until(client, TOPICS.availability, "online")
        await client.publish(TOPICS.order("mode"), "fast", qos=1)
        hub.show(replace(CHARGING, offered_a=7.3))
        await until(client, TOPICS.state, "7.3")

    assert hub.shown.controls == CHARGING.controls


async def test_a_retained_order_is_refused_at_every_start(broker: Broker) -> None:
    async with reader(broker, TOPICS.result) as client:
        await client.publish(TOPICS.order("mode"), "fast", qos=1, retain=True)
        hub = ShownHub(CHARGING)
        async with shown_at(broker, hub, orders=True):
            refused = json.loads(await until(client, TOPICS.result))

    assert not refused["ok"]
    assert hub.shown.controls == CHARGING.controls


async def test_after_a_broker_that_was_killed_everything_is_there_again(broker: Broker) -> None:
    hub = ShownHub(CHARGING)
    async with shown_at(broker, hub):
        async with reader(broker, TOPICS.availability) as client:
            await until(client, TOPICS.availability, "online")
        await broker.stop()
        hub.show(replace(CHARGING, offered_a=7.3))
        await broker.start()
        async with reader(broker, TOPICS.state) as client:
            await until(client, TOPICS.state, "7.3")


async def test_a_broker_that_comes_and_goes_is_logged_once_for_each_cause(broker: Broker) -> None:
    hub = ShownHub(CHARGING)
    with capture_logs() as logged:
        async with shown_at(broker, hub):
            for offered_a in (7.1, 7.2, 7.3):
                hub.show(replace(CHARGING, offered_a=offered_a))
                async with reader(broker, TOPICS.state) as client:
                    await until(client, TOPICS.state, str(offered_a))
                await broker.stop()
                async with asyncio.timeout(PATIENCE_S):
                    while not logged:  # noqa: ASYNC110 - a log has no event
                        await asyncio.sleep(0.05)
                await broker.start()
    reasons = [line.get("reason", line["event"]) for line in logged]

    assert reasons
    assert len(set(reasons)) == len(reasons)
    assert "the broker is back" not in reasons


async def test_a_broker_that_floods_is_left_alone_for_a_while(broker: Broker) -> None:
    """The clock stands still, so that all the messages come within one second."""
    hub = ShownHub(CHARGING)
    reading = reader(broker, TOPICS.availability)
    async with shown_at(broker, hub, clock=lambda: 0.0, orders=True), reading as client:
        await until(client, TOPICS.availability, "online")
        async with reader(broker) as sender:
            for _ in range(FLOOD_PER_S + 1):
                await sender.publish(TOPICS.order("mode"), "turbo")
            await until(client, TOPICS.availability, "offline")

    assert hub.shown.controls == CHARGING.controls


class SlowHub(ShownHub):
    """A hub that takes its time for each order, and for the first until `go` is set."""

    orders = 0

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.go = asyncio.Event()

    async def update_controls(
        self, who: str, patch: Mapping[str, object], *, program: str = ""
    ) -> str:
        self.orders += 1
        await self.go.wait()
        await asyncio.sleep(0.02)
        return await super().update_controls(who, patch, program=program)


async def test_a_flood_that_is_slow_to_carry_out_is_found_by_what_waits(broker: Broker) -> None:
    hub = SlowHub(CHARGING)
    reading = reader(broker, TOPICS.availability)
    async with shown_at(broker, hub, orders=True), reading as client:
        await until(client, TOPICS.availability, "online")
        async with reader(broker) as sender:
            for number in range(FLOOD_PER_S + 300):
                await sender.publish(TOPICS.order("max_current_a"), str(6 + number % 9))
            hub.go.set()
            await until(client, TOPICS.availability, "offline")

    assert hub.orders < FLOOD_PER_S


async def test_the_original_has_its_own_topic_and_words(broker: Broker) -> None:
    charger = shown_at(broker, ShownHub(CHARGING), original_topic="carcharger")
    async with reader(broker, "carcharger") as client, charger:
        original = json.loads(await until(client, "carcharger"))

    assert set(original) == {"CPValue", "Power", "Delta", "State", "Temp", "dayenergy"}
    assert original["State"] == 3


def test_time_that_passes_is_no_change() -> None:
    claimed = ClaimView("http", None, 8.0, until_unplugged=False, left_s=60.0)
    now = replace(CHARGING, claims=(claimed,))
    later = replace(
        now,
        uptime_s=now.uptime_s + 5,
        feed_age_s=99.0,
        claims=(replace(claimed, left_s=55.0),),
    )

    assert without_clocks(later) == without_clocks(now) != without_clocks(CHARGING)
    assert without_clocks(replace(CHARGING, offered_a=1.0)) != without_clocks(CHARGING)
