# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the broker: publishes the status, takes orders, comes back after a loss."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from typing import TYPE_CHECKING, Final

import aiomqtt
import structlog

from evsed.errors import SourceError, StoreError
from evsed.frontends.mqtt import MqttConfig, messages, orders
from evsed.frontends.mqtt.discovery import discovery_message
from evsed.frontends.mqtt.messages import OFFLINE, ONLINE, Topics
from evsed.frontends.serialization import to_json
from evsed.sources.broker import BACK_OFF_S, FLOOD_PER_S, LOST, Connector, cause, publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.frontends.hub import Hub
    from evsed.frontends.status import Status

LEAST_PAUSE_S: Final = 1.0
"""Between two states: more often, and Home Assistant's recorder only fills its disk."""

REPEAT_S: Final = 29.0
"""The state is repeated so often although nothing changed, so that a reader can tell it from a
daemon that hangs: every 30 s at the latest, `LEAST_PAUSE_S` included."""

TIMEOUT_S: Final = 10.0
"""A broker that takes longer to answer is taken as lost."""

IDENTITY_AGAIN_S: Final = 5.0
"""The id is in the store; while that cannot be read, it is tried again after this pause."""

STARTED_WITHIN_S: Final = 10.0
"""The first state waits so long for the pilot and the session of an earlier life: a session that
begins again at 0 Wh would be counted twice by Home Assistant."""

log = structlog.get_logger()


