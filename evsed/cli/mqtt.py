# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --mqtt`: try the broker, the credentials, and the rights to evsed's topics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import aiomqtt

from evsed.errors import SourceError
from evsed.frontends.mqtt.messages import Topics
from evsed.sources.broker import LOST, Connector, cause, publish

if TYPE_CHECKING:
    from evsed.frontends.mqtt import MqttConfig

PATIENCE_S: Final = 10.0
TRIAL: Final = "00000000"
"""An id of no evsed: the trial changes nothing that Home Assistant shows."""


def show(config: MqttConfig | None, write: Callable[[str], None] = print) -> bool:
    """Show by *write* whether the broker of *config* can be used; True where it can."""
    if config is None:
        write("[mqtt] broker is empty: MQTT is off")
        return True
    return asyncio.run(_show(config, write))


async def _show(config: MqttConfig, write: Callable[[str], None]) -> bool:
    connector = Connector(config.broker, timeout_s=PATIENCE_S)
    for attempt in range(2):
        try:
            return await _try(connector, config, write)
        except LOST as error:
            if connector.on_failure(error) and attempt == 0:
                write("the broker does not speak MQTT 5; trying 3.1.1")
                continue
            write(f"{connector.url} cannot be used: {cause(error)}")
            break
        except SourceError as error:
            write(str(error))
            break
    write("check the address, the user and the password; `journalctl` of the broker has its side")
    return False


async def _try(connector: Connector, config: MqttConfig, write: Callable[[str], None]) -> bool:
    """Send a message on each kind of topic, and wait for it to come back."""
    topics = Topics(TRIAL)
    wanted = [topics.result]
    if config.orders:
        wanted.append(topics.order("trial"))
    async with connector.connected() as client:
        user = config.broker.user
        write(f"{connector.url}: connected" + (f" as {user}" if user else ""))
        good = True
        for topic in wanted:
            good &= await _round_trip(client, topic, write)
    return good


async def _round_trip(client: aiomqtt.Client, topic: str, write: Callable[[str], None]) -> bool:
    example = topic.replace(TRIAL, "<id>")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await client.subscribe(topic, qos=1)
            await publish(client, topic, b"trial")
            async for message in client.messages:
                if str(message.topic) == topic:
                    write(f"{example}: may be written and read")
                    return True
    except TimeoutError:
        pass
    write(f"{example}: a message does not come back; give the user the right to evsed/#")
    return False
