# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner switches a charge off and on, from the Pi and over the network, across a restart."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx

from tests.processes.rig import ROOT, Rig, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable


def until(rig: Rig, what: str, look: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Wait until the status shows *what*."""

    def seen() -> dict[str, Any] | None:
        status = rig.status()
        return status if status and look(status) else None

    status: dict[str, Any] | None = wait_until(what, seen)
    assert status is not None
    return status


def free_port() -> int:
    """A TCP port that no process has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def password(rig: Rig, typed: str) -> int:
    """`evsed password` with *typed* for its input; the exit code."""
    return subprocess.run(
        [sys.executable, "-m", "evsed", "password", "--config", str(rig.settings)],
        cwd=ROOT,
        env=rig.environ(),
        input=typed,
        text=True,
        capture_output=True,
        check=False,
    ).returncode


def test_off_lets_the_car_go_holds_across_a_restart_and_ends_when_the_owner_says_so(
    rig: Rig,
) -> None:
    rig.start()
    rig.until_proved()
    rig.pi.order("plug")
    rig.until_closed()
    at = rig.now()
    outcome = rig.evsed("set", "mode=off", "session_kwh=10")
    assert outcome.code == 0
    assert "mode off, at most 10 kWh this session" in outcome.said()
    until(rig, "the contactor is open", lambda now: not now["contactor_closed"])
    timeline = rig.pi.timeline()
    assert timeline.offer_ends(at)[0] < timeline.openings(at)[0]
    status = rig.status()
    assert status is not None
    assert status["reason"] == "off, as the owner set it"
    assert any(", ordered by " in event["text"] for event in status["events"])
    assert ", ordered by " in (rig.folder / "log" / "events.log").read_text()

    rig.life().signal(signal.SIGTERM)
    rig.life().ended()
    rig.until_nothing_runs()
    rig.start()
    status = until(rig, "the wishes are there again", lambda now: now["controls"]["mode"] == "off")
    assert status["controls"]["session_kwh"] == 10.0

    at = rig.now()
    rig.evsed("set", "mode=solar", "max_current_a=8")
    rig.until_closed(at)
    status = until(rig, "8 A are offered", lambda now: 0 < now["offered_a"] < 8.05)
    assert status["limited_by"] == "owner"
    rig.pi.order("unplug")
    status = until(rig, "the session is over", lambda now: now["state"] == "A")
    until(rig, "its limit, too", lambda now: now["controls"]["session_kwh"] is None)


def test_over_the_network_it_takes_the_password_that_evsed_password_has_set(rig: Rig) -> None:
    rig.settings.write_text(
        rig.settings.read_text().replace("[web]", f'[web]\npassword_file = "{rig.folder}/password"')
    )
    rig.start(EVSED_WEB__PORT=str(port := free_port()))
    until(rig, "it answers", lambda now: now["ticking"])
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as client:
        assert client.patch("/api/v1/controls", json={"mode": "off"}).status_code == 403
        assert password(rig, "secret words\nother words\n") == 1
        assert client.patch("/api/v1/controls", json={"mode": "off"}).status_code == 403
        assert password(rig, "secret words\nsecret words\n") == 0
        assert client.patch("/api/v1/controls", json={"mode": "off"}).status_code == 401
        client.post("/api/v1/login", json={"password": "secret words"}).raise_for_status()
        client.patch("/api/v1/controls", json={"mode": "off"}).raise_for_status()
    status = until(rig, "it is off", lambda now: now["controls"]["mode"] == "off")
    assert any(event["text"] == "mode off, ordered by 127.0.0.1" for event in status["events"])
