# SPDX-License-Identifier: GPL-3.0-or-later
"""A password, and a frontend that speaks OpenEVSE's language as well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from evsed.frontends.web.auth.password import hashed
from tests.frontends.openevse_world import QUICK, Evcc
from tests.frontends.web.web_world import PASSWORD, Served, served


@pytest.fixture(scope="module")
def kept() -> str:
    """The hash of `PASSWORD`, a cheap one: a thousandth of the work."""
    return hashed(PASSWORD, log2_n=4)


@pytest.fixture
def password_file(tmp_path: Path, kept: str) -> Path:
    file = tmp_path / "password"
    file.write_text(kept + "\n")
    return file


@pytest_asyncio.fixture
async def evsed(password_file: Path) -> AsyncIterator[Served]:
    async with served(password_file=password_file, openevse=True, limits=QUICK) as running:
        yield running


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def evcc(evsed: Served, browser: aiohttp.ClientSession) -> Evcc:
    return Evcc(browser, evsed.url)
