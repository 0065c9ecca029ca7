# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that a broker passes on: one connection, the newest message of each topic.

A retained message is passed over: it says what was published last, and not when. A message is
looked at only when somebody reads, so a broker that floods costs little more than its bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiomqtt
from aiomqtt.types import PayloadType
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from evsed.errors import SourceError
from evsed.sources import Clock, Sample
from evsed.sources.documents import Expressions, Found, parse
from evsed.sources.secrets import read_secret, trusted_by
from evsed.sources.terms import BrokerAccess, MqttTerm, Term

FIRST_S: Final = 5.0
"""How long the first read waits for the connection and the first message of each topic."""

KEEPALIVE_S: Final = 30.0
"""Between two keep-alives of Victron's, which last 60 s (github.com/victronenergy/dbus-flashmq)."""

BACK_OFF_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""How long to wait before connecting again."""

LARGEST_BYTES: Final = 64 * 1024
"""A message with a number in it is a thousand times smaller."""

FLOOD_PER_S: Final = 500
"""More messages a second than any meter has; the connection is then given up for half a minute."""

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_SUPPRESS: Final = '{"keepalive-options": ["suppress-republish"]}'
_OUR_LOG: Final = logging.getLogger("evsed.sources.mqtt.client")
_OUR_LOG.disabled = True  # what happens is raised in our own words, once


@dataclass(slots=True)
class _Message:
    payload: bytes
    at: float


class MqttSource:
    """The newest numbers of all *terms*, which are at one broker; `ask_s` is how often to ask."""

    pushes = True

    def __init__(
        self,
        terms: Iterable[MqttTerm],
        *,
        ask_s: float = 5.0,
        clock: Clock = time.monotonic,
        first_s: float = FIRST_S,
    ) -> None:
        self._terms = {term: Expressions(term, term.path, stamp=term.stamp) for term in terms}
        self._broker = next(iter(self._terms)).broker
        self._host, self._port, self._tls = _address(self._broker)
        self._ask_s = ask_s
        self._clock = clock
        self._first_s = first_s
        self._newest: dict[str, _Message] = {}
        self._retained: set[str] = set()
        self._samples: dict[Term, Sample] = {}
        self._news = asyncio.Event()
        self._trouble: SourceError | None = None
        self._connected_at = -math.inf
        self._protocol = aiomqtt.ProtocolVersion.V5
        self._task: asyncio.Task[None] | None = None
        self._topics = {term.topic for term in self._terms}

    async def read(self, patience_s: float = 0.0) -> Mapping[Term, Sample]:
        """Wait up to *patience_s* for news; then the newest number of each term.

        Raises `SourceError` while the broker cannot be reached, or a topic has had no message yet.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="mqtt source")
            await self._first()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._news.wait()
        self._news.clear()
        if self._trouble is not None:
            raise self._trouble
        samples: dict[Term, Sample] = {}
        for term, expressions in self._terms.items():
            sample = self._sample(term, expressions)
            if sample is not None:
                samples[term] = sample
        self._samples = samples
        return samples

    async def close(self) -> None:
        """Let go of the broker."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # -- reading -------------------------------------------------------------------------------

    async def _first(self) -> None:
        """Give the connection, and each topic, a little time to be there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._first_s):
                while self._trouble is None and not self._topics <= self._newest.keys():
                    await self._news.wait()
                    self._news.clear()

    def _sample(self, term: MqttTerm, expressions: Expressions) -> Sample | None:
        message = self._newest.get(term.topic)
        if message is None:
            # What is not there yet may still come: a sum without it would be a wrong number.
            if term.optional and self._clock() - self._connected_at >= self._first_s:
                return None
            old = "only a retained message, of which nobody can tell the age, and " * (
                term.topic in self._retained
            )
            raise SourceError(
                f'{self._broker.url} has {old}nothing new on "{term.topic}" yet; check the topic, '
                "and that its sender is running"
            )
        if not message.payload and term.optional:
            return None
        where = f'the message on "{term.topic}"'
        try:
            found = expressions.find(parse(message.payload, where))
        except SourceError as error:
            raise SourceError(f"{where}: {error}") from None
        return None if found is None else self._dated(term, found, message.at)

    def _dated(self, term: MqttTerm, found: Found, at: float) -> Sample:
        """A stamp that stays the same makes a number old, however often it is sent."""
        last = self._samples.get(term)
        if found.stamp and last is not None and last.stamp == found.stamp:
            return last
        return Sample(found.value, at, found.stamp)

    # -- the connection ------------------------------------------------------------------------

    async def _run(self) -> None:
        """Be connected, and connect again after each loss, until cancelled."""
        failures, wait_s = 0, 0.0
        while True:
            try:
                async with self._client() as client:
                    self._trouble = None
                    self._connected_at = self._clock()
                    failures = 0
                    await self._listen(client)
            except (aiomqtt.MqttError, OSError, ssl.SSLError, ValueError) as error:
                # A broker of before 2019 closes the door on version 5: try the other one next.
                self._protocol = (
                    aiomqtt.ProtocolVersion.V311
                    if self._protocol is aiomqtt.ProtocolVersion.V5
                    else aiomqtt.ProtocolVersion.V5
                )
                self._lose(f"{self._broker.url} cannot be reached ({_reason(error)})")
                wait_s = 0.0 if failures == 0 and _is_version(error) else BACK_OFF_S[failures]
            except SourceError as error:
                self._lose(str(error))
                wait_s = BACK_OFF_S[-1]
            failures = min(failures + 1, len(BACK_OFF_S) - 1)
            await asyncio.sleep(wait_s)

    def _lose(self, what: str) -> None:
        """Forget what is known: nobody can tell how long it will be without news."""
        self._trouble = SourceError(what)
        self._newest.clear()
        self._news.set()

    def _client(self) -> aiomqtt.Client:
        properties = None
        if self._protocol is aiomqtt.ProtocolVersion.V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = LARGEST_BYTES
        broker = self._broker
        return aiomqtt.Client(
            self._host,
            self._port,
            username=broker.user or None,
            password=read_secret(broker.password_file) if broker.password_file else None,
            protocol=self._protocol,
            properties=properties,
            tls_context=trusted_by(broker.ca_file) if self._tls else None,
            timeout=self._first_s,
            keepalive=15,
            max_queued_incoming_messages=FLOOD_PER_S * 2,
            logger=_OUR_LOG,
        )

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Keep the newest message of each topic, until the connection ends."""
        for topic in sorted(self._topics):
            await client.subscribe(topic)
        asking = asyncio.create_task(self._ask(client), name="mqtt source asks")
        try:
            second_at, count = self._clock(), 0
            async for message in client.messages:
                now = self._clock()
                if now - second_at >= 1.0:
                    second_at, count = now, 0
                count += 1
                if count > FLOOD_PER_S:
                    raise SourceError(
                        f"{self._broker.url} floods: more than {FLOOD_PER_S} messages a second on "
                        f"{', '.join(sorted(self._topics))}; look for what sends so many"
                    )
                self._keep(str(message.topic), message.payload, now, retained=message.retain)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def _keep(self, topic: str, payload: PayloadType, now: float, *, retained: bool) -> None:
        if retained:
            self._retained.add(topic)
            return
        if isinstance(payload, bytes) and len(payload) <= LARGEST_BYTES:
            self._newest[topic] = _Message(payload, now)
            self._news.set()

    async def _ask(self, client: aiomqtt.Client) -> None:
        """Ask for what is sent only when it changes, and keep the sender awake."""
        asks = {term.ask for term in self._terms if term.ask}
        keepalives = {term.keepalive for term in self._terms if term.keepalive}
        kept_at = -KEEPALIVE_S
        while asks or keepalives:
            now = self._clock()
            if now - kept_at >= KEEPALIVE_S:
                kept_at = now
                for topic in sorted(keepalives):
                    await client.publish(topic, _SUPPRESS)
            for topic in sorted(asks):
                await client.publish(topic, b"")
            await asyncio.sleep(self._ask_s)


def _address(broker: BrokerAccess) -> tuple[str, int, bool]:
    """Host, port, and True for TLS. Raises `SourceError` for what is no broker's address."""
    try:
        parts = urlsplit(broker.url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _PORTS or not host:
        raise SourceError(
            f'"{broker.url}" is not the address of a broker; '
            'it must look like "mqtt://192.168.1.5:1883", or mqtts://'
        )
    return host, port or _PORTS[parts.scheme], parts.scheme == "mqtts"


def _is_version(error: Exception) -> bool:
    """True where the broker says that it does not speak this version of MQTT."""
    code = getattr(error, "rc", None)
    return code == 1 or getattr(code, "value", None) == 132  # noqa: PLR2004 - MQTT 5, 3.2.2.2


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
