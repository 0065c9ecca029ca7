# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of programs, which have no cookies: the password by HTTP basic, or a token.

The password (RFC 7617) comes with every request, and checking it is slow on purpose: a right one is
remembered, as a keyed hash in memory, for as long as a session would last. Any user name will do:
evsed has one owner. Failed attempts count with those of the page. A token (RFC 6750) comes as
`Authorization: Bearer ...`, or in the place of the password.
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

from evsed.core.text import text
from evsed.frontends.web.auth.authenticator import (
    SESSION_S,
    SESSIONS,
    WRONG_PASSWORD,
    Authenticator,
)
from evsed.frontends.web.auth.tokens import Scope, Token, TokenFile
from evsed.frontends.web.http.responses import PROBLEM, PreparedResponse, answer, problem

NO_SCOPE: Final = problem(
    403, text("this token may only read; nothing was changed. `evsed token create` makes others")
)
OWNER_ONLY: Final = problem(
    403,
    text("a token does not suffice for this: log in, or send the password; nothing was changed"),
)
UNKNOWN_TOKEN: Final = problem(
    401,
    text("evsed knows no such token: it was revoked, or never created; nothing was changed"),
    {"WWW-Authenticate": 'Bearer realm="evsed", error="invalid_token"'},
)
NO_CREDENTIALS: Final = problem(
    401, text("send evsed's password by HTTP basic (any user name will do); nothing was changed")
)
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="evsed", charset="UTF-8"'}


class Credentials:
    """Passwords and *tokens* beside the sessions of *authenticator*; *clock* is monotonic."""

    def __init__(
        self,
        authenticator: Authenticator,
        tokens: TokenFile | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authenticator = authenticator
        self._tokens = tokens or TokenFile(None)
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, float] = {}  # hash of the header -> when; oldest first
        self._wrong: dict[bytes, None] = {}  # hash of the header; oldest first
        self._of_file = authenticator.stamp()
        self._pending: dict[bytes, asyncio.Task[PreparedResponse | None]] = {}

    def token_of(self, request: web.BaseRequest) -> Token | None:
        """Return the token that *request* shows; None where it shows none that is known."""
        return self._tokens.find(_secret(request.headers.get(hdrs.AUTHORIZATION, "")) or "")

    async def refusal(
        self, request: web.BaseRequest, *, owner: bool = False
    ) -> PreparedResponse | None:
        """Return the refusal of *request*, an order over the network; None where it may pass.

        *owner*: no token suffices.
        """
        authenticator = self._authenticator
        token = self.token_of(request)
        if token is not None:
            allowed = NO_SCOPE if token.scope is Scope.READ else OWNER_ONLY if owner else None
            return authenticator.foreign_refusal(request) or allowed
        if hdrs.AUTHORIZATION not in request.headers:
            return authenticator.refusal(request)
        refused = authenticator.login_refusal(request)
        if refused is None and not authenticator.logged_in(request):
            refused = await self._check(request)
        return refused

    async def reading_refusal(
        self, request: web.BaseRequest, *, always: bool = False
    ) -> PreparedResponse | None:
        """Return the refusal of *request*, which only reads; None where it may pass.

        Reading needs no password, except *always*. But a client that sends one expects an answer
        to it.
        """
        authenticator = self._authenticator
        refused = authenticator.foreign_refusal(request)
        if self.token_of(request) is not None:
            return refused
        shown = hdrs.AUTHORIZATION in request.headers
        wanted = always and not authenticator.logged_in(request)
        if refused is None and (shown or wanted) and authenticator.password_set:
            refused = await self._check(request)
        return refused

    async def _check(self, request: web.BaseRequest) -> PreparedResponse | None:
        header = request.headers.get(hdrs.AUTHORIZATION, "")
        return await self.check(request.remote or "", header)

    async def check(self, address: str, header: str) -> PreparedResponse | None:
        """Return the refusal of the password in *header*; None where it is right."""
        password = _secret(header)
        if password is None:
            return NO_CREDENTIALS
        if _is_bearer(header):
            return UNKNOWN_TOKEN
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


def _is_bearer(header: str) -> bool:
    return header.partition(" ")[0].lower() == "bearer"


def _secret(header: str) -> str | None:
    """Return the password or the token in an Authorization header; None where it has none."""
    scheme, _, text = header.partition(" ")
    if _is_bearer(header):
        return text.strip()
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


def for_openevse(refused: PreparedResponse) -> PreparedResponse:
    """Return *refused* with the keys that OpenEVSE's clients read, and the challenge."""
    details: dict[str, object] = json.loads(refused.body)
    details |= {"msg": details["detail"], "error": details["detail"]}
    extra = dict(CHALLENGE) if refused.status == HTTPStatus.UNAUTHORIZED else {}
    if hdrs.RETRY_AFTER in refused.headers:
        extra[hdrs.RETRY_AFTER] = refused.headers[hdrs.RETRY_AFTER]
    return answer(json.dumps(details).encode(), PROBLEM, status=refused.status, extra=extra)
