# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that log in."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from tests.frontends.web.web_world import PASSWORD, Served, served

LOGIN = "/api/v1/login"
OWNER = "/api/v1/controls"


@pytest_asyncio.fixture
async def evsed(password_file: Path) -> AsyncIterator[Served]:
    async with served(password_file=password_file) as running:
        yield running


def browser(evsed: Served) -> aiohttp.ClientSession:
    """One that keeps cookies, of an address as well, and says where its page came from."""
    jar = aiohttp.CookieJar(unsafe=True)
    return aiohttp.ClientSession(evsed.url, cookie_jar=jar, headers={"Origin": evsed.url})


async def log_in(client: aiohttp.ClientSession, password: str = PASSWORD) -> int:
    async with client.post(LOGIN, json={"password": password}) as answer:
        return answer.status
