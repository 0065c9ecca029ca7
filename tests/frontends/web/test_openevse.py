# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenEVSE's interface over real sockets, asked by Home Assistant's own client and as evcc asks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from openevsehttp import OpenEVSE
from openevsehttp.exceptions import AuthenticationError, CommandFailedError, MissingSerial

from evsed.frontends.views import ControlsView
from tests.frontends.openevse_world import EVCC_CLAIM, Evcc, basic
from tests.frontends.web.web_world import CHARGING, FAULTED, IN_TIME_S, PASSWORD, Served, served

# Said by Home Assistant's client of its own doing.
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


def client(
    evsed: Served, session: aiohttp.ClientSession, password: str | None = PASSWORD
) -> OpenEVSE:
    """Home Assistant's client library."""
    return OpenEVSE(f"127.0.0.1:{evsed.port}", password and "anybody", password, session)


def claimed(evsed: Served) -> tuple[bool | None, float | None]:
    """The claim that was placed last: charge or not, and the most current."""
    (claim,) = evsed.hub.shown.claims
    return claim.charging, claim.max_current_a


@pytest_asyncio.fixture
async def home(evsed: Served, browser: aiohttp.ClientSession) -> OpenEVSE:
    """One that has just been set up."""
    made = client(evsed, browser)
    await made.update()
    return made


# --- Home Assistant ------------------------------------------------------------------------------


async def test_home_assistant_reads_the_state(home: OpenEVSE) -> None:
    assert await home.test_and_get() == {"serial": home.wifi_serial, "model": "evsed"}
    assert (home.status, home.state, home.vehicle) == ("active", "charging", True)
    assert (home.charging_current, home.charging_voltage) == (9400, 230)
    assert (home.current_power, home.current_capacity) == (2162, 9)
    assert (home.usage_session, home.usage_total) == (4620.5, 1234.567)
    assert (home.min_amps, home.max_amps, home.max_current_soft) == (6, 10, 10)
    assert (home.divertmode, home.manual_override) == ("eco", False)
    assert home.charge_time_elapsed == 7421
    assert home.wifi_firmware == "4.2.2+evsed.0.1.0"
    assert home.openevse_firmware == "evsed 0.1.0"
    assert await home.get_override_state() == "auto"


async def test_home_assistant_sets_the_current_and_takes_it_back(
    home: OpenEVSE, evsed: Served
) -> None:
    await home.set_current(8)
    assert claimed(evsed) == (None, 8.0)
    assert evsed.hub.changed_by == ["127.0.0.1"]
    await home.update()
    assert (home.max_current_soft, home.manual_override) == (8, True)
    assert await home.get_charge_current() == 8
    await home.clear_override()
    assert evsed.hub.shown.claims == ()
    await home.update()
    assert (home.max_current_soft, home.manual_override) == (10, False)


async def test_home_assistant_switches_off_and_on_and_leaves_it_to_evsed(
    home: OpenEVSE, evsed: Served
) -> None:
    for state, charging in (("disabled", False), ("active", True)):
        await home.set_override(state=state)
        assert claimed(evsed)[0] is charging
        assert await home.get_override_state() == state
    await home.set_current(7)  # an earlier order stays
    assert claimed(evsed) == (True, 7.0)
    await home.clear_override()
    assert evsed.hub.shown.claims == ()
    assert await home.get_override_state() == "auto"


async def test_home_assistants_limits_are_those_of_the_session(
    home: OpenEVSE, evsed: Served, evcc: Evcc
) -> None:
    await home.set_override(state="active", energy_limit=5000, time_limit=5400)
    controls = evsed.hub.shown.controls
    assert (controls.session_kwh, controls.session_h) == (5.0, 1.5)
    _, override = await evcc.ask("GET", "/override")
    assert (override["energy_limit"], override["time_limit"]) == (5000, 5400)
    await home.set_override(energy_limit=0)
    assert evsed.hub.shown.controls.session_kwh is None
    assert evsed.hub.shown.controls.session_h == 1.5


