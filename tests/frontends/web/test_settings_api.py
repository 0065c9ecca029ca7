# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and the first password over the network: who may change what, and when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from evsed.daemon.settings_service import RAISED_WITHIN_S
from evsed.frontends.web.auth.password import matches
from evsed.frontends.web.auth.tokens import Scope
from tests.daemon.test_settings_page import Box
from tests.frontends.openevse_world import basic
from tests.frontends.web.test_orders import order
from tests.frontends.web.test_tokens import token
from tests.frontends.web.web_world import PASSWORD, Served, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SETTINGS, NEW = "/api/v1/settings", "/api/v1/password"
RAISE = {"changes": {"supply.max_current_a": 20.0}}


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
async def evsed(box: Box, password_file: Path) -> AsyncIterator[Served]:
    async with served(settings=box.service, password_file=password_file) as running:
        yield running


async def ask(
    evsed: Served, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    async with (
        aiohttp.ClientSession(evsed.url) as client,
        client.request(method, path, json=body, headers=named) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


async def test_the_owner_reads_every_setting_and_nobody_else_does(
    evsed: Served, password_file: Path
) -> None:
    assert (await ask(evsed, "GET", SETTINGS))[0] == 401
    bearer = f"Bearer {token(password_file)}"
    assert (await ask(evsed, "GET", SETTINGS, Authorization=bearer))[0] == 403
    status, told = await ask(evsed, "GET", SETTINGS, Authorization=basic())
    assert status == 200
    found = {setting["key"]: setting for setting in told["settings"]}
    most = found["supply.max_current_a"]
    assert (most["value"], most["origin"], most["guard"]) == (16.0, "file", "box")
    assert (most["minimum"], most["maximum"], most["unit"]) == (6.0, 80.0, "A")
    assert found["web.port"]["locked"]
    assert told["raise_s"] == RAISED_WITHIN_S


@pytest.mark.parametrize("scope", list(Scope))
async def test_no_token_changes_a_setting(
    evsed: Served, box: Box, password_file: Path, scope: Scope
) -> None:
    bearer = f"Bearer {token(password_file, 'evcc', scope)}"
    body = {"changes": {"surplus.loan_wh": 1.0}, "password": PASSWORD}
    for method, path in (
        ("PATCH", SETTINGS),
        ("POST", f"{SETTINGS}/undo"),
        ("POST", f"{SETTINGS}/apply"),
        ("POST", f"{SETTINGS}/check-feed"),
        ("POST", f"{SETTINGS}/try-notify"),
    ):
        assert (await ask(evsed, method, path, body, Authorization=bearer))[0] == 403
    assert not box.page.exists()


async def test_the_page_of_another_site_changes_no_setting(evsed: Served, box: Box) -> None:
    body = {**RAISE, "password": PASSWORD}
    for sign in ({"Origin": "http://elsewhere.example"}, {"Sec_Fetch_Site": "cross-site"}):
        foreign = {"Authorization": basic(), **sign}
        assert (await ask(evsed, "PATCH", SETTINGS, body, **foreign))[0] == 403
        first = {"password": "a good one", "old": PASSWORD}
        assert (await ask(evsed, "POST", NEW, first, **sign))[0] == 403
    assert not box.page.exists()


async def test_a_dangerous_setting_takes_the_password_again(evsed: Served, box: Box) -> None:
    status, told = await ask(evsed, "PATCH", SETTINGS, RAISE, Authorization=basic())
    assert (status, told["errors"][0]["pointer"]) == (403, "#/password")
    wrong = {**RAISE, "password": "guess"}
    assert (await ask(evsed, "PATCH", SETTINGS, wrong, Authorization=basic()))[0] == 401
    assert not box.page.exists()
    right = {**RAISE, "password": PASSWORD}
    status, told = await ask(evsed, "PATCH", SETTINGS, right, Authorization=basic())
    assert (status, told["outcome"]) == (200, "kept: supply.max_current_a: 16.0 → 20.0")
    assert told["undo"] == ["supply.max_current_a"]
    assert box.asked == ["127.0.0.1: supply.max_current_a: 16.0 → 20.0"]
    undo = {"password": PASSWORD}
    assert (await ask(evsed, "POST", f"{SETTINGS}/undo", {}, Authorization=basic()))[0] == 403
    assert (await ask(evsed, "POST", f"{SETTINGS}/undo", undo, Authorization=basic()))[0] == 200
    assert box.max_a() == 16


async def test_ten_minutes_after_switching_on_nothing_dangerous_is_raised(
    evsed: Served, box: Box
) -> None:
    box.on_s = RAISED_WITHIN_S
    body = {**RAISE, "password": PASSWORD}
    status, told = await ask(evsed, "PATCH", SETTINGS, body, Authorization=basic())
    assert (status, told["errors"][0]["pointer"]) == (403, "#/supply.max_current_a")
    body["changes"] = {"supply.max_current_a": 6.0}
    assert (await ask(evsed, "PATCH", SETTINGS, body, Authorization=basic()))[0] == 200


async def test_the_messages_are_tried_as_they_are_kept(evsed: Served, box: Box) -> None:
    path = f"{SETTINGS}/try-notify"
    status, told = await ask(evsed, "POST", path, Authorization=basic())
    assert (status, told["lines"]) == (200, ["[notify] urls is empty: nothing is sent"])
    body = {"changes": {"notify.urls": ["nonsense://secret"]}, "password": PASSWORD}
    assert (await ask(evsed, "PATCH", SETTINGS, body, Authorization=basic()))[0] == 200
    status, told = await ask(evsed, "POST", path, Authorization=basic())
    assert (status, told["good"], len(told["lines"])) == (200, False, 1)
    assert "secret" not in told["lines"][0]
    assert box.page.exists()


async def test_a_wrong_value_is_named(evsed: Served) -> None:
    body = {"changes": {"surplus.start_share": 7, "feed.timezone": "Vienna"}}
    status, told = await ask(evsed, "PATCH", SETTINGS, body, Authorization=basic())
    assert status == 422
    assert {error["pointer"] for error in told["errors"]} == {
        "#/surplus.start_share",
        "#/feed.timezone",
    }


async def test_a_feed_is_tried_before_it_is_kept(evsed: Served, box: Box) -> None:
    body = {"changes": {"feed.kind": "fixed"}}
    status, told = await ask(evsed, "POST", f"{SETTINGS}/check-feed", body, Authorization=basic())
    assert (status, told["good"], told["lines"]) == (200, True, ["[feed] a fixed current: 6 A"])
    body = {"changes": {"feed.url": "http://127.0.0.1:9/"}}
    status, told = await ask(evsed, "POST", f"{SETTINGS}/check-feed", body, Authorization=basic())
    assert (status, told["good"]) == (200, False)
    assert not box.page.exists()


async def test_applying_now_says_whether_anything_waits(evsed: Served, box: Box) -> None:
    status, told = await ask(evsed, "POST", f"{SETTINGS}/apply", Authorization=basic())
    assert (status, "nothing waits" in told["outcome"], box.written) == (200, True, [])
    body = {"changes": {"surplus.loan_wh": 1.0}}
    await ask(evsed, "PATCH", SETTINGS, body, Authorization=basic())
    await ask(evsed, "POST", f"{SETTINGS}/apply", Authorization=basic())
    assert box.written == [False, True]


async def test_the_first_password_is_set_only_by_who_has_just_switched_the_box_on(
    box: Box, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    async with served(settings=box.service, password_file=file) as evsed:
        box.on_s = RAISED_WITHIN_S
        status, told = await ask(evsed, "POST", NEW, {"password": "a good one"})
        assert (status, "switch the box off and on" in told["detail"]) == (403, True)
        assert not file.exists()
        box.on_s = RAISED_WITHIN_S - 1
        assert (await ask(evsed, "GET", "/api/v1/login"))[1]["setup_s"] == 1.0
        assert (await ask(evsed, "POST", NEW, {"password": "short"}))[0] == 422
        async with aiohttp.ClientSession(
            evsed.url, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as client:
            async with client.post(NEW, json={"password": "a good one"}) as answer:
                assert answer.status == 200
            assert matches("a good one", file.read_text())
            async with client.get(SETTINGS) as answer:  # its cookie logs in
                assert answer.status == 200
        # The second one needs the first, however new the box is.
        assert (await ask(evsed, "POST", NEW, {"password": "another one"}))[0] == 401
        body = {"password": "another one", "old": "a good one"}
        assert (await ask(evsed, "POST", NEW, body))[0] == 200
        assert matches("another one", file.read_text())


async def test_the_control_socket_needs_no_password_and_no_breaker(
    box: Box, tmp_path: Path, password_file: Path
) -> None:
    box.on_s = RAISED_WITHIN_S
    place = tmp_path / "control.sock"
    async with served(settings=box.service, password_file=password_file, socket=place) as evsed:
        wire = await evsed.wire(place)
        body = json.dumps(RAISE).encode()
        status, _, _ = await order(wire, f"PATCH {SETTINGS}", body)
    assert (status, box.max_a()) == (200, 20)
