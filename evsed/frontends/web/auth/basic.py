# SPDX-License-Identifier: GPL-3.0-or-later
"""The password by HTTP basic (RFC 7617), for programs that have no cookies.

It comes with every request, and checking it is slow on purpose: a right one is remembered, as a
keyed hash in memory, for as long as a session would last. Any user name will do: evsed has one
owner. Failed attempts count with those of the page.
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

from evsed.frontends.web.auth.authenticator import (
    SESSION_S,
    SESSIONS,
    WRONG_PASSWORD,
    Authenticator,
)
from evsed.frontends.web.http.responses import PROBLEM, PreparedResponse, answer, problem

NO_CREDENTIALS: Final = problem(
    401, "send evsed's password by HTTP basic (any user name will do); nothing was changed"
)
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="evsed", charset="UTF-8"'}


class BasicAuth:
    """HTTP basic beside the sessions of *authenticator*; *clock* gives monotonic seconds."""

    def __init__(
        self, authenticator: Authenticator, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, float] = {}  # hash of the header -> when; oldest first
        self._wrong: dict[bytes, None] = {}  # hash of the header; oldest first
        self._of_file = authenticator.stamp()
        self._pending: dict[bytes, asyncio.Task[PreparedResponse | None]] = {}

    async def refusal(self, request: web.BaseRequest) -> PreparedResponse | None:
        """Return the refusal of *request*, an order over the network; None where it may pass."""
        refused = self._authenticator.login_refusal(request)
        if refused is None and not self._authenticator.logged_in(request):
            refused = await self._check(request)
        return refused and _for_programs(refused)

    async def reading_refusal(
        self, request: web.BaseRequest, *, always: bool = False
    ) -> PreparedResponse | None:
        """Return the refusal of *request*, which only reads; None where it may pass.

        Reading needs no password, except *always*. But a client that sends one expects an answer
        to it.
        """
        authenticator = self._authenticator
        refused = authenticator.foreign_refusal(request)
        shown = hdrs.AUTHORIZATION in request.headers
        wanted = always and not authenticator.logged_in(request)
        if refused is None and (shown or wanted) and authenticator.password_set:
            refused = await self._check(request)
        return refused and _for_programs(refused)

    async def _check(self, request: web.BaseRequest) -> PreparedResponse | None:
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        return await self.check(request.remote or "", header)

    async def check(self, address: str, header: str) -> PreparedResponse | None:
        """Return the refusal of the password in *header*; None where it is right."""
        password = _password(header)
        if password is None:
            return NO_CREDENTIALS
        if self._of_file != self._authenticator.stamp():
            self._of_file = self._authenticator.stamp()
            self._right.clear()
            self._wrong.clear()
        digest = hashlib.blake2b(header.encode("utf-8", "surrogateescape"), key=self._key).digest()
        found_at = self._right.get(digest)
        if found_at is not None and self._clock() - found_at < SESSION_S:
            return None
        if digest in self._wrong:
            # A program that repeats the password of yesterday is not guessing: it learns that it is
            # wrong, and neither itself nor a person at the same address is slowed down for it.
            return WRONG_PASSWORD
        # Several requests at once with the same password are one attempt.
        task = self._pending.get(digest)
        if task is None:
            task = asyncio.create_task(self._authenticator.verify(address, password))
            self._pending[digest] = task
            task.add_done_callback(lambda _: self._pending.pop(digest))
        refused = await asyncio.shield(task)
        if refused is None:
            self._right.pop(digest, None)
            self._right[digest] = self._clock()
            while len(self._right) > SESSIONS:
                del self._right[next(iter(self._right))]
        elif refused is WRONG_PASSWORD:
            self._wrong[digest] = None
            while len(self._wrong) > SESSIONS:
                del self._wrong[next(iter(self._wrong))]
        return refused


def _password(header: str) -> str | None:
    """Return the password in an Authorization header; None where it has none."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        plain = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError:
        text = plain.decode("latin-1")  # RFC 7617 leaves the encoding to the client
    _, colon, password = text.partition(":")
    return password if colon else None


def _for_programs(refused: PreparedResponse) -> PreparedResponse:
    """Return *refused* with the keys that OpenEVSE's clients read, and the challenge."""
    details = json.loads(refused.body)
    details |= {"msg": details["detail"], "error": details["detail"]}
    extra = dict(CHALLENGE) if refused.status == HTTPStatus.UNAUTHORIZED else {}
    if hdrs.RETRY_AFTER in refused.headers:
        extra[hdrs.RETRY_AFTER] = refused.headers[hdrs.RETRY_AFTER]
    return answer(json.dumps(details).encode(), PROBLEM, status=refused.status, extra=extra)
