# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Home Assistant, a real broker and a real evsed on a simulated Pi: MQTT discovery."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.home_assistant.home import ended, needs_home_assistant
from tests.processes.rig import Rig, wait_until
from tests.processes.test_controls import free_port, until
from tests.sources.devices import MOSQUITTO, needs_mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.home_assistant.home import HomeAssistant

pytestmark = [needs_home_assistant, needs_mosquitto]

USER, SECRET = "house", "secret"
STATE, MODE, MOST = "sensor.evsed_state", "select.evsed_mode", "number.evsed_max_current"
POWER, ENERGY = "sensor.evsed_power", "sensor.evsed_energy"
LIGHT = "sensor.evsed_light"
SESSION_KWH = "number.evsed_session_kwh"
SESSION_H = "number.evsed_session_h"
UNITS = {
    POWER: ("W",),
    "sensor.evsed_drawn": ("A",),
    "sensor.evsed_offered": ("A",),
    ENERGY: ("Wh", "kWh"),
    "sensor.evsed_session_energy": ("Wh", "kWh"),
    "sensor.evsed_session_time": ("s",),
    MOST: ("A",),
    SESSION_KWH: ("kWh",),
    SESSION_H: ("h",),
}
"""The units that a household reads, by entity."""
WITHOUT_VALUE = ("button.", "sensor.evsed_solar", "sensor.evsed_available")
"""A button has no value before its first press; this evsed has no source of solar power."""
AWAKE = ("Charging", "Preparing", "SuspendedEVSE", "SuspendedEV", "Available")
STATISTICS_S = 420.0
"""Home Assistant computes statistics every five minutes of the clock, and needs a while for it."""


