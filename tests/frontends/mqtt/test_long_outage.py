# SPDX-License-Identifier: GPL-3.0-or-later
"""A day without a broker, and a day with one, on simulated time."""

from __future__ import annotations

import asyncio
import gc
import itertools
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from evsed.frontends.mqtt import MqttConfig
from evsed.frontends.mqtt.frontend import (
    LEAST_PAUSE_S,
    REPEAT_S,
    TIMEOUT_S,
    MqttFrontend,
)
from evsed.frontends.mqtt.messages import Topics
from evsed.sources.broker import BACK_OFF_S, LOST, Connector
from evsed.sources.terms import BrokerAccess
from tests.benchmarks.warp_loop import WarpLoop
from tests.frontends.mqtt.small_broker import SmallBroker
from tests.frontends.web.web_world import CHARGING, ShownHub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

HOUR_S, DAY_S = 3600.0, 86_400.0
TOPICS = Topics("0a1b2c3d")
UNTIL_BACK_S = 1.5 * BACK_OFF_S[-1] + 1.0
"""The longest pause before an attempt."""


def on_simulated_time(story: Coroutine[None, None, None]) -> None:
    loop = WarpLoop()
    try:
        loop.run_until_complete(story)
    finally:
        loop.close()


@asynccontextmanager
async def shown_at(port: int, hub: ShownHub) -> AsyncIterator[None]:
    config = MqttConfig(BrokerAccess(url=f"mqtt://127.0.0.1:{port}"), orders=True)
    clock = asyncio.get_running_loop().time
    task = asyncio.create_task(MqttFrontend(config, "0.1.0", 80, clock=clock).run(hub))
    try:
        yield
    finally:
        while not task.done():  # a cancellation may be lost before Python 3.12
            task.cancel()
            await asyncio.wait({task}, timeout=1.0)


def held() -> tuple[int, int]:
    """Count the open files and the tasks of this process."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())


@pytest.mark.parametrize(("silent", "outage_s"), [(False, DAY_S), (True, 4 * HOUR_S)])
def test_a_long_outage_leaves_two_lines_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, outage_s: float, *, silent: bool
) -> None:
    async def story() -> None:
        # The library closes a connection without an answer, by a clock of its own.
        monkeypatch.setattr("paho.mqtt.client.time_func", asyncio.get_running_loop().time)
        broker = SmallBroker(silent=silent)
        if silent:
            await broker.start()
        with capture_logs() as logged:
            async with shown_at(broker.port, ShownHub(CHARGING)):
                await asyncio.sleep(HOUR_S)
                held_after_an_hour = held()
                await asyncio.sleep(outage_s)
                assert held() == pytest.approx(held_after_an_hour, abs=4)
                assert broker.connections < (outage_s + HOUR_S) / BACK_OFF_S[-1] + len(BACK_OFF_S)
                assert len(logged) == 1
                assert "MQTT is silent" in logged[0]["event"]
                if silent:
                    await broker.stop()
                broker.silent = False
                await broker.start()
                await asyncio.sleep(UNTIL_BACK_S + BACK_OFF_S[-1] + 1.0)
                assert [line["event"] for line in logged[1:]] == ["the broker is back"]
                await broker.stop()
        broker.close()

    on_simulated_time(story())


def test_a_broker_that_was_not_reached_or_lost_is_asked_for_mqtt_5_again() -> None:
    async def attempt(connector: Connector) -> None:
        try:
            async with connector.connected() as client:
                await client.messages.__anext__()
        except LOST as error:
            connector.on_failure(error)

    async def story() -> None:
        broker = SmallBroker()
        connector = Connector(BrokerAccess(url=f"mqtt://127.0.0.1:{broker.port}"), timeout_s=10.0)
        await attempt(connector)
        await broker.start()
        for count in (1, 2):
            attempting = asyncio.create_task(attempt(connector))
            await asyncio.sleep(1.0)
            assert len(broker.versions) == count
            broker.drop()
            await attempting
        await broker.stop()
        broker.close()
        assert broker.versions == [5, 5]

    on_simulated_time(story())


def test_a_broker_of_before_2019_is_served_and_keeps_its_protocol_over_an_outage() -> None:
    async def story() -> None:
        broker = SmallBroker(old=True)
        await broker.start()
        async with shown_at(broker.port, ShownHub(CHARGING)):
            await asyncio.sleep(60.0)
            assert TOPICS.state in [topic for _, topic in broker.published]
            await broker.stop()
            await asyncio.sleep(HOUR_S)
            broker.published.clear()
            await broker.start()
            await asyncio.sleep(2 * UNTIL_BACK_S + TIMEOUT_S)
            assert TOPICS.state in [topic for _, topic in broker.published]
            assert broker.versions[-1] == 4
        await broker.stop()
        broker.close()

    on_simulated_time(story())


def test_the_state_comes_at_most_once_a_second_and_at_least_every_half_minute() -> None:
    async def story() -> None:
        hub = ShownHub(CHARGING)
        broker = SmallBroker()
        await broker.start()
        async with shown_at(broker.port, hub):
            await asyncio.sleep(HOUR_S)
            still = [at for at, topic in broker.published if topic == TOPICS.state]
            broker.published.clear()
            for number in range(600):
                hub.show(replace(CHARGING, offered_a=6.0 + number / 100))
                await asyncio.sleep(0.1)
            busy = [at for at, topic in broker.published if topic == TOPICS.state]
        await broker.stop()
        broker.close()
        pauses = [later - at for at, later in itertools.pairwise(still)]
        assert pauses
        assert max(pauses) < 30.1
        assert min(pauses) >= REPEAT_S
        assert len(busy) > 50
        assert min(later - at for at, later in itertools.pairwise(busy)) > LEAST_PAUSE_S - 0.001

    on_simulated_time(story())
