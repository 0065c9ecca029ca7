# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP-J over one WebSocket: calls and their answers, in both directions, one at a time.

The messages and the published schemas are the library's. What comes in is bounded in size and pace,
and stripped of members that are null, which some central systems send and no schema allows.
"""

from __future__ import annotations

import asyncio
import json
import math
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import structlog
from ocpp import exceptions, messages

if TYPE_CHECKING:
    from evsed.frontends.ocpp.clock import StationClock

LARGEST_BYTES: Final = 256 * 1024
"""A message beyond this ends the connection; a full local list of 200 idTags has some 25 KB."""
PER_S: Final = 20.0
BURST: Final = 60.0
"""Messages that are read a second, and at once. A central system that sends more is read no faster,
so that TCP holds the rest back where it comes from."""
CALL_WITHIN_S: Final = 30.0
"""Seconds for which an answer is waited for."""
TEXT_MOST: Final = 200
"""Letters of foreign text in a log or an answer."""

log = structlog.get_logger()
messages.ASYNC_VALIDATION = False  # it would use a thread for every message

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """The answer to a call, and what is to be done once it is sent."""

    payload: Payload
    after: Callable[[], Awaitable[None]] | None = None


Handler = Callable[[Payload], CallAnswer]


class LostError(Exception):
    """The connection has ended, or has to be ended; the text tells why."""


class CallError(Exception):
    """The central system did not answer a call, or answered with an error."""

    def __init__(self, text: str, *, refused: bool) -> None:
        super().__init__(text)
        self.refused = refused


class Rpc:
    """One connection: *socket*, the OCPP *version*, and who handles each action."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        version: str,
        clock: StationClock,
        on_contact: Callable[[float], None],
    ) -> None:
        self.handlers: Mapping[str, Handler] = {}
        self._socket = socket
        self._version = version
        self._clock = clock
        self._on_contact = on_contact
        self._calling = asyncio.Lock()
        self._waiting: tuple[str, asyncio.Future[Payload]] | None = None
        self._pings: dict[bytes, float] = {}
        self._left, self._read_at = BURST, clock.now()
        self._after: set[asyncio.Task[None]] = set()

    async def call(
        self, action: str, payload: Payload, message_id: str = "", within_s: float = CALL_WITHIN_S
    ) -> Payload:
        """Send a call and return its answer. Raises `CallError`."""
        async with self._calling:
            message_id = message_id or uuid.uuid4().hex
            answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._waiting = (message_id, answer)
            sent_at = self._clock.now()
            try:
                await self._send([2, message_id, action, payload])
                async with asyncio.timeout(within_s):
                    found = await answer
            except TimeoutError:
                raise CallError(f"no answer to {action}", refused=False) from None
            finally:
                self._waiting = None
            self._on_contact(sent_at)
            return found

    async def ping(self, within_s: float) -> None:
        """Send a ping. Raises `LostError` where one of *within_s* ago was not answered."""
        now = self._clock.now()
        if any(now - sent_at >= within_s for sent_at in self._pings.values()):
            raise LostError("it does not answer any more")
        token = uuid.uuid4().bytes
        self._pings[token] = now
        await self._write(self._socket.ping(token))

    async def run(self) -> None:
        """Read and answer until the connection ends. Raises `LostError`."""
        try:
            while True:
                await self._pace()
                await self._on_frame(await self._socket.receive())
        finally:
            for task in self._after:
                task.cancel()
            await asyncio.gather(*self._after, return_exceptions=True)

    async def _pace(self) -> None:
        now = self._clock.now()
        self._left = min(BURST, self._left + (now - self._read_at) * PER_S) - 1.0
        self._read_at = now
        if self._left < 0:
            await asyncio.sleep(-self._left / PER_S)

    async def _on_frame(self, frame: aiohttp.WSMessage) -> None:
        match frame.type:
            case aiohttp.WSMsgType.TEXT:
                await self._on_text(frame.data)
            case aiohttp.WSMsgType.PONG:
                if (sent_at := self._pings.pop(bytes(frame.data), None)) is not None:
                    self._pings = {t: at for t, at in self._pings.items() if at > sent_at}
                    self._on_contact(sent_at)
            case aiohttp.WSMsgType.PING:
                await self._write(self._socket.pong(frame.data))
            case aiohttp.WSMsgType.BINARY:
                pass  # OCPP-J knows none
            case _:
                code = self._socket.close_code
                reason = frame.extra if isinstance(frame.extra, str) else ""
                raise LostError(f"it ended the connection ({code} {reason[:TEXT_MOST]})".strip())

    async def _on_text(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return  # no call to answer
        match message:
            case [2, str() as message_id, str() as action, dict() as payload]:
                await self._on_call(message_id, action, payload)
            case [2, str() as message_id, *_]:
                await self._send([4, message_id[:36], "FormationViolation", "no call", {}])
            case [3, message_id, dict() as payload, *_]:
                self._on_answer(message_id, payload)
            case [4, message_id, *rest]:
                words = " ".join(str(part) for part in rest[:2])[:TEXT_MOST]
                self._on_answer(message_id, CallError(words, refused=True))
            case _:
                pass

    def _on_answer(self, message_id: object, answer: Payload | CallError) -> None:
        waiting = self._waiting
        if waiting is None or waiting[0] != message_id or waiting[1].done():
            return  # late, or the answer to no call
        if isinstance(answer, CallError):
            waiting[1].set_exception(answer)
        else:
            waiting[1].set_result(answer)

    async def _on_call(self, message_id: str, action: str, payload: Payload) -> None:
        try:
            answer = self._handle(message_id, action, payload)
        except exceptions.OCPPError as error:
            text = str(error.description)[:TEXT_MOST]
            await self._send([4, message_id, error.code, text, {}])
            return
        await self._send([3, message_id, answer.payload])
        if answer.after is not None:
            task = asyncio.create_task(_quietly(answer.after()), name=f"ocpp {action}")
            self._after.add(task)
            task.add_done_callback(self._after.discard)

    def _handle(self, message_id: str, action: str, payload: Payload) -> CallAnswer:
        """Return the answer to a call. Raises `OCPPError`."""
        handler = self.handlers.get(action)
        if handler is None:
            known = action.isalnum() and _has_schema(action, self._version)
            raise exceptions.NotSupportedError if known else exceptions.NotImplementedError
        call = messages.Call(message_id, action, without_null(payload))
        try:
            messages._validate_payload(call, self._version)  # noqa: SLF001 - its public twin is a coroutine
            return handler(floats(call.payload))
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise exceptions.PropertyConstraintViolationError(str(error)) from error

    async def _send(self, message: list[object]) -> None:
        await self._write(self._socket.send_str(json.dumps(message, separators=(",", ":"))))

    async def _write(self, writing: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await writing
        except (ConnectionError, TimeoutError, RuntimeError, aiohttp.ClientError) as error:
            raise LostError(str(error) or "it does not read any more") from error


def _has_schema(action: str, version: str) -> bool:
    try:
        return bool(messages.get_validator(2, action, version))
    except OSError:
        return False


async def _quietly(work: Awaitable[None]) -> None:
    """Do *work*; what ends it is seen elsewhere, or is the central system's own affair."""
    try:
        await work
    except (CallError, LostError) as error:
        log.debug("a message to the central system was not answered", reason=str(error))


def without_null(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return *value* without members that are null."""
    if isinstance(value, dict):
        return {key: without_null(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_null(inner) for inner in value]
    return value


def floats(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return *value* with plain numbers; the library reads limits as decimals, to check them."""
    if isinstance(value, dict):
        return {key: floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [floats(inner) for inner in value]
    if value is None or isinstance(value, bool | str | int):
        return value
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number")
    return number
