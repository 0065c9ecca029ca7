# SPDX-License-Identifier: GPL-3.0-or-later
"""The password by HTTP basic (RFC 7617), for programs that know no other way.

It comes with every request, and looking at it is slow on purpose: what has been found right is
remembered, as a keyed hash in memory, for as long as a session would last. Any user's name will do:
evsed has one owner. Failed tries count with those of the page.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from evsed.frontends.web.auth.authenticator import SESSION_S, SESSIONS, Authenticator
from evsed.frontends.web.http.responses import PROBLEM, PreparedResponse, answer, problem

NOT_SHOWN: Final = problem(
    401, "show evsed's password by HTTP basic (any user will do); nothing was changed"
)
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="evsed", charset="UTF-8"'}


class Basic:
    """What HTTP basic may show at *gate*; *clock* gives monotonic seconds."""

    def __init__(self, gate: Authenticator, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate = gate
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, float] = {}  # hash of what was shown: when; oldest first
        self._of_file = gate.stamp()
        self._asking: dict[bytes, asyncio.Task[PreparedResponse | None]] = {}

    async def refusal(self, request: web.BaseRequest) -> PreparedResponse | None:
        """Why *request*, an order over the network, is not obeyed; None when it is."""
        refused = self._gate.login_refusal(request)
        if refused is None and not self._gate.logged_in(request):
            refused = await self._wrong(request)
        return refused and _for_programs(refused)

    async def shown_refusal(self, request: web.BaseRequest) -> PreparedResponse | None:
        """Why *request*, which only reads, is not answered; None when it is.

        Reading needs no password. But who shows one wants to know whether it is right.
        """
        refused = self._gate.foreign(request)
        if refused is None and hdrs.AUTHORIZATION in request.headers and self._gate.password_set:
            refused = await self._wrong(request)
        return refused and _for_programs(refused)

    async def _wrong(self, request: web.BaseRequest) -> PreparedResponse | None:
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        return await self.wrong(request.remote or "", header)

    async def wrong(self, address: str, header: str) -> PreparedResponse | None:
        """What is wrong with the password that *header* shows; None where it is the right one."""
        password = _password(header)
        if password is None:
            return NOT_SHOWN
        if self._of_file != self._gate.stamp():
            self._of_file = self._gate.stamp()
            self._right.clear()
        shown = hashlib.blake2b(header.encode("utf-8", "surrogateescape"), key=self._key).digest()
        found_at = self._right.get(shown)
        if found_at is not None and self._clock() - found_at < SESSION_S:
            return None
        # A client that begins with several requests at once has tried one password, not several.
        task = self._asking.get(shown)
        if task is None:
            task = asyncio.create_task(self._gate.verify(address, password))
            self._asking[shown] = task
            task.add_done_callback(lambda _: self._asking.pop(shown))
        refused = await asyncio.shield(task)
        if refused is None:
            self._right.pop(shown, None)
            self._right[shown] = self._clock()
            while len(self._right) > SESSIONS:
                del self._right[next(iter(self._right))]
        return refused


def _password(header: str) -> str | None:
    """The password in an Authorization header; None where it shows none."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        plain = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        shown = plain.decode("utf-8")
    except UnicodeDecodeError:
        shown = plain.decode("latin-1")  # what RFC 7617 leaves to the client, some still do
    _, colon, password = shown.partition(":")
    return password if colon else None


def _for_programs(refused: PreparedResponse) -> PreparedResponse:
    """*refused* with the keys in which OpenEVSE's clients look for words, and the challenge."""
    told = json.loads(refused.body)
    told |= {"msg": told["detail"], "error": told["detail"]}
    extra = dict(CHALLENGE) if refused.status == HTTPStatus.UNAUTHORIZED else {}
    if hdrs.RETRY_AFTER in refused.headers:
        extra[hdrs.RETRY_AFTER] = refused.headers[hdrs.RETRY_AFTER]
    return answer(json.dumps(told).encode(), PROBLEM, status=refused.status, extra=extra)
