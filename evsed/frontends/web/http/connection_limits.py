# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits on connections: their number, and the time that each may take.

aiohttp has no deadline for the request head, and accepts as many connections as there are file
descriptors. Here every connection has a deadline at every stage, kept by one timer for all of them
(a sweep). When all places are taken, the connection that has waited longest without a request is
cut, from the address that holds most. Only when none can be cut is a new one refused with 503.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod
from typing_extensions import override

from evsed.frontends.web import WebLimits
from evsed.frontends.web.http.responses import REFUSED, PreparedResponse, problem

log = structlog.get_logger("evsed.web")

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
UnknownMethod = Callable[[bytes], PreparedResponse | None]

EVICTABLE_AFTER_S = 1.0
"""A connection that has waited for less may have its request on the way."""
LOG_AGAIN_S = 60.0
"""Between two log entries on failures inside evsed, so that many requests do not fill the disk."""


class Stage(Enum):
    """The stage of a connection: what it waits for."""

    HEAD = auto()  # the rest of a request's head
    BUSY = auto()  # evsed
    UPLOAD = auto()  # the rest of a file, which evsed reads piece by piece
    BODY = auto()  # the rest of a body that is not read: the answer is sent
    IDLE = auto()  # the next request
    STREAM = auto()  # evsed, on purpose: server-sent events


