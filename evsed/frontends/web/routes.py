# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answer belongs to which request.

The page, `/api/`, `/healthz` and the page's own files are claimed. Every other path, with any
method, gets the classic line, as from the first version of this charger, which answered whatever
it was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from evsed.frontends import Hub, Status
from evsed.frontends.classic import classic_line
from evsed.frontends.web.answers import JSON, TEXT, Answer, answer, problem
from evsed.frontends.web.api import status_json
from evsed.frontends.web.assets import Assets
from evsed.frontends.web.guard import Connection, Stage
from evsed.frontends.web.orders import ACK, LOGIN, OWNER, PREFIX, WRITES, Orders, owner_answer
from evsed.frontends.web.recent import Recent
from evsed.frontends.web.stream import Stream

STATUS = "/api/v1/status"
EVENTS = "/api/v1/events"
RECENT = "/api/v1/recent"
HEALTH = "/healthz"

READS = frozenset({"GET", "HEAD"})

ALLOWED = {
    STATUS: "GET, HEAD",
    EVENTS: "GET, HEAD",
    RECENT: "GET, HEAD",
    ACK: "POST",
    OWNER: "GET, HEAD, PUT, PATCH",
    LOGIN: "GET, HEAD, POST, DELETE",
}

FULL = problem(
    503,
    "as many programs as evsed serves are listening to /api/v1/events already; "
    "read /api/v1/status every few seconds instead",
    {"Retry-After": "30"},
)
NOT_HERE = problem(404, "there is nothing at this address; /api/v1/status is the one to read")

REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP/1\.[01]\r?\n")
"""RFC 9112 section 3, with a method that may be any token."""


class Routes:
    """The answers of one hub.

    What depends on the status alone is made once for each `Status` object: the hub gives out the
    same one until something changes, and a hundred requests in between cost a look-up each.
    """

    def __init__(
        self, hub: Hub, assets: Assets, stream: Stream, recent: Recent, orders: Orders
    ) -> None:
        self._hub = hub
        self._assets = assets
        self._stream = stream
        self._recent = recent
        self._orders = orders
        self._status: Status | None = None
        self._made: dict[Callable[[Status], Answer], Answer] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*; only an order that may be given has its body looked at."""
        connection = cast("Connection", request.protocol)
        connection.busy()
        method, path = request.method, _path(request.raw_path)
        if path == EVENTS and method in READS and not self._stream.full:
            connection.busy(Stage.STREAM)
            return await self._stream.serve(request)
        if method in WRITES and path.startswith(PREFIX):
            obeyed = await self._orders.obey(request, path, local=connection.local)
            return (obeyed or _refusal(method, path)).response()
        if path == LOGIN and method in READS:
            return self._orders.sessions(request).response()
        headers = request.headers
        if path == "/" and headers.get(hdrs.IF_NONE_MATCH) == self._assets.etag:
            found = self._assets.unchanged
        else:
            found = self._find(
                method,
                path,
                accept=headers.get(hdrs.ACCEPT, ""),
                encodings=headers.get(hdrs.ACCEPT_ENCODING, ""),
            )
        return found.response()

    def odd_method(self, start: bytes) -> Answer | None:
        """The answer to a method that HTTP libraries do not know, from the first bytes that came.

        None where they are no request line, or one whose method was not what was wrong.
        """
        line = REQUEST_LINE.match(start)
        method = line[1].decode("ascii") if line else ""
        if line is None or method in hdrs.METH_ALL:
            return None
        return self._find(method, _path(line[2].decode("latin-1")))

    def _find(self, method: str, path: str, *, accept: str = "", encodings: str = "") -> Answer:
        if path == STATUS and method in READS:
            return self._of_status(_status)
        if path == OWNER and method in READS:
            return self._of_status(owner_answer)
        if path == RECENT and method in READS:
            return self._recent.answer()
        if path == "/" and "text/html" in accept.lower():
            return self._assets.page.answer(encodings)
        if path == HEALTH:
            return self._of_status(_health)
        if path == "/api" or path.startswith("/api/"):
            return _refusal(method, path)
        asset = self._assets.get(path)
        return asset.answer(encodings) if asset else self._of_status(_classic)

    def _of_status(self, make: Callable[[Status], Answer]) -> Answer:
        status = self._hub.status()
        if status is not self._status:
            self._status = status
            self._made.clear()
        made = self._made.get(make)
        if made is None:
            made = self._made[make] = make(status)
        return made


def _status(status: Status) -> Answer:
    return answer(status_json(status), JSON)


def _classic(status: Status) -> Answer:
    return answer(classic_line(status).encode(), TEXT)


def _health(status: Status) -> Answer:
    if status.ticking and status.board_ok:
        return answer(b"ok\n", TEXT)
    ill = "the board does not answer" if status.ticking else "the control process does not tick"
    return answer(f"{ill}: the contactor is open\n".encode(), TEXT, status=503)


def _refusal(method: str, path: str) -> Answer:
    """What is answered under /api/ where there is no such thing to be had."""
    allowed = ALLOWED.get(path)
    if allowed is None:
        return NOT_HERE
    if path == EVENTS and method in READS:
        return FULL
    return problem(405, f"{path} understands {allowed} only", {"Allow": allowed})


def _path(target: str) -> str:
    """The path of a request target: without query, and without scheme and host if they came."""
    if target.startswith("/"):
        return target.partition("?")[0]
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return target
