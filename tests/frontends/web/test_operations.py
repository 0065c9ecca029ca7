# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of operations, and what follows from a row of it over real sockets."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import Outcome
from evsed.frontends.web.api.operation import (
    ApiRequest,
    AuthRequirement,
    Operation,
    Reply,
)
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.api.router import PREFIX, WRITES
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.parameters import choice, day, moment, whole
from evsed.frontends.web.http.responses import PreparedResponse
from tests.frontends.web.web_world import Served, served

LIMIT = whole("limit", "how many", least=1, most=1000, default=100)
BY = choice("by", "how long a bar is", "day", "month", "year")
FROM = day("from", "the first day")
BEFORE = moment("before", "older than this")


async def echo(_: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the request."""
    return json_response(Outcome(repr((request.path_value, sorted(request.query.items())))))


SAYS = Reply("what was asked", (Outcome,))
MADE_UP = (
    Operation("GET", "/api/v1/things", "Things", echo, SAYS, query=(LIMIT, BY, FROM, BEFORE)),
    Operation("GET", "/api/v1/needy", "Needs", echo, SAYS, query=(day("on", "a", required=True),)),
    Operation("GET", "/api/v1/things/{day}", "A thing", echo, SAYS, path_parameter=FROM),
    Operation(
        "DELETE",
        "/api/v1/things/{day}",
        "No thing",
        echo,
        SAYS,
        AuthRequirement.OWNER,
        path_parameter=FROM,
    ),
    Operation(
        "POST", "/override", "Another charger's", echo, SAYS, AuthRequirement.OWNER, listed=False
    ),
)


@pytest_asyncio.fixture
async def evsed(tmp_path: Path) -> AsyncIterator[Served]:
    operations = (*OPERATIONS, *MADE_UP)
    async with served(operations=operations, socket=tmp_path / "s") as running:
        yield running


async def outcome(evsed: Served, target: str) -> str:
    wire = await evsed.wire()
    status, _, body = await wire.ask(f"GET {target}")
    assert status == 200
    return str(json.loads(body)["outcome"])


def test_no_two_operations_share_a_method_and_a_path() -> None:
    rows = [(operation.method, operation.path) for operation in OPERATIONS]
    assert len(set(rows)) == len(rows)


def test_whatever_changes_something_needs_a_session_except_logging_in_and_out() -> None:
    for operation in OPERATIONS:
        # The first password has a rule of its own: the box was just switched on.
        if operation.method in WRITES and operation.path not in (
            "/api/v1/login",
            "/api/v1/password",
        ):
            assert operation.auth in (AuthRequirement.OWNER, AuthRequirement.CONTROL)
        assert operation.auth is not AuthRequirement.OPEN or operation.method == "GET"
        # What a token might use to get more than it has is the owner's alone.
        if operation.path.startswith(
            (
                "/api/v1/tokens",
                "/api/v1/history",
                "/api/v1/backup",
                "/api/v1/restore",
                "/api/v1/settings",
            )
        ):
            assert operation.auth is AuthRequirement.OWNER
        assert not operation.listed or operation.path.startswith(PREFIX)


async def test_a_parameter_has_its_default_until_it_is_given(evsed: Served) -> None:
    usual = [("before", None), ("by", "day"), ("from", None), ("limit", 100)]
    assert await outcome(evsed, "/api/v1/things") == repr((None, usual))
    given = [
        ("before", datetime(2026, 11, 24, 11, tzinfo=UTC)),
        ("by", "month"),
        ("from", date(2026, 11, 1)),
        ("limit", 7),
    ]
    for plus in ("+", "%2B"):
        query = f"limit=7&from=2026-11-01&x=&by=month&before=2026-11-24T12:00:00{plus}01:00"
        assert await outcome(evsed, f"/api/v1/things?{query}") == repr((None, given))


@pytest.mark.parametrize(
    ("query", "name", "told"),
    [
        ("limit=0", "limit", "1 to 1000"),
        ("limit=1001", "limit", "1 to 1000"),
        ("limit=", "limit", "1 to 1000"),
        ("limit=%D9%A7", "limit", "1 to 1000"),  # seven, in another script
        ("limit=1_0", "limit", "1 to 1000"),
        ("limit=" + "9" * 5000, "limit", "1 to 1000"),
        ("limit=1&limit=2", "limit", "once"),
        ("by=week", "by", "day, month, year"),
        ("from=2026-02-30", "from", "no such day"),
        ("from=20260230", "from", "such as"),
        ("before=2026-11-24T12:00:00", "before", "offset"),
        ("before=0001-01-01T00:00:00%2B12:00", "before", "offset"),
        ("before=soon", "before", "offset"),
    ],
)
async def test_a_parameter_that_cannot_be_is_named_and_told_what_it_must_be(
    evsed: Served, query: str, name: str, told: str
) -> None:
    wire = await evsed.wire()
    status, headers, body = await wire.ask(f"GET /api/v1/things?{query}")
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    (error,) = json.loads(body)["errors"]
    assert error["parameter"] == name
    assert told in error["detail"]


async def test_a_parameter_that_has_to_be_there_is_missed(evsed: Served) -> None:
    wire = await evsed.wire()
    status, _, body = await wire.ask("GET /api/v1/needy?x=2026-11-24")
    assert (status, json.loads(body)["errors"][0]["parameter"]) == (400, "on")
    assert "2026" in await outcome(evsed, "/api/v1/needy?on=2026-11-24")


async def test_what_stands_in_the_braces_is_read_and_what_cannot_stand_there_is_404(
    evsed: Served,
) -> None:
    assert await outcome(evsed, "/api/v1/things/2026-11-24") == repr((date(2026, 11, 24), []))
    wire = await evsed.wire()
    for nowhere in ("today", "", "2026-11-24/x", "2026-13-01", "%2e%2e", "%ff"):
        status, _, body = await wire.ask(f"GET /api/v1/things/{nowhere}")
        assert (status, json.loads(body)["status"]) == (404, 404)


async def test_allow_names_the_methods_of_the_rows(evsed: Served, tmp_path: Path) -> None:
    wire = await evsed.wire(tmp_path / "s")
    status, headers, _ = await wire.ask("POST /api/v1/things/2026-11-24", "Content-Length: 0")
    assert (status, headers["allow"]) == (405, "GET, HEAD, DELETE")


async def test_an_order_outside_the_api_goes_through_the_same_gate(
    evsed: Served, tmp_path: Path
) -> None:
    wire = await evsed.wire()
    assert (await wire.ask("POST /override", "Content-Length: 60000"))[0] == 403
    local = await evsed.wire(tmp_path / "s")
    assert (await local.ask("POST /override", "Content-Length: 0"))[0] == 200
    assert (await local.ask("GET /override"))[0] == 405
