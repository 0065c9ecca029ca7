# SPDX-License-Identifier: GPL-3.0-or-later
"""The last hour in memory, so that the page has a chart the moment it is opened.

It is not the record, which the store keeps, and it is lost at a restart.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NoReturn

from evsed.frontends.hub import Hub
from evsed.frontends.status import Status
from evsed.frontends.web.api.models import RecentView
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.responses import PreparedResponse

EVERY_S = 10.0
POINTS = 360  # an hour


class RecentHistory:
    """Available, offered and drawn power, in watts, every `EVERY_S` seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float | None, float, float]] = deque(maxlen=POINTS)
        self._response: PreparedResponse | None = None

    async def watch(self, hub: Hub) -> NoReturn:
        """Add a point every `EVERY_S` seconds, for ever."""
        while True:
            self.add(hub.status())
            await asyncio.sleep(EVERY_S)

    def add(self, status: Status) -> None:
        """Add one point; a figure of the feed that is too old to use counts as none."""
        fresh = status.available_w is not None and status.solar_w is not None
        available_w = round(status.available_w or 0.0, 1) if fresh else None
        offered_w = round(status.offered_a * status.mains_v * status.phases, 1)
        self._points.append((available_w, offered_w, round(status.power_w, 1)))
        self._response = None

    def response(self) -> PreparedResponse:
        """Return the points as JSON: columns of equal length, the newest last."""
        if self._response is None:
            columns = zip(*self._points, strict=True) if self._points else ((), (), ())
            self._response = json_response(RecentView(EVERY_S, *columns))
        return self._response
