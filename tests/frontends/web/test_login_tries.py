# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in over real sockets: tries that fail, sessions that end, and room for new ones."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from evsed.frontends.web.auth.authenticator import SESSION_S, SESSIONS, Authenticator
from evsed.frontends.web.auth.rate_limit import FREE
from evsed.frontends.web.http.responses import PreparedResponse
from tests.frontends.web.guesses import MOST_GUESSES
from tests.frontends.web.logins import OWNER, browser, log_in
from tests.frontends.web.web_world import PASSWORD, Served, served


@pytest_asyncio.fixture
async def evsed(password_file: Path) -> AsyncIterator[Served]:
    async with served(password_file=password_file) as running:
        yield running


# --- failed tries --------------------------------------------------------------------------------


async def test_failed_tries_are_slowed_down_and_told_how_long(password_file: Path) -> None:
    now = 0.0
    gate = Authenticator(str(password_file), clock=lambda: now)
    for _ in range(FREE):
        failed = await gate.log_in("10.0.0.5", "guess")
        assert isinstance(failed, PreparedResponse)
        assert failed.status == 401
    early = await gate.log_in("10.0.0.5", PASSWORD)
    assert isinstance(early, PreparedResponse)
    assert (early.status, early.headers["Retry-After"]) == (429, "1")
    assert isinstance(await gate.log_in("10.0.0.6", PASSWORD), str)
    now = 1.0
    assert isinstance(await gate.log_in("10.0.0.5", PASSWORD), str)


async def test_many_tries_at_once_do_not_pass_for_one(evsed: Served) -> None:
    async with browser(evsed) as client:
        answers = await asyncio.gather(*(log_in(client, "guess") for _ in range(12)))
    assert set(answers) == {401, 429}
    assert answers.count(401) < 6


async def test_who_is_logged_in_is_not_kept_waiting_by_somebody_who_guesses(evsed: Served) -> None:
    async with browser(evsed) as owner, browser(evsed) as stranger:
        assert await log_in(owner) == 200
        guesses = [asyncio.create_task(log_in(stranger, "guess")) for _ in range(MOST_GUESSES)]
        async with owner.patch(OWNER, json={"mode": "fast"}) as answer:
            assert answer.status == 200
        assert 429 in await asyncio.gather(*guesses)
        async with owner.patch(OWNER, json={"mode": "solar"}) as answer:
            assert answer.status == 200


async def test_a_wrong_password_is_logged_with_its_address_and_never_itself(evsed: Served) -> None:
    with capture_logs() as entries:
        async with browser(evsed) as client:
            await log_in(client, "guess-me-not")
    assert [entry["address"] for entry in entries if "wrong password" in entry["event"]]
    assert "guess-me-not" not in str(entries)


# --- sessions, on made-up time -------------------------------------------------------------------


async def test_a_session_ends_by_itself_after_a_month(password_file: Path) -> None:
    now = 0.0
    gate = Authenticator(str(password_file), clock=lambda: now)
    made = await gate.log_in("10.0.0.5", PASSWORD)
    assert isinstance(made, str)
    token = made.partition(";")[0]
    assert gate.has_session(token)
    now = SESSION_S - 1
    assert gate.has_session(token)
    now = SESSION_S
    assert not gate.has_session(token)


async def test_the_oldest_session_makes_room_for_one_too_many(
    password_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Authenticator(str(password_file))
    monkeypatch.setattr(
        Authenticator, "_is_right", lambda *_: True
    )  # hashing 33 times would take a while
    made = [str(await gate.log_in("10.0.0.5", "")) for _ in range(SESSIONS + 1)]
    tokens = [item.partition(";")[0] for item in made]
    assert [gate.has_session(token) for token in tokens] == [False] + [True] * SESSIONS
