# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication of orders over the network.

Three checks come before any order, and none of them reads its body:

1. Does the request come from evsed's own page, or from no page at all? A page from elsewhere that a
   browser on the LAN happens to show must not switch anything (cross-site request forgery), not
   even when it has made its own name point to the Pi (DNS rebinding).
2. Has the owner set a password?
3. Does the request carry the cookie of a session?

Plain HTTP is not encrypted: anybody who can listen in on the LAN learns password and cookie. HTTPS
(`[web] https_port`, or a proxy) is.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web

from evsed import private_file
from evsed.core.text import text
from evsed.frontends.web.auth.password import matches
from evsed.frontends.web.auth.rate_limit import LoginRateLimiter
from evsed.frontends.web.http.responses import PreparedResponse, problem

COOKIE: Final = "evsed_session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
"""By TLS. Of another name, because a browser lets no plain page replace a cookie of TLS, and ports
share their cookies (RFC 6265bis)."""
SESSION_S: Final = 30 * 86_400.0
"""A session ends so long after its login, when the Pi restarts, or when the password changes."""
KEPT_IN: Final = "sessions"
"""The file beside the password's that carries sessions over a restart of evsed, as hashes."""
SESSIONS: Final = 32
"""Sessions at once; the oldest has to log in again."""
HASHES_WAITING: Final = 8
"""Logins that may wait for their hash; each takes 16 MiB for a moment, one at a time."""

LOCAL_ENDINGS: Final = (".local", ".lan", ".home.arpa", ".internal", ".localhost")
"""Endings that no public name server answers: RFC 6762, RFC 8375, RFC 6761, ICANN 2024."""

NO_PASSWORD = problem(
    403,
    text(
        "no password is set, so evsed accepts no orders over the network; "
        "nothing was changed. Set one at /settings within ten minutes of the box "
        "being switched on, or on the Pi: `sudo evsed password`; `evsed set` and "
        "`evsed ack` give orders there"
    ),
)
CHALLENGE: Final = {
    # A 401 has to carry a challenge (RFC 9110 section 11.6.1); browsers do not know this one.
    "WWW-Authenticate": f'Cookie realm="evsed", form-action="/api/v1/login", cookie-name={COOKIE}'
}
NO_SESSION = problem(
    401,
    text(
        "log in first: POST the password to /api/v1/login; or send it by HTTP "
        "basic, or a token; nothing was changed"
    ),
    CHALLENGE,
)
WRONG_PASSWORD = problem(401, text("the password is wrong"), CHALLENGE)
FOREIGN = problem(
    403,
    text(
        "this order comes from the page of another site (Origin or "
        "Sec-Fetch-Site says so); nothing was changed. Use evsed's own page"
    ),
)
UNKNOWN_HOST = problem(
    403,
    text(
        "evsed accepts orders by its address or by a name of this network only, "
        "and the Host of this request is neither; nothing was changed. If that "
        "name is yours, put it into [web] names"
    ),
)

log = structlog.get_logger("evsed.web")


