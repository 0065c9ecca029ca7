# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/programs.md: each recipe does against the real frontend what it says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import tomllib
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

from evsed.frontends.web.auth.tokens import Scope, TokenFile
from tests.frontends.web.web_world import IN_TIME_S, Served
from tests.processes.test_controls import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.source

GROWTH = "increase(evsed_energy_joules_total[1m])"
"""It needs two scrapes."""

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def token(password_file: Path) -> str:
    """A token as `evsed token create` makes it."""
    made = TokenFile.beside(str(password_file))
    return made.create("recipe", Scope.CONTROL, datetime.now(tz=UTC))


def recipe(which: str, evsed: Served, token: str = "") -> str:
    """The recipe for *which*, for the evsed that is served here."""
    text = (DOCS / "programs.md").read_text()
    found = re.search(rf"<!-- recipe: {which} -->\n```\w+\n(.*?)```", text, re.DOTALL)
    assert found is not None
    here = found[1].replace("evsed.local:80", f"127.0.0.1:{evsed.port}")
    return here.replace("evsed.local", f"127.0.0.1:{evsed.port}").replace("TOKEN", token)


def needs(program: str) -> None:
    """Skip the test where *program* is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")


async def output(*command: str, given: str = "") -> str:
    """Run *command*; return its output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(IN_TIME_S):
        said, _ = await process.communicate(given.encode())
    assert process.returncode == 0, said
    return said.decode()


