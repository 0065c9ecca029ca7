# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders of programs: by HTTP basic, by a token, and by their own claim."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from evsed.core.pilot.faults import FOR_PEOPLE, Fault
from evsed.frontends.views import ControlsView
from evsed.frontends.web.auth.tokens import MOST, Scope, TokenConflictError, TokenError, TokenFile
from tests.frontends.openevse_world import basic
from tests.frontends.web.guesses import guess_until_slowed
from tests.frontends.web.web_world import CHARGING, FAULTED, PASSWORD, Served, served

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTROLS, CLAIM, TOKENS = "/api/v1/controls", "/api/v1/claim", "/api/v1/tokens"


async def ask(
    evsed: Served, method: str, path: str, header: str, body: object = None
) -> tuple[int, Any]:
    """Ask with an Authorization *header*; status and JSON of the answer."""
    headers = {"Authorization": header} if header else {}
    async with (
        aiohttp.ClientSession(evsed.url) as program,
        program.request(method, path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


def token(evsed_password: Path, name: str = "evcc", scope: Scope = Scope.CONTROL) -> str:
    """A new token, as `evsed token create` makes it."""
    return TokenFile.beside(str(evsed_password)).create(name, scope, NOW)


async def test_an_order_takes_the_password_by_http_basic(evsed: Served) -> None:
    status, told = await ask(evsed, "PATCH", CONTROLS, basic(), {"max_current_a": 7.5})
    assert (status, told["max_current_a"]) == (200, 7.5)
    assert evsed.hub.changed_by == ["127.0.0.1"]


async def test_a_wrong_password_is_slowed_down_on_the_api_too(evsed: Served) -> None:
    async def guess(number: int) -> int:
        return (await ask(evsed, "POST", "/api/v1/ack", basic(f"guess {number}")))[0]

    await guess_until_slowed(guess)


async def test_a_browser_is_never_asked_for_http_basic_by_the_api(evsed: Served) -> None:
    """It would open a window of its own over the page."""
    wire = await evsed.wire()
    for headers in ((), (f"Authorization: {basic('guess')}",)):
        status, answered, _ = await wire.ask("POST /api/v1/ack", *headers)
        assert status == 401
        assert "basic" not in answered["www-authenticate"].lower()


@pytest.mark.parametrize("as_password", [False, True])
async def test_an_order_takes_a_token_and_names_it(
    evsed: Served, password_file: Path, *, as_password: bool
) -> None:
    text = token(password_file)
    header = f"Bearer {text}"
    if as_password:
        header = "Basic " + base64.b64encode(f"x:{text}".encode()).decode()
    assert (await ask(evsed, "PATCH", CONTROLS, header, {"max_current_a": 7.5}))[0] == 200
    assert (await ask(evsed, "POST", "/override", header, {"charge_current": 8}))[0] == 200
    assert (await ask(evsed, "GET", "/config", header))[0] == 200
    assert evsed.hub.changed_by == ["127.0.0.1 (token evcc)"] * 2


async def test_a_token_needs_no_password_to_be_set(tmp_path: Path) -> None:
    async with served(password_file=tmp_path / "password") as evsed:
        header = f"Bearer {token(tmp_path / 'password')}"
        assert (await ask(evsed, "PATCH", CONTROLS, header, {"mode": "fast"}))[0] == 200


async def test_a_token_that_may_read_gives_no_order(evsed: Served, password_file: Path) -> None:
    header = f"Bearer {token(password_file, scope=Scope.READ)}"
    status, told = await ask(evsed, "PATCH", CONTROLS, header, {"mode": "fast"})
    assert (status, told["detail"][:24]) == (403, "this token may only read")
    assert (await ask(evsed, "DELETE", "/override", header))[0] == 403
    assert (await ask(evsed, "GET", "/config", header))[0] == 200
    assert evsed.hub.changed_by == []


async def test_a_token_gets_nothing_that_is_the_owners_alone(
    evsed: Served, password_file: Path
) -> None:
    header = f"Bearer {token(password_file)}"
    for method, path in (
        ("POST", TOKENS), ("GET", TOKENS), ("DELETE", f"{TOKENS}/evcc"),
        ("POST", "/api/v1/backup"), ("POST", "/api/v1/restore"),
        ("DELETE", "/api/v1/history?before=2026-11-24"),
    ):  # fmt: skip
        body = {"name": "mine"} if method == "POST" else None
        assert (await ask(evsed, method, path, header, body))[0] == 403
    assert [kept.name for kept in TokenFile.beside(str(password_file)).all()] == ["evcc"]


async def test_a_token_that_was_revoked_is_refused_at_once(
    evsed: Served, password_file: Path
) -> None:
    header = f"Bearer {token(password_file)}"
    assert (await ask(evsed, "POST", "/api/v1/ack", header))[0] == 200
    TokenFile.beside(str(password_file)).revoke("evcc")
    status, told = await ask(evsed, "POST", "/api/v1/ack", header)
    assert (status, told["detail"][:25]) == (401, "evsed knows no such token")


async def test_the_page_of_another_site_gives_no_order_with_a_token(
    evsed: Served, password_file: Path
) -> None:
    wire = await evsed.wire()
    shown = f"Authorization: Bearer {token(password_file)}"
    assert (await wire.ask("POST /api/v1/ack", shown, "Origin: http://evil.example"))[0] == 403


async def test_the_owner_creates_lists_and_revokes_tokens_over_http(evsed: Served) -> None:
    status, made = await ask(evsed, "POST", TOKENS, basic(), {"name": "nodered", "scope": "read"})
    assert (status, made["name"], made["scope"]) == (200, "nodered", "read")
    assert (await ask(evsed, "POST", TOKENS, basic(), {"name": "nodered"}))[0] == 409
    (listed,) = (await ask(evsed, "GET", TOKENS, basic()))[1]["tokens"]
    assert (listed["name"], listed["scope"]) == ("nodered", "read")
    assert made["token"] not in json.dumps(listed)
    assert (await ask(evsed, "DELETE", f"{TOKENS}/nodered", basic()))[0] == 200
    assert (await ask(evsed, "DELETE", f"{TOKENS}/nodered", basic()))[0] == 404
    assert (await ask(evsed, "GET", TOKENS, basic()))[1]["tokens"] == []


async def test_tokens_are_listed_for_nobody_but_the_owner(evsed: Served) -> None:
    assert (await ask(evsed, "GET", TOKENS, ""))[0] == 401


def test_no_token_is_kept_as_it_is_and_nobody_else_can_read_the_file(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens")
    text = tokens.create("evcc", Scope.CONTROL, NOW)
    kept = (tmp_path / "tokens").read_text()
    assert text not in kept
    assert text.removeprefix("evsed_") not in kept
    assert (tmp_path / "tokens").stat().st_mode & 0o777 == 0o600
    found = TokenFile(tmp_path / "tokens").find(text)
    assert found is not None
    assert (found.name, found.scope, found.created) == ("evcc", Scope.CONTROL, NOW)
    assert tokens.find(found.digest) is None


def test_names_are_taken_once_and_tokens_are_few(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens")
    for wrong in ("", "a b", "../etc", "x" * 33, "é"):
        with pytest.raises(TokenError, match="1 to 32 letters"):
            tokens.create(wrong, Scope.READ, NOW)
    for number in range(MOST):
        tokens.create(f"n{number}", Scope.READ, NOW)
    with pytest.raises(TokenConflictError, match="already"):
        tokens.create("n0", Scope.READ, NOW)
    with pytest.raises(TokenConflictError, match="the most"):
        tokens.create("another", Scope.READ, NOW)


@pytest.mark.parametrize("kept", ["", "{}", "[1]", '[{"name": "x"}]', "\xff"])
def test_a_file_that_makes_no_sense_lets_nobody_in(tmp_path: Path, kept: str) -> None:
    tokens = TokenFile(tmp_path / "tokens")
    text = tokens.create("evcc", Scope.CONTROL, NOW)
    (tmp_path / "tokens").write_bytes(kept.encode("latin-1"))
    assert tokens.find(text) is None
    if kept != "{}":
        with pytest.raises(TokenError, match="makes no sense"):
            tokens.all()


# --- the claim -----------------------------------------------------------------------------------


async def test_a_program_claims_changes_its_claim_and_withdraws_it(
    evsed: Served, password_file: Path
) -> None:
    header = f"Bearer {token(password_file)}"
    assert (await ask(evsed, "GET", CLAIM, ""))[1]["charging"] is None
    status, told = await ask(evsed, "PATCH", CLAIM, header, {"max_current_a": 13.4})
    assert (status, told["charging"], told["max_current_a"]) == (200, None, 13.4)
    status, told = await ask(evsed, "PATCH", CLAIM, header, {"charging": True})
    assert (told["charging"], told["max_current_a"]) == (True, 13.4)
    status, told = await ask(evsed, "PUT", CLAIM, header, {"charging": False})
    assert (told["charging"], told["max_current_a"]) == (False, None)
    (claim,) = evsed.hub.shown.claims
    assert claim.program == "http"
    assert (await ask(evsed, "DELETE", CLAIM, header))[0] == 200
    assert evsed.hub.shown.claims == ()


@pytest.mark.parametrize(
    "body", [{"charging": 1}, {"max_current_a": 81}, {"for_s": -1}, {"mode": "fast"}]
)
async def test_what_is_no_claim_is_refused_in_words(evsed: Served, body: dict[str, object]) -> None:
    status, told = await ask(evsed, "PUT", CLAIM, basic(), body)
    assert status == 422
    assert told["detail"].endswith("nothing was changed")
    assert evsed.hub.changed_by == []


async def test_the_owners_own_off_stays_off_for_a_program(
    evsed: Served, password_file: Path
) -> None:
    header = f"Bearer {token(password_file)}"
    evsed.hub.show(replace(CHARGING, controls=ControlsView(mode="off")))
    for path, body in ((CONTROLS, {"mode": "solar"}), (CLAIM, {"charging": True})):
        status, told = await ask(evsed, "PATCH", path, header, body)
        assert status == 422
        assert "the owner has switched evsed off" in told["detail"]
    assert (await ask(evsed, "PATCH", CONTROLS, basic(), {"mode": "solar"}))[0] == 200


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault in FOR_PEOPLE])
async def test_a_program_acknowledges_no_fault_that_somebody_has_to_look_at(
    evsed: Served, password_file: Path, fault: Fault
) -> None:
    header = f"Bearer {token(password_file)}"
    shown = replace(FAULTED.faults[0], name=fault.value, recovery=fault.kind.recovery.value)
    evsed.hub.show(replace(FAULTED, faults=(shown,)))
    assert (await ask(evsed, "POST", "/api/v1/ack", header))[0] == 403
    assert evsed.hub.acknowledged == []
    assert (await ask(evsed, "POST", "/api/v1/ack", basic(PASSWORD)))[0] == 200
