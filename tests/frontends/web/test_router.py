# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answer belongs to which request, over real sockets."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from evsed.frontends.classic import classic_line
from tests.frontends.web.web_world import CHARGING, FAULTED, Served, served

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest_asyncio.fixture
async def evsed() -> AsyncIterator[Served]:
    async with served() as running:
        yield running


@pytest_asyncio.fixture
async def client(evsed: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(evsed.url) as session:
        yield session


async def test_a_browser_gets_the_page(client: aiohttp.ClientSession) -> None:
    async with client.get("/", headers=BROWSER) as answer:
        body = await answer.text()
    assert answer.status == 200
    assert answer.content_type == "text/html"
    assert body.startswith("<!doctype html>")
    assert "{{" not in body


async def test_a_program_that_asks_for_no_html_gets_the_classic_line(
    client: aiohttp.ClientSession,
) -> None:
    async with client.get("/") as answer:
        body = await answer.text()
    assert answer.status == 200
    assert answer.content_type == "text/plain"
    assert body == classic_line(CHARGING)


@pytest.mark.parametrize(
    "path", ["/status", "/favicon.ico", "/apiary", "/static/x.js", "/a/b?c=d", "//", "/%2e%2e/etc"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
async def test_every_other_path_answers_the_classic_line_to_any_method(
    client: aiohttp.ClientSession, method: str, path: str
) -> None:
    async with client.request(method, path, data=b"x" if method == "POST" else None) as answer:
        body = await answer.text()
    assert (answer.status, answer.content_type, body) == (200, "text/plain", classic_line(CHARGING))


async def test_even_a_browser_gets_the_classic_line_on_other_paths(
    client: aiohttp.ClientSession,
) -> None:
    async with client.get("/anything", headers=BROWSER) as answer:
        assert await answer.text() == classic_line(CHARGING)


@pytest.mark.parametrize("line", ["BREW /pot", "get /", "X-Y_Z! *"])
async def test_a_method_nobody_has_heard_of_still_gets_the_classic_line(
    evsed: Served, line: str
) -> None:
    wire = await evsed.wire()
    status, _, body = await wire.ask(line)
    assert (status, body.decode()) == (200, classic_line(CHARGING))


async def test_an_unknown_method_under_api_is_told_what_is_understood(evsed: Served) -> None:
    wire = await evsed.wire()
    status, headers, body = await wire.ask("BREW /api/v1/status")
    assert status == 405
    assert headers["allow"] == "GET, HEAD"
    assert json.loads(body)["status"] == 405


@pytest.mark.parametrize(
    "target",
    ["http://evsed/api/v1/status", "/api/v1/status?at=now", "http://evsed:80/api/v1/status"],
)
async def test_the_status_is_found_in_every_form_of_its_address(evsed: Served, target: str) -> None:
    wire = await evsed.wire()
    status, headers, _ = await wire.ask(f"GET {target}")
    assert (status, headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/api/v1/recent", "/healthz", "/other"])
async def test_head_says_what_get_would_say_and_sends_nothing(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(path) as got, client.head(path) as head:
        assert (head.status, head.content_type) == (got.status, got.content_type)
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert await head.read() == b""


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v2/status", "/api/v1/nothing"])
async def test_nothing_under_api_is_ever_anything_but_json(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(path, headers=BROWSER) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        told = json.loads(await answer.text())
    assert told["status"] == 404
    assert told["title"] == "Not Found"
    assert "/api/v1/status" in told["detail"]


@pytest.mark.parametrize("path", ["/api/v1/status", "/api/v1/events", "/api/v1/recent"])
async def test_a_method_that_makes_no_sense_is_405_and_says_which_do(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.options(path) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/ack", "/api/v1/status", "/api/v1/anything"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_orders_over_the_network_are_refused_with_how_to_give_them(
    evsed: Served, client: aiohttp.ClientSession, method: str, path: str
) -> None:
    async with client.request(method, path, json={"please": True}) as answer:
        assert answer.status == 403
        assert answer.content_type == "application/problem+json"
        assert "evsed ack" in json.loads(await answer.text())["detail"]
    assert evsed.hub.acknowledged == []


async def test_an_order_is_refused_before_its_body_has_come(evsed: Served) -> None:
    wire = await evsed.wire()
    status, _, _ = await wire.ask("POST /api/v1/ack", "Content-Length: 60000")
    assert status == 403


async def test_healthz_is_200_only_while_the_tick_drives_a_board(
    evsed: Served, client: aiohttp.ClientSession
) -> None:
    for status, expected in [
        (CHARGING, 200),
        (FAULTED, 200),
        (replace(CHARGING, ticking=False), 503),
        (replace(CHARGING, board_ok=False), 503),
        (CHARGING, 200),
    ]:
        evsed.hub.show(status)
        async with client.get("/healthz") as answer:
            assert answer.status == expected


async def test_a_new_status_is_shown_at_once_everywhere(
    evsed: Served, client: aiohttp.ClientSession
) -> None:
    for status in (CHARGING, FAULTED):
        evsed.hub.show(status)
        async with client.get("/api/v1/status") as answer:
            assert (await answer.json())["evse_status"] == status.evse_status
        async with client.get("/x") as answer:
            assert await answer.text() == classic_line(status)


@pytest.mark.parametrize("path", ["/", "/x", "/api/v1/status", "/api/none", "/healthz"])
async def test_every_answer_carries_the_security_headers_and_no_version(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(path, headers=BROWSER) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "evsed"
    assert headers["Cache-Control"] in {"no-store", "no-cache"}
