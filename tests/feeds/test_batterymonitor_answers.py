# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers to a fetch of BatteryMonitor's page: how much is read, and what is refused."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.solar.allotment import Reading
from evsed.errors import FeedError
from evsed.feeds import FeedConfig
from evsed.feeds.batterymonitor import BatteryMonitorFeed

PAGE = (Path(__file__).parents[1] / "pages" / "surplus.html").read_bytes()


# ------------------------------------------------------------------------- a real server, real HTTP
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """A real web server on a free port of this machine; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/excesspwr.php"
    finally:
        await runner.cleanup()


async def refusal(handler: Handler, timeout_s: float = 30.0) -> str:
    """The refusal of a poll of *handler*."""
    async with served(handler) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url), UTC, timeout_s=timeout_s)
        try:
            with pytest.raises(FeedError) as error:
                await feed.poll()
        finally:
            await feed.close()
    assert "evsed goes by the last news until that is too old" in str(error.value)
    return str(error.value)


async def test_a_page_is_fetched_uncompressed_without_proxies_or_cookies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    asked: list[web.Request] = []

    async def house(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(body=PAGE, headers={"Set-Cookie": f"visit={len(asked)}; path=/"})

    async with served(house) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url), UTC)
        readings = [await feed.poll() for _ in range(2)]
        await feed.close()

    assert [reading.excess_w for reading in readings] == [1834, 1834]
    assert asked[1].headers["Accept-Encoding"] == "identity"
    assert "Cookie" not in asked[1].headers


async def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.path)
        raise web.HTTPFound("http://127.0.0.1:9/other")

    message = await refusal(elsewhere)

    assert 'redirects to "http://127.0.0.1:9/other"' in message
    assert "Set feed.url to the page itself" in message
    assert seen == ["/excesspwr.php"]


@pytest.mark.parametrize("status", [201, 203, 204, 304, 401, 404, 500, 503])
async def test_any_status_but_200_is_refused_whatever_the_body_says(status: int) -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(status=status, body=None if status in {204, 304} else PAGE)

    assert f"answered with status {status} instead of 200" in await refusal(house)


async def test_a_body_without_end_is_cut_at_64_kib() -> None:
    sent = 0

    async def house(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while sent < 1 << 30:
                await response.write(b" " * 16384)
                sent += 16384
        return response

    assert "sent more than 64 KiB" in await refusal(house)
    assert sent < 1 << 26  # what the two sockets hold, not a gigabyte


async def test_a_body_of_64_kib_is_still_read() -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(body=PAGE + b" " * (65536 - len(PAGE)))

    async with served(house) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url), UTC)
        assert (await feed.poll()).excess_w == 1834
        await feed.close()


async def test_a_compressed_bomb_is_refused_unopened() -> None:
    async def house(_: web.Request) -> web.Response:
        bomb = gzip.compress(bytes(10_000_000))
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert 'sent its page compressed ("gzip"), though asked not to' in await refusal(house)


async def reading_of(answer: bytes) -> Reading:
    """The reading of a server that gives these bytes to any request, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        feed = BatteryMonitorFeed(FeedConfig(url=f"http://127.0.0.1:{port}/x.php"), UTC)
        try:
            return await feed.poll()
        finally:
            await feed.close()


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        PAGE,  # HTTP/0.9
        b"HTTP/1.0 200 OK\r\n\r\n" + PAGE,
        HEAD + b"X Powered By: PHP\r\n\r\n" + PAGE,
        HEAD + b"X Powered By: PHP\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE,
        HEAD + b"Content-Encoding: Identity\r\n\r\n" + PAGE,
        HEAD + b"Content-Encoding: \r\n\r\n" + PAGE,
        HEAD + b"Content-Encoding: UTF-8\r\n\r\n" + PAGE,
        HEAD + b"\r\n" + PAGE.replace(b"deprecated", b"veraltet, ge\xe4ndert"),
        HEAD + b"\r\n\xef\xbb\xbf" + PAGE,
        HEAD + b"\r\n" + PAGE.decode().encode("utf-16"),
        HEAD + b"\r\n" + PAGE.decode().encode("utf-16-le"),
        PAGE.decode().encode("utf-32"),  # HTTP/0.9
    ],
)
async def test_the_answers_of_servers_that_owners_have_are_read(answer: bytes) -> None:
    assert (await reading_of(answer)).excess_w == 1834


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 9999\r\n\r\n" + PAGE,
        HEAD + b"X Powered By: PHP\r\nContent-Length: 9999\r\n\r\n" + PAGE,
        b"HTTP/1.1 503 Busy\r\nX Powered By: PHP\r\n\r\n" + PAGE,
        PAGE[: len(PAGE) // 2],
        b"",
    ],
)
async def test_a_cut_or_wrong_answer_is_no_reading(answer: bytes) -> None:
    with pytest.raises(FeedError):
        await reading_of(answer)


