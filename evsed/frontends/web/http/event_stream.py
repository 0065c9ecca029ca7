# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-sent events: one pump follows the hub, and hands the same bytes to every listener.

A listener that reads slowly skips updates (it always gets the newest) and is cut by the connection
limiter when it stops reading. With no listener the pump sleeps. Each status is written once for
each language that somebody reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web

from evsed.frontends.hub import Hub
from evsed.frontends.languages import Language
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.http.responses import EVENT_STREAM, NO_STORE, SECURITY

RETRY_MS = 3000
"""Time that a browser waits before it connects again (WHATWG HTML, server-sent events)."""


class Update:
    """A status as an event, in each language that is asked for; *render* makes its JSON."""

    def __init__(self, status: Status, render: Callable[[Status], bytes]) -> None:
        self._status = status
        self._render = render
        self._events: dict[str, bytes] = {}

    def event(self, language: Language) -> bytes:
        """Return the event in *language*."""
        found = self._events.get(language.code)
        if found is None:
            body = self._render(language.translated(self._status))
            found = self._events[language.code] = b"data: " + body + b"\n\n"  # body is one line
        return found


class EventStream:
    """The event stream of one hub; *render* makes the JSON of a status."""

    def __init__(self, hub: Hub, limits: WebLimits, render: Callable[[Status], bytes]) -> None:
        self._hub = hub
        self._limits = limits
        self._render = render
        self._listeners = 0
        self._wanted = asyncio.Event()
        self._closed = False
        self._next: asyncio.Future[Update] = asyncio.get_running_loop().create_future()

    @property
    def full(self) -> bool:
        """True where there is no room for another listener."""
        return self._listeners >= self._limits.listeners

    @property
    def listeners(self) -> int:
        """Listeners now."""
        return self._listeners

    async def pump(self) -> NoReturn:
        """Publish each change, within the limits of rate and silence, while anybody listens."""
        while True:
            await self._wanted.wait()
            changes = aiter(self._hub.changes())
            change: asyncio.Future[Status] | None = None
            try:
                while self._listeners:
                    change = change or asyncio.ensure_future(anext(changes))
                    await asyncio.wait({change}, timeout=self._limits.pulse_s)
                    if change.done():
                        status, change = change.result(), None
                    else:
                        status = self._hub.status()  # ages and timers move without a change
                    self._publish(Update(status, self._render))
                    await asyncio.sleep(self._limits.spacing_s)
            finally:
                if change is not None:
                    change.cancel()
                    await asyncio.wait({change})
            self._wanted.clear()

    def close(self) -> None:
        """End all streams; the listeners cannot come back to this process."""
        self._closed = True
        self._next.cancel()

    async def serve(self, request: web.BaseRequest, language: Language) -> web.StreamResponse:
        """Hold *request* as a listener until it leaves or the stream is closed."""
        response = web.StreamResponse(
            headers={
                **SECURITY,
                "Content-Type": EVENT_STREAM,
                "Cache-Control": NO_STORE,
                "X-Accel-Buffering": "no",  # a proxy in between must not collect them
            }
        )
        response.force_close()
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        self._listeners += 1
        try:
            first = Update(self._hub.status(), self._render).event(language)
            await response.write(f"retry: {RETRY_MS}\n".encode() + first)
            self._wanted.set()
            while not self._closed:
                # Not the future itself: the end of a listener must not cancel it for the others.
                await asyncio.wait({update := self._next})
                if not update.cancelled():
                    await response.write(update.result().event(language))
        except ConnectionError:
            pass  # the client left; that is how a stream ends
        finally:
            self._listeners -= 1
        return response

    def _publish(self, update: Update) -> None:
        waiting, self._next = self._next, asyncio.get_running_loop().create_future()
        if not waiting.done():
            waiting.set_result(update)
