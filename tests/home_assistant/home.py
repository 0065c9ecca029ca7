# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Home Assistant as a process, operated by its own API as its page would."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx

from tests.processes.rig import wait_until
from tests.processes.test_controls import free_port

if TYPE_CHECKING:
    from pathlib import Path

HASS = os.environ.get("HASS", "")
"""The program `hass`, which `make ha-test` installs."""

CONFIGURATION = """\
homeassistant:
  name: Test
  unit_system: metric
  time_zone: Europe/Vienna
  country: AT
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
history:
energy:
recorder:
  commit_interval: 1
logger:
  default: warning
{more}
"""
SECRET = "made up for a test"


class HomeAssistant:
    """One Home Assistant, with its files in *folder* and *more* lines of configuration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port, more=more))
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.url, timeout=60.0)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [HASS, "-c", str(self.folder), "--skip-pip"],
                stdout=said,
                stderr=said,
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8"},
            )
        wait_until("Home Assistant answers", self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "said").read_text()
        try:
            return self._client.get("/manifest.json").status_code < 600
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Stop it as a restart of the machine would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)
            self._process = None

    def onboard(self) -> None:
        """Make the owner's account, and log in."""
        made = self._client.post(
            "/api/onboarding/users",
            json={
                "client_id": f"{self.url}/", "name": "o", "username": "o", "password": SECRET,
                "language": "en",
            },
        )  # fmt: skip
        made.raise_for_status()
        token = self._client.post(
            "/auth/token",
            data={
                "grant_type": "authorization_code",
                "code": made.json()["auth_code"],
                "client_id": f"{self.url}/",
            },
        )
        token.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        self._client.post("/api/onboarding/core_config", json={}).raise_for_status()

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Ask its API; the JSON of the answer."""
        answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    def add_mqtt(self, broker_port: int, user: str, password: str) -> None:
        """Add the MQTT integration as its page does."""
        flows = "/api/config/config_entries/flow"
        flow = self.ask("POST", flows, {"handler": "mqtt"})
        told = self.ask(
            "POST",
            f"{flows}/{flow['flow_id']}",
            {
                "broker": "127.0.0.1", "port": broker_port, "username": user,
                "password": password,
            },
        )  # fmt: skip
        assert told["type"] == "create_entry", told

    def states(self) -> dict[str, dict[str, Any]]:
        """Every state of an entity of evsed, by the entity's id."""
        found = self.ask("GET", "/api/states")
        return {one["entity_id"]: one for one in found if "evsed" in one["entity_id"]}

    def state(self, entity: str) -> str:
        """The state of *entity*; "" where there is none."""
        return str(self.states().get(entity, {}).get("state", ""))

    def until(self, entity: str, *expected: str) -> None:
        """Wait until *entity* has one of the states *expected*."""
        wait_until(f"{entity} is {expected}", lambda: self.state(entity) in expected)

    def call(self, service: str, **data: object) -> None:
        """Call a service such as "select.select_option"."""
        self.ask("POST", f"/api/services/{service.replace('.', '/')}", data)

    def command(self, **what: object) -> Any:  # noqa: ANN401 - JSON
        """Give a command by its WebSocket; the result."""
        token = str(self._client.headers["Authorization"]).removeprefix("Bearer ")

        async def talk() -> Any:  # noqa: ANN401 - JSON
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{self.url}/api/websocket") as wire,
            ):
                await wire.receive_json()
                await wire.send_json({"type": "auth", "access_token": token})
                assert (await wire.receive_json())["type"] == "auth_ok"
                await wire.send_json({"id": 1, **what})
                told = await wire.receive_json()
                assert told["success"], told
                return told["result"]

        return asyncio.run(talk())

    def complaints(self) -> list[str]:
        """Every line of its log at warning or above that names evsed."""
        lines = (self.folder / "home-assistant.log").read_text().splitlines()
        return [line for line in lines if "evsed" in line.lower()]
