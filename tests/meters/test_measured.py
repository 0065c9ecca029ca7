# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters of the car and of the house at real devices, and what they do when one is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from aiohttp import web

from evsed.errors import MeterError, SourceError
from evsed.meters import CarReading, HouseReading, MeterConfig, open_car, open_house
from evsed.meters.measured import car_reading
from evsed.sources.presets import Device
from evsed.sources.reader import Figure
from tests.sources.devices import modbus_device, pages, web_device
from tests.sources.test_http_presets import SHELLY_3EM
from tests.sources.test_modbus_presets import eastron


def config(device: Device) -> MeterConfig:
    return MeterConfig(device=device, period_s=1.0)


async def read_house(device: Device) -> HouseReading:
    meter = open_house(config(device))
    try:
        return await meter.read()
    finally:
        await meter.close()


async def test_the_meter_of_the_house_has_current_and_direction_of_each_phase() -> None:
    async with pages({"/status": json.dumps(SHELLY_3EM)}) as url:
        reading = await read_house(Device(preset="shelly-3em", given={"url": url}))

    assert reading.current_a == (3.9, 0.8, 0.3)
    assert reading.power_w == (-900.1, 150.0, 50.1)


async def test_one_power_for_three_phases_tells_no_direction() -> None:
    page = json.dumps({"a": 1, "b": 2, "c": 3, "w": -500})
    numbers: Mapping[str, object] = {
        "current_a": [{"path": "a"}, {"path": "b"}, {"path": "c"}],
        "power_w": {"path": "w"},
    }
    async with pages({"/": page}) as url:
        device = Device(kind="http", given={"url": url + "/"}, numbers=numbers)  # type: ignore[arg-type]
        reading = await read_house(device)

    assert reading.current_a == (1, 2, 3)
    assert reading.power_w == ()


async def test_the_meter_of_the_car_is_read_by_the_same_presets() -> None:
    points = {6: 10.0, 8: 9.9, 10: 10.1, 12: 2290.0, 14: 2280.0, 16: 2300.0, 72: 12.5}
    async with modbus_device({1: eastron(points)}) as url:
        meter = open_car(config(Device(preset="eastron-sdm630", given={"url": url})))
        reading = await meter.read()
        await meter.close()

    assert reading.most_a(230.0, 3) == pytest.approx(10.1, abs=1e-3)
    assert reading.total_w(230.0) == 6870.0
    assert reading.energy_wh == 12500.0
    assert reading.holds_s == 3.0


def test_a_meter_of_the_car_with_one_of_the_two_tells_the_other() -> None:
    watts = CarReading(measured_at=0.0, power_w=(6900.0,))
    amperes = CarReading(measured_at=0.0, current_a=(10.0, -10.0, 10.0))

    assert watts.most_a(230.0, 3) == 10.0
    assert amperes.total_w(230.0) == 6900.0


def test_a_meter_of_the_car_that_says_nothing_is_no_meter() -> None:
    with pytest.raises(SourceError, match="neither current_a nor power_w"):
        car_reading({"soc": (Figure(0.5, 0.0),)}, holds_s=15.0)


async def test_a_house_that_loses_a_phase_is_not_believed_to_have_fewer() -> None:
    answers: dict[str, object] = {"a": 1, "b": 2}

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=json.dumps(answers))

    numbers: Mapping[str, list[dict[str, object]]] = {
        "current_a": [{"path": "a"}, {"path": "b", "optional": True}]
    }
    async with web_device(answer) as url:
        device = Device(kind="http", given={"url": url}, numbers=numbers)
        meter = open_house(MeterConfig(device=device, period_s=0.01))
        assert len((await meter.read()).current_a) == 2
        del answers["b"]
        with pytest.raises(MeterError, match="the current of 1 phases, and had 2 before"):
            await meter.read()
        await meter.close()


async def test_a_meter_that_does_not_answer_says_why() -> None:
    with pytest.raises(MeterError, match="cannot be reached"):
        await read_house(Device(preset="shelly-3em", given={"url": "http://127.0.0.1:1"}))


def test_what_cannot_be_a_meter_is_refused_when_it_is_opened() -> None:
    with pytest.raises(MeterError, match="the meter cannot be used"):
        open_car(config(Device(preset="sma", given={"url": "tcp://h"})))
