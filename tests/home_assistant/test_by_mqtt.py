# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Home Assistant, a real broker and a real evsed on a simulated Pi: MQTT discovery."""

from __future__ import annotations

import json
import math
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.home_assistant.broker import (
    HOUSE,
    HOUSE_SECRET,
    OTHER_SECRET,
    SECRET,
    USER,
    Broker,
    Results,
)
from tests.home_assistant.home import ended, needs_home_assistant
from tests.processes.rig import Rig, wait_until
from tests.processes.test_controls import until
from tests.sources.devices import having, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.home_assistant.home import HomeAssistant

pytestmark = needs_home_assistant

STATE, MODE, MOST = "sensor.evsed_state", "select.evsed_mode", "number.evsed_max_current"
POWER, ENERGY = "sensor.evsed_power", "sensor.evsed_energy"
SOLAR, AVAILABLE = "sensor.evsed_solar", "sensor.evsed_available"
WINDOW, PLAN = "text.evsed_window", "text.evsed_plan"
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
    SOLAR: ("W",),
    AVAILABLE: ("W",),
}
"""The units that a household reads, by entity."""
WITHOUT_VALUE = ("button.", SOLAR, AVAILABLE, WINDOW, PLAN)
"""A button has no value before its first press; this evsed has no source of solar power at first,
and no window and no plan is an empty text."""
ORDERED = ("select.", "number.", "text.", "button.")
"""The entities that give orders."""
LONG_WINDOW = ", ".join(
    f"Mon-Fri 0{hour}:00-0{hour}:30, Sat 1{hour}:15-1{hour}:45" for hour in range(7)
)
"""A window whose text is longer than a state in Home Assistant may be."""
SUNNY = """[feed]
kind = "http"
url = "{url}/grid"
period_s = 1.0
grid_w = {{ path = "power" }}
"""
STEADY = '[feed]\nkind = "fixed"\ncurrent_a = 16.0\n'
LIT = "[box]\nlight_gpios = [16, 20, 26]\n"
AWAKE = ("Charging", "Preparing", "SuspendedEVSE", "SuspendedEV", "Available")
STATISTICS_S = 420.0
"""Home Assistant computes statistics every five minutes of the clock, and needs a while for it."""


@pytest.fixture
def results(broker: Broker) -> Iterator[Results]:
    results = Results(broker)
    yield results
    results.close()


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
        f'password_file = "{secret}"\norders = true\n{LIT}'
    )


def test_a_house_with_home_assistant_lives_through_its_days(
    rig: Rig, broker: Broker, results: Results, home: HomeAssistant
) -> None:
    configure(rig, broker)
    rig.start()
    rig.until_proved()
    home.start()
    home.onboard()
    home.add_mqtt(broker.port, HOUSE, HOUSE_SECRET)

    home.until(STATE, "Available")
    rig.pi.order("plug")
    rig.until_closed()
    home.until(STATE, "Charging")
    home.until(LIGHT, "charging", "charging_lent")
    every_entity_has_a_value_and_its_unit(home)
    every_value_is_evseds_own(rig, home)
    the_energy_dashboard_is_set_up(home)
    every_number_is_an_order_both_ways(rig, home)
    every_text_is_an_order_both_ways(rig, home)
    every_mode_is_an_order_both_ways(rig, home)
    every_button_is_an_order(home, results)
    the_owners_off_stays_off(rig, home, results)
    pigpiod_is_lost_and_comes_back(rig, home)
    evsed_begins_again(rig, home)
    the_sun_is_shown(rig, home)
    the_broker_is_lost_and_comes_back(broker, home)
    the_password_of_the_broker_changes(rig, broker, home)
    home_assistant_begins_again(home)
    home_assistant_is_there_first(rig, home)
    the_energy_dashboard_is_content(home)
    what_a_setting_removes_loses_its_entities(rig, home)
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


def every_value_is_evseds_own(rig: Rig, home: HomeAssistant) -> None:
    """Compare each entity with the status of evsed at the same time."""

    def differing() -> dict[str, tuple[str, object]]:
        status = rig.status()
        assert status is not None
        states = home.states()
        controls, session = status["controls"], status["session"]
        words: dict[str, object] = {
            STATE: status["evse_status"],
            "sensor.evsed_summary": status["summary"],
            "sensor.evsed_reason": status["reason"],
            "sensor.evsed_limited_by": status["limited_by"],
            LIGHT: status["light"]["state"],
            "binary_sensor.evsed_vehicle": "on",
            "binary_sensor.evsed_contactor": "on" if status["contactor_closed"] else "off",
            "binary_sensor.evsed_problem": "on" if status["faults"] else "off",
            "binary_sensor.evsed_feed_problem": "on" if status["feed_error"] else "off",
            MODE: controls["mode"],
            WINDOW: controls["window"] or "",
            PLAN: controls["plan"] or "",
            AVAILABLE: "unknown",
            SOLAR: "unknown",
        }
        numbers = {
            POWER: (status["power_w"], 50),
            "sensor.evsed_drawn": (status["drawn_a"], 0.2),
            "sensor.evsed_offered": (status["offered_a"], 0.2),
            ENERGY: (status["total_wh"], 20),
            "sensor.evsed_session_energy": (session["energy_wh"], 20),
            "sensor.evsed_session_time": (session["charge_s"], 20),
            MOST: (controls["max_current_a"] or 32, 0),
            SESSION_KWH: (controls["session_kwh"] or 0, 0),
            SESSION_H: (controls["session_h"] or 0, 0),
        }
        compared = {*words, *numbers}
        assert compared == {name for name in states if not name.startswith("button.")}
        found = {name: (states[name]["state"], word) for name, word in words.items()}
        wrong = {name: pair for name, pair in found.items() if pair[0] != pair[1]}
        for name, (number, within) in numbers.items():
            if float(states[name]["state"]) != pytest.approx(number, abs=within):
                wrong[name] = states[name]["state"], number
        return wrong

    wait_until("every value is evsed's own", lambda: not differing())


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


