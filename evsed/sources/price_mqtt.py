# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of prices from a broker."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

import aiomqtt

from evsed.core.text import text
from evsed.core.user.price_list import PriceList
from evsed.errors import SourceError
from evsed.sources.broker import LARGEST_BYTES, Connector, FloodGuard, end, stay_connected
from evsed.sources.documents import parse
from evsed.sources.price_rows import RowReader
from evsed.sources.price_source import PriceSourceConfig
from evsed.sources.terms import BrokerAccess

CONNECTS_WITHIN_S: Final = 5.0


class MqttPrices:
    """A list that a broker passes on under one topic; a retained one is as good as another.

    Each row has its own moment, so that an old list is known by its end.
    """

    def __init__(self, config: PriceSourceConfig, broker: BrokerAccess) -> None:
        self._reader = RowReader(config.rows)
        self._topic = config.topic
        self._connector = Connector(broker, timeout_s=CONNECTS_WITHIN_S)
        self._period_s = config.period_s
        self._newest: bytes | None = None
        self._trouble = ""
        self._arrival = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def read(self) -> PriceList:
        """Wait for a list, a period at most; then the newest. Raises `SourceError` without one."""
        if self._task is None:
            self._task = asyncio.create_task(
                stay_connected(self._connector, self._listen, self._lose), name="prices by mqtt"
            )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._period_s):
                await self._arrival.wait()
        self._arrival.clear()
        if self._trouble:
            raise SourceError(self._trouble)
        if self._newest is None:
            raise SourceError(
                text(
                    '{url} has no message on "{topic}"; check the topic, and that its sender '
                    "is running",
                    url=self._connector.url,
                    topic=self._topic,
                )
            )
        where = text('the message on "{topic}"', topic=self._topic)
        try:
            return self._reader.read(parse(self._newest, where))
        except SourceError as error:
            raise SourceError(text("{where}: {error}", where=where, error=str(error))) from None

    async def close(self) -> None:
        """Let go of the broker."""
        if self._task is not None:
            await end(self._task)

    def _lose(self, problem: str, wait_s: float) -> None:
        if wait_s:
            self._trouble = problem
            self._arrival.set()

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Keep the newest list, until the connection ends."""
        self._trouble = ""
        await client.subscribe(self._topic)
        guard = FloodGuard(self._connector.url, [self._topic])
        async for message in client.messages:
            guard.on_message(time.monotonic())
            if len(message.payload) <= LARGEST_BYTES:
                self._newest = message.payload
                self._arrival.set()
