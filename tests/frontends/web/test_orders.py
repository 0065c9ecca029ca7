# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders over real sockets: who may give them, what they may say, what comes of them."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from evsed.frontends.web.api.operation import AuthRequirement
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.auth.password import hashed
from tests.frontends.web.logins import LOGIN, OWNER, browser, log_in
from tests.frontends.web.web_world import PASSWORD, PAST_S, Served, Wire, served, skip

CONTROLS = [
    (item.method, item.path.partition("{")[0] + "2026-11-24" * ("{" in item.path))
    for item in OPERATIONS
    if item.auth in (AuthRequirement.OWNER, AuthRequirement.CONTROL)
]
ACK = "/api/v1/ack"


@pytest_asyncio.fixture
async def evsed(password_file: Path) -> AsyncIterator[Served]:
    async with served(password_file=password_file) as running:
        yield running


async def cookie(wire: Wire) -> str:
    """The cookie of a login by hand."""
    body = json.dumps({"password": PASSWORD}).encode()
    status, headers, _ = await order(wire, f"POST {LOGIN}", body)
    assert status == 200
    return headers["set-cookie"].partition(";")[0]


async def order(
    wire: Wire, line: str, body: bytes = b"{}", *headers: str, host: str = "evsed"
) -> tuple[int, dict[str, str], bytes]:
    """An order word by word."""
    kind = "Content-Type: application/json"
    lines = [f"{line} HTTP/1.1", f"Host: {host}", kind, f"Content-Length: {len(body)}", *headers]
    await wire.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    return await wire.answer()


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *CONTROLS,
        *itertools.product(
            ["POST", "PUT", "PATCH", "DELETE"], [ACK, OWNER, "/api/v1/status", "/api/v1/anything"]
        ),
    ],
)
async def test_without_a_session_no_order_is_taken_and_its_body_is_not_looked_at(
    evsed: Served, method: str, path: str
) -> None:
    wire = await evsed.wire()
    status, headers, body = await wire.ask(f"{method} {path}", "Content-Length: 60000")
    assert status == 401
    assert headers["www-authenticate"].startswith("Cookie ")
    assert json.loads(body)["status"] == 401
    assert evsed.hub.acknowledged == evsed.hub.changed_by == []


@pytest.mark.parametrize(("method", "path"), [*CONTROLS, ("POST", LOGIN)])
async def test_with_no_password_set_it_is_403_and_how_to_set_one(
    method: str, path: str, tmp_path: Path
) -> None:
    async with served(password_file=tmp_path / "none") as evsed:
        wire = await evsed.wire()
        status, _, body = await wire.ask(f"{method} {path}", "Content-Length: 60000")
        assert status == 403
        assert "sudo evsed password" in json.loads(body)["detail"]


async def test_where_no_password_file_is_named_nobody_gives_orders() -> None:
    async with served() as evsed, browser(evsed) as client:
        assert await log_in(client, "") == 403
        async with client.get(LOGIN) as answer:
            assert await answer.json() == {
                "api": 1,
                "password_set": False,
                "logged_in": False,
                "setup_s": 0.0,
            }


async def test_who_knows_the_password_gives_orders_until_logging_out(evsed: Served) -> None:
    async with browser(evsed) as client:
        assert await log_in(client) == 200
        async with client.get(LOGIN) as answer:
            told = await answer.json()
        assert (told["password_set"], told["logged_in"]) == (True, True)
        async with client.patch(OWNER, json={"mode": "fast"}) as answer:
            told = await answer.json()
        assert (answer.status, told["mode"], told["outcome"]) == (200, "fast", "mode fast")
        assert evsed.hub.changed_by == ["127.0.0.1"]
        async with client.post(ACK) as answer:
            assert (await answer.json())["outcome"] == "one fault acknowledged"
        assert evsed.hub.acknowledged == ["127.0.0.1"]
        async with client.delete(LOGIN) as answer:
            assert answer.status == 200
        async with client.patch(OWNER, json={"mode": "off"}) as answer:
            assert answer.status == 401
    assert evsed.hub.shown.controls.mode == "fast"


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(evsed: Served) -> None:
    wire = await evsed.wire()
    body = json.dumps({"password": PASSWORD}).encode()
    _, headers, _ = await order(wire, f"POST {LOGIN}", body)
    attributes = {part.strip() for part in headers["set-cookie"].split(";")[1:]}
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= attributes


async def test_logging_out_ends_the_session_itself_not_only_the_cookie(evsed: Served) -> None:
    wire = await evsed.wire()
    ticket = f"Cookie: {await cookie(wire)}"
    assert (await order(wire, f"POST {ACK}", b"", ticket))[0] == 200
    assert (await order(wire, f"DELETE {LOGIN}", b"", ticket))[0] == 200
    assert (await order(wire, f"POST {ACK}", b"", ticket))[0] == 401


