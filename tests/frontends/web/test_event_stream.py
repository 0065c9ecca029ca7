# SPDX-License-Identifier: GPL-3.0-or-later
"""Server-sent events: each change, to each listener, and no more listeners than agreed."""

import asyncio
import json
from dataclasses import replace
from typing import Any, Self

import pytest

from tests.frontends.web.web_world import (
    CHARGING,
    FAULTED,
    IN_TIME_S,
    PAST_S,
    PATIENT,
    Served,
    Wire,
    served,
    skip,
)

ASK = b"GET /api/v1/events HTTP/1.1\r\nHost: evsed\r\nAccept: text/event-stream\r\n\r\n"


class Listener:
    """One event stream, read event by event."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @classmethod
    async def to(cls, evsed: Served) -> Self:
        wire = await evsed.wire()
        await wire.send(ASK)
        async with asyncio.timeout(IN_TIME_S):
            head = await wire.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        assert b"text/event-stream" in head
        return cls(wire)

    async def heard(self) -> dict[str, Any]:
        """The next event."""
        async with asyncio.timeout(IN_TIME_S):
            while True:
                line = await self.wire.reader.readline()
                assert line, "the stream ended"
                if line.startswith(b"data: "):
                    return dict(json.loads(line[6:]))

    async def heard_status(self, evse_status: str) -> None:
        while (await self.heard())["evse_status"] != evse_status:
            pass


async def until_listening(evsed: Served, count: int) -> None:
    async with asyncio.timeout(IN_TIME_S):
        while evsed.frontend.listeners != count:  # noqa: ASYNC110 - seen from outside only
            await asyncio.sleep(0.005)


async def test_a_listener_hears_the_status_at_once_and_each_change() -> None:
    async with served() as evsed:
        listener = await Listener.to(evsed)
        assert (await listener.heard())["evse_status"] == "Charging"
        evsed.hub.show(FAULTED)
        await listener.heard_status("Faulted")
        evsed.hub.show(CHARGING)
        await listener.heard_status("Charging")


async def test_all_listeners_hear_the_same() -> None:
    async with served() as evsed:
        listeners = [await Listener.to(evsed) for _ in range(10)]
        evsed.hub.show(FAULTED)
        await asyncio.gather(*(item.heard_status("Faulted") for item in listeners))


async def test_one_that_leaves_takes_nobody_along_and_frees_its_place() -> None:
    async with served(limits=replace(PATIENT, listeners=2, pulse_s=0.01)) as evsed:
        first, second = await Listener.to(evsed), await Listener.to(evsed)
        await first.wire.close()
        await until_listening(evsed, 1)
        third = await Listener.to(evsed)
        evsed.hub.show(FAULTED)
        await second.heard_status("Faulted")
        await third.heard_status("Faulted")


async def test_with_no_change_the_stream_still_says_that_it_lives() -> None:
    async with served(limits=replace(PATIENT, pulse_s=0.01)) as evsed:
        listener = await Listener.to(evsed)
        for _ in range(5):
            await listener.heard()


async def test_more_listeners_than_agreed_are_told_to_poll() -> None:
    async with served(limits=replace(PATIENT, listeners=1)) as evsed:
        listener = await Listener.to(evsed)
        await listener.heard()
        wire = await evsed.wire()
        status, headers, body = await wire.ask("GET /api/v1/events")
        assert status == 503
        assert "retry-after" in headers
        assert "/api/v1/status" in json.loads(body)["detail"]


async def test_updates_keep_their_distance_however_fast_things_change() -> None:
    """After one update the next may come 600 s later; 200 changes do not bring it forward."""
    async with served(limits=replace(PATIENT, spacing_s=600.0)) as evsed:
        listener = await Listener.to(evsed)
        await listener.heard()  # at once
        await listener.heard()  # the pump's first
        for power_w in range(200):
            evsed.hub.show(replace(CHARGING, power_w=float(power_w)))
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await listener.heard()


async def test_a_listener_that_stops_reading_is_cut_and_the_others_hear_on() -> None:
    limits = replace(PATIENT, pulse_s=0.001)
    async with served(limits=limits) as evsed:
        deaf = await evsed.wire(buffer_bytes=1024)
        await deaf.send(ASK)
        good = await Listener.to(evsed)
        await until_listening(evsed, 2)
        long = replace(CHARGING, summary="x" * 200_000)
        while evsed.frontend.listeners == 2:
            evsed.hub.show(replace(long))
            await good.wire.reader.read(2**18)
            skip(PAST_S / 50)
        assert evsed.frontend.listeners == 1


async def test_listeners_are_let_go_when_evsed_ends() -> None:
    async with served() as evsed:
        listener = await Listener.to(evsed)
        await listener.heard()
        await evsed.frontend.stop()
        async with asyncio.timeout(IN_TIME_S):
            while await listener.wire.reader.readline():
                pass
