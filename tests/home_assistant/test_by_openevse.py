# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Home Assistant and a real evsed: its own OpenEVSE integration, without any broker."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.home_assistant.home import ended, needs_home_assistant
from tests.home_assistant.run import ADDRESSES
from tests.processes.rig import ROOT, wait_until
from tests.processes.test_controls import free_port, password, until

if TYPE_CHECKING:
    from tests.home_assistant.home import HomeAssistant
    from tests.processes.rig import Rig

pytestmark = needs_home_assistant

SECRET = "secret words"
OTHER_SECRET = "other words of an owner"
UNITS = {
    "sensor.{}_charging_current": "A",
    "sensor.{}_charging_voltage": "V",
    "sensor.{}_current_power": "W",
    "sensor.{}_total_energy_usage": "kWh",
    "sensor.{}_usage_this_session": "kWh",
    "number.{}_charge_rate": "A",
}
"""The units that a household reads, by entity."""

EXPECTED = (
    "send evsed's password",  # it asks without one first, to learn that one is needed
    "the password is wrong",  # the test's own wrong one, and the one before a change
    "Authentication error",
    "could not authenticate",  # with which it begins to ask for the new password
    "the owner has switched evsed off",  # an order that is refused is an error there
    "commands_core.py",
    "components/openevse/",  # the lines of that error's traceback
    "openevsehttp/client.py",
    "Connect call failed",  # while evsed is down
)
"""Steps of the tests that the library of Home Assistant's integration logs as errors."""


class Entities:
    """The entities of the one OpenEVSE in *home*."""

    def __init__(self, home: HomeAssistant) -> None:
        self._home = home
        self._of = ""

    def find(self) -> str:
        """Return the beginning of all their ids; wait for them."""
        if not self._of:
            entity = wait_until("the entities are there", self._status)
            self._of = entity.removeprefix("sensor.").removesuffix("_charging_status")
        return self._of

    def _status(self) -> str:
        ids = (entity for entity in self._home.states() if entity.endswith("_charging_status"))
        return next(ids, "")

    def named(self, name: str) -> str:
        """Return the id of the entity *name*, such as "switch.manual_override"."""
        platform, _, key = name.partition(".")
        return f"{platform}.{self.find()}_{key}"

    def until(self, name: str, *expected: str) -> None:
        """Wait until the entity *name* has one of the states *expected*."""
        self._home.until(self.named(name), *expected)

    def call(self, service: str, name: str, **data: object) -> None:
        """Call *service* for the entity *name*."""
        self._home.call(service, entity_id=self.named(name), **data)


def start(rig: Rig, host: str, port: int, *, announce: bool = False) -> None:
    """Start evsed as an OpenEVSE at *host* and *port*, with a password."""
    rig.start(
        EVSED_WEB__HOST=host,
        EVSED_WEB__PORT=str(port),
        EVSED_OPENEVSE__ANNOUNCE=str(announce).lower(),
    )
    until(rig, "it answers", lambda now: now["ticking"])


def credentials(secret: str) -> dict[str, str]:
    return {"username": "anybody", "password": secret}


def add_by_address(home: HomeAssistant, address: str) -> None:
    """Add the integration as its page does: it asks for the address, then for the password."""
    form = home.begin_flow("openevse")
    form = home.go_on(form, host=address)
    assert (form["type"], form["step_id"]) == ("form", "auth"), form
    refused = home.go_on(form, **credentials("wrong"))
    assert refused["errors"] == {"base": "invalid_auth"}, refused
    made = home.go_on(form, **credentials(SECRET))
    assert made["type"] == "create_entry", made


def test_by_address_everything_works_both_ways_and_faults_are_survived(
    rig: Rig, home: HomeAssistant
) -> None:
    port = free_port()
    assert password(rig_with_password(rig), f"{SECRET}\n{SECRET}\n") == 0
    start(rig, ADDRESSES[0], port)
    rig.until_proved()
    add_the_rest_command(rig, home, f"{ADDRESSES[0]}:{port}")
    home.start()
    home.onboard()
    add_by_address(home, f"{ADDRESSES[0]}:{port}")
    entities = Entities(home)

    rig.pi.order("plug")
    rig.until_closed()
    entities.until("sensor.charging_status", "charging")
    values_and_units(home, entities)
    every_control_both_ways(rig, entities)
    the_rest_command_is_an_order(rig, home)
    the_owners_off_is_shown_as_an_error(rig, entities)
    pigpiod_is_lost_and_comes_back(rig, entities)
    evsed_begins_again(rig, port, entities)
    home.stop()
    home.start()
    entities.until("sensor.charging_status", "charging")
    the_password_changes(rig, home, entities)
    the_address_changes(rig, home, entities)
    assert home.complaints(*EXPECTED) == []


