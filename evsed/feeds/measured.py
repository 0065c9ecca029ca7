# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed made of measured numbers, fetched by whatever sources they need."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from evsed.core.solar.allotment import Reading
from evsed.core.text import text
from evsed.errors import FeedError, SourceError
from evsed.feeds.excess import feed_numbers, reading_of
from evsed.sources.presets import Device
from evsed.sources.reader import Reader

LEAST_POLL_S: Final = 1.0
"""Never ask or listen more often: the limits are set once a second."""

PATIENCE_S: Final = 5.0
"""One poll waits for so long for a number that comes by itself."""

_BACK_OFF_S: Final = (2.0, 5.0, 10.0, 30.0)


class MeasuredFeed:
    """Readings of the numbers of one device, or of several added up."""

    def __init__(
        self, device: Device, *, period_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open the sources; nothing is fetched yet. Raises `FeedError` for what cannot be one."""
        try:
            self._reader = Reader(feed_numbers(device), period_s=period_s, clock=clock)
        except SourceError as error:
            raise FeedError(text("[feed] cannot be used: {error}", error=str(error))) from None
        self._period_s = period_s
        self._clock = clock
        self._failures = 0
        self._next_at = -float("inf")

    async def poll(self) -> Reading:
        """The newest numbers as a reading. Raises `FeedError` where a source fails."""
        began_at = self._clock()
        try:
            figures = await self._reader.read(min(self._period_s, PATIENCE_S))
            reading = reading_of(figures, self._clock())
        except SourceError as error:
            wait_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
            self._failures += 1
            self._next_at = self._clock() + max(wait_s, LEAST_POLL_S)
            raise FeedError(
                text("{error}; evsed goes by the last news until that is too old", error=str(error))
            ) from None
        self._failures = 0
        wait_s = LEAST_POLL_S if self._reader.pushes else max(LEAST_POLL_S, self._period_s)
        self._next_at = began_at + wait_s
        return reading

    def next_poll_s(self) -> float:
        """Seconds from now to the next poll; 0 before the first."""
        return max(0.0, self._next_at - self._clock())

    async def close(self) -> None:
        """Let go of the network."""
        await self._reader.close()
