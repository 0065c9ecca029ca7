# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Home Assistant as a process, operated by its own API as its page would."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest

from tests.processes.rig import wait_until
from tests.processes.test_controls import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.processes.rig import Rig

TREE = os.environ.get("HASS_TREE", "")
"""The Debian with Home Assistant and mosquitto: `make ha-test` makes it; "" where there is none."""

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
zeroconf:
{more}
"""
needs_home_assistant = pytest.mark.skipif(
    not TREE, reason="no Home Assistant here: make ha-test installs one"
)
FLOWS = "/api/config/config_entries/flow"
NAMES = re.compile("evsed|openevse")
SECRET = "made up for a test"


def in_tree(*command: str) -> list[str]:
    """Return *command* as one that runs in the tree, which shares /tmp with this machine."""
    return ["chroot", TREE, *command]


def ended(rig: Rig) -> None:
    """Wait until this life of evsed and its control process are over."""
    rig.life().ended()
    rig.until_nothing_runs()


class HomeAssistant:
    """One Home Assistant, with its files in *folder* and *more* lines of configuration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port, more=more))
        self._process: subprocess.Popen[bytes] | None = None
        # A connection that is kept may be closed by the other side as it is used again.
        no_kept = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=self.url, timeout=120.0, limits=no_kept)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                [
                    *in_tree("/ha/bin/python", "-m", "homeassistant"),
                    "-c",
                    str(self.folder),
                    "--skip-pip",
                ],
                stdout=console,
                stderr=console,
                env={
                    "PATH": "/usr/sbin:/usr/bin:/bin",
                    "HOME": str(self.folder),
                    "LANG": "C.UTF-8",
                },
            )
        wait_until("Home Assistant answers", self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "console").read_text()
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

    def close(self) -> None:
        """Stop it, and end the connections to it."""
        self.stop()
        self._client.close()

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
        wait_until("it runs", lambda: self.ask("GET", "/api/config")["state"] == "RUNNING")

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Ask its API; the JSON of the answer.

        Once in some thousand times it closes the connection without an answer; what only reads is
        asked again.
        """
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.RemoteProtocolError:
            if method != "GET":
                raise
            answer = self._client.request(method, path, json=body)
        assert not answer.is_error, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def add_mqtt(self, broker_port: int, user: str, password: str) -> None:
        """Add the MQTT integration as its page does."""
        form = self.begin_flow("mqtt")
        result = self.go_on(
            form,
            broker="127.0.0.1",
            port=broker_port,
            username=user,
            password=password,
            other_settings={"set_client_cert": False, "set_ca_cert": "off"},
        )
        assert result["type"] == "create_entry", result

    def begin_flow(self, handler: str, **more: object) -> Any:  # noqa: ANN401 - JSON
        """Begin to add the integration *handler*, or to reconfigure an entry of it; its form."""
        return self.ask("POST", FLOWS, {"handler": handler, **more})

    def go_on(self, form: dict[str, Any], **answers: object) -> Any:  # noqa: ANN401 - JSON
        """Fill in *form*; what comes next."""
        return self.ask("POST", f"{FLOWS}/{form['flow_id']}", answers)

    def flow_in_progress(self, handler: str, source: str) -> Any:  # noqa: ANN401 - JSON
        """Return the form of *handler* that was begun by *source*; None where there is none."""
        for flow in self.command(type="config_entries/flow/progress"):
            if flow["handler"] == handler and flow["context"]["source"] == source:
                return self.ask("GET", f"{FLOWS}/{flow['flow_id']}")
        return None

    def entry(self, domain: str) -> Any:  # noqa: ANN401 - JSON
        """Return the one entry of the integration *domain*."""
        (entry,) = self.ask("GET", f"/api/config/config_entries/entry?domain={domain}")
        return entry

    def reload(self, domain: str) -> None:
        """Reload the one entry of the integration *domain*."""
        entry = self.entry(domain)["entry_id"]
        self.ask("POST", f"/api/config/config_entries/entry/{entry}/reload")

    def states(self) -> dict[str, dict[str, Any]]:
        """Every state of an entity of evsed or an OpenEVSE, by the entity's id."""
        found = self.ask("GET", "/api/states")
        return {entity["entity_id"]: entity for entity in found if "evse" in entity["entity_id"]}

    def state(self, entity: str) -> str:
        """The state of *entity*; "" where there is none."""
        return str(self.states().get(entity, {}).get("state", ""))

    def until(self, entity: str, *expected: str) -> None:
        """Wait until *entity* has one of the states *expected*."""
        wait_until(f"{entity} is {expected}", lambda: self.state(entity) in expected)

    def call(self, service: str, **data: object) -> None:
        """Call a service such as "select.select_option"."""
        self.ask("POST", f"/api/services/{service.replace('.', '/')}", data)

    def command(self, **command: object) -> Any:  # noqa: ANN401 - JSON
        """Give a command by its WebSocket; the result."""
        token = str(self._client.headers["Authorization"]).removeprefix("Bearer ")

        async def exchange() -> Any:  # noqa: ANN401 - JSON
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"{self.url}/api/websocket") as wire,
            ):
                await wire.receive_json()
                await wire.send_json({"type": "auth", "access_token": token})
                assert (await wire.receive_json())["type"] == "auth_ok"
                await wire.send_json({"id": 1, **command})
                answer = await wire.receive_json()
                assert answer["success"], answer
                return answer["result"]

        return asyncio.run(exchange())

    def complaints(self, *expected: str) -> list[str]:
        """Every line of its log that names evsed and has none of the *expected* words.

        Its log has warnings and errors only.
        """
        lines = (self.folder / "home-assistant.log").read_text().splitlines()
        return [
            line
            for line in lines
            if NAMES.search(line.lower()) and not any(words in line for words in expected)
        ]
