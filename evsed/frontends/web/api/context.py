# SPDX-License-Identifier: GPL-3.0-or-later
"""`AppContext`: everything that the handlers of one web frontend share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from evsed.frontends.hub import Hub
from evsed.frontends.languages import Languages
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.api.recent_history import RecentHistory
from evsed.frontends.web.auth.authenticator import Authenticator
from evsed.frontends.web.auth.credentials import Credentials
from evsed.frontends.web.auth.tokens import TokenFile
from evsed.frontends.web.http.assets import Assets
from evsed.frontends.web.http.event_stream import EventStream
from evsed.frontends.web.http.responses import PreparedResponse


@dataclass(slots=True)
class AppContext:
    """The parts of one web frontend, for as long as it serves one hub.

    `backup` is held while a backup is made and sent.
    """

    hub: Hub
    limits: WebLimits
    assets: Assets
    authenticator: Authenticator
    tokens: TokenFile
    credentials: Credentials
    stream: EventStream
    recent: RecentHistory
    languages: Languages
    backup: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _status: Status | None = field(default=None, init=False)
    _responses: dict[Callable[[Status], PreparedResponse], PreparedResponse] = field(
        default_factory=dict, init=False
    )

    def status_response(self, render: Callable[[Status], PreparedResponse]) -> PreparedResponse:
        """Return `render(status)` for the status now.

        It is rendered once for each `Status` object: the hub gives the same object until something
        changes, and a hundred requests in between cost a look-up each.
        """
        status = self.hub.status()
        if status is not self._status:
            self._status = status
            self._responses.clear()
        response = self._responses.get(render)
        if response is None:
            response = self._responses[render] = render(status)
        return response
