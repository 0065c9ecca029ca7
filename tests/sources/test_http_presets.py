# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets over HTTP, each against an answer in the form that the device's maker has published."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from evsed.errors import SourceError
from evsed.sources.presets import Device, numbers_of
from evsed.sources.reader import Figures, Reader
from tests.sources.devices import pages

FEED = ("excess_w", "grid_w", "battery_w", "soc", "pv_w", "minimum_w", "maximum_w")
METER = ("power_w", "current_a", "energy_wh")


async def read(device: Device, *, phases: bool = False) -> Figures:
    """The reading of *device*, made once."""
    reader = Reader(numbers_of(device, METER if phases else FEED, phases=phases))
    try:
        return await reader.read()
    finally:
        await reader.close()


def values(figures: Figures) -> Mapping[str, object]:
    """The figures without their ages, rounded to what such devices say."""
    return {
        name: [round(each.value, 3) for each in found]
        if len(found) > 1
        else round(found[0].value, 3)
        for name, found in figures.items()
    }


# The form of https://developers.home-assistant.io/docs/api/rest/, GET /api/states/<entity_id>
HOME_ASSISTANT = {
    "entity_id": "sensor.grid_power",
    "state": "-1.834",
    "attributes": {"unit_of_measurement": "kW", "device_class": "power"},
    "last_changed": "2026-06-14T10:00:00+00:00",
    "last_reported": "2026-06-14T10:00:21+00:00",
    "last_updated": "2026-06-14T10:00:11+00:00",
    "context": {"id": "01", "parent_id": None, "user_id": None},
}


def home_assistant(entity: str, state: str, unit: str) -> tuple[str, str]:
    document = {**HOME_ASSISTANT, "state": state, "attributes": {"unit_of_measurement": unit}}
    return f"/api/states/{entity}", json.dumps(document)


async def test_home_assistant_gives_entities_in_whatever_unit_they_have() -> None:
    answers = dict(
        [
            home_assistant("sensor.grid", "-1.834", "kW"),
            home_assistant("sensor.battery", "-500", "W"),
            home_assistant("sensor.soc", "81", "%"),
        ]
    )
    async with pages(answers) as url:
        figures = await read(
            Device(
                preset="home-assistant",
                given={"url": url},
                numbers={
                    "grid_w": {"id": "sensor.grid"},
                    "battery_w": {"id": "sensor.battery", "scale": -1},
                    "soc": {"id": "sensor.soc"},
                },
            )
        )

    assert values(figures) == {"grid_w": -1834, "battery_w": 500, "soc": 0.81}


async def test_an_entity_in_amperes_is_not_taken_for_a_power() -> None:
    answers = dict([home_assistant("sensor.grid", "5", "A")])
    async with pages(answers) as url:
        device = Device(
            preset="home-assistant", given={"url": url}, numbers={"grid_w": {"id": "sensor.grid"}}
        )
        with pytest.raises(SourceError, match='its unit is "A", which is not one of power'):
            await read(device)


async def test_an_entity_of_home_assistant_that_is_not_available_is_no_number() -> None:
    answers = dict([home_assistant("sensor.grid", "unavailable", "W")])
    async with pages(answers) as url:
        device = Device(
            preset="home-assistant", given={"url": url}, numbers={"grid_w": {"id": "sensor.grid"}}
        )
        with pytest.raises(SourceError, match='"state" is "unavailable" at the moment'):
            await read(device)


# https://shelly-api-docs.shelly.cloud/gen1/#shelly-em-status
SHELLY_EM = {
    "wifi_sta": {"connected": True},
    "unixtime": 1718359200,
    "emeters": [
        {"power": -834.5, "reactive": 12.1, "pf": -1.0, "voltage": 233.1, "is_valid": True,
         "total": 120345.2, "total_returned": 99000.0},
        {"power": 210.0, "reactive": 0.0, "pf": 1.0, "voltage": 233.1, "is_valid": True,
         "total": 5000.0, "total_returned": 0.0},
    ],
}  # fmt: skip


async def test_a_shelly_em_gives_the_clamp_that_the_owner_names() -> None:
    async with pages({"/status": json.dumps(SHELLY_EM)}) as url:
        first = await read(Device(preset="shelly-em", given={"url": url}))
        second = await read(Device(preset="shelly-em", given={"url": url, "id": 1}))

    assert values(first) == {"grid_w": -834.5}
    assert values(second) == {"grid_w": 210}