async def ask(http: dict[str, Any], body: str | None = None) -> str:
    """Make a request as a recipe has it; return the text of the answer."""
    headers = {key: value for each in http.get("headers", []) for key, value in each.items()}
    async with (
        aiohttp.ClientSession() as program,
        program.request(
            http.get("method", "GET"), http["uri"], data=body, headers=headers
        ) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def test_curl_reads_and_gives_orders(evsed: Served, token: str) -> None:
    needs("curl")
    read, controls, claim, withdraw = recipe("curl", evsed, token).strip().splitlines()
    assert json.loads(await output(*shlex.split(read)))["evse_status"] == "Charging"
    assert json.loads(await output(*shlex.split(controls)))["max_current_a"] == 13.5
    claimed = json.loads(await output(*shlex.split(claim)))
    assert claimed["charging"] is True
    assert "withdrawn" in await output(*shlex.split(withdraw))
    assert evsed.hub.shown.claims == ()
    assert set(evsed.hub.changed_by) == {"127.0.0.1 (token recipe)"}


async def test_evcc_reads_and_claims_tenths_of_an_ampere(evsed: Served, token: str) -> None:
    needs("jq")
    (charger,) = yaml.safe_load(recipe("evcc", evsed, token))["chargers"]

    async def read(name: str) -> object:
        http = charger[name]
        return json.loads(await output("jq", http["jq"], given=await ask(http)))

    async def order(name: str, value: str) -> None:
        variable = "enable" if name == "enable" else name
        body = charger[name]["body"]
        assert f"${{{variable}}}" in body
        await ask(charger[name], body.replace(f"${{{variable}}}", value))

    assert charger["type"] == "custom"
    assert await read("status") == "C"
    assert await read("enabled") is False
    await order("maxcurrentmillis", "13.4")
    await order("enable", "true")
    assert await read("enabled") is True
    await order("maxcurrent", "9")
    (claim,) = evsed.hub.shown.claims
    assert (claim.program, claim.charging, claim.max_current_a) == ("http", True, 9.0)
    await order("enable", "false")
    assert await read("enabled") is False
    assert await read("power") == 2162.0
    assert await read("energy") == 1234.567


async def test_home_assistants_rest_command_gives_an_order(evsed: Served, token: str) -> None:
    command = yaml.safe_load(recipe("home-assistant", evsed, token))["rest_command"]["evsed_mode"]
    http = {
        "uri": command["url"],
        "method": command["method"].upper(),
        "headers": [command["headers"], {"content-type": command["content_type"]}],
    }
    await ask(http, command["payload"].replace("{{ mode }}", "fast"))
    assert evsed.hub.shown.controls.mode == "fast"


async def test_node_red_gives_an_order(evsed: Served, token: str) -> None:
    inject, request, debug = json.loads(recipe("node-red", evsed, token))
    assert (inject["wires"], request["wires"]) == ([[request["id"]]], [[debug["id"]]])
    message = {each["p"]: json.loads(each["v"]) for each in inject["props"]}
    # The node "http request" sends an object as JSON, with its type.
    http = {
        "uri": request["url"],
        "method": request["method"],
        "headers": [message["headers"], {"content-type": "application/json"}],
    }
    await ask(http, json.dumps(message["payload"]))
    assert evsed.hub.shown.controls.max_current_a == 8.0


async def test_a_real_node_red_runs_the_flow(evsed: Served, token: str, tmp_path: Path) -> None:
    needs("node-red")
    inject, *others = json.loads(recipe("node-red", evsed, token))
    tab = {"id": "tab", "type": "tab", "label": "evsed"}
    nodes = [{**node, "z": "tab"} for node in ({**inject, "once": True}, *others)]  # the press
    (tmp_path / "flows.json").write_text(json.dumps([tab, *nodes]))
    settings = {"uiHost": "127.0.0.1", "uiPort": free_port(), "flowFile": "flows.json"}
    (tmp_path / "settings.js").write_text(f"module.exports = {json.dumps(settings)}")
    process = await asyncio.create_subprocess_exec(
        "node-red", "--userDir", str(tmp_path), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(2 * IN_TIME_S):
            while evsed.hub.shown.controls.max_current_a != 8.0:
                await evsed.hub.changed.wait()
                evsed.hub.changed.clear()
    finally:
        process.terminate()
        await process.wait()


async def test_telegraf_finds_what_it_reads(evsed: Served) -> None:
    inputs = tomllib.loads(recipe("telegraf", evsed))["inputs"]
    (metrics,), (http,) = inputs["prometheus"], inputs["http"]
    assert "evsed_power_watts" in await ask({"uri": metrics["urls"][0]})
    told = json.loads(await ask({"uri": http["urls"][0]}))
    for field in http["json_string_fields"]:
        assert isinstance(told[field], str)


@asynccontextmanager
async def prometheus(config: str, folder: Path) -> AsyncIterator[str]:
    """Run Prometheus with *config*; its address."""
    port = free_port()
    (folder / "prometheus.yml").write_text(config)
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=said,
            stderr=said,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_prometheus_scrapes_it_and_the_dashboard_shows_something_everywhere(
    evsed: Served, tmp_path: Path
) -> None:
    needs("prometheus")
    config = recipe("prometheus", evsed)
    assert "scrape_interval: 15s" in config
    config = config.replace("scrape_interval: 15s", "scrape_interval: 200ms")
    config = config.replace("- job_name: evsed", "- job_name: evsed\n    scrape_timeout: 200ms")
    panels = json.loads((DOCS / "grafana.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(asked) > 8

    async with prometheus(config, tmp_path) as url, aiohttp.ClientSession() as grafana:

        async def query(text: str) -> list[Any]:
            try:
                async with grafana.get(f"{url}/api/v1/query", params={"query": text}) as answer:
                    if answer.status == 503:
                        return []  # it answers, but its database is not open yet
                    told = await answer.json()
            except aiohttp.ClientConnectionError:
                return []  # it does not listen yet
            assert told["status"] == "success", told
            found: list[Any] = told["data"]["result"]
            return found

        # A scrape that comes too late on a busy machine leaves every series empty until the next.
        async def shown(text: str) -> None:
            try:
                async with asyncio.timeout(2 * IN_TIME_S):
                    while not await query(text):  # noqa: ASYNC110 - Prometheus has no event for it
                        await asyncio.sleep(0.1)
            except TimeoutError:
                raise AssertionError(f"nothing is shown for {text}") from None

        await shown(GROWTH)
        for text in asked:
            if "solar_power" not in text:  # the status of the test knows no part of the sun's
                await shown(text)
        await shown("up == 1")