async def test_home_assistants_restart_button_is_told_that_nothing_is_done(
    home: OpenEVSE,
) -> None:
    with pytest.raises(CommandFailedError, match="restarts nothing"):
        await home.restart_wifi()


async def test_home_assistant_toggles_the_override(home: OpenEVSE, evsed: Served) -> None:
    await home.toggle_override()
    assert claimed(evsed)[0] is False
    await home.toggle_override()
    assert evsed.hub.shown.claims == ()


async def test_eco_is_the_sun_and_fast_is_all_that_may_be(home: OpenEVSE, evsed: Served) -> None:
    await home.set_divert_mode("fast")
    assert evsed.hub.shown.controls.mode == "fast"
    await home.update()
    assert (home.divertmode, home.charge_mode) == ("fast", "fast")
    await home.set_divert_mode("eco")
    assert evsed.hub.shown.controls.mode == "solar"


async def test_what_changes_is_pushed_to_home_assistant(home: OpenEVSE, evsed: Served) -> None:
    news = asyncio.Event()
    home.callback = news.set
    await home.ws_start()
    async with asyncio.timeout(IN_TIME_S):
        await news.wait()
        evsed.hub.show(FAULTED)
        while home.state != "diode check failed":
            news.clear()
            await news.wait()
        assert home.charging_current == 0
        await home.set_override(state="disabled")
        while not home.manual_override:
            news.clear()
            await news.wait()
    await home.ws_disconnect()


async def test_a_wrong_password_is_told_to_who_reads_and_to_who_orders(
    evsed: Served, browser: aiohttp.ClientSession
) -> None:
    with pytest.raises(AuthenticationError):
        await client(evsed, browser, "guess").test_and_get()
    with pytest.raises(AuthenticationError):  # so that Home Assistant asks for the password
        await client(evsed, browser, None).test_and_get()
    stranger = Evcc(browser, evsed.url, header="")
    assert (await stranger.ask("GET", "/config"))[0] == 401
    assert (await stranger.ask("GET", "/status"))[1]["state"] == 3
    assert (await stranger.ask("POST", "/override", {"charge_current": 8}))[0] == 401
    assert evsed.hub.changed_by == []


async def test_where_evsed_has_no_password_it_says_how_to_set_one(
    tmp_path: Path, browser: aiohttp.ClientSession
) -> None:
    async with served(password_file=tmp_path / "none", openevse=True) as evsed:
        home = client(evsed, browser)
        await home.update()
        with pytest.raises(CommandFailedError, match="sudo evsed password"):
            await home.set_current(8)


async def test_where_the_setting_is_off_there_is_no_openevse(
    password_file: Path, browser: aiohttp.ClientSession
) -> None:
    async with served(password_file=password_file) as evsed:
        with pytest.raises(MissingSerial):
            await client(evsed, browser).test_and_get()
        evcc = Evcc(browser, evsed.url)
        for method, path in (
            ("GET", "/status"), ("GET", "/ws"), ("POST", "/override"), ("POST", EVCC_CLAIM),
        ):  # fmt: skip
            status, text = await evcc.ask(method, path)
            assert (status, text.partition(" ")[0]) == (200, "Timestamp")
        assert evsed.hub.changed_by == []


async def test_the_owners_own_off_stays_off(home: OpenEVSE, evsed: Served, evcc: Evcc) -> None:
    evsed.hub.show(replace(CHARGING, controls=ControlsView(mode="off")))
    with pytest.raises(CommandFailedError, match="the owner has switched evsed off"):
        await home.set_override(state="active")
    with pytest.raises(CommandFailedError, match="the owner has switched evsed off"):
        await home.set_divert_mode("eco")
    status, _ = await evcc.ask("POST", EVCC_CLAIM, {"state": "active", "charge_current": 16})
    assert status == 400
    assert evsed.hub.shown.controls.mode == "off"
    assert evsed.hub.changed_by == []


# --- evcc ----------------------------------------------------------------------------------------


