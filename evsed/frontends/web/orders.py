# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders: whatever changes something, by POST, PUT, PATCH or DELETE under `/api/v1/`.

They come over the network, through the gate, or by the control socket, whose door is the file's
mode.
"""

from __future__ import annotations

import asyncio
import json
import pwd
import socket
import struct

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from evsed.core.owner import Wishes, WishesError
from evsed.frontends import Hub, Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.answers import JSON, Answer, answer, problem
from evsed.frontends.web.api import owner_json
from evsed.frontends.web.gate import Gate

PREFIX = "/api/v1/"
ACK = "/api/v1/ack"
OWNER = "/api/v1/owner"
LOGIN = "/api/v1/login"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

BODY_MAX = 4096  # bytes; the largest sensible order has 200
KINDS = ("application/json", "application/merge-patch+json")
TOO_LARGE = problem(413, f"an order has {BODY_MAX} bytes at most; nothing was changed")
TOO_SLOW = problem(408, "the body of this order did not come; nothing was changed")
NO_OBJECT = problem(400, "an order is a JSON object; this is none, nothing was changed")
NO_JSON = problem(
    415, f"an order is JSON: send it with Content-Type: {KINDS[0]}; nothing was changed"
)
PASSWORD_WANTED = problem(
    422,
    'logging in takes {"password": "..."}',
    errors=(("password", "it must be text"),),
)

Object = dict[str, object]


class Orders:
    """Takes orders for one hub."""

    def __init__(self, hub: Hub, gate: Gate, limits: WebLimits) -> None:
        self._hub = hub
        self._gate = gate
        self._limits = limits

    async def obey(self, request: web.BaseRequest, path: str, *, local: bool) -> Answer | None:
        """The answer to an order; None where there is no such thing. *local*: by the socket."""
        if not local:
            if path != LOGIN:
                refused = self._gate.refusal(request)
            elif request.method == "POST":
                refused = self._gate.login_refusal(request)
            else:
                refused = self._gate.foreign(request)
            if refused is not None:
                return refused
        match path, request.method:
            case "/api/v1/login", "POST":
                return await self._log_in(request)
            case "/api/v1/login", "DELETE":
                gone = {"Set-Cookie": self._gate.log_out(request)}
                return _said({"outcome": "logged out"}, gone)
            case "/api/v1/ack", "POST":
                return _said({"outcome": await self._hub.acknowledge(_who(request))})
            case "/api/v1/owner", "PUT" | "PATCH":
                return await self._change(request)
            case _:
                return None

    def sessions(self, request: web.BaseRequest) -> Answer:
        """Whether this browser is logged in, and whether it could be."""
        return _said(
            {
                "password_set": self._gate.password_set,
                "logged_in": self._gate.logged_in(request),
            }
        )

    async def _log_in(self, request: web.BaseRequest) -> Answer:
        told = await self._body(request)
        if isinstance(told, Answer):
            return told
        password = told.get("password")
        if not isinstance(password, str):
            return PASSWORD_WANTED
        cookie = await self._gate.log_in(request.remote or "", password)
        if isinstance(cookie, Answer):
            return cookie
        return _said({"outcome": "logged in"}, {"Set-Cookie": cookie})

    async def _change(self, request: web.BaseRequest) -> Answer:
        told = await self._body(request)
        if isinstance(told, Answer):
            return told
        if request.method == "PUT":  # all of it: what is not named gets its default
            told = {**Wishes().to_json(), **told}
        try:
            outcome = await self._hub.change(_who(request), told)
        except WishesError as error:
            return problem(422, f"{error}; nothing was changed", errors=error.problems)
        return answer(owner_json(self._hub.status(), outcome), JSON)

    async def _body(self, request: web.BaseRequest) -> Object | Answer:
        """The JSON object of *request*, or what is wrong with it."""
        if request.content_type not in KINDS:
            return NO_JSON
        if (request.content_length or 0) > BODY_MAX:
            return TOO_LARGE
        body = b""
        try:
            async with asyncio.timeout(self._limits.body_s):
                while chunk := await request.content.readany():
                    body += chunk
                    if len(body) > BODY_MAX:
                        return TOO_LARGE
            told = json.loads(body)
        except TimeoutError:
            return TOO_SLOW
        except (ValueError, RecursionError, HttpProcessingError, ClientPayloadError):
            return NO_OBJECT
        return told if isinstance(told, dict) else NO_OBJECT


def owner_answer(status: Status) -> Answer:
    """What the owner wishes."""
    return answer(owner_json(status), JSON)


def _said(told: Object, extra: dict[str, str] | None = None) -> Answer:
    return answer(json.dumps(told, ensure_ascii=False).encode(), JSON, extra=extra)


def _who(request: web.BaseRequest) -> str:
    """Who gives the order: an address, or the user at the other end of the control socket."""
    if request.remote:
        return request.remote
    transport = request.transport
    sock = transport.get_extra_info("socket") if transport else None
    if sock is None:
        return "somebody on the Pi"
    size = struct.calcsize("3i")  # struct ucred: pid, uid, gid (unix(7))
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
