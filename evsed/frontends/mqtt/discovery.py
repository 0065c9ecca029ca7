# SPDX-License-Identifier: GPL-3.0-or-later
"""Home Assistant's device discovery: one message that describes every entity of this evsed. Pure.

The form is that of Home Assistant's MQTT integration (home-assistant.io/integrations/mqtt, "device
discovery payload"), with its abbreviated keys. An entity that a setting removed is published with
its platform alone, which makes Home Assistant delete it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from evsed.frontends.mqtt import MqttConfig
from evsed.frontends.mqtt.messages import OFFLINE, ONLINE, Topics
from evsed.frontends.views import LIGHT_STATES, MODES

HOME_PAGE: Final = "https://github.com/simat/Variable-J1772-Charger"
"""The origin that Home Assistant shows: the charger whose successor evsed is."""

EXPIRES_S: Final = 90
"""A reading of power or current older than this is no reading; the state comes every 30 s."""

LONGEST: Final = 255
"""A state in Home Assistant has so many characters at most (its MAX_LENGTH_STATE_STATE)."""

STATES: Final = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Unavailable",
    "Faulted",
)
"""OCPP's names: the values of `evse_status`."""
PLUGGED: Final = ("B1", "B2", "C1", "C2", "D1", "D2")

Entity = dict[str, Any]


def discovery_message(config: MqttConfig, topics: Topics, version: str, page_url: str) -> str:
    """Return the discovery message; *page_url* is the address of evsed's page, "" unknown."""
    device: Entity = {
        "ids": [f"evsed_{topics.id}"],
        "name": "evsed",
        "mf": "evsed",
        "mdl": "SAE J1772 / IEC 61851-1 EVSE",
        "sw": version,
        "sn": topics.id,
    }
    if page_url:
        device["cu"] = page_url
    entities = {**_readings(topics), **_light(config, topics), **_controls(config, topics)}
    return json.dumps(
        {
            "dev": device,
            "o": {"name": "evsed", "sw": version, "url": HOME_PAGE},
            "avty_t": topics.availability,
            "pl_avail": ONLINE,
            "pl_not_avail": OFFLINE,
            "stat_t": topics.state,
            "qos": 1,
            "cmps": {key: _named(key, topics, entity) for key, entity in entities.items()},
        }
    )


def _named(key: str, topics: Topics, entity: Entity) -> Entity:
    """Add the ids to *entity*; one that is removed has none."""
    if len(entity) == 1:
        return entity
    return {
        **entity,
        "uniq_id": f"evsed_{topics.id}_{key}",
        "def_ent_id": f"{entity['p']}.evsed_{key}",
    }


def _sensor(name: str, template: str, **more: object) -> Entity:
    return {"p": "sensor", "name": name, "val_tpl": template, **more}


def _measurement(name: str, key: str, unit: str, device_class: str, digits: int) -> Entity:
    """Return a sensor of a present value, which expires."""
    value = f"value_json.{key}"
    return _sensor(
        name,
        f"{{{{ {value} if {value} is not none else 'None' }}}}",
        unit_of_meas=unit,
        dev_cla=device_class,
        stat_cla="measurement",
        sug_dsp_prc=digits,
        exp_aft=EXPIRES_S,
    )


def _energy(name: str, key: str) -> Entity:
    """Return a sensor of a counter that only rises, or begins again at 0."""
    return _sensor(
        name,
        f"{{{{ value_json.{key} }}}}",
        unit_of_meas="Wh",
        dev_cla="energy",
        stat_cla="total_increasing",
        sug_dsp_prc=0,
    )


def _binary(name: str, condition: str, device_class: str, **more: object) -> Entity:
    template = f"{{{{ 'ON' if {condition} else 'OFF' }}}}"
    return {
        "p": "binary_sensor",
        "name": name,
        "val_tpl": template,
        "dev_cla": device_class,
        **more,
    }


