# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of a web server, and the source's answers to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from evsed.errors import SourceError
from evsed.sources.http_json import HttpSource
from evsed.sources.http_page import LARGEST_BYTES
from evsed.sources.terms import HttpAccess, HttpTerm
from tests.sources.devices import Handler, web_device


@asynccontextmanager
async def source_at(
    handler: Handler, *, timeout_s: float = 5.0, path: str = "w", stamp: str = ""
) -> AsyncIterator[HttpSource]:
    async with web_device(handler) as url:
        term = HttpTerm(url=url, path=path, stamp=stamp)
        source = HttpSource([term], clock=lambda: 100.0, timeout_s=timeout_s)
        try:
            yield source
        finally:
            await source.close()


async def refusal(handler: Handler, *, timeout_s: float = 5.0, path: str = "w") -> str:
    """The message of the source on such a server."""
    async with source_at(handler, timeout_s=timeout_s, path=path) as source:
        with pytest.raises(SourceError) as raised:
            await source.read()
    return str(raised.value)


def saying(text: str, **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, headers=headers)

    return answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>It works!</html>", "is not JSON; it begins '<html>It works!"),
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"v": 1}', '"w" is not in the answer, or is null there'),
        ('{"w": null}', '"w" is not in the answer, or is null there'),
        ('{"w": true}', '"w" is True, which is not a number'),
        ('{"w": NaN}', '"w" is nan, which is not a number'),
        ('{"w": -Infinity}', "which is not a number"),
        ('{"w": 1' + "0" * 400 + "}", "which is not a number"),
        ('{"w": "12 W"}', "\"w\" is '12 W', which is not a number"),
        ('{"w": [1, 2]}', "which is not a number"),
        ('{"w": "' + "9" * 90 + '"}', "which is not a number"),
    ],
)
async def test_what_is_no_number_is_refused_in_words(text: str, words: str) -> None:
    assert words in await refusal(saying(text))


async def test_text_that_is_a_number_is_one() -> None:
    async with source_at(saying('{"w": " -12.5e1 "}')) as source:
        (sample,) = (await source.read()).values()

    assert sample.value == -125.0
    assert sample.at == 100.0


async def test_a_name_in_another_encoding_does_not_cost_the_number_beside_it() -> None:
    async def latin_1(_: web.Request) -> web.Response:
        return web.Response(body='{"room": "Küche", "w": 5}'.encode("latin-1"))

    async def with_mark(_: web.Request) -> web.Response:
        return web.Response(body=b'\xef\xbb\xbf{"w": 5}')

    for handler in (latin_1, with_mark):
        async with source_at(handler) as source:
            (sample,) = (await source.read()).values()
        assert sample.value == 5


async def test_a_server_that_hangs_is_left_in_time() -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    assert "did not answer in full within 0.2 s" in await refusal(hang, timeout_s=0.2)


async def test_a_server_that_drips_is_left_in_time() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    assert "did not answer in full within 0.3 s" in await refusal(drip, timeout_s=0.3)


async def test_a_server_that_sends_megabytes_is_cut_short() -> None:
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(160):
            await response.write(b" " * 65536)
            sent += 65536
        return response

    assert f"sends more than {LARGEST_BYTES // 1024} KiB" in await refusal(pour)
    assert sent < 10_000_000


async def test_a_server_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    source = HttpSource([HttpTerm(url="http://127.0.0.1:1/x?apikey=geheim", path="w")])
    with pytest.raises(SourceError, match="cannot be reached") as raised:
        await source.read()
    await source.close()

    assert "geheim" not in str(raised.value)


async def test_a_redirect_is_not_followed() -> None:
    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://example.org/")

    assert "answers with status 302 instead of 200" in await refusal(redirect)


async def test_a_password_is_sent_where_the_owner_gave_one_and_asked_for_where_not(
    tmp_path: Path,
) -> None:
    async def guarded(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Basic YW5uYTpnZWhlaW0=":
            return web.Response(status=401)
        return web.json_response({"w": 5})

    secret = tmp_path / "password"
    secret.write_text("geheim\n")
    async with web_device(guarded) as url:
        term = HttpTerm(
            url=url, path="w", access=HttpAccess(user="anna", password_file=str(secret))
        )
        source = HttpSource([term])
        assert (await source.read())[term].value == 5
        await source.close()

    assert "it wants a password or a token" in await refusal(guarded)


async def test_a_token_is_sent_as_a_bearer(tmp_path: Path) -> None:
    async def guarded(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer abc.def"
        return web.json_response({"w": 5})

    secret = tmp_path / "token"
    secret.write_text("abc.def\n")
    async with web_device(guarded) as url:
        source = HttpSource(
            [HttpTerm(url=url, path="w", access=HttpAccess(token_file=str(secret)))]
        )
        assert await source.read()
        await source.close()


async def test_a_token_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match="/nowhere/token cannot be read"):
        HttpSource(
            [HttpTerm(url="http://h", path="w", access=HttpAccess(token_file="/nowhere/token"))]
        )


async def test_a_stamp_is_dated_by_the_servers_own_clock_and_not_by_ours() -> None:
    page = '{"w": 5, "t": "2024-06-14T11:59:48+02:00"}'
    server = saying(page, Date="Fri, 14 Jun 2024 10:00:00 GMT")
    async with source_at(server, stamp="t") as source:
        (sample,) = (await source.read()).values()

    assert sample.at == 100.0 - 12


async def test_a_stamp_without_a_zone_is_new_once_and_then_grows_old() -> None:
    now = 100.0
    async with web_device(saying('{"w": 5, "t": "2024-06-14T11:59:48"}')) as url:
        term = HttpTerm(url=url, path="w", stamp="t")
        source = HttpSource([term], clock=lambda: now)
        first = (await source.read())[term]
        now = 130.0
        second = (await source.read())[term]
        await source.close()

    assert first.at == second.at == 100.0


@pytest.mark.parametrize("url", ["192.168.1.40", "ftp://x", "http://", "http://[::1"])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(SourceError, match="is not an address"):
        HttpSource([HttpTerm(url=url, path="w")])


@pytest.mark.parametrize("path", ["a b", "[", "sum(", "foo | "])
def test_what_is_no_expression_is_refused_at_once(path: str) -> None:
    with pytest.raises(SourceError, match="is not a JMESPath expression"):
        HttpSource([HttpTerm(url="http://h", path=path)])


async def test_an_expression_that_does_not_fit_the_answer_is_said() -> None:
    assert "has another form than expected" in await refusal(saying('{"w": 1}'), path="sum(w)")