def every_text_is_an_order_both_ways(rig: Rig, home: HomeAssistant) -> None:
    """Order each text from Home Assistant, end it there, and then both by hand beside it."""
    for entity, key, value, other in (
        (WINDOW, "window", "Mon-Fri 22:00-06:00", "Sat,Sun 10:00-16:00"),
        (PLAN, "plan", "20 kWh by Mon-Fri 07:00", "40 kWh by Sat 10:00"),
    ):
        home.call("text.set_value", entity_id=entity, value=value)
        has_control(rig, key, value)
        home.until(entity, value)
        home.call("text.set_value", entity_id=entity, value="")
        has_control(rig, key, None)
        home.until(entity, "")
        assert rig.evsed("set", f"{key}={other}").code == 0
        home.until(entity, other)
        assert rig.evsed("set", f"{key}=none").code == 0
        home.until(entity, "")
    assert rig.evsed("set", f"window={LONG_WINDOW}").code == 0
    home.until(WINDOW, LONG_WINDOW[:255])
    assert rig.evsed("set", "window=none").code == 0


def has_control(rig: Rig, key: str, value: object) -> None:
    """Wait until the control *key* of evsed is *value*."""
    until(rig, f"{key} is {value}", lambda now: bool(now["controls"][key] == value))


def shows(home: HomeAssistant, entity: str, expected: float) -> None:
    """Wait until *entity* has the number *expected*."""
    wait_until(f"{entity} is {expected}", lambda: number(home, entity) == expected)


def every_mode_is_an_order_both_ways(rig: Rig, home: HomeAssistant) -> None:
    for mode in home.states()[MODE]["attributes"]["options"]:
        home.call("select.select_option", entity_id=MODE, option=mode)
        has_control(rig, "mode", mode)
        home.until(MODE, mode)
    home.call("select.select_option", entity_id=MODE, option="solar")
    home.until(MODE, "solar")


def every_button_is_an_order(home: HomeAssistant, results: Results) -> None:
    home.call("button.press", entity_id="button.evsed_ack")
    assert results.until("ack")["ok"]
    home.call("button.press", entity_id="button.evsed_wake")
    assert "nothing was done" in results.until("wake")["reason"]  # the car does charge


def the_owners_off_stays_off(rig: Rig, home: HomeAssistant, results: Results) -> None:
    assert rig.evsed("set", "mode=off").code == 0
    home.until(MODE, "off")
    home.call("select.select_option", entity_id=MODE, option="fast")
    refused = results.until("mode")
    assert not refused["ok"]
    assert "off" in refused["reason"]
    has_control(rig, "mode", "off")
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


def the_sun_is_shown(rig: Rig, home: HomeAssistant) -> None:
    """Let evsed begin again with a meter at the grid, and then as before."""
    with served(having({"/grid": json.dumps({"power": -1500})})) as url:
        settings_become(rig, rig.settings.read_text().replace(STEADY, SUNNY.format(url=url)))
        wait_until("there is sun", lambda: number(home, AVAILABLE) > 100)
        wait_until("the car has a part of it", lambda: number(home, SOLAR) > 100)
        offered_w = number(home, "sensor.evsed_offered") * 230
        assert number(home, SOLAR) <= offered_w + 250  # one step of the current, in between
        settings_become(rig, rig.settings.read_text().replace(SUNNY.format(url=url), STEADY))
    home.until(STATE, "Charging")


def number(home: HomeAssistant, entity: str) -> float:
    """The number that *entity* has; NaN, which is equal to none, where it has none."""
    text = home.state(entity)
    return math.nan if text in ("", "unknown", "unavailable") else float(text)


def settings_become(rig: Rig, text: str) -> None:
    """Let evsed begin again with the settings *text*."""
    assert text != rig.settings.read_text()
    rig.life().signal(signal.SIGTERM)
    ended(rig)
    rig.settings.write_text(text)
    rig.start()


def the_broker_is_lost_and_comes_back(broker: Broker, home: HomeAssistant) -> None:
    broker.stop()
    home.until(STATE, "unavailable")
    broker.start()
    home.until(STATE, *AWAKE, "Faulted")


def the_password_of_the_broker_changes(rig: Rig, broker: Broker, home: HomeAssistant) -> None:
    """Change evsed's own; it reads the new one by itself."""
    log = rig.folder / "log" / "log.log"
    already = log.read_text().count("Not authorized")
    broker.stop()
    broker.admit(USER, OTHER_SECRET)
    broker.start()
    wait_until("it is refused", lambda: log.read_text().count("Not authorized") > already)
    (rig.folder / "broker-secret").write_text(OTHER_SECRET)
    assert rig.evsed("set", "session_kwh=4").code == 0
    shows(home, SESSION_KWH, 4)
    assert rig.evsed("set", "session_kwh=none").code == 0
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


def what_a_setting_removes_loses_its_entities(rig: Rig, home: HomeAssistant) -> None:
    """Forbid orders, and take the light away."""
    text = rig.settings.read_text().replace("orders = true", "orders = false").replace(LIT, "")
    settings_become(rig, text)

    def left() -> list[str]:
        return [name for name in home.states() if name.startswith((*ORDERED, LIGHT))]

    wait_until("they are gone", lambda: not left())
    home.until(STATE, *AWAKE, "Faulted")
