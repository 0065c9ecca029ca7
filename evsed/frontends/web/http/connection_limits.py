# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may hold a connection, and for how long.

aiohttp gives a connection that never finishes its request head all the time in the world, and
takes as many connections as there are file descriptors. Here every connection has a deadline at
every stage, kept by one timer for all of them (a sweep), and a full house makes room by cutting
whoever waits longest without a request, from the address that holds most. Only when nobody can be
cut is a newcomer sent away with 503.
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
OddMethod = Callable[[bytes], PreparedResponse | None]

EVICTABLE_AFTER_S = 1.0
"""A connection that has waited for less may have its request on the way."""
TELL_AGAIN_S = 60.0
"""Between two log entries on failures inside evsed: who asks often must not fill the disk."""


class Stage(Enum):
    """What a connection is waiting for."""

    HEAD = auto()  # the rest of a request's head
    BUSY = auto()  # evsed
    BODY = auto()  # the rest of a body that nobody reads: the answer is sent
    IDLE = auto()  # the next request
    STREAM = auto()  # evsed, on purpose: server-sent events


class ConnectionLimiter:
    """Admits connections, keeps their deadlines and cuts those that outstay them.

    *odd_method* answers a request whose method aiohttp does not know, given the first bytes that
    came; None where they are no HTTP at all.
    """

    def __init__(self, limits: WebLimits, odd_method: OddMethod) -> None:
        self.limits = limits
        self.odd_method = odd_method
        self._held: dict[Connection, str] = {}
        self._per_address: Counter[str] = Counter()
        self._sweep_every_s = max(0.01, min(limits.head_s, limits.idle_s, limits.write_s) / 10)
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = float("-inf")

    @property
    def held(self) -> int:
        """How many connections are open."""
        return len(self._held)

    def admit(self, newcomer: Connection, address: str) -> bool:
        """Whether *newcomer* may stay; makes room for it if that can be done.

        The local control socket ("") is always let in, and takes nobody's place: its door is the
        file's mode.
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

    def release(self, connection: Connection) -> None:
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

    def tell(self, failure: BaseException | None) -> None:
        """Log a failure inside evsed, at most once a minute."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TELL_AGAIN_S:
            self._told_at = now
            log.error("a web request failed inside evsed; it was answered with 500 and charging "
                      "goes on: please report this", exc_info=failure)  # fmt: skip

    def _longest_waiting(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        waiting = [
            (self._per_address[address], now - connection.since, connection)
            for connection, address in self._held.items()
            if address
            and connection.stage in (Stage.HEAD, Stage.BODY, Stage.IDLE)
            and now - connection.since >= min(EVICTABLE_AFTER_S, self.limits.head_s)
        ]
        return max(waiting, key=lambda one: one[:2])[2] if waiting else None

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [one for one in self._held if one.overdue(now)]:
            connection.cut()
        self._timer = loop.call_later(self._sweep_every_s, self._sweep) if self._held else None


class Connection(web.RequestHandler):
    """aiohttp's connection, with a stage and a deadline.

    The stages follow from what aiohttp calls anyway, so a request costs two assignments and no
    timer of its own.
    """

    __slots__ = ("_deadline", "_ended", "_first", "_guard", "_local", "_refused", "_taken",
                 "_unread_since", "_wire", "since", "stage")  # fmt: skip

    def __init__(self, server: web.Server, guard: ConnectionLimiter, *, local: bool) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=3600.0,  # the guard's deadlines are nearer
            access_log=None,  # type: ignore[arg-type] # None is what switches it off
            lingering_time=guard.limits.body_s,
            auto_decompress=False,
        )
        self._guard = guard
        self._local = local
        self._wire: asyncio.Transport | None = None
        self._refused = False
        self._ended = False
        self._first = b""
        self._taken = 0
        self._unread_since: float | None = None
        self._deadline: float | None = None
        self.stage = Stage.HEAD
        self.since = loop.time()

    # ---------------------------------------------------------------- what the guard asks

    def overdue(self, now: float) -> bool:
        """Whether the deadline of this stage, or of reading the answer, has gone by."""
        if (
            self._unread_since is not None
            and now - self._unread_since >= self._guard.limits.write_s
        ):
            return True
        return self._deadline is not None and now >= self._deadline

    def cut(self) -> None:
        """End it now; what is unsent is thrown away."""
        self._guard.release(self)
        if self._wire is not None:
            self._wire.abort()

    # ---------------------------------------------------------------- what the routes say

    @property
    def local(self) -> bool:
        """Whether it came in by the control socket."""
        return self._local

    def busy(self, stage: Stage = Stage.BUSY) -> None:
        """A complete head is here: from now on evsed is the one waited for."""
        self.stage = stage
        self._deadline = None
        self._taken = 0
        if self._ended and self._owes_more():  # a body that will never be whole
            self.cut()

    @property
    def leaving(self) -> bool:
        """Whether the client has shut its side: it may want this answer, but no stream."""
        return self._ended

    # ---------------------------------------------------------------- what aiohttp and asyncio say

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = wire = cast("asyncio.Transport", transport)
        peer = wire.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""
        if self._guard.admit(self, address):
            self._enter(Stage.HEAD, self._guard.limits.head_s)
            super().connection_made(transport)
            return
        self._refused = True
        wire.write(REFUSED)
        wire.close()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        self._guard.release(self)
        self._wire = None
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self.stage is Stage.IDLE:
            self._enter(Stage.HEAD, self._guard.limits.head_s)
            self._first = data
        elif not self._first:
            self._first = data
        if self.stage is not Stage.HEAD:
            self._taken += len(data)
            if self._taken > self._guard.limits.body_bytes:
                self.force_close()
                return
        super().data_received(data)

    @override
    def eof_received(self) -> bool:  # type: ignore[override] # asyncio's own meaning: True is stay
        """Keep a client that has said all it had to say (`... | nc`) until it has its answer."""
        self._ended = True
        if self._refused or self._owes_more():
            return False
        return self.stage in (Stage.HEAD, Stage.BUSY)

    def _owes_more(self) -> bool:
        """Whether it is the client's turn: for a request, the rest of one, or of its body."""
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
            self._enter(Stage.IDLE, self._guard.limits.idle_s)
        else:  # aiohttp now reads the body away; what comes is counted
            self._enter(Stage.BODY, self._guard.limits.body_s)
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
        """Answer what was no request, or failed inside evsed; then hang up."""
        if status >= 500:  # noqa: PLR2004 - the class of errors that are ours
            self._guard.tell(exc)
            if request.writer.output_size > 0:
                raise ConnectionError("half an answer was sent: nothing sensible can follow")
            answer = problem(500, "evsed failed to answer; its log says why, charging goes on")
        else:
            odd = self._guard.odd_method(self._first) if isinstance(exc, BadHttpMethod) else None
            answer = odd or problem(400, "this is not an HTTP/1.1 request that evsed understands")
        response = answer.response()
        response.force_close()
        return response

    @override
    def log_exception(self, *args: Any, **kw: Any) -> None:
        self._guard.tell(kw.get("exc_info"))

    def _enter(self, stage: Stage, allowed_s: float) -> None:
        self.stage = stage
        self.since = asyncio.get_running_loop().time()
        self._deadline = self.since + allowed_s
        self._taken = 0


class GuardedServer(web.Server):
    """aiohttp's server whose connections are guarded; *local* marks the control socket's."""

    def __init__(self, guard: ConnectionLimiter, handler: Handler, *, local: bool = False) -> None:
        super().__init__(handler)
        self._guard = guard
        self._local = local

    @override
    def __call__(self) -> Connection:
        return Connection(self, self._guard, local=self._local)