async def test_whoever_is_logged_in_stays_so_when_evsed_begins_again(password_file: Path) -> None:
    async with served(password_file=password_file) as before:
        ticket = f"Cookie: {await cookie(await before.wire())}"
    kept = password_file.with_name("sessions")
    assert ticket.partition("=")[2] not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    async with served(password_file=password_file) as after:
        assert (await order(await after.wire(), f"POST {ACK}", b"", ticket))[0] == 200
    await asyncio.to_thread(password_file.write_text, hashed("another", log2_n=4))
    async with served(password_file=password_file) as changed:
        assert (await order(await changed.wire(), f"POST {ACK}", b"", ticket))[0] == 401


@pytest.mark.parametrize(
    "forged", ["evsed_session=", "evsed_session=guess", "x=y", "evsed_session", '=;"', "a,b=é"]
)
async def test_a_cookie_that_evsed_never_gave_is_worth_nothing(evsed: Served, forged: str) -> None:
    wire = await evsed.wire()
    await cookie(wire)
    assert (await order(wire, f"POST {ACK}", b"", f"Cookie: {forged}"))[0] == 401


async def test_a_new_password_ends_all_sessions(evsed: Served, password_file: Path) -> None:
    wire = await evsed.wire()
    ticket = f"Cookie: {await cookie(wire)}"
    fresh = password_file.with_name("fresh")
    fresh.write_text(hashed("another one", log2_n=4))
    fresh.replace(password_file)
    assert (await order(wire, f"POST {ACK}", b"", ticket))[0] == 401
    async with browser(evsed) as client:
        assert await log_in(client) == 401
        assert await log_in(client, "another one") == 200


async def test_a_password_file_that_holds_none_lets_nobody_in(
    evsed: Served, password_file: Path
) -> None:
    password_file.write_text(PASSWORD)  # noqa: ASYNC240 - a few bytes
    async with browser(evsed) as client, client.post(LOGIN, json={"password": PASSWORD}) as answer:
        assert answer.status == 403
        assert "cannot be read" in (await answer.json())["detail"]


# --- from where ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        ["Origin: http://evil.example"],
        ["Origin: null"],
        ["Origin: http://evsed.evil.example"],
        ["Origin: http://evsed:8081"],
        ["Origin: ftp://evsed"],
        ["Sec-Fetch-Site: cross-site"],
        ["Sec-Fetch-Site: same-site", "Origin: http://evsed"],
    ],
)
async def test_another_sites_page_gives_no_orders_even_with_the_cookie(
    evsed: Served, headers: list[str]
) -> None:
    wire = await evsed.wire()
    ticket = f"Cookie: {await cookie(wire)}"
    for method, path in (*CONTROLS, ("POST", LOGIN), ("DELETE", LOGIN)):
        status, _, body = await order(wire, f"{method} {path}", b"{}", ticket, *headers)
        assert status == 403
        assert "another site" in json.loads(body)["detail"]
    assert evsed.hub.acknowledged == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "a@b", "evsed.local.evil.example", "", "[::1", "x/y"],
)
async def test_a_name_that_is_not_of_this_network_gives_no_orders(evsed: Served, host: str) -> None:
    """As of a page that made its own name point to the Pi, so that its Origin is its Host."""
    wire = await evsed.wire()
    ticket = f"Cookie: {await cookie(wire)}"
    for method, path in CONTROLS:
        status, _, body = await order(
            wire, f"{method} {path}", b"", ticket, f"Origin: http://{host}", host=host
        )
        assert status in (400, 403)
        if status == 400:  # no Host that HTTP has; the connection is over with it
            break
        assert "[web] names" in json.loads(body)["detail"]
    assert evsed.hub.acknowledged == []


@pytest.mark.parametrize(
    "host",
    ["evsed", "evsed.local", "EVSED.local.:80", "192.168.1.9:8080", "[fd00::9]:80", "pi.home.arpa",
     "charger.example.org"],
)  # fmt: skip
async def test_its_own_names_and_addresses_do(password_file: Path, host: str) -> None:
    async with served(password_file=password_file, names=("Charger.example.org",)) as evsed:
        wire = await evsed.wire()
        ticket = f"Cookie: {await cookie(wire)}"
        status, _, _ = await order(
            wire, f"POST {ACK}", b"", ticket, f"Origin: http://{host}",
            "Sec-Fetch-Site: same-origin", host=host,
        )  # fmt: skip
        assert status == 200


async def test_two_hosts_are_none(evsed: Served) -> None:
    wire = await evsed.wire()
    ticket = f"Cookie: {await cookie(wire)}"
    assert (await order(wire, f"POST {ACK}", b"", ticket, "Host: evil.example"))[0] in (400, 403)
    assert evsed.hub.acknowledged == []


async def test_the_control_socket_asks_for_no_password_and_names_who_asked(
    password_file: Path, tmp_path: Path
) -> None:
    async with served(password_file=password_file, socket=tmp_path / "s") as evsed:
        wire = await evsed.wire(tmp_path / "s")
        status, _, _ = await order(wire, f"PATCH {OWNER}", b'{"max_current_a": 8}', host="evil.x")
        assert status == 200
        assert evsed.hub.shown.controls.max_current_a == 8.0
        assert evsed.hub.changed_by != ["127.0.0.1"]
        assert len(evsed.hub.changed_by) == 1


