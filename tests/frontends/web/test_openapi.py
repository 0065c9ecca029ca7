# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of the API: in OpenAPI for programs, on a page for people."""

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from evsed.frontends.web.api import docs_html as docs_page
from evsed.frontends.web.api.openapi import document, refusals
from evsed.frontends.web.api.operation import AuthRequirement
from evsed.frontends.web.api.operations import OPERATIONS
from tests.frontends.past import past
from tests.frontends.web.web_world import served

UNITS = {"a": "A", "v": "V", "w": "W", "wh": "Wh", "kwh": "kWh", "s": "s", "h": "h", "ms": "ms"}
"""The suffix of a key, and its unit."""
DOCUMENT = document(OPERATIONS)
PAGE = docs_page.page(DOCUMENT, "/static/x/")


def properties() -> list[tuple[str, str, dict[str, Any]]]:
    """(schema, key, schema of the key), of all that the document has."""
    return [
        (name, key, item)
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for key, item in schema["properties"].items()
    ]


def test_every_operation_is_in_the_document_and_has_a_name_of_its_own() -> None:
    rows = {(item.method.lower(), item.path) for item in OPERATIONS}
    told = [
        (method, path, operation["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]
    assert {(method, path) for method, path, _ in told} == rows
    assert len({name for _, _, name in told}) == len(told)


def test_every_key_has_its_meaning_and_the_unit_of_its_suffix() -> None:
    for name, key, schema in properties():
        assert schema.get("description"), f"{name}.{key}"
        suffix = key.rpartition("_")[2] if "_" in key else ""
        assert schema.get("x-unit", "") == UNITS.get(suffix, ""), f"{name}.{key}"


def test_a_number_without_a_unit_is_a_count_or_a_share() -> None:
    for name, key, schema in properties():
        if '"number"' in json.dumps(schema) and "x-unit" not in schema:
            # The unit of a setting's range stands beside it, the currency of money in `prices`.
            ranges = (("Setting", "minimum"), ("Setting", "maximum"))
            money = key.endswith(("cost", "savings")) or (name, key) == ("Prices", "now")
            assert money or (name, key) in (("Status", "duty"), *ranges)


def test_every_json_answer_has_the_version() -> None:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                told = response["content"].get("application/json", {}).get("schema", {})
                assert "allOf" not in told or "api" in told["required"]
    assert "api" in DOCUMENT["components"]["schemas"]["Problem"]["required"]


def test_whatever_needs_a_session_says_so_and_how_it_is_refused() -> None:
    for item in OPERATIONS:
        told = DOCUMENT["paths"][item.path][item.method.lower()]
        needs = item.auth in (AuthRequirement.OWNER, AuthRequirement.CONTROL)
        assert ("security" in told) == needs
        if needs:
            assert {401, 403} <= set(refusals(item))
        if item.body:
            assert {400, 408, 413, 415} <= set(refusals(item))


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_the_document_is_served(encoding: str) -> None:
    async with (
        served() as evsed,
        aiohttp.ClientSession(evsed.url, headers={"Accept-Encoding": encoding}) as client,
        client.get("/api/v1/openapi.json") as answer,
    ):
        assert answer.content_type == "application/json"
        assert await answer.json() == DOCUMENT


@pytest.mark.parametrize(
    "path",
    [
        item.path
        for item in OPERATIONS
        if item.method == "GET" and "{" not in item.path and item.auth is AuthRequirement.OPEN
    ],
)
async def test_every_json_that_is_read_has_the_version(path: str, tmp_path: Path) -> None:
    async with (
        past(tmp_path) as history,
        served() as evsed,
        aiohttp.ClientSession(evsed.url) as client,
    ):
        evsed.hub.history = history
        async with client.get(path) as answer:
            assert answer.status == 200
            if answer.content_type == "application/json" and not path.endswith("openapi.json"):
                assert (await answer.json())["api"] == 1


async def test_what_is_no_request_at_all_is_told_in_problem_details_too() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        await wire.send(b"GET /api/v1/status HTTP/1.1\r\nHost e\r\n\r\n")
        status, headers, body = await wire.answer()
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["api"] == 1


# --- the page ------------------------------------------------------------------------------------


def test_the_page_says_all_that_the_document_says() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in PAGE
            assert f'<section class="card" id="op-{operation["operationId"]}"' in PAGE
    for name, key, _ in properties():
        section = PAGE[PAGE.index(f'<section class="card" id="schema-{name}"') :]
        assert f"<dt><code>{key}</code></dt>" in section[: section.index("</section>")]


def test_every_link_within_the_page_leads_somewhere() -> None:
    links = set(re.findall(r'href="#([^"]+)"', PAGE))
    names = re.findall(r'id="([^"]+)"', PAGE)
    assert links <= set(names)
    assert len(set(names)) == len(names)


def test_the_page_has_no_script_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert re.findall(r"<script|<style|style=|\son\w+=|https?://", PAGE) == []


def test_what_the_document_says_cannot_become_html() -> None:
    evil = {**DOCUMENT, "info": {**DOCUMENT["info"], "description": "<script>alert(1)</script>"}}
    assert "<script" not in docs_page.page(evil, "/")


async def test_the_page_is_served_with_its_css_and_is_small() -> None:
    async with served() as evsed, aiohttp.ClientSession(evsed.url) as client:
        async with client.get("/api/v1/docs") as answer:
            assert answer.content_type == "text/html"
            assert answer.headers["Content-Encoding"] == "gzip"
            assert int(answer.headers["Content-Length"]) < 15_000
            body = await answer.text()
        names = re.findall(r'href="\.\./\.\.(/static/[^"]+)"', body)
        assert len(names) == 3
        for name in names:
            async with client.get(name) as answer:
                assert answer.status == 200
                assert answer.content_type in {"text/css", "image/svg+xml"}
