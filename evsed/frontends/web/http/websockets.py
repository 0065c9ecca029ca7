# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSockets that carry the status: all of it at first, then the keys that have changed.

Not each change is a reason to send: clocks are sent every 30 s, measurements every 5 s, and both
along with whatever else has changed.

The connection limiter applies here, too: a client that does not read, or sends in a minute more
than a request may have, is cut. A client that has gone is found by a ping (RFC 6455), which every
client answers by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, cast

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from evsed.frontends.hub import Hub
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.http.connection_limits import LimitedConnection, Stage
from evsed.frontends.web.http.responses import HALF_CLOSED, PreparedResponse, problem

MESSAGE_BYTES: Final = 256
"""Longest message of a client; a ping has 10."""
CLOSE_WITHIN_S: Final = 0.5
"""Time for a client to answer the close frame."""
MINUTE_S: Final = 60.0
CLOCKS_EVERY_S: Final = 30.0
"""As OpenEVSE sends its uptime (main.cpp, Timer1)."""
MEASURED_EVERY_S: Final = 5.0
"""Quicker, and Home Assistant's recorder only fills its disk."""

NO_UPGRADE = problem(
    426, "this is a WebSocket: ask for it by Upgrade (RFC 6455)", {"Upgrade": "websocket"}
)
FULL = problem(
    503,
    "as many programs as evsed serves hold a WebSocket already; read /status every few seconds",
    {"Retry-After": "30"},
)

Render = Callable[[Status], Mapping[str, object]]


class WebSockets:
    """The WebSockets of one frontend; *render* gives the keys of a status.

    *epoch* gives a value that differs once the password does: then every WebSocket is closed, so
    that each client shows its password again. *clocks* and *measured* are the keys that alone are
    sent less often.
    """

    def __init__(
        self,
        hub: Hub,
        limits: WebLimits,
        render: Render,
        *,
        epoch: Callable[[], object] = lambda: None,
        clocks: AbstractSet[str] = frozenset(),
        measured: AbstractSet[str] = frozenset(),
    ) -> None:
        self._hub = hub
        self._limits = limits
        self._render = render
        self._epoch = epoch
        self._clocks = clocks
        self._measured = measured
        self._open: set[web.WebSocketResponse] = set()

    def __len__(self) -> int:
        """Open WebSockets."""
        return len(self._open)

    async def serve(self, request: web.BaseRequest) -> PreparedResponse | web.StreamResponse:
        """Send *request* the status for as long as it stays."""
        limits = self._limits
        socket = web.WebSocketResponse(
            heartbeat=limits.socket_alive_s,
            timeout=CLOSE_WITHIN_S,
            max_msg_size=MESSAGE_BYTES,
            compress=False,
        )
        if request.method != "GET" or not _is_handshake(socket, request):
            return NO_UPGRADE
        if len(self._open) >= limits.sockets:
            return FULL
        connection = cast("LimitedConnection", request.protocol)
        if connection.half_closed:
            return HALF_CLOSED
        connection.busy(Stage.STREAM)
        self._open.add(socket)
        try:
            await socket.prepare(request)
            await self._send_changes(socket, connection)
        except ConnectionError:
            pass  # the client left; that is how a WebSocket ends
        finally:
            self._open.discard(socket)
        return socket

    async def close(self) -> None:
        """Close all."""
        await asyncio.gather(
            *(
                socket.close(code=WSCloseCode.GOING_AWAY, message=b"evsed ends")
                for socket in self._open
            )
        )

    async def _send_changes(
        self, socket: web.WebSocketResponse, connection: LimitedConnection
    ) -> None:
        sent: dict[str, object] = {}
        shown_status: Status | None = None
        clock = asyncio.get_running_loop().time
        counted_at = sent_at = clock()
        epoch = self._epoch()
        while not socket.closed:
            if self._epoch() != epoch:
                await socket.close(
                    code=WSCloseCode.POLICY_VIOLATION, message=b"the password changed"
                )
                return
            if clock() - counted_at >= MINUTE_S:
                counted_at = clock()
                connection.busy(Stage.STREAM)  # the limiter counts the next minute
            status = self._hub.status()
            if status is not shown_status:
                now = self._render(status)
                changes = {key: now[key] for key in now if key not in sent or sent[key] != now[key]}
                # A key that has gone is no longer known.
                changes |= {key: None for key in sent if key not in now}
                if self._worth_sending(sent, now, changes.keys(), clock() - sent_at):
                    shown_status, sent, sent_at = status, dict(now), clock()
                    await socket.send_str(json.dumps(changes))
            try:
                message = await socket.receive(self._limits.socket_every_s)
            except TimeoutError:
                continue
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                return
            if _is_ping(message):
                await socket.send_str('{"pong": 1}')

    def _worth_sending(
        self,
        sent: Mapping[str, object],
        now: Mapping[str, object],
        changed: AbstractSet[str],
        since_s: float,
    ) -> bool:
        """Tell whether *now* is worth a message; a key that comes or goes always is."""
        if sent.keys() != now.keys():
            return True
        return worth_sending(changed, self._clocks, self._measured, since_s)


def worth_sending(
    changed: AbstractSet[str],
    clocks: AbstractSet[str],
    measured: AbstractSet[str],
    since_s: float,
) -> bool:
    """Tell whether the keys *changed* are worth a message *since_s* after the last one."""
    if changed - clocks - measured:
        return True
    if changed & measured:
        return since_s >= MEASURED_EVERY_S
    return bool(changed) and since_s >= CLOCKS_EVERY_S


def _is_handshake(socket: web.WebSocketResponse, request: web.BaseRequest) -> bool:
    """Tell whether *request* is the handshake of a WebSocket."""
    try:
        return socket.can_prepare(request).ok
    except ValueError:  # aiohttp raises it over headers that are not ASCII
        return False


def _is_ping(message: WSMessage) -> bool:
    if message.type is not WSMsgType.TEXT:
        return False
    try:
        value = json.loads(message.data)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "ping" in value