# https://shelly-api-docs.shelly.cloud/gen1/#shelly-3em-status
SHELLY_3EM = {
    "unixtime": 1718359200,
    "emeters": [
        {"power": -900.1, "pf": -0.99, "current": 3.9, "voltage": 231.0, "is_valid": True,
         "total": 1000.0, "total_returned": 10.0},
        {"power": 150.0, "pf": 0.8, "current": 0.8, "voltage": 230.2, "is_valid": True,
         "total": 2000.0, "total_returned": 0.0},
        {"power": 50.1, "pf": 0.7, "current": 0.3, "voltage": 229.8, "is_valid": True,
         "total": 3000.0, "total_returned": 0.0},
    ],
    "total_power": -700.0,
}  # fmt: skip


async def test_a_shelly_3em_sums_its_phases_for_a_feed_and_keeps_them_apart_for_a_meter() -> None:
    async with pages({"/status": json.dumps(SHELLY_3EM)}) as url:
        device = Device(preset="shelly-3em", given={"url": url})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": -700.0}
    assert values(meter) == {
        "power_w": [-900.1, 150.0, 50.1],
        "current_a": [3.9, 0.8, 0.3],
        "energy_wh": 6000.0,
    }


async def test_a_shelly_that_calls_a_clamp_invalid_is_not_believed() -> None:
    broken = json.loads(json.dumps(SHELLY_3EM))
    broken["emeters"][1]["is_valid"] = False
    async with pages({"/status": json.dumps(broken)}) as url:
        with pytest.raises(SourceError, match="the device itself says"):
            await read(Device(preset="shelly-3em", given={"url": url}))


# https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/EM and EMData, the examples there
SHELLY_PRO_3EM = {
    "id": 0,
    "a_current": 4.029, "a_voltage": 236.1, "a_act_power": 951.2, "a_aprt_power": 951.9,
    "a_pf": 1, "a_freq": 50,
    "b_current": 4.027, "b_voltage": 236.201, "b_act_power": -951.1, "b_aprt_power": 951.8,
    "b_pf": 1, "b_freq": 50,
    "c_current": 3.03, "c_voltage": 236.402, "c_active_power": 715.4, "c_act_power": 715.4,
    "c_aprt_power": 716.2, "c_pf": 1, "c_freq": 50,
    "n_current": 11.029,
    "total_current": 11.083, "total_act_power": 715.5, "total_aprt_power": 2619.9,
    "user_calibrated_phase": [],
}  # fmt: skip
SHELLY_PRO_3EM_DATA = {"id": 0, "a_total_act_energy": 0, "total_act": 123456.7, "total_act_ret": 0}


async def test_a_shelly_pro_3em_is_read_by_its_rpc_interface() -> None:
    answers = {
        "/rpc/EM.GetStatus?id=0": json.dumps(SHELLY_PRO_3EM),
        "/rpc/EMData.GetStatus?id=0": json.dumps(SHELLY_PRO_3EM_DATA),
    }
    async with pages(answers) as url:
        device = Device(preset="shelly-pro-3em", given={"url": url})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": 715.5}
    assert values(meter) == {
        "power_w": [951.2, -951.1, 715.4],
        "current_a": [4.029, 4.027, 3.03],
        "energy_wh": 123456.7,
    }


async def test_a_shelly_pro_3em_whose_meter_has_failed_is_not_believed() -> None:
    broken = {**SHELLY_PRO_3EM, "errors": ["power_meter_failure"]}
    async with pages({"/rpc/EM.GetStatus?id=0": json.dumps(broken)}) as url:
        with pytest.raises(SourceError, match="the device itself says"):
            await read(Device(preset="shelly-pro-3em", given={"url": url}))


# A Shelly Pro EM-50 as its owner shows it in https://github.com/evcc-io/evcc/discussions/12385
SHELLY_PRO_EM = {"id": 1, "current": 22.78, "voltage": 224.6, "act_power": 5080.3,
                 "aprt_power": 5142.4, "pf": 0.99, "freq": 50.0}  # fmt: skip
