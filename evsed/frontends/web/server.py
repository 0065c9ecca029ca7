# SPDX-License-Identifier: GPL-3.0-or-later
"""`WebFrontend`: the listening sockets and everything behind them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import structlog

from evsed.errors import WebError
from evsed.frontends.hub import Hub
from evsed.frontends.languages import Languages
from evsed.frontends.serialization import to_json
from evsed.frontends.web import WebConfig, WebLimits
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.openevse_api import OpenEvse
from evsed.frontends.web.api.operation import Operation
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.api.recent_history import RecentHistory
from evsed.frontends.web.api.router import Router
from evsed.frontends.web.auth.authenticator import Authenticator
from evsed.frontends.web.auth.credentials import Credentials
from evsed.frontends.web.auth.tokens import TokenFile
from evsed.frontends.web.http.assets import Assets
from evsed.frontends.web.http.connection_limits import ConnectionLimiter, LimitedServer
from evsed.frontends.web.http.event_stream import EventStream
from evsed.frontends.web.http.forwarded import TrustedProxies
from evsed.frontends.web.http.tls_gate import TlsGate
from evsed.frontends.web.listening import BACKLOG, own_sockets, remove, tcp
from evsed.frontends.web.tls import certificate_path, fingerprint, load_context

log = structlog.get_logger("evsed.web")

RENEWED_EVERY_S = 3600.0
"""A certificate is renewed weeks before its end."""
SHUTDOWN_S = 1.0
"""Time for answers under way when evsed ends."""


class WebFrontend:
    """The frontend on port 80.

    *handed* are listening sockets of systemd (see `handed_sockets`); with any, host, port and
    socket of *config* are not used. *operations* are those of the API, *languages* those of the
    page.
    """

    def __init__(
        self,
        config: WebConfig,
        *,
        limits: WebLimits | None = None,
        handed: tuple[socket.socket, ...] = (),
        operations: tuple[Operation, ...] = OPERATIONS,
        languages: Languages | None = None,
    ) -> None:
        self._config = config
        self._operations = operations
        self._limits = limits or WebLimits()
        self._handed = handed
        self._languages = languages or Languages()
        self._assets = Assets(config.frame_ancestors, self._languages.offered)
        self._sockets: tuple[socket.socket, ...] = ()
        self._started: _Started | None = None
        self._tls_sockets: tuple[socket.socket, ...] = ()
        self._tls_trouble = ""

    @property
    def name(self) -> str:
        """The name under which it is logged and shown."""
        return "web"

    @property
    def connections(self) -> int:
        """Open connections."""
        return self._started.limiter.held if self._started else 0

    @property
    def listeners(self) -> int:
        """Open event streams."""
        return self._started.stream.listeners if self._started else 0

    def listen(self) -> tuple[str, int]:
        """Bind the sockets and keep them until `close()`, over any number of runs.

        Returns the address and the TCP port ("" and 0: none, control socket only). Raises
        `WebError`, naming the remedy, where that cannot be had.
        """
        self._sockets = self._handed or tuple(own_sockets(self._config))
        self._tls_sockets = self._listen_for_tls()
        tcp = (sock for sock in self._sockets if not self._for_tls(sock))
        tcp = (sock for sock in tcp if sock.family != socket.AF_UNIX)
        address = next((sock.getsockname() for sock in tcp), ("", 0))
        return str(address[0]), int(address[1])

    def close(self) -> None:
        """Close the sockets of `listen()`."""
        sockets, self._sockets = self._sockets, ()
        for sock in (*sockets, *self._tls_sockets):
            sock.close()
        self._tls_sockets = ()
        if sockets and self._config.socket and not self._handed:
            remove(Path(self._config.socket))

    @property
    def tls_port(self) -> int:
        """The port of HTTPS; 0 where it is not served."""
        return self._started.tls_port if self._started else 0

    def _for_tls(self, sock: socket.socket) -> bool:
        """Tell whether *sock* is for HTTPS: evsed's own, or one of systemd with that port."""
        if sock.family == socket.AF_UNIX or not self._config.https_port:
            return False
        address = sock.getsockname()
        return address[1] == self._config.https_port or address in {
            own.getsockname() for own in self._tls_sockets
        }

    def _listen_for_tls(self) -> tuple[socket.socket, ...]:
        """Bind the port of HTTPS, unless systemd has; without it, the page is served all the same.

        HTTPS that fails must not cost the charger its page.
        """
        config = self._config
        if not config.https_port or any(self._for_tls(sock) for sock in self._handed):
            return ()
        try:
            return tuple(tcp(config.host, config.https_port))
        except WebError as error:
            self._report_tls(str(error))
            return ()

    def _tls_context(self) -> ssl.SSLContext | None:
        """Load the certificate; None without HTTPS, or where that cannot be."""
        if not self._config.https_port:
            return None
        try:
            context = load_context(self._config)
            path = certificate_path(self._config)
            log.info(
                "the page is served by HTTPS, too; compare the fingerprint when the browser asks",
                port=self._config.https_port,
                certificate=str(path),
                sha256=fingerprint(path),
            )
        except WebError as error:
            self._report_tls(str(error))
            return None
        return context

    def _report_tls(self, trouble: str) -> None:
        """Log once why there is no HTTPS."""
        if trouble != self._tls_trouble:
            self._tls_trouble = trouble
            log.error("the page is not served by HTTPS, only by HTTP", reason=trouble)

    async def _renew(self, gates: list[TlsGate]) -> None:
        """Use a certificate that was renewed, for the connections from then on; without end."""
        used = _changed_at(self._config)
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            if (changed := _changed_at(self._config)) != used:
                used = changed
                context = await asyncio.to_thread(self._tls_context)
                for gate in gates:
                    gate.context = context or gate.context

    async def start(self, hub: Hub) -> int:
        """Listen, and return the TCP port that is listened on (0: none, control socket only).

        Raises `WebError`, naming the remedy, where that cannot be had.
        """
        if self._started is not None:
            raise WebError("the page is served already")
        copies = [sock.dup() for sock in (*self._sockets, *self._tls_sockets)]
        sockets = copies or [*(self._handed or own_sockets(self._config)), *self._listen_for_tls()]
        tls = await asyncio.to_thread(self._tls_context)
        stream = EventStream(hub, self._limits, to_json)
        recent = RecentHistory()
        authenticator = Authenticator(self._config.password_file, self._config.names)
        tokens = TokenFile.beside(self._config.password_file)
        credentials = Credentials(authenticator, tokens)
        context = AppContext(
            hub,
            self._limits,
            self._assets,
            authenticator,
            tokens,
            credentials,
            stream,
            recent,
            self._languages,
        )
        openevse = OpenEvse(hub, self._limits, authenticator) if self._config.openevse else None
        operations = self._operations + (openevse.operations() if openevse else ())
        router = Router(context, operations, TrustedProxies(self._config.trusted_proxies))
        limiter = ConnectionLimiter(self._limits, router.unknown_method)
        started = self._started = _Started(limiter, stream, recent, openevse)
        port = 0
        loop = asyncio.get_running_loop()
        for sock in sockets:
            sock.setblocking(False)  # noqa: FBT003 - the only form of this call
            local = sock.family == socket.AF_UNIX
            server = LimitedServer(limiter, router.handle, local=local)
            if self._for_tls(sock):
                if tls is None:
                    sock.close()
                    continue
                gate = TlsGate(server, tls, self._limits.head_s)
                started.gates.append(gate)
                listening = await loop.create_server(gate, sock=sock, backlog=BACKLOG)
                started.tls_port = sock.getsockname()[1]
            elif local:
                # Python 3.13 would remove the socket's file at the end of each run.
                keep: dict[str, Any] = {}
                if copies and sys.version_info >= (3, 13):
                    keep["cleanup_socket"] = False
                listening = await loop.create_unix_server(
                    server, sock=sock, backlog=BACKLOG, **keep
                )
            else:
                listening = await loop.create_server(server, sock=sock, backlog=BACKLOG)
                port = port or sock.getsockname()[1]
            started.servers.append((listening, server))
        return port

    async def run(self, hub: Hub) -> None:
        """Serve until cancelled; starts if that was not done before."""
        if self._started is None:
            await self.start(hub)
        started = self._started
        assert started is not None  # noqa: S101 - for the type checker: start() has set it
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(started.stream.pump(), name="web: event stream")
                tasks.create_task(started.recent.watch(hub), name="web: last hour")
                if started.gates:
                    tasks.create_task(self._renew(started.gates), name="web: certificate")
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Accept no more connections, let answers finish, cut the rest; may be repeated."""
        if self._started is None:
            return
        started, self._started = self._started, None
        for listening, _ in started.servers:
            listening.close()
        for gate in started.gates:
            gate.close()
        started.stream.close()
        if started.openevse is not None:
            await started.openevse.sockets.close()
        for _, server in started.servers:
            server.pre_shutdown()
            await server.shutdown(SHUTDOWN_S)
        started.limiter.close()
        if self._config.socket and not (self._handed or self._sockets):
            remove(Path(self._config.socket))


class _Started:
    """The parts that exist between start and stop."""

    def __init__(
        self,
        limiter: ConnectionLimiter,
        stream: EventStream,
        recent: RecentHistory,
        openevse: OpenEvse | None,
    ) -> None:
        self.limiter = limiter
        self.stream = stream
        self.recent = recent
        self.openevse = openevse
        self.servers: list[tuple[asyncio.Server, LimitedServer]] = []
        self.gates: list[TlsGate] = []
        self.tls_port = 0


def _changed_at(config: WebConfig) -> tuple[float, ...]:
    """The moments at which certificate and key were written last."""
    files = (Path(config.certificate), Path(config.key)) if config.certificate else ()
    return tuple(file.stat().st_mtime for file in files if file.is_file())