def add_the_rest_command(rig: Rig, home: HomeAssistant, address: str) -> None:
    """Put the recipe of docs/programs.md into the configuration, with a token of its own."""
    output = rig.evsed("token", "create", "house").said()
    found = re.search(r"evsed_[\w-]+", output)
    assert found is not None, output
    text = (ROOT / "docs/programs.md").read_text()
    recipe = re.search(r"<!-- recipe: home-assistant -->\n```yaml\n(.*?)```", text, re.DOTALL)
    assert recipe is not None
    with (home.folder / "configuration.yaml").open("a") as configuration:
        configuration.write(recipe[1].replace("evsed.local", address).replace("TOKEN", found[0]))


def the_rest_command_is_an_order(rig: Rig, home: HomeAssistant) -> None:
    for mode in ("fast", "solar"):
        home.call("rest_command.evsed_mode", mode=mode)
        has_mode(rig, mode)
    assert "(token house)" in str(rig.status())


def rig_with_password(rig: Rig) -> Rig:
    """Name the file of the password in the settings of *rig*, and return it."""
    text = rig.settings.read_text()
    rig.settings.write_text(
        text.replace("[web]", f'[web]\npassword_file = "{rig.folder}/password"')
        + "\n[openevse]\nenabled = true\nannounce = true\n"
    )
    return rig


def values_and_units(home: HomeAssistant, entities: Entities) -> None:
    power = entities.named("sensor.current_power")
    wait_until("the power is shown", lambda: float(home.state(power)) > 3000)
    states = home.states()
    of = entities.find()
    for entity, unit in UNITS.items():
        assert states[entity.format(of)]["attributes"]["unit_of_measurement"] == unit, entity
    assert float(states[power]["state"]) == pytest.approx(16 * 230, rel=0.1)
    current = states[entities.named("sensor.charging_current")]
    assert float(current["state"]) == pytest.approx(16, abs=0.5)
    assert float(states[entities.named("sensor.charging_voltage")]["state"]) == 230
    assert states[entities.named("binary_sensor.vehicle_connected")]["state"] == "on"


def every_control_both_ways(rig: Rig, entities: Entities) -> None:
    rate, override = "number.charge_rate", "select.override_state"
    manual, divert = "switch.manual_override", "switch.solar_pv_divert"
    entities.call("number.set_value", rate, value=8)
    until(rig, "8 A", lambda now: 0 < now["offered_a"] < 8.05)
    entities.until(rate, "8")
    entities.until(manual, "on")
    entities.call("switch.turn_off", manual)
    until(rig, "no claim", lambda now: now["claims"] == [])
    entities.until(override, "auto")
    for option, charging in (("disabled", False), ("active", True)):
        entities.call("select.select_option", override, option=option)
        contactor(rig, closed=charging)
        entities.until(override, option)
    entities.call("select.select_option", override, option="auto")
    until(rig, "no claim", lambda now: now["claims"] == [])
    entities.until(manual, "off")
    entities.call("switch.turn_on", manual)
    until(rig, "the opposite", lambda now: not now["contactor_closed"])
    entities.call("switch.turn_off", manual)
    until(rig, "as the owner has it", lambda now: now["contactor_closed"])
    for service, mode in (("switch.turn_off", "fast"), ("switch.turn_on", "solar")):
        entities.call(service, divert)
        has_mode(rig, mode)
        entities.until(divert, "on" if mode == "solar" else "off")
    assert rig.evsed("set", "mode=fast").code == 0
    entities.until(divert, "off")
    assert rig.evsed("set", "mode=solar", "max_current_a=9").code == 0
    entities.until(divert, "on")
    entities.until(rate, "9")
    assert rig.evsed("set", "max_current_a=none").code == 0


def contactor(rig: Rig, *, closed: bool) -> None:
    """Wait until the contactor is *closed*, or open."""
    until(rig, f"closed: {closed}", lambda now: bool(now["contactor_closed"]) is closed)