async def test_a_server_that_wants_a_password_says_how_to_give_it() -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(status=401)

    assert re.search(r"set feed.url to http://NAME:PASSWORD@127\.0\.0\.1", await refusal(house))


async def test_a_password_that_is_wrong_is_to_be_corrected() -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(status=401, headers={"WWW-Authenticate": "Basic realm=x"})

    async with served(house) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url.replace("//", "//owner:secret@")), UTC)
        with pytest.raises(FeedError, match="Correct the name and the password"):
            await feed.poll()
        await feed.close()


async def test_a_server_that_wants_a_digest_of_the_password_gets_it() -> None:
    asked: list[str] = []

    async def house(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", ""))
        if not asked[-1].startswith("Digest "):
            challenge = 'Digest realm="house", nonce="7", qop="auth"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        return web.Response(body=PAGE)

    async with served(house) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url.replace("//", "//owner:secret@")), UTC)
        assert (await feed.poll()).excess_w == 1834
        assert 'username="owner"' in asked[-1]
        await feed.close()


async def test_a_maximum_of_0_is_obeyed_on_a_page_with_another_status() -> None:
    """PHP that ends in an error sends what it has, with status 500."""

    async def house(_: web.Request) -> web.Response:
        return web.Response(status=500, body=PAGE.replace(b" 5000W", b" 0W"))

    async with served(house) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url), UTC)
        with pytest.raises(FeedError, match="status 500") as error:
            await feed.poll()
        await feed.close()
    assert error.value.page_came
    assert error.value.maximum_w == 0


@pytest.mark.parametrize("coding", ["identity, gzip", "GZIP", "x-gzip", "deflate,identity"])
async def test_no_coding_that_changes_the_bytes_is_undone(coding: str) -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(PAGE), headers={"Content-Encoding": coding})

    assert "sent its page compressed" in await refusal(house)


async def test_a_server_without_a_trusted_certificate_says_what_to_do() -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(body=PAGE)

    async with served(house) as url:
        feed = BatteryMonitorFeed(FeedConfig(url=url.replace("http:", "https:")), UTC)
        with pytest.raises(FeedError, match=r"Write feed\.url with http://"):
            await feed.poll()
        await feed.close()


async def test_a_server_that_drips_is_given_up_on() -> None:
    """Each byte comes in time; the whole page does not."""
    gone = asyncio.Event()

    async def house(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while not gone.is_set():
                await response.write(b" ")
                with suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), 0.01)
        return response

    try:
        message = await refusal(house, timeout_s=0.2)
    finally:
        gone.set()
    assert "did not answer in full within 0.2 s" in message


async def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    async def house(_: web.Request) -> web.Response:
        return web.Response(body=PAGE)

    async with served(house) as url:
        pass  # it was there, and is not any more: nothing listens on this port
    feed = BatteryMonitorFeed(FeedConfig(url=url.replace("//", "//owner:secret@")), UTC)

    with pytest.raises(FeedError, match="cannot be reached") as error:
        await feed.poll()

    assert url in str(error.value)
    assert "secret" not in str(error.value)
    await feed.close()


async def test_an_answer_that_is_not_http_is_refused() -> None:
    async def not_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    server = await asyncio.start_server(not_http, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        feed = BatteryMonitorFeed(FeedConfig(url=f"http://127.0.0.1:{port}/"), UTC)
        with pytest.raises(FeedError, match="cannot be reached"):
            await feed.poll()
        await feed.close()


@given(st.binary(max_size=2000))
async def test_whatever_the_bytes_are_it_is_a_reading_or_a_refusal(body: bytes) -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    feed = BatteryMonitorFeed(FeedConfig(url="http://house.test/"), UTC, transport=answer)

    with pytest.raises(FeedError):
        await feed.poll()
    await feed.close()
