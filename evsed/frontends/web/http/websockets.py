# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSockets to which the status is told: all of it at first, then the keys that have changed.

The guard watches here, too: who does not read, or says in a minute more than a request may have, is
cut. Who has gone away is found out by asking (a ping of RFC 6455, which every client answers by
itself).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Final, cast

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from evsed.frontends.hub import Hub
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.http.connection_limits import Connection, Stage
from evsed.frontends.web.http.responses import LEAVING, PreparedResponse, problem

WORD_BYTES: Final = 256
"""As long as a message of a client may be; a ping has 10."""
GOES_WITHIN_S: Final = 0.5
"""How long a client may take to say goodbye."""
MINUTE_S: Final = 60.0

NO_SOCKET = problem(
    426, "this is a WebSocket: ask for it by Upgrade (RFC 6455)", {"Upgrade": "websocket"}
)
FULL = problem(
    503,
    "as many programs as evsed serves hold a WebSocket already; read /status every few seconds",
    {"Retry-After": "30"},
)

Render = Callable[[Status], Mapping[str, object]]


class Sockets:
    """The WebSockets of one frontend; *render* makes the keys of a status."""

    def __init__(self, hub: Hub, limits: WebLimits, render: Render) -> None:
        self._hub = hub
        self._limits = limits
        self._render = render
        self._open: set[web.WebSocketResponse] = set()

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    async def serve(self, request: web.BaseRequest) -> PreparedResponse | web.StreamResponse:
        """Tell *request* the status for as long as it stays."""
        limits = self._limits
        socket = web.WebSocketResponse(
            heartbeat=limits.socket_alive_s,
            timeout=GOES_WITHIN_S,
            max_msg_size=WORD_BYTES,
            compress=False,
        )
        if request.method != "GET" or not _asked_for(socket, request):
            return NO_SOCKET
        if len(self._open) >= limits.sockets:
            return FULL
        connection = cast("Connection", request.protocol)
        if connection.leaving:
            return LEAVING
        connection.busy(Stage.STREAM)
        self._open.add(socket)
        try:
            await socket.prepare(request)
            await self._tell(socket, connection)
        except ConnectionError:
            pass  # it left; that is how they end
        finally:
            self._open.discard(socket)
        return socket

    async def close(self) -> None:
        """Let all go."""
        await asyncio.gather(
            *(one.close(code=WSCloseCode.GOING_AWAY, message=b"evsed ends") for one in self._open)
        )

    async def _tell(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        told: dict[str, object] = {}
        seen: Status | None = None
        clock = asyncio.get_running_loop().time
        counted_at = clock()
        while not socket.closed:
            if clock() - counted_at >= MINUTE_S:
                counted_at = clock()
                connection.busy(Stage.STREAM)  # the guard counts anew what it says
            status = self._hub.status()
            if status is not seen:
                seen = status
                now = self._render(status)
                news = {key: now[key] for key in now if key not in told or told[key] != now[key]}
                # A key that is not there any more is not known any more.
                news |= {key: None for key in told if key not in now}
                told = dict(now)
                if news:
                    await socket.send_str(json.dumps(news))
            try:
                message = await socket.receive(self._limits.socket_every_s)
            except TimeoutError:
                continue
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                return
            if _is_ping(message):
                await socket.send_str('{"pong": 1}')


def _asked_for(socket: web.WebSocketResponse, request: web.BaseRequest) -> bool:
    """Whether *request* is the handshake of a WebSocket."""
    try:
        return socket.can_prepare(request).ok
    except ValueError:  # aiohttp stumbles over headers that are no ASCII
        return False


def _is_ping(message: WSMessage) -> bool:
    if message.type is not WSMsgType.TEXT:
        return False
    try:
        told = json.loads(message.data)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and "ping" in told