# --- what they may say ---------------------------------------------------------------------------


@pytest_asyncio.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """The control socket, which needs no session."""
    async with served(socket=tmp_path / "s") as evsed:
        yield await evsed.wire(tmp_path / "s")


async def test_patch_changes_what_it_names_and_put_sets_everything(wire: Wire) -> None:
    await order(wire, f"PATCH {OWNER}", b'{"session_kwh": 10, "window": "Sat,Sun 10:00-18:00"}')
    _, _, body = await order(wire, f"PATCH {OWNER}", b'{"mode": "solar_min"}')
    told = json.loads(body)
    assert (told["mode"], told["session_kwh"]) == ("solar_min", 10.0)
    assert told["window"] == "Sat,Sun 10:00-18:00"
    await order(wire, f"PUT {OWNER}", b'{"max_current_a": 16}')
    status, _, body = await wire.ask(f"GET {OWNER}")
    assert status == 200
    assert json.loads(body) == {
        "api": 1, "mode": "solar", "session_kwh": None, "session_h": None, "max_current_a": 16.0,
        "window": None, "plan": None,
    }  # fmt: skip


async def test_a_wish_that_cannot_be_granted_names_every_field_and_changes_nothing(
    wire: Wire,
) -> None:
    status, headers, body = await order(
        wire, f"PATCH {OWNER}", b'{"mode": "fast", "session_h": -1, "a/b~": 1}'
    )
    told = json.loads(body)
    assert (status, headers["content-type"]) == (422, "application/problem+json")
    assert [error["pointer"] for error in told["errors"]] == ["#/session_h", "#/a~1b~0"]
    assert "0.1 to 168 h" in told["errors"][0]["detail"]
    _, _, body = await wire.ask(f"GET {OWNER}")
    assert json.loads(body)["mode"] == "solar"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 400), (b"fast", 400), (b"[]", 400), (b"null", 400), (b"\xff\xfe{}", 400),
        (b"[" * 4000, 400), (b'{"session_h": NaN}', 422), (b'{"session_h": 1e999}', 422),
        (b'{"session_h": ' + b"9" * 4000 + b"}", 422), (b'{"mode": "\\ud800"}', 422),
        (b" " * 5000, 413), (b"{}", 200),
    ],
)  # fmt: skip
async def test_what_is_no_order_is_told_so(wire: Wire, body: bytes, expected: int) -> None:
    status, _, answer = await order(wire, f"PATCH {OWNER}", body)
    assert status == expected
    json.loads(answer)


async def test_an_order_in_another_form_than_json_is_refused(wire: Wire) -> None:
    await wire.send(b"PATCH /api/v1/controls HTTP/1.1\r\nHost: e\r\nContent-Type: text/plain\r\n"
                   b"Content-Length: 2\r\n\r\n{}")  # fmt: skip
    assert (await wire.answer())[0] == 415


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with served(socket=tmp_path / "s") as evsed:
        wire = await evsed.wire(tmp_path / "s")
        await wire.send(
            b"PATCH /api/v1/controls HTTP/1.1\r\nHost: e\r\n"
            b"Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"
        )
        await evsed.serves_others()
        skip(PAST_S)
        assert (await wire.answer())[0] == 408


async def test_a_body_in_chunks_is_an_order_too_and_a_broken_one_is_none(wire: Wire) -> None:
    head = (b"PATCH /api/v1/controls HTTP/1.1\r\nHost: e\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")  # fmt: skip
    await wire.send(head + b'10\r\n{"mode": "fast"}\r\n0\r\n\r\n')
    status, _, body = await wire.answer()
    assert (status, json.loads(body)["mode"]) == (200, "fast")
    await wire.send(head + b"zz\r\n")
    assert b" 400 " in (await wire.ended())[:20]


@pytest.mark.parametrize("body", [b"{}", b'{"password": 7}', b'{"password": null}'])
async def test_logging_in_takes_a_password(evsed: Served, body: bytes) -> None:
    wire = await evsed.wire()
    status, _, answer = await order(wire, f"POST {LOGIN}", body)
    assert status == 422
    assert json.loads(answer)["errors"][0]["pointer"] == "#/password"


@pytest.mark.parametrize(
    ("line", "status", "allow"),
    [
        (f"DELETE {OWNER}", 405, "GET, HEAD, PUT, PATCH"),
        (f"PUT {ACK}", 405, "POST"),
        ("POST /api/v1/status", 405, "GET, HEAD"),
        (f"PUT {LOGIN}", 405, "GET, HEAD, POST, DELETE"),
        ("POST /api/v1/nothing", 404, None),
    ],
)
async def test_an_order_that_makes_no_sense_is_told_which_do(
    wire: Wire, line: str, status: int, allow: str | None
) -> None:
    answered, headers, _ = await order(wire, line)
    assert (answered, headers.get("allow")) == (status, allow)
