# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSockets under the guard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from evsed.frontends import openevse
from evsed.frontends.web.auth.password import hashed
from evsed.frontends.web.http.websockets import worth_sending
from tests.frontends.openevse_world import QUICK
from tests.frontends.web.web_world import CHARGING, FAULTED, IN_TIME_S, Served, served


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_websocket_has_to_be_asked_for(evsed: Served, method: str) -> None:
    wire = await evsed.wire()
    await wire.send(f"{method} /ws HTTP/1.1\r\nHost: evsed\r\nConnection: close\r\n\r\n".encode())
    assert b" 426 " in (await wire.ended())[:20]


@pytest.mark.parametrize(
    "headers",
    [
        "Upgrade: wébsocket",
        (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: é"
        ),
    ],
)
async def test_a_handshake_in_another_alphabet_is_none(evsed: Served, headers: str) -> None:
    wire = await evsed.wire()
    await wire.send(f"GET /ws HTTP/1.1\r\nHost: evsed\r\n{headers}\r\n\r\n".encode("latin-1"))
    assert (await wire.answer())[0] == 426


async def test_one_websocket_too_many_is_told_to_poll_and_the_rest_go_on(
    password_file: Path, browser: aiohttp.ClientSession
) -> None:
    limits = replace(QUICK, sockets=1)
    async with served(password_file=password_file, openevse=True, limits=limits) as evsed:
        async with browser.ws_connect(f"{evsed.url}/ws") as first:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await browser.ws_connect(f"{evsed.url}/ws")
            assert caught.value.status == 503
            assert (await first.receive_json(timeout=IN_TIME_S))["state"] == 3
        async with asyncio.timeout(IN_TIME_S):
            while True:  # until it has noticed that the first one left
                try:
                    async with browser.ws_connect(f"{evsed.url}/ws") as second:
                        assert (await second.receive_json())["state"] == 3
                        break
                except aiohttp.WSServerHandshakeError:
                    continue


@pytest.mark.parametrize("word", ["x" * 300, '{"ping": 1}'])
async def test_a_websocket_that_says_too_much_is_cut(
    password_file: Path, browser: aiohttp.ClientSession, word: str
) -> None:
    limits = replace(QUICK, body_bytes=2000)
    async with (
        served(password_file=password_file, openevse=True, limits=limits) as evsed,
        browser.ws_connect(f"{evsed.url}/ws") as wire,
    ):
        try:
            for _ in range(200):
                await wire.send_str(word)
        except ConnectionError:
            pass
        async with asyncio.timeout(IN_TIME_S):
            while (await wire.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert wire.closed


async def test_a_websocket_that_is_not_there_any_more_is_found_out(
    password_file: Path, browser: aiohttp.ClientSession
) -> None:
    limits = replace(QUICK, socket_alive_s=0.05)
    async with (
        served(password_file=password_file, openevse=True, limits=limits) as evsed,
        browser.ws_connect(f"{evsed.url}/ws", autoping=False, autoclose=False) as wire,
    ):
        async with asyncio.timeout(IN_TIME_S):
            while (await wire.receive()).type not in (
                aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR,
            ):  # fmt: skip
                pass


@pytest.mark.parametrize("word", [b"\x00\xff", '["ping"]', "ping", "[" * 200])
async def test_what_a_websocket_says_beside_a_ping_is_no_matter(
    evsed: Served, browser: aiohttp.ClientSession, word: str | bytes
) -> None:
    async with browser.ws_connect(f"{evsed.url}/ws") as wire:
        await wire.receive_json(timeout=IN_TIME_S)
        await (wire.send_bytes(word) if isinstance(word, bytes) else wire.send_str(word))
        await wire.send_str('{"ping": 1}')
        assert await wire.receive_json(timeout=IN_TIME_S) == {"pong": 1}


async def test_what_is_not_known_any_more_is_told_as_null(
    evsed: Served, browser: aiohttp.ClientSession
) -> None:
    async with browser.ws_connect(f"{evsed.url}/ws") as wire:
        assert "available_current" in await wire.receive_json(timeout=IN_TIME_S)
        evsed.hub.show(replace(CHARGING, available_w=None))
        assert await wire.receive_json(timeout=IN_TIME_S) == {"available_current": None}


@pytest.mark.parametrize(
    ("changed", "since_s", "worth"),
    [
        ({"uptime", "time", "state"}, 0.0, True),
        ({"uptime", "time"}, 29.0, False),
        ({"uptime", "time"}, 30.0, True),
        ({"uptime", "amp"}, 4.0, False),
        ({"uptime", "amp"}, 5.0, True),
        (set(), 3600.0, False),
    ],
)
def test_a_clock_alone_is_hardly_worth_a_message(
    changed: set[str], since_s: float, *, worth: bool
) -> None:
    assert worth_sending(changed, openevse.CLOCKS, openevse.MEASURED, since_s) is worth


async def test_a_clock_that_moves_sends_nothing_by_itself(
    evsed: Served, browser: aiohttp.ClientSession
) -> None:
    async with browser.ws_connect(f"{evsed.url}/ws") as wire:
        await wire.receive_json(timeout=IN_TIME_S)
        for uptime_s in (98_124.0, 98_125.0):
            evsed.hub.show(replace(CHARGING, uptime_s=uptime_s))
            await wire.send_str('{"ping": 1}')
            assert await wire.receive_json(timeout=IN_TIME_S) == {"pong": 1}
        evsed.hub.show(replace(FAULTED, uptime_s=98_126.0))
        news = await wire.receive_json(timeout=IN_TIME_S)
        assert (news["state"], news["uptime"]) == (5, 98_126)


async def test_a_new_password_closes_every_websocket(
    evsed: Served, browser: aiohttp.ClientSession, password_file: Path
) -> None:
    async with browser.ws_connect(f"{evsed.url}/ws") as wire:
        await wire.receive_json(timeout=IN_TIME_S)
        fresh = password_file.with_name("fresh")
        fresh.write_text(hashed("another one", log2_n=4))
        fresh.replace(password_file)
        ended = await wire.receive(timeout=IN_TIME_S)
        assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 1008)


async def test_when_evsed_ends_its_websockets_are_told(
    password_file: Path, browser: aiohttp.ClientSession
) -> None:
    async with served(password_file=password_file, openevse=True, limits=QUICK) as evsed:
        wire = await browser.ws_connect(f"{evsed.url}/ws")
        await wire.receive_json(timeout=IN_TIME_S)
        receiving = asyncio.create_task(wire.receive())
        await asyncio.sleep(0)
        await evsed.frontend.stop()
        ended = await receiving
    assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    await wire.close()