class ConnectionLimiter:
    """Admits connections, keeps their deadlines and cuts those that exceed them.

    *unknown_method* answers a request whose method aiohttp does not know, from the first bytes that
    came; it returns None where they are no HTTP at all.
    """

    def __init__(self, limits: WebLimits, unknown_method: UnknownMethod) -> None:
        self.limits = limits
        self.unknown_method = unknown_method
        self._held: dict[LimitedConnection, str] = {}
        self._per_address: Counter[str] = Counter()
        self._sweep_every_s = max(0.01, min(limits.head_s, limits.idle_s, limits.write_s) / 10)
        self._timer: asyncio.TimerHandle | None = None
        self._logged_at = float("-inf")

    @property
    def held(self) -> int:
        """Open connections."""
        return len(self._held)

    def admit(self, newcomer: LimitedConnection, address: str) -> bool:
        """Admit *newcomer*, cutting another to make room if need be; return False if there is none.

        The local control socket ("") is always admitted and counts for nothing: the file's mode
        protects it.
        """
        if address and len(self._held) - self._per_address[""] >= self.limits.connections:
            victim = self._longest_waiting()
            if victim is None:
                return False
            victim.cut()
        self._held[newcomer] = address
        self._per_address[address] += 1
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._sweep_every_s, self._sweep)
        return True

    def release(self, connection: LimitedConnection) -> None:
        """Forget *connection*; harmless when it is forgotten already."""
        address = self._held.pop(connection, None)
        if address is not None:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def close(self) -> None:
        """Stop the sweep and cut all that is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in list(self._held):
            connection.cut()

    def log_failure(self, failure: BaseException | None) -> None:
        """Log a failure inside evsed, at most once a minute."""
        now = asyncio.get_running_loop().time()
        if now - self._logged_at >= LOG_AGAIN_S:
            self._logged_at = now
            log.error("a web request failed inside evsed; it was answered with 500 and charging "
                      "goes on: please report this", exc_info=failure)  # fmt: skip

    def _longest_waiting(self) -> LimitedConnection | None:
        now = asyncio.get_running_loop().time()
        waiting = [
            (self._per_address[address], now - connection.since, connection)
            for connection, address in self._held.items()
            if address
            and connection.stage in (Stage.HEAD, Stage.BODY, Stage.IDLE)
            and now - connection.since >= min(EVICTABLE_AFTER_S, self.limits.head_s)
        ]
        return max(waiting, key=lambda entry: entry[:2])[2] if waiting else None

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [each for each in self._held if each.overdue(now)]:
            connection.cut()
        self._timer = loop.call_later(self._sweep_every_s, self._sweep) if self._held else None


class LimitedConnection(web.RequestHandler):
    """aiohttp's connection, with a stage and a deadline.

    The stages follow from what aiohttp calls anyway, so a request costs two assignments and no
    timer of its own.
    """

    __slots__ = (
        "_deadline",
        "_ended",
        "_first",
        "_limiter",
        "_local",
        "_received",
        "_refused",
        "_unread_since",
        "_wire",
        "since",
        "stage",
    )  # fmt: skip

    def __init__(self, server: web.Server, limiter: ConnectionLimiter, *, local: bool) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=3600.0,  # the limiter's deadlines are shorter
            access_log=None,  # type: ignore[arg-type] # None switches it off
            lingering_time=limiter.limits.body_s,
            auto_decompress=False,
        )
        self._limiter = limiter
        self._local = local
        self._wire: asyncio.Transport | None = None
        self._refused = False
        self._ended = False
        self._first = b""
        self._received = 0
        self._unread_since: float | None = None
        self._deadline: float | None = None
        self.stage = Stage.HEAD
        self.since = loop.time()

    # ---------------------------------------------------------------- called by the limiter

    def overdue(self, now: float) -> bool:
        """Tell whether the deadline of this stage, or of reading the answer, has passed."""
        if (
            self._unread_since is not None
            and now - self._unread_since >= self._limiter.limits.write_s
        ):
            return True
        return self._deadline is not None and now >= self._deadline

    def cut(self) -> None:
        """End it now; unsent data is discarded."""
        self._limiter.release(self)
        if self._wire is not None:
            self._wire.abort()

    # ---------------------------------------------------------------- called by the router

    @property
    def local(self) -> bool:
        """True where it came by the control socket."""
        return self._local

    def busy(self, stage: Stage = Stage.BUSY) -> None:
        """Note that a complete head has come: the client now waits for evsed."""
        self.stage = stage
        self._deadline = None
        self._received = 0
        if self._ended and self._owes_more():  # a body that will never be whole
            self.cut()

    @property
    def half_closed(self) -> bool:
        """True once the client has shut its side: it may want this answer, but no stream."""
        return self._ended

    # ---------------------------------------------------------------- called by aiohttp and asyncio

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = wire = cast("asyncio.Transport", transport)
        peer = wire.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        if self._limiter.admit(self, address):
            self._enter(Stage.HEAD, self._limiter.limits.head_s)
            super().connection_made(transport)
            return
        self._refused = True
        wire.write(REFUSED)
        wire.close()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        self._limiter.release(self)
        self._wire = None
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self.stage is Stage.IDLE:
            self._enter(Stage.HEAD, self._limiter.limits.head_s)
            self._first = data
        elif not self._first:
            self._first = data
        if self.stage is not Stage.HEAD:
            self._received += len(data)
            limits, uploads = self._limiter.limits, self.stage is Stage.UPLOAD
            if self._received > (limits.upload_bytes if uploads else limits.body_bytes):
                self.force_close()
                return
        super().data_received(data)

    @override
    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's own meaning: True is stay
        """Keep a client that has shut its side (`... | nc`) until it has its answer."""
        self._ended = True
        if self._refused or self._owes_more():
            return False
        if self._wire is not None and self._wire.get_extra_info("sslcontext") is not None:
            return False  # TLS closes both sides
        return self.stage in (Stage.HEAD, Stage.BUSY, Stage.UPLOAD)

    def _owes_more(self) -> bool:
        """Tell whether the client has to send more: a request, the rest of one, or of its body."""
        if self._waiter is not None and not self._waiter.done():
            return True
        request = self._current_request
        return request is not None and not request.content.is_eof()

    @override
    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        done = await super().finish_response(request, resp, start_time)
        self._first = b""
        if request.content.is_eof():
            self._enter(Stage.IDLE, self._limiter.limits.idle_s)
        else:  # aiohttp now reads the body away; what comes is counted
            self._enter(Stage.BODY, self._limiter.limits.body_s)
        if self._ended:
            self.close()
        return done

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_since = asyncio.get_running_loop().time()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_since = None

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a malformed request, or a failure inside evsed; then close."""
        if status >= 500:  # noqa: PLR2004 - the class of errors that are ours
            self._limiter.log_failure(exc)
            if request.writer.output_size > 0:
                raise ConnectionError("half an answer was sent: nothing sensible can follow")
            answer = problem(500, "evsed failed to answer; its log says why, charging goes on")
        else:
            known = (
                self._limiter.unknown_method(self._first)
                if isinstance(exc, BadHttpMethod)
                else None
            )
            answer = known or problem(400, "this is not an HTTP/1.1 request that evsed understands")
        response = answer.response()
        response.force_close()
        return response

    @override
    def log_exception(self, *args: Any, **kw: Any) -> None:
        self._limiter.log_failure(kw.get("exc_info"))

    def _enter(self, stage: Stage, allowed_s: float) -> None:
        self.stage = stage
        self.since = asyncio.get_running_loop().time()
        self._deadline = self.since + allowed_s
        self._received = 0


class LimitedServer(web.Server):
    """aiohttp's server with limited connections; *local* marks the control socket's."""

    def __init__(
        self, limiter: ConnectionLimiter, handler: Handler, *, local: bool = False
    ) -> None:
        super().__init__(handler)
        self._limiter = limiter
        self._local = local

    @override
    def __call__(self) -> LimitedConnection:
        return LimitedConnection(self, self._limiter, local=self._local)
