# SPDX-License-Identifier: GPL-3.0-or-later
"""The password by HTTP basic: who may give orders by OpenEVSE's interface."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import aiohttp
import pytest

from evsed.frontends.web.auth.authenticator import SESSION_S, SESSIONS, Authenticator
from evsed.frontends.web.auth.credentials import Credentials
from evsed.frontends.web.auth.password import hashed
from evsed.frontends.web.auth.rate_limit import FREE
from tests.frontends.openevse_world import EVCC_CLAIM, Evcc, basic
from tests.frontends.web.guesses import guess_until_slowed
from tests.frontends.web.web_world import PASSWORD, Served, served


@pytest.mark.parametrize(
    "shown", ["", "Basic", "Basic %%%", "Basic aGFsbG8=", "Bearer x", basic("guess")]
)
async def test_without_the_password_no_order_is_taken(evsed: Served, shown: str) -> None:
    wire = await evsed.wire()
    headers = [f"Authorization: {shown}"] if shown else []
    for line in ("POST /override", "PATCH /override", f"DELETE {EVCC_CLAIM}"):
        status, answered, body = await wire.ask(line, *headers)
        assert status == 401
        assert answered["www-authenticate"].startswith("Basic ")
        assert json.loads(body)["msg"]
    assert evsed.hub.changed_by == []


async def test_without_the_password_the_body_is_not_looked_at(evsed: Served) -> None:
    wire = await evsed.wire()
    assert (await wire.ask("POST /override", "Content-Length: 60000"))[0] == 401


async def test_a_session_of_the_page_will_do_instead(evsed: Served) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(evsed.url, cookie_jar=jar) as page:
        async with page.post("/api/v1/login", json={"password": PASSWORD}) as answer:
            assert answer.status == 200
        async with page.delete("/override") as answer:
            assert answer.status == 200
        async with page.post("/divertmode", data={"divertmode": "1"}) as answer:
            assert answer.status == 200
    assert evsed.hub.shown.controls.mode == "fast"


@pytest.mark.parametrize("header", ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"])
async def test_another_sites_page_neither_orders_nor_listens_even_with_the_password(
    evsed: Served, header: str
) -> None:
    """Browsers send a password by HTTP basic again by themselves, whoever makes them ask."""
    wire = await evsed.wire()
    shown = f"Authorization: {basic()}"
    assert (await wire.ask("DELETE /override", shown, header))[0] == 403
    assert (await wire.ask("GET /status", shown, header))[0] == 403
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")  # fmt: skip
    assert (await wire.ask("GET /ws", *upgrade, header))[0] == 403


async def test_guesses_are_slowed_down_as_those_of_the_page(evsed: Served) -> None:
    wire = await evsed.wire()
    waits = []

    async def guess(number: int) -> int:
        shown = f"Authorization: {basic(f'guess {number}')}"
        status, answered, _ = await wire.ask("GET /status", shown)
        waits.append(answered.get("retry-after", ""))
        return status

    await guess_until_slowed(guess)
    assert int(waits[-1]) > 0


async def test_a_client_that_begins_with_many_requests_has_tried_one_password(
    evcc: Evcc,
) -> None:
    found = await asyncio.gather(*(evcc.ask("GET", "/status") for _ in range(3 * FREE)))
    assert {status for status, _ in found} == {200}


async def test_a_new_password_ends_what_the_old_one_was_good_for(
    evcc: Evcc, password_file: Path
) -> None:
    assert (await evcc.ask("DELETE", "/override"))[0] == 200
    fresh = password_file.with_name("fresh")
    fresh.write_text(hashed("another one", log2_n=4))
    fresh.replace(password_file)
    assert (await evcc.ask("DELETE", "/override"))[0] == 401
    evcc.header = basic("another one")
    assert (await evcc.ask("DELETE", "/override"))[0] == 200


async def test_a_program_that_repeats_a_wrong_password_is_not_guessing(
    evcc: Evcc,
) -> None:
    """Home Assistant begins to ask for the new password at a 401, and never at a 429."""
    evcc.header = basic("the password of yesterday")
    found = [(await evcc.ask("GET", "/override"))[0] for _ in range(3 * FREE)]
    assert set(found) == {401}
    evcc.header = basic()  # a person at the same address is not slowed down for it
    assert (await evcc.ask("DELETE", "/override"))[0] == 200


async def test_a_wrong_password_that_is_set_later_is_right(evcc: Evcc, password_file: Path) -> None:
    evcc.header = basic("the next one")
    assert (await evcc.ask("GET", "/config"))[0] == 401
    fresh = password_file.with_name("fresh")
    fresh.write_text(hashed("the next one", log2_n=4))
    fresh.replace(password_file)
    assert (await evcc.ask("GET", "/config"))[0] == 200


async def test_what_was_right_is_forgotten_after_a_month_and_one_by_one(
    password_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at a password is slow on purpose, so the looks are counted."""
    looked = []

    def count(_: Authenticator, password: str) -> bool:
        looked.append(password)
        return True

    monkeypatch.setattr(Authenticator, "_is_right", count)
    now = 0.0
    shown = Credentials(Authenticator(str(password_file)), clock=lambda: now)

    async def show(user: int) -> None:
        header = "Basic " + base64.b64encode(f"{user}:x".encode()).decode()
        assert await shown.check("10.0.0.5", header) is None

    await show(0)
    now = SESSION_S - 1
    await show(0)
    assert len(looked) == 1
    now = SESSION_S
    await show(0)
    assert len(looked) == 2
    for user in range(1, SESSIONS + 1):
        await show(user)
    await show(0)
    assert len(looked) == 2 + SESSIONS + 1


async def test_the_control_socket_asks_for_no_password(tmp_path: Path) -> None:
    async with served(socket=tmp_path / "s", openevse=True) as evsed:
        wire = await evsed.wire(tmp_path / "s")
        assert (await wire.ask("DELETE /override"))[0] == 200
