# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers are made from, in one hand: the hub, and what the web keeps beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from evsed.frontends.hub import Hub
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.api.recent_history import Recent
from evsed.frontends.web.auth.authenticator import Authenticator
from evsed.frontends.web.http.assets import Assets
from evsed.frontends.web.http.event_stream import Stream
from evsed.frontends.web.http.responses import PreparedResponse


@dataclass(slots=True)
class AppContext:
    """The parts of one frontend, for as long as it serves one hub.

    `backup` is held while one is made and sent.
    """

    hub: Hub
    limits: WebLimits
    assets: Assets
    gate: Authenticator
    stream: Stream
    recent: Recent
    backup: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _status: Status | None = field(default=None, init=False)
    _made: dict[Callable[[Status], PreparedResponse], PreparedResponse] = field(
        default_factory=dict, init=False
    )

    def of_status(self, make: Callable[[Status], PreparedResponse]) -> PreparedResponse:
        """What *make* makes of the status now.

        It is made once for each `Status` object: the hub gives out the same one until something
        changes, and a hundred requests in between cost a look-up each.
        """
        status = self.hub.status()
        if status is not self._status:
            self._status = status
            self._made.clear()
        made = self._made.get(make)
        if made is None:
            made = self._made[make] = make(status)
        return made
