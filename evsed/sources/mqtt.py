# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that a broker passes on: one connection, the newest message of each topic.

A retained message is passed over: it says what was published last, and not when. A message is
looked at only when somebody reads, so a broker that floods costs little more than its bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import aiomqtt
from aiomqtt.types import PayloadType

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources import Clock, Sample
from evsed.sources.broker import LARGEST_BYTES, Connector, FloodGuard, end, stay_connected
from evsed.sources.documents import Expressions, ReadNumber, parse
from evsed.sources.terms import MqttTerm, Term

FIRST_S: Final = 5.0
"""The first read waits for so long for the connection and the first message of each topic."""

KEEPALIVE_S: Final = 30.0
"""Between two keep-alives of Victron's, which last 60 s (github.com/victronenergy/dbus-flashmq)."""

_SUPPRESS: Final = '{"keepalive-options": ["suppress-republish"]}'


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
        self._connector = Connector(self._broker, timeout_s=first_s)
        self._ask_s = ask_s
        self._clock = clock
        self._first_s = first_s
        self._newest: dict[str, _Message] = {}
        self._retained: set[str] = set()
        self._samples: dict[Term, Sample] = {}
        self._arrival = asyncio.Event()
        self._trouble: SourceError | None = None
        self._connected_at = -math.inf
        self._task: asyncio.Task[None] | None = None
        self._topics = {term.topic for term in self._terms}

    async def read(self, patience_s: float = 0.0) -> Mapping[Term, Sample]:
        """Wait up to *patience_s* for news; then the newest number of each term.

        Raises `SourceError` while the broker cannot be reached, or a topic has had no message yet.
        """
        if self._task is None:
            self._task = asyncio.create_task(
                stay_connected(self._connector, self._listen, self._lose), name="mqtt source"
            )
            await self._first()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._arrival.wait()
        self._arrival.clear()
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
            await end(self._task)

    # -- reading -------------------------------------------------------------------------------

    async def _first(self) -> None:
        """Give the connection, and each topic, a little time to be there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._first_s):
                while self._trouble is None and not self._topics <= self._newest.keys():
                    await self._arrival.wait()
                    self._arrival.clear()

    def _sample(self, term: MqttTerm, expressions: Expressions) -> Sample | None:
        message = self._newest.get(term.topic)
        if message is None:
            # What is not there yet may still come: a sum without it would be a wrong number.
            if term.optional and self._clock() - self._connected_at >= self._first_s:
                return None
            if term.topic in self._retained:
                raise SourceError(
                    text(
                        "{url} has only a retained message, whose age is not known, and "
                        'nothing new on "{topic}" yet; check the topic, and that its sender is '
                        "running",
                        url=self._broker.url,
                        topic=term.topic,
                    )
                )
            raise SourceError(
                text(
                    '{url} has nothing new on "{topic}" yet; check the topic, and that its sender '
                    "is running",
                    url=self._broker.url,
                    topic=term.topic,
                )
            )
        if not message.payload and term.optional:
            return None
        where = text('the message on "{topic}"', topic=term.topic)
        try:
            found = expressions.find(parse(message.payload, where))
        except SourceError as error:
            raise SourceError(text("{where}: {error}", where=where, error=str(error))) from None
        return None if found is None else self._dated(term, found, message.at)

    def _dated(self, term: MqttTerm, found: ReadNumber, at: float) -> Sample:
        """A stamp that stays the same makes a number old, however often it is sent."""
        last = self._samples.get(term)
        if found.stamp and last is not None and last.stamp == found.stamp:
            return last
        return Sample(found.value, at, found.stamp)

    # -- the connection ------------------------------------------------------------------------

    def _lose(self, problem: str, _wait_s: float) -> None:
        """Forget what is known: how long there will be no news is unknown."""
        self._trouble = SourceError(problem)
        self._newest.clear()
        self._arrival.set()

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Keep the newest message of each topic, until the connection ends."""
        self._trouble = None
        self._connected_at = self._clock()
        for topic in sorted(self._topics):
            await client.subscribe(topic)
        asking = asyncio.create_task(self._ask(client), name="mqtt source asks")
        try:
            guard = FloodGuard(self._broker.url, self._topics)
            async for message in client.messages:
                now = self._clock()
                guard.on_message(now)
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
            self._arrival.set()

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