SHELLY_PRO_EM_DATA = {"id": 1, "total_act_energy": 6644.9, "total_act_ret_energy": 2595.26}


async def test_a_shelly_pro_em_has_two_clamps_of_which_one_is_named() -> None:
    answers = {
        "/rpc/EM1.GetStatus?id=1": json.dumps(SHELLY_PRO_EM),
        "/rpc/EM1Data.GetStatus?id=1": json.dumps(SHELLY_PRO_EM_DATA),
    }
    async with pages(answers) as url:
        meter = await read(Device(preset="shelly-pro-em", given={"url": url, "id": 1}), phases=True)

    assert values(meter) == {"power_w": 5080.3, "current_a": 22.78, "energy_wh": 6644.9}


# Fronius Solar API V1, 42,0410,2012: GetPowerFlowRealtimeData, a hybrid inverter
FRONIUS = {
    "Head": {"RequestArguments": {}, "Status": {"Code": 0, "Reason": "", "UserMessage": ""},
             "Timestamp": "2026-06-14T12:00:00+02:00"},
    "Body": {"Data": {
        "Inverters": {"1": {"Battery_Mode": "normal", "DT": 1, "P": 3045, "SOC": 81.5}},
        "Site": {"BatteryStandby": False, "Meter_Location": "grid", "Mode": "bidirectional",
                 "P_Akku": -1200.4, "P_Grid": -711.3, "P_Load": -1133.3, "P_PV": 3045.0,
                 "rel_Autonomy": 100, "rel_SelfConsumption": 62},
        "Version": "12"}},
}  # fmt: skip
FRONIUS_PATH = "/solar_api/v1/GetPowerFlowRealtimeData.fcgi"


async def test_fronius_gives_grid_battery_and_state_of_charge_with_our_signs() -> None:
    async with pages({FRONIUS_PATH: json.dumps(FRONIUS)}) as url:
        figures = await read(Device(preset="fronius", given={"url": url}))

    assert values(figures) == {"grid_w": -711.3, "battery_w": -1200.4, "soc": 0.815, "pv_w": 3045}


async def test_fronius_without_a_battery_has_no_battery() -> None:
    plain = json.loads(json.dumps(FRONIUS))
    plain["Body"]["Data"]["Site"]["P_Akku"] = None
    del plain["Body"]["Data"]["Inverters"]["1"]["SOC"]
    plain["Body"]["Data"]["Site"]["P_PV"] = None  # as it is at night
    async with pages({FRONIUS_PATH: json.dumps(plain)}) as url:
        figures = await read(Device(preset="fronius", given={"url": url}))

    assert values(figures) == {"grid_w": -711.3}


# https://api-documentation.homewizard.com/docs/v1/measurement
HOMEWIZARD = {
    "wifi_ssid": "My Wi-Fi", "wifi_strength": 100, "smr_version": 50, "meter_model": "ISKRA  2M550",
    "total_power_import_kwh": 13779.338, "total_power_export_kwh": 0, "active_power_w": -543,
    "active_power_l1_w": -676, "active_power_l2_w": 133, "active_power_l3_w": 0,
    "active_current_l1_a": -4, "active_current_l2_a": 2, "active_current_l3_a": 0,
}  # fmt: skip


async def test_a_p1_meter_has_its_phases_where_the_house_has_them() -> None:
    single = {
        key: value for key, value in HOMEWIZARD.items() if "_l2_" not in key and "_l3_" not in key
    }
    async with pages({"/api/v1/data": json.dumps(HOMEWIZARD)}) as url:
        device = Device(preset="homewizard-p1", given={"url": url})
        feed, three = await read(device), await read(device, phases=True)
    async with pages({"/api/v1/data": json.dumps(single)}) as url:
        reading = await read(Device(preset="homewizard-p1", given={"url": url}), phases=True)

    assert values(feed) == {"grid_w": -543}
    assert values(three)["current_a"] == [-4, 2, 0]
    assert values(reading) == {"power_w": -676, "current_a": -4, "energy_wh": 13779338}


