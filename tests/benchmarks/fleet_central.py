# SPDX-License-Identifier: GPL-3.0-or-later
"""A central system that shares one supply among many charge points, by Smart Charging.

Its side of OCPP is the library's, which checks every message by its schema. What it lends:

* A share counts as in use until the charge point has accepted a lower one, and `SETTLE_S` longer.
* The share of one that is lost counts for the keep time and `SETTLE_S` longer, then its offline
  limit.
* After its own start it lends nothing for as long, because it remembers nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from ocpp.messages import Call, MessageType, pack, unpack, validate_payload

from evsed.frontends.ocpp.clock import iso

LEAST_A = 6.0
SETTLE_S = 10.0
LENT_EVERY_S = 15.0
TURN_S = 1800.0
"""A car that has had its share for so long goes to the end of the line."""
SILENT_S = 200.0
"""A charge point that has sent no ping for so long is lost."""
ANSWER_WITHIN_S = 30.0


@dataclass
class Point:
    """A charge point as the central system knows it."""

    name: str
    offline_a: float
    socket: web.WebSocketResponse | None = None
    heard_at: float = 0.0
    wants: bool = False
    transaction: int | None = None
    share_a: float = 0.0  # as it was accepted last
    in_use: list[tuple[float, float]] = field(default_factory=list)  # (until, amperes)
    waited_since: float = 0.0
    lent_since: float = 0.0
    waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    calling: asyncio.Lock = field(default_factory=asyncio.Lock)

    def most_a(self, now: float) -> float:
        """The most that it may be offering at *now*."""
        self.in_use = [(until, max_a) for until, max_a in self.in_use if until > now]
        present = self.share_a if self.socket is not None else self.offline_a
        return max([present, *(max_a for _, max_a in self.in_use)])


class FleetCentral:
    """The central system: *supply_a* for *offline*, the offline limit of each by its name."""

    def __init__(self, supply_a: float, keep_s: float, offline: dict[str, float]) -> None:
        self._supply_a = supply_a
        self._keep_s = keep_s
        self._offline = offline
        self._runner: web.AppRunner | None = None
        self._lending: asyncio.Task[None] | None = None
        self._points: dict[str, Point] = {}
        self._started_at = 0.0
        self._numbers = 0
        self.port = 0
        self.messages = 0
        self._reached: set[str] = set()
        self.all_reached = asyncio.Event()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def start(self) -> None:
        self._points = {name: Point(name, a) for name, a in self._offline.items()}
        self._started_at = self._now
        self._reached.clear()
        self.all_reached.clear()
        app = web.Application()
        app.router.add_get("/{name}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=4096)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._lending = asyncio.create_task(self._lend_for_ever())

    async def kill(self) -> None:
        """End at once; it remembers nothing."""
        if self._lending is not None:
            self._lending.cancel()
        for point in self._points.values():
            if point.socket is not None:
                await point.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drop(self, names: set[str]) -> None:
        """End the connections of *names*, as a network does."""
        for name in names:
            socket = self._points[name].socket
            if socket is not None and socket._req is not None:  # noqa: SLF001 - no word of goodbye
                transport = socket._req.transport  # noqa: SLF001
                if transport is not None:
                    transport.abort()

    # --- one connection -----------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("ocpp1.6",), autoping=False)
        await socket.prepare(request)
        point = self._points[request.match_info["name"]]
        point.socket, point.heard_at = socket, self._now
        # What it may be offering from before is in use until it has accepted something else.
        tasks: set[asyncio.Task[None]] = set()
        try:
            async for message in socket:
                point.heard_at = self._now
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    await self._on_text(point, socket, message.data, tasks)
        finally:
            for task in tasks:
                task.cancel()
            if point.socket is socket:
                self._lost(point)
        return socket

    def _lost(self, point: Point) -> None:
        until = self._now + self._keep_s + SETTLE_S
        point.in_use.append((until, point.share_a))
        point.socket, point.share_a = None, 0.0

    async def _on_text(
        self,
        point: Point,
        socket: web.WebSocketResponse,
        text: str,
        tasks: set[asyncio.Task[None]],
    ) -> None:
        self.messages += 1
        message = unpack(text)
        if message.message_type_id != MessageType.Call:
            if (waiting := point.waiting.pop(message.unique_id, None)) and not waiting.done():
                waiting.set_result(message.payload)
            return
        await validate_payload(message, "1.6")
        answer = self._answer(point, message.action, message.payload)
        with suppress(ConnectionError):
            await socket.send_str(pack(message.create_call_result(answer)))
        if message.action == "BootNotification":
            self._reached.add(point.name)
            if len(self._reached) == len(self._points):
                self.all_reached.set()
            task = asyncio.create_task(self._limit(point, 0.0))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def _answer(self, point: Point, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        now = iso(1.8e9 + self._now)
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": now, "interval": 3600}
            case "Heartbeat":
                return {"currentTime": now}
            case "StatusNotification":
                if payload["connectorId"] == 1:
                    wants = payload["status"] in ("Charging", "SuspendedEVSE")
                    if wants and not point.wants:
                        point.waited_since = self._now
                    point.wants = wants
                return {}
            case "StartTransaction":
                self._numbers += 1
                return {"transactionId": self._numbers, "idTagInfo": {"status": "Accepted"}}
            case _:
                return {}

    # --- lending ------------------------------------------------------------------------------

    async def _call(self, point: Point, action: str, payload: dict[str, Any]) -> bool:
        """Return True where *point* has accepted the call."""
        socket = point.socket
        if socket is None:
            return False
        async with point.calling:
            self._numbers += 1
            message_id = str(self._numbers)
            answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            point.waiting[message_id] = answer
            try:
                await socket.send_str(pack(Call(message_id, action, payload)))
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    return bool((await answer)["status"] == "Accepted")
            except (TimeoutError, ConnectionError):
                point.waiting.pop(message_id, None)
                return False

    async def _limit(self, point: Point, max_a: float) -> None:
        """Set the share of *point*; a higher one counts from now on, a lower one later."""
        before = point.most_a(self._now)
        point.in_use.append((self._now + ANSWER_WITHIN_S + SETTLE_S, max(before, max_a)))
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(max_a, 1)}],
        }
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        payload = {"connectorId": 1, "csChargingProfiles": profile}
        if await self._call(point, "SetChargingProfile", payload):
            point.share_a = max_a
            point.in_use = [(self._now + SETTLE_S, max(before, max_a))]

    async def _lend_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LENT_EVERY_S)
            for point in self._points.values():
                if point.socket is not None and self._now - point.heard_at > SILENT_S:
                    await point.socket.close()
            if self._now - self._started_at > self._keep_s + SILENT_S + SETTLE_S:
                await self._lend()

    async def _lend(self) -> None:
        now, points = self._now, self._points.values()
        there = [point for point in points if point.socket is not None]
        for point in there:
            if point.share_a and not point.wants:
                await self._limit(point, 0.0)
        wanting = sorted((p for p in there if p.wants), key=lambda p: p.waited_since)
        line = [point for point in wanting if not point.share_a]
        turned = [p for p in wanting if p.share_a and now - p.lent_since > TURN_S]
        for point in turned[: len(line)]:
            point.waited_since = now
            await self._limit(point, 0.0)
        left_a = self._supply_a - sum(point.most_a(self._now) for point in points)
        lost_a = sum(p.most_a(self._now) - p.offline_a for p in points if p.socket is None)
        if left_a < 0 and lost_a >= 0:  # what is lost may rise to its offline limit
            for point in [p for p in wanting if p.share_a]:
                await self._limit(point, 0.0)
                left_a += point.share_a
            return
        for point in line:
            if left_a < LEAST_A:
                break
            point.lent_since = now
            await self._limit(point, LEAST_A)
            left_a -= LEAST_A
