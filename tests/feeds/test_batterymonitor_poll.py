# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching BatteryMonitor's page: when, how much of it, and what is refused on the way."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class House:
    """A feed's server on made-up time: a new stamp every `period_s`, 2 s into it."""

    now_s: float = 0.0
    period_s: float = 60.0
    asked_at: list[float] = field(default_factory=list)
    down: bool = False
    frozen_at_s: float | None = None

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.asked_at.append(self.now_s)
        if self.down:
            raise httpx.ConnectError("no route to host")
        running_s = self.now_s if self.frozen_at_s is None else self.frozen_at_s
        sampled_s = (running_s - 2) // self.period_s * self.period_s + 2
        lines = [
            f"Current Time {NOON + timedelta(seconds=self.now_s):%Y%m%d%H%M%S}",
            f"Timestamp {NOON + timedelta(seconds=sampled_s):%Y%m%d%H%M%S}",
            *["Excess solar power available 100W"] * 2,
            *["Minimum demand energy 0W"] * 2,
            *["Maximum demand energy 5000W"] * 2,
        ]
        return httpx.Response(200, text="\n".join(lines))

    def feed(self, jitter: float = 0.5) -> BatteryMonitorFeed:
        return BatteryMonitorFeed(
            FeedConfig(url="http://house.test/excesspwr.php", period_s=self.period_s),
            UTC,
            transport=httpx.MockTransport(self.answer),
            clock=lambda: self.now_s,
            jitter=lambda: jitter,
        )

    async def follow(self, feed: BatteryMonitorFeed, polls: int) -> list[str]:
        """Wait and poll as the daemon does; the stamps, "" for a refusal."""
        heard = []
        for _ in range(polls):
            self.now_s += feed.next_poll_s()
            try:
                heard.append((await feed.poll()).stamp)
            except FeedError:
                heard.append("")
        return heard


@given(st.floats(0, 60, exclude_max=True), st.floats(0, 1))
async def test_each_stamp_is_heard_once_just_after_the_page_has_it(
    phase_s: float, jitter: float
) -> None:
    house = House(now_s=600 + phase_s)
    feed = house.feed(jitter)

    heard = await house.follow(feed, 18)

    settled = [at for at in house.asked_at if at > house.asked_at[0] + 130]
    # 2 s after the stamp, 0-1 s of jitter, and under 1 s because the stamps are whole seconds.
    assert all(2 <= (at - 2) % 60 < 4 for at in settled)
    assert len(settled) >= 8
    assert len(set(heard[-8:])) == 8
    assert all(b - a >= 10 for a, b in zip(house.asked_at, house.asked_at[1:], strict=False))
    await feed.close()


async def test_a_period_of_ten_seconds_is_followed_too() -> None:
    house = House(now_s=603, period_s=10)
    feed = house.feed()

    heard = await house.follow(feed, 30)

    assert len(set(heard)) >= 29
    assert all(b - a >= 10 for a, b in zip(house.asked_at, house.asked_at[1:], strict=False))
    await feed.close()


async def test_the_first_poll_is_at_once() -> None:
    feed = House().feed()

    assert feed.next_poll_s() == 0
    await feed.close()


async def test_a_feed_that_is_late_is_met_within_ten_seconds_and_a_dead_one_is_left_alone() -> None:
    house = House(now_s=602.0, frozen_at_s=602.0)
    feed = house.feed(jitter=0.0)

    heard = await house.follow(feed, 9)

    assert house.asked_at == [602, 612, 622, 632, 642, 652, 662, 722, 782]
    assert len(set(heard)) == 1
    house.frozen_at_s = None
    await house.follow(feed, 2)
    assert house.asked_at[-2:] == [842, 904]  # the stamp is of 842: in step again
    await feed.close()


async def test_a_feed_that_is_down_is_asked_ever_less_and_at_least_once_a_period() -> None:
    house = House(now_s=602.0, down=True)
    feed = house.feed(jitter=0.25)

    heard = await house.follow(feed, 6)

    waits = [b - a for a, b in zip(house.asked_at, house.asked_at[1:], strict=False)]
    assert heard == [""] * 6
    assert waits == [10.25, 20.25, 40.25, 60.25, 60.25]
    house.down = False
    await house.follow(feed, 3)
    assert house.asked_at[-1] - house.asked_at[-2] == pytest.approx(60, abs=2)  # in step again
    await feed.close()


async def test_a_refused_page_waits_ten_seconds_as_well() -> None:
    now_s = 5.0
    feed = BatteryMonitorFeed(
        FeedConfig(url="http://house.test/"),
        UTC,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, text="out of order")),
        clock=lambda: now_s,
        jitter=lambda: 0.0,
    )
    with pytest.raises(FeedError, match='has no "Excess'):
        await feed.poll()

    assert feed.next_poll_s() == 10
    now_s = 12.0
    assert feed.next_poll_s() == 3
    now_s = 99.0
    assert feed.next_poll_s() == 0
    await feed.close()


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