def _readings(topics: Topics) -> dict[str, Entity]:
    """Return the entities that only show."""
    diagnostic = {"ent_cat": "diagnostic"}
    return {
        "state": _sensor(
            "State", "{{ value_json.evse_status }}", dev_cla="enum", ops=STATES, ic="mdi:ev-station"
        ),
        "summary": _sensor("Summary", f"{{{{ value_json.summary[:{LONGEST}] }}}}"),
        "reason": _sensor("Reason", f"{{{{ value_json.reason[:{LONGEST}] }}}}"),
        "limited_by": _sensor("Limited by", "{{ value_json.limited_by }}", **diagnostic),
        "vehicle": _binary("Vehicle", f"value_json.state in {list(PLUGGED)}", "plug"),
        "contactor": _binary("Contactor", "value_json.contactor_closed", "power"),
        "problem": _binary(
            "Fault",
            "value_json.faults",
            "problem",
            json_attr_t=topics.state,
            json_attr_tpl="{{ {'faults': value_json.faults} | tojson }}",
        ),
        "feed_problem": _binary("Feed", "value_json.feed_error", "problem", **diagnostic),
        "power": _measurement("Power", "power_w", "W", "power", 0),
        "drawn": _measurement("Current", "drawn_a", "A", "current", 1),
        "offered": _measurement("Offered current", "offered_a", "A", "current", 1),
        "available": _measurement("Available for the car", "available_w", "W", "power", 0),
        "solar": _measurement("Solar power", "solar_w", "W", "power", 0),
        "energy": _energy("Energy", "total_wh"),
        "session_energy": _energy("Session energy", "session.energy_wh"),
        "session_time": _sensor(
            "Session charging time",
            "{{ value_json.session.charge_s | round }}",
            unit_of_meas="s",
            dev_cla="duration",
            sug_dsp_prc=0,
        ),
    }


def _light(config: MqttConfig, topics: Topics) -> dict[str, Entity]:
    """Return the light on the box, with its colour and rhythm; where there is none, its removal."""
    if not config.light:
        return {"light": {"p": "sensor"}}
    # A status before the first tick has no light.
    sensor = _sensor(
        "Light",
        "{{ value_json.light.state if value_json.light else 'None' }}",
        dev_cla="enum",
        ops=LIGHT_STATES,
        ic="mdi:led-on",
        json_attr_t=topics.state,
        json_attr_tpl="{{ (value_json.light or {}) | tojson }}",
        ent_cat="diagnostic",
    )
    return {"light": sensor}


def _controls(config: MqttConfig, topics: Topics) -> dict[str, Entity]:
    """Return the entities that give orders; with orders off, their removal."""
    entities: dict[str, Entity] = {
        "mode": {
            "p": "select",
            "name": "Mode",
            "ops": list(MODES),
            "val_tpl": "{{ value_json.controls.mode }}",
            "cmd_t": topics.order("mode"),
        },
        "max_current": {
            **_number("Most current", "max_current_a", "A", "current", config.most_a),
            "min": 6,
            "max": config.most_a,
            # The owner may have set more than the supply gives: an error to Home Assistant.
            "val_tpl": (
                f"{{{{ [value_json.controls.max_current_a or {config.most_a}, {config.most_a}] "
                "| min }}"
            ),
            # The supply's current is no limit of its own.
            "cmd_tpl": f"{{{{ 'null' if value >= {config.most_a} else value }}}}",
            "cmd_t": topics.order("max_current_a"),
        },
        "session_kwh": {
            **_number("Energy limit of this session", "session_kwh", "kWh", "energy", 0),
            "min": 0,
            "max": 1000,
            "cmd_tpl": "{{ 'null' if value == 0 else value }}",
            "cmd_t": topics.order("session_kwh"),
        },
        "session_h": {
            **_number("Time limit of this session", "session_h", "h", "duration", 0),
            "min": 0,
            "max": 168,
            "cmd_tpl": "{{ 'null' if value == 0 else value }}",
            "cmd_t": topics.order("session_h"),
        },
        "window": {
            **_text("Weekly window", "window", "mdi:calendar-week"),
            "cmd_t": topics.order("window"),
        },
        "plan": {
            **_text("Plan", "plan", "mdi:calendar-clock"),
            "cmd_t": topics.order("plan"),
        },
        "wake": {
            "p": "button",
            "name": "Wake the car",
            "ent_cat": "config",
            "cmd_t": topics.order("wake"),
            "pl_prs": "wake",
        },
        "ack": {
            "p": "button",
            "name": "Acknowledge faults",
            "ent_cat": "config",
            "cmd_t": topics.order("ack"),
            "pl_prs": "ack",
        },
    }
    if config.orders:
        return entities
    return {key: {"p": entity["p"]} for key, entity in entities.items()}


def _text(name: str, key: str, icon: str) -> Entity:
    """Return a text of the controls; an empty one ends the control."""
    return {
        "p": "text",
        "name": name,
        "ic": icon,
        "ent_cat": "config",
        "max": LONGEST,
        "val_tpl": f"{{{{ (value_json.controls.{key} or '')[:{LONGEST}] }}}}",
    }


def _number(name: str, key: str, unit: str, device_class: str, none_is: float) -> Entity:
    """Return a number of the controls that shows *none_is* where there is no limit."""
    value = f"value_json.controls.{key}"
    return {
        "p": "number",
        "name": name,
        "unit_of_meas": unit,
        "dev_cla": device_class,
        "step": 0.1,
        "mode": "box",
        "ent_cat": "config",
        "val_tpl": f"{{{{ {value} if {value} is not none else {none_is} }}}}",
    }