# https://tasmota.github.io/docs/Commands/: Status 10
TASMOTA = {
    "StatusSNS": {
        "Time": "2026-06-14T12:00:00",
        "ENERGY": {"TotalStartTime": "2020-01-01T00:00:00", "Total": 41.295, "Yesterday": 0.0,
                   "Today": 1.2, "Power": -420, "ApparentPower": 425, "ReactivePower": 60,
                   "Factor": 0.99, "Voltage": 230, "Current": 1.826},
    }
}  # fmt: skip


async def test_tasmota_gives_one_power_or_several() -> None:
    async with pages({"/cm?cmnd=Status%2010": json.dumps(TASMOTA)}) as url:
        single = await read(Device(preset="tasmota", given={"url": url}))
    several = json.loads(json.dumps(TASMOTA))
    several["StatusSNS"]["ENERGY"]["Power"] = [-420, 100, 20]
    async with pages({"/cm?cmnd=Status%2010": json.dumps(several)}) as url:
        summed = await read(Device(preset="tasmota", given={"url": url}))

    assert values(single) == {"grid_w": -420}
    assert values(summed) == {"grid_w": -300}


# https://docs.evcc.io/en/docs/integrations/rest-api: /api/state, today's form and that before 0.207
EVCC = {
    "grid": {"power": -2100.5, "energy": 1234.5, "currents": [-3.1, -3.0, -3.0]},
    "battery": {"power": -900, "soc": 64, "capacity": 10, "devices": []},
    "pvPower": 4200,
    "loadpoints": [],
}
EVCC_BEFORE = {
    "result": {
        "gridPower": -2100.5,
        "gridCurrents": [-3.1, -3.0, -3.0],
        "batteryPower": -900,
        "batterySoc": 64,
        "pvPower": 4200,
    }
}


@pytest.mark.parametrize("state", [EVCC, EVCC_BEFORE])
async def test_evcc_gives_what_it_reads_itself_in_either_form(state: object) -> None:
    async with pages({"/api/state": json.dumps(state)}) as url:
        device = Device(preset="evcc", given={"url": url})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": -2100.5, "battery_w": -900, "soc": 0.64, "pv_w": 4200}
    assert values(meter) == {"current_a": [-3.1, -3.0, -3.0]}


def openems(address: str, value: object, unit: str) -> str:
    """A channel as OpenEMS's REST controller writes it."""
    return json.dumps(
        {"address": address, "type": "INTEGER", "accessMode": "RO", "text": "", "unit": unit,
         "value": value}
    )  # fmt: skip


async def test_openems_gives_its_channels_and_needs_no_battery() -> None:
    answers = {
        "/rest/channel/_sum/GridActivePower": openems("_sum/GridActivePower", -1500, "W"),
        "/rest/channel/_sum/EssDischargePower": openems("_sum/EssDischargePower", -800, "W"),
        "/rest/channel/_sum/EssSoc": openems("_sum/EssSoc", 90, "%"),
    }
    async with pages(answers) as url:
        whole = await read(Device(preset="openems", given={"url": url}))
    answers["/rest/channel/_sum/EssDischargePower"] = openems("_sum/EssDischargePower", None, "W")
    answers["/rest/channel/_sum/EssSoc"] = openems("_sum/EssSoc", None, "%")
    async with pages(answers) as url:
        bare = await read(Device(preset="openems", given={"url": url}))

    assert values(whole) == {"grid_w": -1500, "battery_w": -800, "soc": 0.9}
    assert values(bare) == {"grid_w": -1500}


async def test_emoncms_gives_a_feed_by_its_number_and_the_age_of_its_value() -> None:
    # https://emoncms.org/site/api#feed: timevalue.json, in which older versions write text
    answers = {
        "/feed/timevalue.json?id=7": '{"time":1718359190,"value":"-640"}',
        "/feed/timevalue.json?id=8": '{"time":1718359195,"value":88}',
    }
    async with pages(answers, Date="Fri, 14 Jun 2024 10:00:00 GMT") as url:
        device = Device(
            preset="emoncms",
            given={"url": url},
            numbers={"grid_w": {"id": 7}, "soc": {"id": 8}},
        )
        reader = Reader(numbers_of(device, FEED), clock=lambda: 1000.0)
        figures = await reader.read()
        await reader.close()

    assert values(figures) == {"grid_w": -640, "soc": 0.88}
    assert figures["grid_w"][0].at == 1000.0 - 10
    assert figures["soc"][0].at == 1000.0 - 5
