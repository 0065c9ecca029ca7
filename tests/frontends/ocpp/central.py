# SPDX-License-Identifier: GPL-3.0-or-later
"""A central system: the other side of the library, which checks every message by its schema."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import WSMsgType, web
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, MessageType, pack, unpack, validate_payload

IN_TIME_S = 60.0
"""Far more than any of it takes; a test that waits so long has failed."""

Payload = dict[str, Any]
SUBPROTOCOLS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1"}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Came:
    """A call of the charge point, and the answer that it got."""

    action: str
    payload: Payload
    message_id: str


class Refused(Exception):
    """The charge point answered a call with an error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def answers(number: Callable[[], int]) -> dict[str, Callable[[Payload], Payload]]:
    """The answers of a central system that agrees to everything; transactions get *number*."""
    good = {"status": "Accepted"}
    return {
        "Authorize": lambda p: {"idTokenInfo" if "idToken" in p else "idTagInfo": good},
        "BootNotification": lambda _: {"status": "Accepted", "currentTime": now(), "interval": 300},
        "DataTransfer": lambda _: {"status": "UnknownVendorId"},
        "Heartbeat": lambda _: {"currentTime": now()},
        "MeterValues": lambda _: {},
        "NotifyReport": lambda _: {},
        "ReportChargingProfiles": lambda _: {},
        "StartTransaction": lambda _: {"transactionId": number(), "idTagInfo": good},
        "StatusNotification": lambda _: {},
        "StopTransaction": lambda _: {"idTagInfo": good},
        "TransactionEvent": lambda _: {},
    }


@dataclass
class CentralSystem:
    """A central system on 127.0.0.1; `came` has every call of charge points, in order.

    `answers` may be changed by a test. `invalid` has what broke a schema. `mute`: it does
    not answer any more on this connection, as a machine whose network is gone. `gone`: nor does
    it answer who connects again.
    """

    protocols: tuple[str, ...] = ("ocpp1.6",)
    password: str = ""
    tls: ssl.SSLContext | None = None
    port: int = 0
    came: list[Came] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._numbers = iter(range(7, 1_000_000))
        self.answers = answers(lambda: next(self._numbers))
        self._changed = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None
        self._waiting: dict[str, asyncio.Future[Payload]] = {}
        self._calls = 0
        self._runner: web.AppRunner | None = None
        self.version = ""
        self.mute = self.gone = False
        self.raw: list[str] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/ocpp/{identity}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End at once, and all connections with it."""
        runner, self._runner = self._runner, None
        if self._socket is not None:
            await self._socket.close()
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/ocpp"

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.gone:
            await asyncio.Event().wait()  # until the end, which cancels it
        expected = f"{request.match_info['identity']}:{self.password}"
        basic = f"Basic {base64.b64encode(expected.encode()).decode()}"
        if self.password and request.headers.get("Authorization") != basic:
            return web.Response(status=401)
        socket = web.WebSocketResponse(protocols=self.protocols, autoping=False)
        await socket.prepare(request)
        self.connections += 1
        self.mute = False
        self._socket, self.version = socket, SUBPROTOCOLS.get(socket.ws_protocol or "", "")
        self._changed.set()
        async for message in socket:
            if self.mute:
                continue
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                await self._on_text(socket, message.data)
        return socket

    async def _on_text(self, socket: web.WebSocketResponse, text: str) -> None:
        self.raw.append(text)
        message = unpack(text)
        if message.message_type_id != MessageType.Call:
            waiting = self._waiting.pop(message.unique_id, None)
            if waiting is None:
                return  # to what the test has sent as text
            if message.message_type_id == MessageType.CallResult:
                waiting.set_result(message.payload)
            else:
                waiting.set_exception(Refused(message.error_code))
            return
        await self._check(message)
        self.came.append(Came(message.action, message.payload, message.unique_id))
        self._changed.set()
        try:
            answer = self.answers[message.action](message.payload)
        except OCPPError as error:
            with suppress(ConnectionError):
                await socket.send_str(pack(message.create_call_error(error)))
            return
        with suppress(ConnectionError):
            await socket.send_str(pack(message.create_call_result(answer)))

    async def _check(self, message: Any) -> None:  # noqa: ANN401 - the library has no types
        try:
            await validate_payload(message, self.version)
        except OCPPError as error:
            self.invalid.append(f"{message}: {error!r}")

    async def call(self, action: str, **payload: Any) -> Payload:  # noqa: ANN401 - JSON
        """Send a call and return the answer, checked. Raises `Refused`."""
        assert self._socket is not None
        self._calls += 1
        message_id = f"central-{self._calls}"
        sent = Call(message_id, action, payload)
        waiting: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = waiting
        await self._socket.send_str(pack(sent))
        async with asyncio.timeout(IN_TIME_S):
            answer = await waiting
        result = sent.create_call_result(answer)
        result.action = action
        await self._check(result)
        return answer

    async def status_of(self, action: str, **payload: Any) -> str:  # noqa: ANN401 - JSON
        """Send a call and return the status in its answer."""
        return str((await self.call(action, **payload))["status"])

    def expect(self, *message_ids: str) -> list[asyncio.Future[Payload]]:
        """Return the answers to come of calls that the test sends as text."""
        loop = asyncio.get_running_loop()
        self._waiting = {message_id: loop.create_future() for message_id in message_ids}
        return list(self._waiting.values())

    async def send_text(self, text: str) -> None:
        """Send what no central system should."""
        assert self._socket is not None
        await self._socket.send_str(text)

    def of(self, action: str, **wanted: Any) -> list[Came]:  # noqa: ANN401 - JSON
        """Return the calls of *action* that have all of *wanted*."""
        return [
            came
            for came in self.came
            if came.action == action and all(came.payload.get(k) == v for k, v in wanted.items())
        ]

    async def seen(self, action: str, count: int = 1, **wanted: Any) -> Came:  # noqa: ANN401
        """Wait until so many calls of *action* with all of *wanted* came; return the last."""
        async with asyncio.timeout(IN_TIME_S):
            while len(found := self.of(action, **wanted)) < count:
                self._changed.clear()
                await self._changed.wait()
        return found[count - 1]