def has_mode(rig: Rig, mode: str) -> None:
    """Wait until evsed has *mode*."""
    until(rig, mode, lambda now: bool(now["controls"]["mode"] == mode))


def the_owners_off_is_shown_as_an_error(rig: Rig, entities: Entities) -> None:
    assert rig.evsed("set", "mode=off").code == 0
    entities.until("sensor.charging_status", "sleeping", "disabled")
    with pytest.raises(AssertionError):
        entities.call("select.select_option", "select.override_state", option="active")
    entities.until("select.override_state", "auto")
    assert rig.evsed("set", "mode=solar").code == 0
    entities.until("sensor.charging_status", "charging")


def pigpiod_is_lost_and_comes_back(rig: Rig, entities: Entities) -> None:
    rig.until(rig.now() + 60.0)  # five stops of the car in a minute would be chatter
    rig.pi.order("freeze", scripts=False)
    entities.until("sensor.charging_status", "unknown")
    rig.pi.order("thaw")
    entities.until("sensor.charging_status", "charging")


def evsed_begins_again(rig: Rig, port: int, entities: Entities) -> None:
    """End evsed and start it; Home Assistant's library tries again after half a minute."""
    rig.life().signal(signal.SIGTERM)
    ended(rig)
    start(rig, ADDRESSES[0], port)
    rig.until_closed(rig.life().started_at)
    at = rig.now()
    entities.call("number.set_value", "number.charge_rate", value=10)
    until(rig, "10 A", lambda now: 0 < now["offered_a"] < 10.05)
    rig.until(at)
    entities.until("number.charge_rate", "10")
    entities.call("select.select_option", "select.override_state", option="auto")


def the_password_changes(rig: Rig, home: HomeAssistant, entities: Entities) -> None:
    """Home Assistant asks for the new one at its next read, which a reload of the entry is."""
    assert password(rig, f"{OTHER_SECRET}\n{OTHER_SECRET}\n") == 0
    with pytest.raises(AssertionError):
        entities.call("select.select_option", "select.override_state", option="active")
    home.reload("openevse")
    form = wait_until("it asks", lambda: home.flow_in_progress("openevse", "reauth"))
    result = home.go_on(form, **credentials(OTHER_SECRET))
    assert result["reason"] == "reauth_successful", result
    entities.until("sensor.charging_status", "charging")
    entities.call("select.select_option", "select.override_state", option="auto")


def the_address_changes(rig: Rig, home: HomeAssistant, entities: Entities) -> None:
    """Reconfigure to the other address, as an owner does who has given a fixed one."""
    rig.life().signal(signal.SIGTERM)
    ended(rig)
    port = free_port()
    start(rig, ADDRESSES[1], port)
    form = home.begin_flow("openevse", entry_id=home.entry("openevse")["entry_id"])
    result = home.go_on(form, host=f"{ADDRESSES[1]}:{port}", **credentials(OTHER_SECRET))
    assert result["reason"] == "reconfigure_successful", result
    entities.until("sensor.charging_status", "charging")


def test_it_is_found_by_multicast_dns_and_followed_to_another_address(
    rig: Rig, home: HomeAssistant
) -> None:
    assert password(rig_with_password(rig), f"{SECRET}\n{SECRET}\n") == 0
    home.start()
    home.onboard()
    start(rig, ADDRESSES[0], 80, announce=True)
    form: dict[str, Any] = wait_until(
        "it is found", lambda: home.flow_in_progress("openevse", "zeroconf")
    )
    assert form["step_id"] == "auth", form
    made = home.go_on(form, **credentials(SECRET))
    assert made["type"] == "create_entry", made
    entities = Entities(home)
    entities.until("sensor.charging_status", "not_connected")

    rig.life().signal(signal.SIGTERM)
    ended(rig)
    start(rig, ADDRESSES[1], 80, announce=True)
    wait_until("it is followed", lambda: home.entry("openevse")["state"] == "loaded")
    rig.until_proved()
    rig.pi.order("plug")
    rig.until_closed()
    entities.until("sensor.charging_status", "charging")
    entities.call("number.set_value", "number.charge_rate", value=8)
    until(rig, "8 A", lambda now: 0 < now["offered_a"] < 8.05)
    assert home.complaints(*EXPECTED) == []
