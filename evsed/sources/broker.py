# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to an MQTT broker: address, credentials, TLS, and the version of the protocol."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.secrets import read_secret, trusted_by
from evsed.sources.terms import BrokerAccess

LARGEST_BYTES: Final = 64 * 1024
"""A message with a number or an order in it is a thousand times smaller."""

FLOOD_PER_S: Final = 500
"""More messages a second than any meter or owner sends; the connection is then given up for half a
minute."""

CANCEL_AGAIN_S: Final = 0.1

BACK_OFF_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses before the next attempt to connect."""

LOST: Final = (aiomqtt.MqttError, OSError, ssl.SSLError, ValueError)
"""The errors of a connection that cannot be made, or has ended."""

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_NOT_SPOKEN: Final = {1, 132}
"""Unacceptable protocol version: MQTT 3.1.1, 3.2.2.3, and MQTT 5, 3.2.2.2."""
_OUR_LOG: Final = logging.getLogger("evsed.sources.broker.client")
_OUR_LOG.disabled = True  # what happens is raised in our own words, once


class Connector:
    """Makes clients of one broker: MQTT 5 first, 3.1.1 for a broker that refuses it.

    Raises `SourceError` where the address is not that of a broker.
    """

    def __init__(self, broker: BrokerAccess, *, timeout_s: float) -> None:
        self.url = broker.url
        self._broker = broker
        self._timeout_s = timeout_s
        self._protocol = aiomqtt.ProtocolVersion.V5
        self._spoke = False  # the broker has accepted this version, on the connection under way
        self._refused: aiomqtt.ProtocolVersion | None = None  # by its code
        self.host, self.port, self._tls = _address(broker.url)

    @asynccontextmanager
    async def connected(self, will: aiomqtt.Will | None = None) -> AsyncIterator[aiomqtt.Client]:
        """Connect, and disconnect at the end. Raises one of `LOST`, `SourceError` for a secret."""
        client = self._client(will)
        try:
            async with client:
                self._spoke = True
                yield client
        finally:
            # The library leaves the error of a lost connection in a future that it never reads;
            # asyncio would report it a second time.
            ended = client._disconnected  # noqa: SLF001 - pyproject.toml bounds the version for it
            if ended.done() and not ended.cancelled():
                ended.exception()

    def _client(self, will: aiomqtt.Will | None) -> aiomqtt.Client:
        properties = None
        if self._protocol is aiomqtt.ProtocolVersion.V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = LARGEST_BYTES
        broker = self._broker
        return aiomqtt.Client(
            self.host,
            self.port,
            username=broker.user or None,
            password=read_secret(broker.password_file) if broker.password_file else None,
            protocol=self._protocol,
            properties=properties,
            will=will,
            tls_context=trusted_by(broker.ca_file) if self._tls else None,
            timeout=self._timeout_s,
            keepalive=15,
            max_queued_incoming_messages=FLOOD_PER_S * 2,
            logger=_OUR_LOG,
        )

    def on_failure(self, error: Exception) -> bool:
        """Choose the version of the protocol for the next attempt; True where it was the trouble.

        A broker of before 2019 refuses version 5 with a code, or closes the connection, which looks
        like one that does not answer. After 3.1.1 by such a guess it is 5 again: with 3.1.1 the
        size of a message has no limit.
        """
        spoke, self._spoke = self._spoke, False
        code = getattr(error, "rc", None)
        if code == 1 or getattr(code, "value", None) in _NOT_SPOKEN:
            self._refused = self._protocol
            self._protocol = self._other()
            return True
        unreached = error if isinstance(error, OSError) else error.__context__
        if spoke:
            if self._refused is None:
                self._protocol = aiomqtt.ProtocolVersion.V5
        elif not isinstance(unreached, OSError) or isinstance(unreached, TimeoutError):
            self._protocol = self._other()
        return False

    def _other(self) -> aiomqtt.ProtocolVersion:
        versions = aiomqtt.ProtocolVersion
        return versions.V311 if self._protocol is versions.V5 else versions.V5


async def stay_connected(
    connector: Connector,
    listen: Callable[[aiomqtt.Client], Awaitable[None]],
    lose: Callable[[str, float], None],
) -> None:
    """Be connected by *connector*, and connect again after each loss, until cancelled.

    *listen* has the connection until it ends. *lose* gets each failure in words, and the pause
    before the next attempt, in seconds: 0 where only the version of the protocol was wrong.
    """
    failures, wait_s = 0, 0.0
    while True:
        try:
            async with connector.connected() as client:
                failures = 0
                await listen(client)
        except LOST as error:
            is_version = connector.on_failure(error)
            wait_s = 0.0 if failures == 0 and is_version else BACK_OFF_S[failures]
            lose(
                text("{url} cannot be reached ({error})", url=connector.url, error=cause(error)),
                wait_s,
            )
        except SourceError as error:
            wait_s = BACK_OFF_S[-1]
            lose(str(error), wait_s)
        failures = min(failures + 1, len(BACK_OFF_S) - 1)
        await asyncio.sleep(wait_s)


async def end(task: asyncio.Task[None]) -> None:
    """End *task*, which speaks to a broker, however often it takes.

    Before Python 3.12 `asyncio.wait_for()`, which the library uses, loses a cancellation that
    comes together with its result (github.com/python/cpython/issues/86296).
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)


class FloodGuard:
    """Counts the messages on *topics* of the broker at *url*."""

    def __init__(self, url: str, topics: Iterable[str]) -> None:
        self._url = url
        self._topics = ", ".join(sorted(topics))
        self._second_at = -math.inf
        self._count = 0

    def on_message(self, now: float) -> None:
        """Count a message at *now*. Raises `SourceError` where too many come in a second."""
        if now - self._second_at >= 1.0:
            self._second_at, self._count = now, 0
        self._count += 1
        if self._count > FLOOD_PER_S:
            raise SourceError(
                text(
                    "{url} floods: more than {most} messages a second on {topics}; "
                    "look for what sends so many",
                    url=self._url,
                    most=FLOOD_PER_S,
                    topics=self._topics,
                )
            )


async def publish(
    client: aiomqtt.Client, topic: str, payload: str | bytes, *, retain: bool = False
) -> None:
    """Publish *payload* and wait for the broker's confirmation (QoS 1).

    Before Python 3.12 `asyncio.wait_for()`, which the library uses, loses a cancellation that
    comes together with its result (github.com/python/cpython/issues/86296); it is repeated here.
    """
    await client.publish(topic, payload, qos=1, retain=retain)
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def cause(error: Exception) -> str:
    """Return *error* in at most 200 characters."""
    return (str(error) or type(error).__name__)[:200]


def _address(url: str) -> tuple[str, int, bool]:
    """Return host, port, and True for TLS. Raises `SourceError` for another kind of address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _PORTS or not host:
        raise SourceError(
            text(
                '"{url}" is not the address of a broker; it must look like '
                '"mqtt://192.168.1.5:1883", or mqtts://',
                url=url,
            )
        )
    return host, port or _PORTS[parts.scheme], parts.scheme == "mqtts"