class Broker:
    """A mosquitto with a password, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        secrets = folder / "secrets"
        subprocess.run(
            ["mosquitto_passwd", "-b", "-c", str(secrets), USER, SECRET],
            check=True,
            env={"PATH": "/usr/bin:/usr/sbin"},
        )
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"user root\npersistence false\nlistener {self.port} 127.0.0.1\n"
            f"allow_anonymous false\npassword_file {secrets}\n"
        )
        self.start()

    def start(self) -> None:
        """Start it at the same port."""
        assert MOSQUITTO is not None
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)])

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


def configure(rig: Rig, broker: Broker) -> None:
    """Give evsed the broker, and allow orders."""
    secret = rig.folder / "broker-secret"
    secret.write_text(SECRET)
    rig.settings.write_text(
        rig.settings.read_text()
        + f'\n[mqtt]\nbroker = "mqtt://127.0.0.1:{broker.port}"\nuser = "{USER}"\n'
        f'password_file = "{secret}"\norders = true\n[box]\nlight_gpios = [16, 20, 26]\n'
    )


def test_a_house_with_home_assistant_lives_through_its_days(
    rig: Rig, broker: Broker, home: HomeAssistant
) -> None:
    configure(rig, broker)
    rig.start()
    rig.until_proved()
    home.start()
    home.onboard()
    home.add_mqtt(broker.port, USER, SECRET)

    home.until(STATE, "Available")
    rig.pi.order("plug")
    rig.until_closed()
    home.until(STATE, "Charging")
    home.until(LIGHT, "charging", "charging_lent")
    every_entity_has_a_value_and_its_unit(home)
    the_energy_dashboard_is_set_up(home)
    every_number_is_an_order_both_ways(rig, home)
    every_mode_is_an_order_both_ways(rig, home)
    the_owners_off_stays_off(rig, home)
    pigpiod_is_lost_and_comes_back(rig, home)
    evsed_begins_again(rig, home)
    the_broker_is_lost_and_comes_back(broker, home)
    home_assistant_begins_again(home)
    home_assistant_is_there_first(rig, home)
    the_energy_dashboard_is_content(home)
    orders_that_are_forbidden_lose_their_entities(rig, home)
    assert home.complaints() == []


def every_entity_has_a_value_and_its_unit(home: HomeAssistant) -> None:
    wait_until("the power is shown", lambda: float(home.state(POWER) or 0) > 1000)
    states = home.states()
    assert len(states) >= 20, sorted(states)
    for entity, units in UNITS.items():
        assert states[entity]["attributes"]["unit_of_measurement"] in units, entity
    empty = {
        entity: state["state"]
        for entity, state in states.items()
        if not entity.startswith(WITHOUT_VALUE) and state["state"] in ("unavailable", "unknown")
    }
    assert empty == {}
    assert float(states[POWER]["state"]) == pytest.approx(16 * 230, rel=0.1)  # the feed's 16 A
    assert float(states["sensor.evsed_offered"]["state"]) == pytest.approx(16, abs=0.3)
    assert states["binary_sensor.evsed_vehicle"]["state"] == "on"
    assert states["binary_sensor.evsed_contactor"]["state"] == "on"
    assert states["binary_sensor.evsed_problem"]["state"] == "off"
    light = states[LIGHT]
    assert light["state"].startswith("charging")
    assert light["attributes"]["colour"] == "green"
    assert sum(light["attributes"]["pattern_s"]) == 2  # docs/box.md: every 2 s
    assert "green" in light["attributes"]["text"]


def every_number_is_an_order_both_ways(rig: Rig, home: HomeAssistant) -> None:
    """Order each number from Home Assistant, and then by hand beside it."""
    for entity, key, value, none in (
        (MOST, "max_current_a", 8.5, 32.0),
        (SESSION_KWH, "session_kwh", 7.5, 0.0),
        (SESSION_H, "session_h", 2.5, 0.0),
    ):
        home.call("number.set_value", entity_id=entity, value=value)
        has_control(rig, key, value)
        shows(home, entity, value)
        home.call("number.set_value", entity_id=entity, value=none)
        has_control(rig, key, None)
        shows(home, entity, none)
        assert rig.evsed("set", f"{key}=9").code == 0
        shows(home, entity, 9)
        assert rig.evsed("set", f"{key}=none").code == 0
        shows(home, entity, none)


def has_control(rig: Rig, key: str, value: object) -> None:
    """Wait until the control *key* of evsed is *value*."""
    until(rig, f"{key} is {value}", lambda now: bool(now["controls"][key] == value))


def shows(home: HomeAssistant, entity: str, number: float) -> None:
    """Wait until *entity* has *number*."""
    wait_until(f"{entity} is {number}", lambda: float(home.state(entity)) == number)


def every_mode_is_an_order_both_ways(rig: Rig, home: HomeAssistant) -> None:
    for mode in home.states()[MODE]["attributes"]["options"]:
        home.call("select.select_option", entity_id=MODE, option=mode)
        has_control(rig, "mode", mode)
        home.until(MODE, mode)
    home.call("button.press", entity_id="button.evsed_ack")
    until(rig, "the order", lambda now: "acknowledge faults" in str(now["events"]))
    home.call("button.press", entity_id="button.evsed_wake")
    home.call("select.select_option", entity_id=MODE, option="solar")
    home.until(MODE, "solar")


def the_owners_off_stays_off(rig: Rig, home: HomeAssistant) -> None:
    assert rig.evsed("set", "mode=off").code == 0
    home.until(MODE, "off")
    home.call("select.select_option", entity_id=MODE, option="fast")
    until(rig, "still off", lambda now: now["controls"]["mode"] == "off")
    home.until(MODE, "off")
    assert rig.evsed("set", "mode=solar").code == 0
    home.until(STATE, "Charging")


def the_energy_dashboard_is_set_up(home: HomeAssistant) -> None:
    home.command(
        type="energy/save_prefs",
        energy_sources=[],
        device_consumption=[{"stat_consumption": ENERGY}],
    )


def the_energy_dashboard_is_content(home: HomeAssistant) -> None:
    """Wait for the first statistics; before, the dashboard says that there are none."""
    give_up_at = time.monotonic() + STATISTICS_S
    while issues := home.command(type="energy/validate")["device_consumption"] != [[]]:
        assert time.monotonic() < give_up_at, issues
        time.sleep(1.0)
    listed = home.command(type="recorder/list_statistic_ids")
    found = next(entry for entry in listed if entry["statistic_id"] == ENERGY)
    assert found["has_sum"]


def pigpiod_is_lost_and_comes_back(rig: Rig, home: HomeAssistant) -> None:
    before_wh = float(home.state(ENERGY))
    rig.pi.order("freeze", scripts=False)
    home.until(STATE, "Unavailable", "Faulted")
    home.until(LIGHT, "not_driven")
    rig.pi.order("thaw")
    home.until(STATE, *AWAKE)
    assert float(home.state(ENERGY)) >= before_wh


def evsed_begins_again(rig: Rig, home: HomeAssistant) -> None:
    """End evsed, and kill it: its device is the same, and no counter goes back."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        before_wh = float(home.state(ENERGY))
        rig.life().signal(way)
        home.until(STATE, "unavailable")
        ended(rig)
        rig.start()
        home.until(STATE, *AWAKE, "Faulted")
        assert sum(entity.startswith("sensor.evsed_energy") for entity in home.states()) == 1
        if way is signal.SIGTERM:  # a killed one has not kept its last minute
            assert float(home.state(ENERGY)) >= before_wh


def the_broker_is_lost_and_comes_back(broker: Broker, home: HomeAssistant) -> None:
    broker.stop()
    home.until(STATE, "unavailable")
    broker.start()
    home.until(STATE, *AWAKE, "Faulted")


def home_assistant_begins_again(home: HomeAssistant) -> None:
    home.stop()
    home.start()
    home.until(STATE, *AWAKE, "Faulted")


def home_assistant_is_there_first(rig: Rig, home: HomeAssistant) -> None:
    """Restart both, Home Assistant before evsed, as after a power cut of the house."""
    rig.life().signal(signal.SIGTERM)
    ended(rig)
    home.stop()
    home.start()
    home.until(STATE, "unavailable")
    rig.start()
    home.until(STATE, *AWAKE, "Faulted")


def orders_that_are_forbidden_lose_their_entities(rig: Rig, home: HomeAssistant) -> None:
    rig.life().signal(signal.SIGTERM)
    ended(rig)
    rig.settings.write_text(rig.settings.read_text().replace("orders = true", "orders = false"))
    rig.start()
    wait_until("the controls are gone", lambda: not home.state(MODE))
    home.until(STATE, *AWAKE, "Faulted")
