# SPDX-License-Identifier: GPL-3.0-or-later
"""Home Assistant's own client steers a real charge."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from openevsehttp import OpenEVSE

from tests.processes.test_controls import free_port, password, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.processes.rig import Rig

# Said by the client of its own doing.
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


def ask(port: int, order: Callable[[OpenEVSE], Awaitable[Any]]) -> OpenEVSE:
    """Give *order* by a client that has just come; the client with what it knows after it."""

    async def talk() -> OpenEVSE:
        async with aiohttp.ClientSession() as session:
            home = OpenEVSE(f"127.0.0.1:{port}", "evsed", "secret words", session)
            await home.update()
            await order(home)
            await home.update(force_status=True)
            return home

    return asyncio.run(talk())


def test_home_assistant_limits_stops_and_lets_go_of_a_real_charge(rig: Rig) -> None:
    settings = rig.settings.read_text()
    rig.settings.write_text(
        settings.replace("[web]", f'[web]\npassword_file = "{rig.folder}/password"')
        + "\n[openevse]\nenabled = true\nannounce = false\n"
    )
    port = free_port()
    rig.start(EVSED_WEB__PORT=str(port))
    assert password(rig, "secret words\nsecret words\n") == 0
    rig.until_proved()
    rig.pi.order("plug")
    rig.until_closed()

    home = ask(port, lambda home: home.set_current(8))
    assert home.state == "charging"
    assert home.max_current_soft == 8
    status = until(rig, "8 A are offered", lambda now: 0 < now["offered_a"] < 8.05)
    assert status["limited_by"] == "openevse"
    assert any(
        event["text"]
        == "at most 8 A, until the car is unplugged (claim of openevse), ordered by 127.0.0.1"
        for event in status["events"]
    )

    at = rig.now()
    ask(port, lambda home: home.set_override(state="disabled"))
    status = until(rig, "the contactor is open", lambda now: not now["contactor_closed"])
    timeline = rig.pi.timeline()
    assert timeline.offer_ends(at)[0] < timeline.openings(at)[0]
    assert status["reason"] == "a program (OpenEVSE) asks not to charge"
    outcome = rig.evsed("status", "--url", f"http://127.0.0.1:{port}")
    assert outcome.code == 0
    assert "openevse: do not charge" in outcome.said()

    at = rig.now()
    home = ask(port, lambda home: home.clear_override())
    assert not home.manual_override
    rig.until_closed(at)
    status = until(rig, "it charges as the owner has it", lambda now: now["offered_a"] > 8.05)
    assert status["controls"]["mode"] == "solar"
    assert status["claims"] == []