class Authenticator:
    """The password in *file* ("": there can be none), the sessions, and the names of this machine.

    *names* are further names of this machine; *clock* gives monotonic seconds.
    """

    def __init__(
        self, file: str, names: tuple[str, ...] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._file = Path(file) if file else None
        self._names = {name.lower() for name in (*names, socket.gethostname())}
        self._clock = clock
        self._rate_limiter = LoginRateLimiter()
        self._hashing = asyncio.Lock()
        self._waiting = 0
        self._sessions: dict[bytes, float] = {}  # hash of the token -> begin; oldest first
        self._of_file: tuple[int, int, int] | None = None
        self._restore()

    @property
    def file(self) -> str:
        """The password's file; "" where there can be none."""
        return str(self._file or "")

    @property
    def password_set(self) -> bool:
        """True where there is a password; a new one ends all sessions."""
        stamp = self.stamp()
        if stamp != self._of_file:
            self._of_file = stamp
            self._sessions.clear()
            self._keep()
        return stamp is not None

    def foreign_refusal(self, request: web.BaseRequest) -> PreparedResponse | None:
        """Return the refusal of a request from the page of another site; None for others."""
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return UNKNOWN_HOST
        origin = request.headers.get(hdrs.ORIGIN)
        site = request.headers.get("Sec-Fetch-Site", "none")
        if origin is not None and not _same(origin, hosts[0]):
            return FOREIGN
        return FOREIGN if site not in ("same-origin", "none") else None

    def refusal(self, request: web.BaseRequest) -> PreparedResponse | None:
        """Return the refusal of *request*, an order over the network; None where it may pass."""
        refused = self.login_refusal(request)
        return refused or (None if self.logged_in(request) else NO_SESSION)

    def login_refusal(self, request: web.BaseRequest) -> PreparedResponse | None:
        """Return the refusal of *request* to log in; None where its password may be tried."""
        return self.foreign_refusal(request) or (None if self.password_set else NO_PASSWORD)

    def logged_in(self, request: web.BaseRequest) -> bool:
        """Tell whether *request* carries the cookie of a session that is not over."""
        return self.has_session(request.headers.get(hdrs.COOKIE, ""))

    def has_session(self, cookies: str) -> bool:
        """Tell whether *cookies* (of a Cookie header) hold that of a session that is not over."""
        now, tokens = self._clock(), _tokens(cookies) if self.password_set else ()
        begins = (self._sessions.get(_digest(token)) for token in tokens)
        return any(began_at is not None and now - began_at < SESSION_S for began_at in begins)

    async def log_in(
        self, address: str, password: str, *, secure: bool = False
    ) -> PreparedResponse | str:
        """Return the cookie of a new session where *password* is right; else the refusal.

        *secure*: the browser uses TLS, and shall send the cookie by that alone.
        """
        return await self.verify(address, password) or self._begin(secure=secure)

    async def verify(self, address: str, password: str) -> PreparedResponse | None:
        """Return the refusal of a wrong *password*, or of an attempt too soon; slow on purpose."""
        wait_s = self._rate_limiter.begin(address, self._clock())
        if wait_s > 0:
            return _too_soon(wait_s, text("too many attempts have failed from this address"))
        if self._waiting >= HASHES_WAITING:
            return _too_soon(5.0, text("too many are logging in at once"))
        self._waiting += 1
        try:
            async with self._hashing:
                right = await asyncio.to_thread(self._is_right, password)
        finally:
            self._waiting -= 1
        if isinstance(right, PreparedResponse):
            return right
        if not right:
            self._rate_limiter.failed(address, self._clock())
            log.warning("a wrong password was given", address=address)
            return WRONG_PASSWORD
        self._rate_limiter.succeeded(address)
        log.info("logged in", address=address)
        return None

    def log_out(self, request: web.BaseRequest) -> str:
        """End the session of *request*, if there is one; return the cookie that removes its own."""
        for token in _tokens(request.headers.get(hdrs.COOKIE, "")):
            self._sessions.pop(_digest(token), None)
        self._keep()
        return _cookie("", 0.0, secure=request.scheme == "https")

    def _begin(self, *, secure: bool) -> str:
        token = secrets.token_urlsafe(32)
        if not self.password_set:
            return ""
        self._sessions[_digest(token)] = self._clock()
        while len(self._sessions) > SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._keep()
        return _cookie(token, SESSION_S, secure=secure)

    # evsed begins again when settings change, and whoever changes them shall stay logged in. The
    # file has the hash of 256 random bits, from which no cookie can be made, and a monotonic
    # moment, which is of the future after the Pi has restarted.

    def _keep(self) -> None:
        """Keep the sessions for the next start; without a place for them they end with this one."""
        if self._file is None:
            return
        place = self._file.with_name(KEPT_IN)
        kept = {digest.hex(): began_at for digest, began_at in self._sessions.items()}
        with suppress(OSError):
            if not kept:
                place.unlink(missing_ok=True)
                return
            text = json.dumps({"password": self._of_file, "sessions": kept})
            private_file.write(place, text, durable=False)

    def _restore(self) -> None:
        """Take over the sessions of the start before, where the password is still the same."""
        if self._file is None:
            return
        try:
            kept = json.loads(self._file.with_name(KEPT_IN).read_text(encoding="ascii"))
            found = {bytes.fromhex(key): float(at) for key, at in kept["sessions"].items()}
            stamp = tuple(kept["password"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return
        if stamp == self.stamp():
            self._of_file = self.stamp()
            now = self._clock()
            self._sessions = {key: at for key, at in found.items() if 0 <= now - at < SESSION_S}

    def _is_right(self, password: str) -> bool | PreparedResponse:
        """Compare *password* with the file; slow, for a thread."""
        if self._file is None:
            return NO_PASSWORD
        try:
            return matches(password, self._file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return NO_PASSWORD
        except (OSError, ValueError) as error:
            log.error("the password cannot be read", file=str(self._file), reason=str(error))
            return problem(
                403,
                f"the password file {self._file} cannot be read, so no one can log in; on the Pi, "
                "`sudo evsed password` writes a new one",
            )

    def stamp(self) -> tuple[int, int, int] | None:
        """Return a stamp that differs when the password file does; None without a file."""
        try:
            found = self._file.stat() if self._file else None
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None

    def _is_own(self, host: str) -> bool:
        """Tell whether *host* (of a Host header) is an address, or a name of this network."""
        try:
            parts = urlsplit(f"//{host}")
            name = (parts.hostname or "").rstrip(".")
            plain = bool(name) and parts.username is None and not (parts.path or parts.query)
        except ValueError:
            return False
        if not plain:
            return False
        try:
            return bool(ip_address(name))
        except ValueError:
            return "." not in name or name.endswith(LOCAL_ENDINGS) or name in self._names


def _same(origin: str, host: str) -> bool:
    """Tell whether *origin* is the site of *host*."""
    scheme, found, rest = origin.partition("://")
    return bool(found) and scheme in ("http", "https") and rest.lower() == host.lower()


def _cookie(token: str, for_s: float, *, secure: bool) -> str:
    """Return the cookie of a session; one of a browser with TLS is sent by that alone."""
    name = SECURE_COOKIE if secure else COOKIE
    cookie = f"{name}={token}; Path=/; Max-Age={for_s:.0f}; HttpOnly; SameSite=Strict"
    return f"{cookie}; Secure" if secure else cookie


def _tokens(cookies: str) -> tuple[str, ...]:
    """Return the sessions' cookies among *cookies*: that of TLS, and the plain one."""
    cookie = SimpleCookie()
    try:
        cookie.load(cookies)
    except CookieError:
        return ()
    return tuple(cookie[name].value for name in (SECURE_COOKIE, COOKIE) if name in cookie)


def _digest(token: str) -> bytes:
    """Return the hash that is kept of a token, so that neither memory nor timing reveals it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _too_soon(wait_s: float, detail: str) -> PreparedResponse:
    seconds = math.ceil(wait_s)
    return problem(
        429,
        text("{detail}; try again in {seconds} s", detail=detail, seconds=seconds),
        {"Retry-After": str(seconds)},
    )