async def test_evcc_follows_the_websocket_and_claims(evsed: Served, evcc: Evcc) -> None:
    headers = {"Authorization": basic()}
    async with evcc.session.ws_connect(f"{evsed.url}/ws", headers=headers) as wire:
        first = await wire.receive_json(timeout=IN_TIME_S)
        assert (first["state"], first["vehicle"], first["status"]) == (3, 1, "active")
        assert {"pilot", "power", "total_energy", "session_energy", "elapsed"} <= set(first)
        await wire.send_str('{"ping":1}')
        assert await wire.receive_json(timeout=IN_TIME_S) == {"pong": 1}
        claim = {"state": "active", "charge_current": 16}
        assert (await evcc.ask("POST", EVCC_CLAIM, claim))[0] == 200
        assert claimed(evsed) == (True, 16.0)
        news = await wire.receive_json(timeout=IN_TIME_S)
        assert "claims_version" in news
        assert not {"total_energy", "manual_override"} & news.keys()  # evcc's own is not manual
        assert (await evcc.ask("GET", "/override"))[1] == {}
    assert (await evcc.ask("POST", EVCC_CLAIM, {"state": "disabled", "charge_current": 0}))[
        0
    ] == 200
    assert claimed(evsed)[0] is False
    assert (await evcc.ask("GET", EVCC_CLAIM))[1]["state"] == "disabled"
    (kept,) = (await evcc.ask("GET", "/claims"))[1]
    assert kept == {
        "client": 262145, "state": "disabled", "charge_current": 6, "auto_release": False,
    }  # fmt: skip
    assert (await evcc.ask("GET", "/claims/1"))[0] == 404
    for of_another in ("/override", "/claims/1"):
        assert (await evcc.ask("DELETE", of_another))[0] == 200
        assert len(evsed.hub.shown.claims) == 1
    assert (await evcc.ask("DELETE", EVCC_CLAIM))[0] == 200
    assert evsed.hub.shown.claims == ()
    assert (await evcc.ask("GET", "/claims"))[1] == []


async def test_evcc_of_before_september_2026_polls_and_overrides(evsed: Served, evcc: Evcc) -> None:
    _, no_rapi = await evcc.ask("GET", "/r?json=1&rapi=%24G7")
    assert isinstance(no_rapi, str)  # no JSON: it takes that for a charger that switches no phases
    _, told = await evcc.ask("GET", "/status")
    assert (told["state"], told["vehicle"], told["status"]) == (3, 1, "active")
    # Each order is what it read before, with one thing changed.
    for change, expected in (
        ({"state": "active"}, (True, None)),
        ({"max_current": 7}, (True, 7.0)),
        ({"state": "disabled"}, (False, 7.0)),
        ({"state": "active"}, (True, 7.0)),
    ):
        status, before = await evcc.ask("GET", "/override")
        assert status == 200
        assert (await evcc.ask("POST", "/override", {**before, **change}))[0] == 200
        assert claimed(evsed) == expected
        assert (await evcc.ask("GET", "/status"))[1]["manual_override"] == 1
    assert (await evcc.ask("DELETE", "/override"))[0] == 200
    assert (await evcc.ask("GET", "/override"))[1] == {}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/override", {"state": "on"}, 400),
        ("/override", {"time_limit": 60}, 400),
        ("/override", {"energy_limit": "much"}, 400),
        ("/restart", {"device": "gateway"}, 400),
        ("/override", ["active"], 400),
        (EVCC_CLAIM, {"charge_current": "7"}, 400),
        ("/claims/me", {"state": "active"}, 404),
        ("/divertmode", {"divertmode": 2}, 400),
        ("/status", {"solar": 2000}, 405),
        ("/config", {"service": 1}, 405),
    ],
)
async def test_what_evsed_does_not_do_is_refused_in_words(
    evcc: Evcc, evsed: Served, path: str, body: object, status: int
) -> None:
    found, told = await evcc.ask("POST", path, body)
    assert found == status
    assert "nothing" in json.dumps(told) or status == 405
    assert evsed.hub.changed_by == []