class MqttFrontend:
    """MQTT for one broker. Raises `SourceError` where `[mqtt] broker` is not an address."""

    name = "mqtt"

    def __init__(
        self,
        config: MqttConfig,
        version: str,
        page_port: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show *version*; *page_port* is the port of evsed's page, 0 without one."""
        self._clock = clock
        self._config = config
        self._version = version
        self._page_port = page_port
        self._connector = Connector(config.broker, timeout_s=TIMEOUT_S)
        self._reported: set[str] = set()

    async def run(self, hub: Hub) -> None:
        """Be connected, and connect again after each loss, until cancelled."""
        topics = Topics(await self._identity(hub))
        failures = 0
        while True:
            began_at = self._clock()
            try:
                await self._serve(hub, topics)
                wait_s = BACK_OFF_S[0]
            except LOST as error:
                version = self._connector.on_failure(error)
                refused = isinstance(error, aiomqtt.exceptions.MqttConnectError)
                text = f"the broker {self._connector.url} is lost ({cause(error)})"
                self._report(text, text if refused else "lost")
                wait_s = 0.0 if version and failures == 0 else BACK_OFF_S[failures]
            except SourceError as error:
                self._report(str(error), str(error))
                wait_s = BACK_OFF_S[-1]
            lasted = self._clock() - began_at > BACK_OFF_S[-1]
            failures = 0 if lasted else min(failures + 1, len(BACK_OFF_S) - 1)
            # Spread, so that all clients of a broker do not come back at the same moment.
            await asyncio.sleep(wait_s * random.uniform(1.0, 1.5))  # noqa: S311 - not secrecy

    def close(self) -> None:
        """Nothing is open between two runs."""

    async def _identity(self, hub: Hub) -> str:
        while True:
            try:
                return await hub.identity()
            except StoreError:  # the store itself reports it
                await asyncio.sleep(IDENTITY_AGAIN_S)

    def _report(self, trouble: str, kind: str) -> None:
        """Log *trouble*, once for each *kind*, until the broker is back to stay.

        A broker that begins again is refused, unreachable and silent in turn: one kind.
        """
        if kind not in self._reported:
            self._reported.add(kind)
            log.warning(
                "MQTT is silent; charging goes on and evsed tries again by itself; "
                "`evsed check --mqtt` shows what is wrong",
                reason=trouble,
            )

    async def _serve(self, hub: Hub, topics: Topics) -> None:
        """Serve one connection until it ends. Raises what ended it."""
        will = aiomqtt.Will(topics.availability, OFFLINE, qos=1, retain=True)
        async with self._connector.connected(will) as client:
            await self._introduce(client, topics)
            try:
                await self._both(client, hub, topics)
            finally:
                # A clean end sends no last will, so that this message has to be sent.
                with contextlib.suppress(*LOST, TimeoutError):
                    async with asyncio.timeout(1.0):
                        await publish(client, topics.availability, OFFLINE, retain=True)

    async def _both(self, client: aiomqtt.Client, hub: Hub, topics: Topics) -> None:
        """Publish and listen until one of it ends, and raise what ended it."""
        tasks = {
            asyncio.create_task(self._publish_states(client, hub, topics), name="mqtt states"),
            asyncio.create_task(self._listen(client, hub, topics), name="mqtt orders"),
            asyncio.create_task(self._settle(), name="mqtt settles"),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _settle(self) -> None:
        """Log that the broker is back once it stays; never end.

        One that is lost every minute, or floods each time, would fill the log otherwise.
        """
        if self._reported:
            await asyncio.sleep(BACK_OFF_S[-1])
            log.info("the broker is back", broker=self._connector.url)
            self._reported.clear()
        await asyncio.Event().wait()

    async def _introduce(self, client: aiomqtt.Client, topics: Topics) -> None:
        """Publish the discovery message, or its removal."""
        message = b""
        if self._config.discovery:
            loop = asyncio.get_running_loop()
            url = await loop.run_in_executor(None, self._page_url)
            message = discovery_message(self._config, topics, self._version, url).encode()
        await publish(client, topics.discovery, message, retain=True)

    def _page_url(self) -> str:
        """Return the page's address as the broker's network sees it; "" where there is none."""
        if not self._page_port:
            return ""
        try:
            # Connecting a datagram socket sends nothing; it only chooses the route.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
                route.connect((self._connector.host, self._connector.port))
                host = route.getsockname()[0]
        except OSError:
            return ""
        return f"http://{host}:{self._page_port}/"

    async def _publish_states(self, client: aiomqtt.Client, hub: Hub, topics: Topics) -> None:
        """Publish the state at each change, at most once a second, at least every 30 s."""
        await self._started(hub)
        status = hub.status()
        last, published_at = messages.without_clocks(status), self._clock()
        await self._publish(client, topics, status)
        await publish(client, topics.availability, ONLINE, retain=True)
        changed = asyncio.Event()

        async def watch() -> None:
            async for _ in hub.changes():
                changed.set()

        watching = asyncio.create_task(watch(), name="mqtt changes")
        try:
            while True:
                await asyncio.sleep(LEAST_PAUSE_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(published_at + REPEAT_S - self._clock()):
                        await changed.wait()
                changed.clear()
                status = hub.status()
                key, now = messages.without_clocks(status), self._clock()
                if key != last or now - published_at >= REPEAT_S:
                    last, published_at = key, now
                    await self._publish(client, topics, status)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _started(self, hub: Hub) -> None:
        """Wait until the pilot has been read, so that a session under way is known."""
        until_at = self._clock() + STARTED_WITHIN_S
        async for status in hub.changes():
            if status.state != "-" or self._clock() >= until_at:
                return

    async def _publish(self, client: aiomqtt.Client, topics: Topics, status: Status) -> None:
        await publish(client, topics.state, to_json(status), retain=True)
        if self._config.original_topic:
            await publish(client, self._config.original_topic, messages.original_message(status))

    async def _listen(self, client: aiomqtt.Client, hub: Hub, topics: Topics) -> None:
        """Carry out orders; publish the discovery again when Home Assistant has started.

        Raises `SourceError` for a broker that floods.
        """
        if self._config.discovery:
            await client.subscribe(messages.HOME_ASSISTANT_STATUS)
        if self._config.orders:
            await client.subscribe(topics.order("+"), qos=1)
        second_at, count = self._clock(), 0
        async for message in client.messages:
            now = self._clock()
            if now - second_at >= 1.0:
                second_at, count = now, 0
            count += 1
            # An order takes milliseconds, so that those that wait have to count, too.
            if count + len(client.messages) > FLOOD_PER_S:
                raise SourceError(
                    f"{self._connector.url} floods: more than {FLOOD_PER_S} orders a second came, "
                    "and the connection was ended; look for what sends so many to "
                    f"{topics.order('+')}"
                )
            await self._handle(client, hub, topics, message)

    async def _handle(
        self, client: aiomqtt.Client, hub: Hub, topics: Topics, message: aiomqtt.Message
    ) -> None:
        payload = bytes(message.payload)
        if str(message.topic) == messages.HOME_ASSISTANT_STATUS:
            if payload == ONLINE.encode():
                await self._introduce(client, topics)
            return
        name = topics.name_of(str(message.topic))
        if name is None or (message.retain and not payload):
            return  # clearing a retained order is no order
        outcome = await orders.carry_out(hub, name, payload, retained=bool(message.retain))
        await publish(client, topics.result, outcome.to_json())
