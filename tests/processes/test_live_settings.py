# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are changed while a real car charges: in effect at once, undone, fallen back."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from evsed.daemon.shutdown import BEGIN_AGAIN
from tests.processes.rig import PATIENCE_S
from tests.processes.test_controls import free_port, until
from tests.sources.devices import having, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.processes.rig import Rig

FIXED = '[feed]\nkind = "fixed"\ncurrent_a = 16.0\n'
FEED = """\
[feed]
kind = "http"
url = "{url}/grid"
period_s = 1.0
grid_w = {{ path = "power" }}
"""
SUN, CLOUD = json.dumps({"power": -4000}), json.dumps({"power": 900})


class Owner:
    """The owner at the page of *rig*."""

    def __init__(self, rig: Rig) -> None:
        self._socket = str(rig.folder / "evsed.sock")

    def set(self, **changes: object) -> dict[str, Any]:
        """Change settings, their dots written as two underscores; the view that is answered."""
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return self._ask("PATCH", "", {"changes": dotted, "password": ""})

    def undo(self) -> dict[str, Any]:
        return self._ask("POST", "/undo", {"password": ""})

    def view(self) -> dict[str, Any]:
        return self._ask("GET", "", None)

    def _ask(self, method: str, path: str, body: object) -> dict[str, Any]:
        transport = httpx.HTTPTransport(uds=self._socket)
        with httpx.Client(transport=transport, timeout=PATIENCE_S) as client:
            answer = client.request(method, f"http://evsed/api/v1/settings{path}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def went_on(rig: Rig, since: float) -> bool:
    """Return True where nothing but a stall of the machine interrupted the charge from *since*."""
    timeline = rig.pi.timeline()
    return not timeline.of_evsed([*timeline.openings(since), *timeline.offer_ends(since)])


@contextmanager
def charging_by_the_sun(rig: Rig) -> Iterator[tuple[Owner, dict[str, str], float]]:
    """A charge that follows a meter of the grid; what that answers, and the moment it goes on."""
    answers = {"/grid": SUN, "/other": CLOUD}
    with served(having(answers)) as url:
        settings = rig.settings.read_text()
        assert FIXED in settings
        rig.settings.write_text(settings.replace(FIXED, FEED.format(url=url)))
        rig.charge()
        until(rig, "the sun gives more than the least", lambda now: now["offered_a"] > 8)
        answers["address"] = url
        yield Owner(rig), answers, rig.now()


def parts(status: dict[str, Any]) -> set[str]:
    return {part["name"] for part in status["parts"] if part["state"] == "running"}


@pytest.mark.long
def test_rules_feed_and_programs_are_changed_and_undone_while_a_car_charges(rig: Rig) -> None:
    with charging_by_the_sun(rig) as (owner, answers, since):
        control = rig.life().control_pid()

        view = owner.set(surplus__reserve_w=100_000.0)
        assert view["waiting"] == []
        until(rig, "all of the sun is left to the battery", lambda now: now["offered_a"] < 6.1)
        assert owner.undo()["waiting"] == []
        until(rig, "it is not any more", lambda now: now["offered_a"] > 8)

        assert owner.set(feed__url=f"{answers['address']}/other")["waiting"] == []
        until(rig, "the other meter imports", lambda now: now["offered_a"] < 6.1)
        assert owner.undo()["waiting"] == []
        until(rig, "the first one exports", lambda now: now["offered_a"] > 8)

        broker = f"mqtt://127.0.0.1:{free_port()}"
        assert owner.set(mqtt__broker=broker)["waiting"] == []
        until(rig, "MQTT is a part", lambda now: "mqtt" in parts(now))
        owner.undo()
        until(rig, "MQTT is none", lambda now: "mqtt" not in parts(now))

        assert rig.life().control_pid() == control
        assert went_on(rig, since)

        view = owner.set(supply__max_current_a=12.0, surplus__reserve_w=1.0)
        assert view["waiting"] == ["supply.max_current_a"]
        until(rig, "it charges on", lambda now: now["offered_a"] > 12.5)
        rig.pi.order("unplug")
        assert rig.life().ended() == BEGIN_AGAIN


@pytest.mark.long
def test_a_feed_that_never_comes_is_given_up_by_itself_while_the_charge_goes_on(rig: Rig) -> None:
    with charging_by_the_sun(rig) as (owner, _, since):
        kept = owner.view()
        view = owner.set(feed__url="http://127.0.0.1:9/")
        assert view["waiting"] == []
        assert view["trial"]
        status = until(
            rig,
            "it fell back",
            lambda now: any("fell back" in event["text"] for event in now["events"]),
        )
        assert any("feed.url" in event["text"] for event in status["events"])
        until(rig, "the sun again", lambda now: now["offered_a"] > 8 and not now["feed_error"])
        after = owner.view()
        assert after["settings"] == kept["settings"]
        assert not after["trial"]
        assert went_on(rig, since)


def test_a_fixed_current_becomes_a_feed_and_is_undone_while_a_car_charges(rig: Rig) -> None:
    with served(having({"/grid": CLOUD})) as url:
        owner = Owner(rig)
        rig.charge()
        until(rig, "the fixed current", lambda now: now["offered_a"] > 15.9)
        since = rig.now()
        meter = {"feed.kind": "http", "feed.url": f"{url}/grid", "feed.period_s": 1.0}
        view = owner.set(**meter, **{"feed.grid_w": {"path": "power"}})
        assert view["waiting"] == []
        until(rig, "the meter imports", lambda now: now["offered_a"] < 6.1)
        assert owner.undo()["waiting"] == []
        until(rig, "the fixed current again", lambda now: now["offered_a"] > 15.9)
        assert went_on(rig, since)
