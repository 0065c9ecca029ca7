# SPDX-License-Identifier: GPL-3.0-or-later
"""The router: it finds the answer to every request.

The operations of the table, the page, `/api/`, `/healthz`, `/metrics` and the page's own files have
answers of their own. Every other path, with any method, gets the classic line, as from the original
of this charger, which answered every request with it.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import cast
from urllib.parse import parse_qs, urlsplit

from aiohttp import hdrs, web

from evsed.errors import HubBusyError
from evsed.frontends.classic import classic_line
from evsed.frontends.languages import ENGLISH_ITSELF, Language
from evsed.frontends.metrics import CONTENT_TYPE, render
from evsed.frontends.sentence import describe
from evsed.frontends.status import Status
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.operation import ApiRequest, AuthRequirement, Operation
from evsed.frontends.web.auth.credentials import for_openevse
from evsed.frontends.web.http import assets
from evsed.frontends.web.http.connection_limits import LimitedConnection, Stage
from evsed.frontends.web.http.forwarded import TrustedProxies
from evsed.frontends.web.http.request_parsing import (
    read_json_object,
    read_path_value,
    read_query,
)
from evsed.frontends.web.http.responses import TEXT, PreparedResponse, answer, problem

PREFIX = "/api/v1/"
HEALTH = "/healthz"
SETTINGS = "/settings"
METRICS = "/metrics"
WORKER = f"/{assets.WORKER}"
PAGES = frozenset({"/", SETTINGS, WORKER})
"""Addresses of which a browser chooses the language."""
CHOSEN = re.compile(r"(?:^|;\s*)evsed_lang=([a-z]{2,3})(?:;|$)")
"""The cookie of the choice on the page; settings.js sets it."""
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

NOT_HERE = problem(404, "there is nothing at this address; /api/v1/status is the one to read")

REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP/1\.[01]\r?\n")
"""RFC 9112 section 3, with a method that may be any token."""

Methods = dict[str, Operation]


class Router:
    """Answers requests to *operations*, and all others, with the parts of *context*.

    What comes through *proxies* counts as its client's own.
    """

    def __init__(
        self, context: AppContext, operations: Iterable[Operation], proxies: TrustedProxies
    ) -> None:
        self._context = context
        self._proxies = proxies
        self._credentials = context.credentials
        paths: defaultdict[str, Methods] = defaultdict(dict)
        for operation in operations:
            # A path with braces is kept as the part before them.
            methods = paths[operation.path.partition("{")[0]]
            methods[operation.method] = operation
            if operation.method == "GET":
                methods["HEAD"] = operation
        self._paths = dict(paths)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer *request*; its body is read only where access was granted."""
        connection = cast("LimitedConnection", request.protocol)
        connection.busy()
        request = self._proxies.seen_through(request)
        method, path = request.method, _path(request.raw_path)
        methods, path_value = self._match(path)
        operation = methods.get(method)
        if operation is not None and operation.upload:
            connection.busy(Stage.UPLOAD)
        spoken = await self._language(request, path)
        response: PreparedResponse | web.StreamResponse
        if operation is not None:
            refused = await self._refusal(operation.auth, request, local=connection.local)
            response = refused or await self._run(operation, request, path_value, spoken)
        elif method in WRITES and path.startswith(PREFIX):
            refused = await self._refusal(AuthRequirement.CONTROL, request, local=connection.local)
            response = refused or _not_allowed(methods, path)
        else:
            response = self._other(
                methods,
                path,
                accept=request.headers.get(hdrs.ACCEPT, ""),
                encodings=request.headers.get(hdrs.ACCEPT_ENCODING, ""),
                has=request.headers.get(hdrs.IF_NONE_MATCH, ""),
                spoken=spoken,
            )
        if isinstance(response, PreparedResponse):
            return response.in_language(spoken).response()
        return response

    async def _language(self, request: web.BaseRequest, path: str) -> Language:
        """Return the language of the answer to *request*.

        Programs get English unless they ask for another. A page is in the language that was chosen
        on it, else in the first one that the browser wants. A file is read in a thread, once.
        """
        languages, code = self._context.languages, _asked(request.raw_path)
        if not code and path in PAGES:
            chosen = CHOSEN.search(request.headers.get(hdrs.COOKIE, ""))
            accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
            code = chosen[1] if chosen else languages.choose(accepted)
        code = code or assets.language_of(path)
        if languages.ready(code):
            return languages.get(code)
        return await asyncio.to_thread(languages.get, code)

    def unknown_method(self, start: bytes) -> PreparedResponse | None:
        """Answer a method that HTTP libraries do not know, from the first bytes that came.

        None where they are no request line, or one with a method that they know.
        """
        line = REQUEST_LINE.match(start)
        method = line[1].decode("ascii") if line else ""
        if line is None or method in hdrs.METH_ALL:
            return None
        path = _path(line[2].decode("latin-1"))
        return self._other(self._match(path)[0], path)

    def _match(self, path: str) -> tuple[Methods, str]:
        """Return the operations at *path*, and the text in its braces; "" where it has none."""
        methods = self._paths.get(path)
        if methods is not None and not path.endswith("/"):
            return methods, ""
        before, slash, value = path.rpartition("/")
        return (self._paths.get(before + slash, {}) if value else {}), value

    async def _refusal(
        self, required: AuthRequirement, request: web.BaseRequest, *, local: bool
    ) -> PreparedResponse | None:
        """Return the refusal of *request*; None where it may pass. *local*: by the socket."""
        if local or required is AuthRequirement.OPEN:
            return None
        authenticator = self._context.authenticator
        match required:
            case AuthRequirement.OWN_PAGE:
                return authenticator.foreign_refusal(request)
            case AuthRequirement.PASSWORD:
                return authenticator.login_refusal(request)
            case AuthRequirement.OWNER:
                return await self._credentials.refusal(request, owner=True)
            case AuthRequirement.CONTROL:
                return await self._credentials.refusal(request)
            case AuthRequirement.SHOWN | AuthRequirement.KNOWN:
                always = required is AuthRequirement.KNOWN
                refused = await self._credentials.reading_refusal(request, always=always)
            case _:
                refused = await self._credentials.refusal(request)
        return refused and for_openevse(refused)

    async def _run(
        self, operation: Operation, http: web.BaseRequest, path_value: str, spoken: Language
    ) -> PreparedResponse | web.StreamResponse:
        """Read the input of *operation*, and let it answer."""
        token = self._credentials.token_of(http)
        local = cast("LimitedConnection", http.protocol).local
        request = ApiRequest(http, spoken, token=token.name if token else "", local=local)
        if operation.path_parameter is not None:
            try:
                request.path_value = read_path_value(path_value, operation.path_parameter)
            except ValueError as error:
                return problem(404, f"there is nothing at this address: {error}")
        if operation.query:
            query = read_query(http.raw_path, operation.query)
            if isinstance(query, PreparedResponse):
                return query
            request.query = query
        if operation.body is not None:
            body = await read_json_object(http, self._context.limits.body_s)
            if isinstance(body, PreparedResponse):
                return body
            request.body = body
        try:
            return await operation.handler(self._context, request)
        except HubBusyError as error:
            return problem(503, str(error), {"Retry-After": "1"})

    def _other(
        self,
        methods: Methods,
        path: str,
        *,
        accept: str = "",
        encodings: str = "",
        has: str = "",
        spoken: Language = ENGLISH_ITSELF,
    ) -> PreparedResponse:
        """Answer a request that is no operation's; *has* is the tag of the page that it has."""
        if path in PAGES and (path == WORKER or "text/html" in accept.lower()):
            edition = self._context.assets.edition(spoken)
            if path == SETTINGS:
                return edition.settings.response(encodings)
            if path == WORKER:
                return edition.worker.response(encodings)
            page = edition.page(describe(self._context.hub.status(), spoken))
            return page.unchanged if has == page.etag else page.asset.response(encodings)
        if path == HEALTH:
            return self._context.status_response(_health)
        if path == METRICS:
            return self._context.status_response(_metrics)
        if methods or path == "/api" or path.startswith("/api/"):
            return _not_allowed(methods, path)
        asset = self._context.assets.get(path, spoken)
        return asset.response(encodings) if asset else self._context.status_response(_classic)


def _classic(status: Status) -> PreparedResponse:
    return answer(classic_line(status).encode(), TEXT)


def _metrics(status: Status) -> PreparedResponse:
    return answer(render(status).encode(), CONTENT_TYPE)


def _health(status: Status) -> PreparedResponse:
    if status.ticking and status.board_ok:
        return answer(b"ok\n", TEXT)
    fault = "the board does not answer" if status.ticking else "the control process does not tick"
    return answer(f"{fault}: the contactor is open\n".encode(), TEXT, status=503)


def _not_allowed(methods: Methods, path: str) -> PreparedResponse:
    """Refuse a method that *path* does not have, or a path that does not exist."""
    if not methods:
        return NOT_HERE
    allowed = ", ".join(methods)
    return problem(405, f"{path} understands {allowed} only", {"Allow": allowed})


def _asked(target: str) -> str:
    """Return the parameter `lang` of a request target; "" where it has none."""
    query = target.partition("?")[2]
    return parse_qs(query).get("lang", [""])[-1] if "lang=" in query else ""


def _path(target: str) -> str:
    """Return the path of a request target, without query, scheme and host."""
    if target.startswith("/"):
        return target.partition("?")[0]
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return target
