# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests on port 80: never a failure inside, never an order, never a change of what is shown.

The real frontend on a real socket, in one event loop with the client. Nothing waits for a clock:
when the loop has gone round often enough without an answer, none is coming yet.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import re
import socket
import struct
import tempfile
from collections.abc import Iterator
from typing import Any

from evsed.core.user.controls import Controls
from evsed.frontends.web import WebConfig
from evsed.frontends.web.server import WebFrontend
from tests.frontends.web.web_world import CHARGING, PATIENT, ShownHub
from tests.fuzz.source import Source

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW", "get", "CONNECT", "")
TARGETS = (
    "/", "/api/v1/status", "/api/v1/events", "/api/v1/recent", "/api/v1/ack", "/healthz", "/api",
    "/api/", "/api/v2", "*", "http://x/api/v1/status", "//", "/%2e%2e/etc/passwd", "/%00", "/?a=b",
    "/api/v1/controls",
    "/api/v1/login", "/page.css", "/favicon.ico", "http://[", "x:", "/\xff",
    "/status", "/config", "/ws", "/override", "/divertmode", "/claims", "/claims/1", "/claims/x",
)  # fmt: skip
HEADERS = (
    "Host: evsed", "Accept: text/html", "Accept: */*", "Connection: close", "Content-Length: 5",
    "Content-Length: -1", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked", "Content-Encoding: gzip", "Content-Encoding: br",
    "Expect: 100-continue", "Upgrade: websocket", "Connection: Upgrade", "Range: bytes=0-",
    "Accept-Encoding: gzip", "If-None-Match: *", "Cookie: a=b; c", "Content-Type: multipart/x",
    " folded", "No colon", "X: " + "y" * 9000, "Authorization: Basic %", "HTTP2-Settings: AAMAAABk",
    "Authorization: Basic eDp5", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)  # fmt: skip
BODIES = (
    b"",
    b"divertmode=2",
    b"\x81\x80\0\0\0\0",
    b"hello",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"fffffffff\r\n",
    b"-1\r\n",
    b"\0" * 3000,
)
KEYS = (*Controls().to_json(), "password", "state", "charge_current", "auto_release", "x")
VALUES = (
    "null", "true", "0", "6", "16.5", "-1", "1e999", "NaN", '""', '"off"', '"solar"', '"fast"',
    '"Mon-Fri 22:00-06:00"', '"active"', '"24:00-00:00"', "[]", "{}", "[[1, 2]]", "1" * 5000,
    "[" * 2000,
    '"\\ud800"',
)  # fmt: skip
RAW = 0
TCP, LOCAL = 0, 2  # in the second byte; and 1: the client says that it has said all
STATUS_LINE = re.compile(rb"HTTP/[0-9]\.[0-9] ([0-9]{3}) ")
ROUNDS = 40  # of the event loop with nothing new from the server


