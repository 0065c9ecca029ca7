# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Home Assistant, a real broker and a real evsed on a simulated Pi: `make ha-test`."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.home_assistant.home import HASS, HomeAssistant
from tests.processes.rig import Rig, wait_until
from tests.processes.test_controls import free_port, until
from tests.sources.devices import MOSQUITTO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not HASS or MOSQUITTO is None, reason="make ha-test installs Home Assistant and a broker"
)

USER, SECRET = "house", "secret"
STATE, MODE, MOST = "sensor.evsed_state", "select.evsed_mode", "number.evsed_most_current"
POWER, ENERGY = "sensor.evsed_power", "sensor.evsed_energy"


class Broker:
    """A mosquitto with a password, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        assert MOSQUITTO is not None
        self.port = free_port()
        secrets = folder / "secrets"
        subprocess.run(
            ["mosquitto_passwd", "-b", "-c", str(secrets), USER, SECRET],
            check=True,
            env={"PATH": "/usr/bin:/usr/sbin"},
        )
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"user root\npersistence false\nlistener {self.port} 127.0.0.1\n"
            f"allow_anonymous false\npassword_file {secrets}\n"
        )
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self.config)])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HomeAssistant]:
    home = HomeAssistant(tmp_path / "home")
    home.start()
    yield home
    home.stop()


def configure(rig: Rig, broker: Broker) -> None:
    """Give evsed the broker, and allow orders."""
    secret = rig.folder / "broker-secret"
    secret.write_text(SECRET)
    rig.settings.write_text(
        rig.settings.read_text()
        + f'\n[mqtt]\nbroker = "mqtt://127.0.0.1:{broker.port}"\nuser = "{USER}"\n'
        f'password_file = "{secret}"\norders = true\n'
    )


def test_a_house_with_home_assistant_lives_through_its_days(
    rig: Rig, broker: Broker, home: HomeAssistant
) -> None:
    configure(rig, broker)
    rig.start()
    rig.until_proved()
    home.onboard()
    home.add_mqtt(broker.port, USER, SECRET)

    # Every entity is there by itself, with its unit and a value.
    home.until(STATE, "Available")
    rig.pi.order("plug")
    rig.until_closed()
    home.until(STATE, "Charging")
    states = home.states()
    assert len(states) >= 20, sorted(states)
    units = {
        POWER: "W", "sensor.evsed_current": "A", "sensor.evsed_offered_current": "A",
        ENERGY: "kWh", MOST: "A",
    }  # fmt: skip
    for entity, unit in units.items():
        shown = states[entity]["attributes"]["unit_of_measurement"]
        assert shown in (unit, unit.replace("kWh", "Wh")), entity
    wait_until("the power is shown", lambda: float(home.state(POWER) or 0) > 1000)
    for entity, one in home.states().items():
        if not entity.startswith("button.") and "solar" not in entity and "avail" not in entity:
            assert one["state"] not in ("unavailable", "unknown"), entity

    # Every control, both ways.
    home.call("number.set_value", entity_id=MOST, value=8.5)
    until(rig, "8.5 A at most", lambda now: now["controls"]["max_current_a"] == 8.5)
    home.until(MOST, "8.5")
    home.call("number.set_value", entity_id=MOST, value=32)
    until(rig, "no limit", lambda now: now["controls"]["max_current_a"] is None)
    limit = "number.evsed_energy_limit_of_this_session"
    home.call("number.set_value", entity_id=limit, value=7.5)
    until(rig, "7.5 kWh", lambda now: now["controls"]["session_kwh"] == 7.5)
    home.until(limit, "7.5")
    home.call("number.set_value", entity_id=limit, value=0)
    until(rig, "no limit of energy", lambda now: now["controls"]["session_kwh"] is None)
    for mode in ("off", "fast", "solar"):
        home.call("select.select_option", entity_id=MODE, option=mode)
        until(rig, mode, lambda now, mode=mode: now["controls"]["mode"] == mode)
        home.until(MODE, mode)
    home.call("button.press", entity_id="button.evsed_acknowledge_faults")
    until(rig, "the order", lambda now: "acknowledge faults" in str(now["events"]))

    # The owner's own off stays off, and Home Assistant shows it.
    assert rig.evsed("set", "mode=off").code == 0
    home.until(MODE, "off")
    home.call("select.select_option", entity_id=MODE, option="fast")
    until(rig, "still off", lambda now: now["controls"]["mode"] == "off")
    home.until(MODE, "off")
    assert rig.evsed("set", "mode=solar").code == 0
    home.until(STATE, "Charging")

    # The energy dashboard takes it.
    home.command(
        type="energy/save_prefs",
        energy_sources=[],
        device_consumption=[{"stat_consumption": ENERGY}],
    )
    wait_until(
        "statistics of the energy",
        lambda: any(
            one["statistic_id"] == ENERGY
            for one in home.command(type="recorder/list_statistic_ids")
        ),
    )
    issues = home.command(type="energy/validate")
    assert issues["device_consumption"] == [[]], issues

    # pigpiod is lost: evsed says it, and Home Assistant shows it.
    before_wh = float(home.state(ENERGY))
    rig.pi.order("freeze", scripts=False)
    home.until(STATE, "Unavailable", "Faulted")
    rig.pi.order("thaw")
    home.until(STATE, "Charging", "Preparing", "SuspendedEVSE", "Available")

    # evsed ends and begins again; its device is the same one.
    rig.life.signal(signal.SIGTERM)
    home.until(STATE, "unavailable")
    rig.life.ended()
    rig.start()
    home.until(STATE, "Charging", "Preparing", "SuspendedEVSE", "SuspendedEV")
    assert sum(entity.startswith("sensor.evsed_energy") for entity in home.states()) == 1
    assert float(home.state(ENERGY)) >= before_wh

    # evsed dies.
    rig.life.signal(signal.SIGKILL)
    home.until(STATE, "unavailable")
    rig.life.ended()
    rig.start()
    home.until(STATE, "Charging", "Preparing", "SuspendedEVSE", "SuspendedEV", "Faulted")

    # The broker is lost and comes back.
    broker.stop()
    home.until(STATE, "unavailable")
    broker.start()
    wait_until("the state is back", lambda: home.state(STATE) not in ("", "unavailable"))

    # Home Assistant begins again, evsed stays.
    home.stop()
    time.sleep(1)
    home.start()
    wait_until("the state is back", lambda: home.state(STATE) not in ("", "unavailable", "unknown"))

    # Orders that are allowed no more lose their entities.
    rig.life.signal(signal.SIGTERM)
    rig.life.ended()
    rig.settings.write_text(rig.settings.read_text().replace("orders = true", "orders = false"))
    rig.start()
    wait_until("the controls are gone", lambda: not home.state(MODE))
    home.until(STATE, "Charging", "Preparing", "SuspendedEVSE", "SuspendedEV", "Faulted")
    assert home.complaints() == []
