# SPDX-License-Identifier: GPL-3.0-or-later
"""The broker of the house, and a listener for what evsed answers to orders."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.home_assistant.home import in_tree
from tests.processes.rig import wait_until
from tests.processes.test_controls import free_port

if TYPE_CHECKING:
    from pathlib import Path

USER, SECRET, OTHER_SECRET = "evsed", "secret", "another secret"
HOUSE, HOUSE_SECRET = "house", "secret of the house"


class Broker:
    """A mosquitto with a password, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._secrets = folder / "secrets"
        self._secrets.touch(mode=0o600)
        self.admit(USER, SECRET)
        self.admit(HOUSE, HOUSE_SECRET)
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"user root\npersistence false\nlistener {self.port} 127.0.0.1\n"
            f"allow_anonymous false\npassword_file {self._secrets}\n"
        )
        self.start()

    def admit(self, user: str, secret: str) -> None:
        """Give *user* this password from the next start on."""
        command = in_tree("/usr/bin/mosquitto_passwd", "-b", str(self._secrets), user, secret)
        subprocess.run(command, check=True)

    def start(self) -> None:
        """Start it at the same port."""
        command = in_tree("/usr/sbin/mosquitto", "-c", str(self._config))
        self._process = subprocess.Popen(command)
        wait_until("the broker listens", self._listens)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()


class Results:
    """The answers of evsed to orders, on its topic for them."""

    def __init__(self, broker: Broker) -> None:
        self._of: list[dict[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(HOUSE, HOUSE_SECRET)
        self._client.on_message = lambda _client, _data, seen: self._of.append(
            json.loads(seen.payload)
        )
        self._client.on_connect = lambda client, *_: client.subscribe("evsed/+/result", qos=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def until(self, order: str) -> dict[str, Any]:
        """Wait for the next result of *order*, and return it."""

        def found() -> dict[str, Any] | None:
            return next((result for result in self._of if result["order"] == order), None)

        result: dict[str, Any] | None = wait_until(f"the result of {order}", found)
        assert result is not None
        self._of.clear()
        return result

    def close(self) -> None:
        """End the connection."""
        self._client.disconnect()
        self._client.loop_stop()
