# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS handshakes: bounded in number and time, before a connection counts as one.

asyncio's own TLS server shows a connection only after its handshake, so that clients who never end
theirs would take file descriptors without end.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from evsed.frontends.web.http.connection_limits import LimitedConnection, LimitedServer

HANDSHAKES_MAX: Final = 64
"""At once. A browser opens six connections; a handshake takes a Pi Zero some 50 ms."""


class TlsGate:
    """Makes the connections of *server* after a handshake by *context* within *handshake_s*."""

    def __init__(self, server: LimitedServer, context: ssl.SSLContext, handshake_s: float) -> None:
        self._server = server
        self.context = context
        self._handshake_s = handshake_s
        self._under_way: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        """Return what takes the next connection."""
        return _Newcomer(self)

    def close(self) -> None:
        """End the handshakes that are under way."""
        for task in self._under_way:
            task.cancel()

    def admit(self, transport: asyncio.Transport) -> None:
        """Begin the handshake of a new connection, unless too many are under way."""
        if len(self._under_way) >= HANDSHAKES_MAX:
            transport.abort()
            return
        transport.pause_reading()  # until TLS reads
        task = asyncio.create_task(self._shake_hands(transport), name="web: TLS handshake")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        waiting = _Waiting()
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                waiting,
                self.context,
                server_side=True,
                ssl_handshake_timeout=self._handshake_s,
                ssl_shutdown_timeout=1.0,
            )
        except (OSError, ssl.SSLError):  # no TLS, too slow, or gone
            transport.abort()
            return
        except BaseException:
            transport.abort()
            raise
        if secured is not None and not waiting.lost:
            waiting.hand_over(secured, self._server())


class _Newcomer(asyncio.Protocol):
    """A connection before its handshake."""

    def __init__(self, gate: TlsGate) -> None:
        self._gate = gate

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._gate.admit(cast("asyncio.Transport", transport))


class _Waiting(asyncio.Protocol):
    """Keeps what a client sends together with the end of its handshake."""

    def __init__(self) -> None:
        self._data = b""
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self._data += data

    def connection_lost(self, _: BaseException | None) -> None:
        self.lost = True

    def hand_over(self, transport: asyncio.Transport, connection: LimitedConnection) -> None:
        transport.set_protocol(connection)
        connection.connection_made(transport)
        if self._data:
            connection.data_received(self._data)
