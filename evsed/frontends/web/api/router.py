# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answer belongs to which request.

The operations of the table, the page, `/api/`, `/healthz` and the page's own files are claimed.
Every other path, with any method, gets the classic line, as from the first version of this charger,
which answered whatever it was asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import cast
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from evsed.frontends.classic import classic_line
from evsed.frontends.status import Status
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.operation import ApiRequest, AuthRequirement, Operation
from evsed.frontends.web.auth.basic import Basic
from evsed.frontends.web.http import request_parsing as asking
from evsed.frontends.web.http.connection_limits import Connection
from evsed.frontends.web.http.responses import TEXT, PreparedResponse, answer, problem

PREFIX = "/api/v1/"
HEALTH = "/healthz"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

NOT_HERE = problem(404, "there is nothing at this address; /api/v1/status is the one to read")

REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP/1\.[01]\r?\n")
"""RFC 9112 section 3, with a method that may be any token."""

Methods = dict[str, Operation]


class Routes:
    """The answers made from *parts* to *operations*, and to everything else."""

    def __init__(self, parts: AppContext, operations: Iterable[Operation]) -> None:
        self._parts = parts
        self._basic = Basic(parts.gate)
        paths: defaultdict[str, Methods] = defaultdict(dict)
        for one in operations:
            # A path with braces is kept as what stands before them.
            paths[one.path.partition("{")[0]][one.method] = one
            if one.method == "GET":
                paths[one.path.partition("{")[0]]["HEAD"] = one
        self._paths = dict(paths)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*; its body is looked at only where it was let in."""
        connection = cast("Connection", request.protocol)
        connection.busy()
        method, path = request.method, _path(request.raw_path)
        methods, place = self._at(path)
        operation = methods.get(method)
        found: PreparedResponse | web.StreamResponse
        if operation is not None:
            refused = await self._refused(operation.door, request, local=connection.local)
            found = refused or await self._answer(operation, request, place)
        elif method in WRITES and path.startswith(PREFIX):
            refused = await self._refused(AuthRequirement.SESSION, request, local=connection.local)
            found = refused or _nothing(methods, path)
        elif path == "/" and request.headers.get(hdrs.IF_NONE_MATCH) == self._parts.assets.etag:
            found = self._parts.assets.unchanged
        else:
            found = self._other(
                methods,
                path,
                accept=request.headers.get(hdrs.ACCEPT, ""),
                encodings=request.headers.get(hdrs.ACCEPT_ENCODING, ""),
            )
        return found.response() if isinstance(found, PreparedResponse) else found

    def odd_method(self, start: bytes) -> PreparedResponse | None:
        """The answer to a method that HTTP libraries do not know, from the first bytes that came.

        None where they are no request line, or one whose method was not what was wrong.
        """
        line = REQUEST_LINE.match(start)
        method = line[1].decode("ascii") if line else ""
        if line is None or method in hdrs.METH_ALL:
            return None
        path = _path(line[2].decode("latin-1"))
        return self._other(self._at(path)[0], path)

    def _at(self, path: str) -> tuple[Methods, str]:
        """What there is at *path*, and the text in its braces; "" where it has none."""
        found = self._paths.get(path)
        if found is not None and not path.endswith("/"):
            return found, ""
        before, slash, place = path.rpartition("/")
        return (self._paths.get(before + slash, {}) if place else {}), place

    async def _refused(
        self, door: AuthRequirement, request: web.BaseRequest, *, local: bool
    ) -> PreparedResponse | None:
        """Why *request* is not let in by *door*; None where it is. *local*: by the socket."""
        if local or door is AuthRequirement.OPEN:
            return None
        gate = self._parts.gate
        match door:
            case AuthRequirement.OWN_PAGE:
                return gate.foreign(request)
            case AuthRequirement.PASSWORD:
                return gate.login_refusal(request)
            case AuthRequirement.SESSION:
                return gate.refusal(request)
            case AuthRequirement.SHOWN:
                return await self._basic.shown_refusal(request)
            case AuthRequirement.BASIC:
                return await self._basic.refusal(request)

    async def _answer(
        self, operation: Operation, request: web.BaseRequest, place: str
    ) -> PreparedResponse | web.StreamResponse:
        """Read what *operation* takes, and let it answer."""
        asked = ApiRequest(request)
        if operation.place is not None:
            try:
                asked.place = asking.place(place, operation.place)
            except ValueError as error:
                return problem(404, f"there is nothing at this address: {error}")
        if operation.query:
            given = asking.query(request.raw_path, operation.query)
            if isinstance(given, PreparedResponse):
                return given
            asked.query = given
        if operation.body is not None:
            told = await asking.json_object(request, self._parts.limits.body_s)
            if isinstance(told, PreparedResponse):
                return told
            asked.body = told
        return await operation.answer(self._parts, asked)

    def _other(
        self, methods: Methods, path: str, *, accept: str = "", encodings: str = ""
    ) -> PreparedResponse:
        """What is no operation's."""
        if path == "/" and "text/html" in accept.lower():
            return self._parts.assets.page.answer(encodings)
        if path == HEALTH:
            return self._parts.of_status(_health)
        if methods or path == "/api" or path.startswith("/api/"):
            return _nothing(methods, path)
        asset = self._parts.assets.get(path)
        return asset.answer(encodings) if asset else self._parts.of_status(_classic)


def _classic(status: Status) -> PreparedResponse:
    return answer(classic_line(status).encode(), TEXT)


def _health(status: Status) -> PreparedResponse:
    if status.ticking and status.board_ok:
        return answer(b"ok\n", TEXT)
    ill = "the board does not answer" if status.ticking else "the control process does not tick"
    return answer(f"{ill}: the contactor is open\n".encode(), TEXT, status=503)


def _nothing(methods: Methods, path: str) -> PreparedResponse:
    """The refusal of a method that *path* does not have, or of a path that is not there."""
    if not methods:
        return NOT_HERE
    allowed = ", ".join(methods)
    return problem(405, f"{path} understands {allowed} only", {"Allow": allowed})


def _path(target: str) -> str:
    """The path of a request target: without query, and without scheme and host if they came."""
    if target.startswith("/"):
        return target.partition("?")[0]
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return target