def _ends_with_reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class _Server:
    """The frontend and the loop it lives in; started by the first request."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self._failed)
        self.failures: list[dict[str, Any]] = []
        self.hub = ShownHub()
        # A short name: the address of a socket has 108 bytes at most.
        self.place = f"{tempfile.mkdtemp(prefix='evsed-fuzz-')}/socket"
        config = WebConfig("127.0.0.1", 0, self.place, openevse=True)
        self.frontend = WebFrontend(config, limits=PATIENT)
        self.port = self.loop.run_until_complete(self.frontend.start(self.hub))
        self.running = self.loop.create_task(self.frontend.run(self.hub))
        atexit.register(self.close)

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(context)

    def close(self) -> None:
        """End it; a fuzzer that ends by itself does not come here."""
        self.running.cancel()
        self.loop.run_until_complete(asyncio.gather(self.running, return_exceptions=True))
        self.loop.close()

    def send(self, request: bytes, *, end: bool, local: bool) -> bytes:
        """Everything that comes back for *request*."""
        return self.loop.run_until_complete(self._send(request, end=end, local=local))

    async def _send(self, request: bytes, *, end: bool, local: bool) -> bytes:
        with socket.socket(socket.AF_UNIX if local else socket.AF_INET) as sock:
            if not local:
                _ends_with_reset(sock)
            sock.connect(self.place if local else ("127.0.0.1", self.port))
            sock.setblocking(False)  # noqa: FBT003 - the only way a socket has to say it
            got = b""
            sent = quiet = 0
            while quiet < ROUNDS:
                quiet += 1
                if sent < len(request):
                    try:
                        sent += sock.send(request[sent:])
                    except BlockingIOError:
                        pass
                    except OSError:
                        break
                    else:
                        quiet = 0
                    if sent == len(request) and end:
                        sock.shutdown(socket.SHUT_WR)
                try:
                    more = sock.recv(65536)
                except BlockingIOError:
                    await asyncio.sleep(0)
                    continue
                except OSError:
                    break
                if not more:
                    break
                got += more
                quiet = 0
        for _ in range(4):  # let the server see that the client is gone
            await asyncio.sleep(0)
        return got


_server: _Server | None = None


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: e\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def seeds() -> Iterator[bytes]:
    """A request as it should be, raw, and built ones."""
    yield bytes([RAW, TCP]) + UPGRADE
    for frame in (b"\x81\x84\0\0\0\0ping", b"\x89\x80\0\0\0\0", b"\x88\x80\0\0\0\0", b"\xff" * 40):
        yield bytes([RAW, TCP]) + UPGRADE + frame
    for target in TARGETS:
        yield bytes([RAW, TCP]) + f"GET {target} HTTP/1.1\r\nHost: e\r\n\r\n".encode("latin-1")
    for number in range(60):
        yield bytes([1, number % 4, number, number // 2, 2, number, number + 3, number % 5, 0])


def one_input(data: bytes) -> None:
    """Say one thing to the server."""
    global _server  # noqa: PLW0603 - started once, by whoever asks first
    if _server is None:
        _server = _Server()
    source = Source(data)
    kind, how = source.byte(), source.byte()
    local = bool(how & LOCAL)
    request = source.rest() if kind == RAW else _request(source)
    got = _server.send(request, end=bool(how & 1), local=local)
    assert not _server.failures, _server.failures
    hub = _server.hub
    if local:  # who may open the socket may give orders; the next one finds all as it was
        hub.acknowledged.clear()
        hub.changed_by.clear()
        hub.show(CHARGING)
    assert not hub.acknowledged, "an order came through the network"
    assert not hub.changed_by, "an order came through the network"
    assert hub.shown is CHARGING
    assert not _server.running.done(), "the frontend has ended"
    if got:
        first = STATUS_LINE.match(got)
        assert first is not None, got[:200]
        assert int(first[1]) < 500, got[:500]


def _request(source: Source) -> bytes:
    """One to three requests, more or less of HTTP/1.1."""
    made = b""
    for _ in range(1 + source.byte() % 3):
        version = "HTTP/1.1" if source.byte() < 240 else source.choice(("HTTP/1.0", "HTTP/2", "x"))
        lines = [f"{source.choice(METHODS)} {source.choice(TARGETS)} {version}"]
        for _ in range(source.byte() % 5):
            lines.append(source.choice(HEADERS))
            if source.chance(32):
                lines[-1] += source.text()
        body = source.choice(BODIES)
        if source.chance(128):
            body = _order(source)
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        head = "\r\n".join(lines) + "\r\n\r\n"
        made += head.encode("latin-1", "replace") + body
    if source.chance(64):
        made = made[: source.below(max(1, len(made)))]
    if source.chance(64):
        place = source.below(max(1, len(made)))
        made = made[:place] + source.chunk(4) + made[place + source.byte() % 8 :]
    return made


def _order(source: Source) -> bytes:
    """A body as orders have it, more or less."""
    pairs = []
    for _ in range(source.byte() % 4):
        value = source.choice(VALUES) if source.chance(192) else json.dumps(source.text())
        pairs.append(f'"{source.choice(KEYS)}": {value}')
    return ("{" + ", ".join(pairs) + "}").encode()
