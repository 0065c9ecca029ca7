# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that come through a reverse proxy: whose they are, and by which scheme."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.frontends.web.guesses import guess_until_slowed
from tests.frontends.web.web_world import PASSWORD, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.frontends.web.web_world import Served

HERE = ("127.0.0.1",)


async def log_in(evsed: Served, password: str, *headers: str) -> tuple[int, dict[str, str]]:
    """Log in; the status and the headers of the answer."""
    body = json.dumps({"password": password}).encode()
    wire = await evsed.wire()
    lines = (
        "POST /api/v1/login HTTP/1.1",
        "Host: evsed",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
        "",
        "",
    )
    await wire.send("\r\n".join(lines).encode() + body)
    status, answered, _ = await wire.answer()
    return status, answered


@pytest.mark.parametrize(
    ("trusted", "forwarded", "whose"),
    [
        (HERE, ("X-Forwarded-For: 192.0.2.7",), "192.0.2.7"),
        (HERE, ("X-Forwarded-For: 203.0.113.1, 192.0.2.7",), "192.0.2.7"),
        (HERE, ("X-Forwarded-For: 203.0.113.1", "X-Forwarded-For: 192.0.2.7"), "192.0.2.7"),
        (("127.0.0.0/8", "10.0.0.0/8"), ("X-Forwarded-For: 192.0.2.7, 10.0.0.2",), "192.0.2.7"),
        (HERE, ("X-Forwarded-For: 2001:db8::7",), "2001:db8::7"),
        (HERE, ("X-Forwarded-For: <script>",), "127.0.0.1"),
        (HERE, (), "127.0.0.1"),
        (("192.0.2.0/24",), ("X-Forwarded-For: 192.0.2.7",), "127.0.0.1"),
        ((), ("X-Forwarded-For: 192.0.2.7",), "127.0.0.1"),
    ],
)
async def test_an_order_is_its_clients_where_the_proxy_is_trusted(
    password_file: Path, trusted: tuple[str, ...], forwarded: tuple[str, ...], whose: str
) -> None:
    async with served(password_file=password_file, trusted_proxies=trusted) as evsed:
        _, answered = await log_in(evsed, PASSWORD)
        cookie = answered["set-cookie"].partition(";")[0]
        wire = await evsed.wire()
        assert (await wire.ask("POST /api/v1/ack", f"Cookie: {cookie}", *forwarded))[0] == 200
        assert evsed.hub.acknowledged == [whose]


async def test_a_guesser_behind_a_trusted_proxy_slows_nobody_else_down(
    password_file: Path,
) -> None:
    async with served(password_file=password_file, trusted_proxies=HERE) as evsed:

        async def guess(_: int) -> int:
            return (await log_in(evsed, "guess", "X-Forwarded-For: 203.0.113.1"))[0]

        await guess_until_slowed(guess)
        assert (await log_in(evsed, PASSWORD, "X-Forwarded-For: 192.0.2.7"))[0] == 200


async def test_a_guesser_cannot_make_itself_many_where_no_proxy_is_trusted(
    password_file: Path,
) -> None:
    async with served(password_file=password_file) as evsed:

        async def guess(number: int) -> int:
            return (await log_in(evsed, "guess", f"X-Forwarded-For: 203.0.113.{number}"))[0]

        await guess_until_slowed(guess)


@pytest.mark.parametrize(
    ("trusted", "proto", "secure"),
    [
        (HERE, "https", True),
        (HERE, "http, https", True),
        (HERE, "http", False),
        (HERE, "https, http", False),
        ((), "https", False),
    ],
)
async def test_the_cookie_of_a_browser_that_uses_tls_is_secure(
    password_file: Path, trusted: tuple[str, ...], proto: str, *, secure: bool
) -> None:
    async with served(password_file=password_file, trusted_proxies=trusted) as evsed:
        _, answered = await log_in(evsed, PASSWORD, f"X-Forwarded-Proto: {proto}")
        assert ("; Secure" in answered["set-cookie"]) is secure


async def test_an_event_stream_comes_through_a_trusted_proxy(password_file: Path) -> None:
    async with served(password_file=password_file, trusted_proxies=HERE) as evsed:
        wire = await evsed.wire()
        await wire.send(
            b"GET /api/v1/events HTTP/1.1\r\nHost: evsed\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n"
        )
        head = await wire.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        assert b"data: " in await wire.reader.readuntil(b"\n\n")
