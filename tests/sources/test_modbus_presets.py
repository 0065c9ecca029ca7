# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets over Modbus, each against a server with the register map that the maker has published."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import threading
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from evsed.errors import SourceError
from evsed.sources.presets import Device
from tests.sources.devices import float32, int32, modbus_device
from tests.sources.test_http_presets import read, values

ABSENT = 0x8000  # SunSpec: an int16 point that the device does not have
EXPONENT_MINUS_1 = 0xFFFF


def eastron(points: dict[int, float]) -> list[tuple[int, list[int]]]:
    """The input registers of an Eastron SDM: every parameter is two registers, 0 where unused."""
    registers = [0] * 400
    for register, value in points.items():
        registers[register : register + 2] = float32(value)
    return [(0, registers)]


@pytest.mark.parametrize("preset", ["eastron-sdm120", "eastron-sdm230"])
async def test_a_single_phase_eastron_is_read_from_its_input_registers(preset: str) -> None:
    # SDM120 protocol: 0 volts, 6 amperes, 12 watts, 72 kWh imported
    async with modbus_device({1: eastron({0: 230.5, 6: 15.9, 12: 3665.0, 72: 1234.5})}) as url:
        device = Device(preset=preset, given={"url": url})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": 3665.0}
    assert values(meter) == {"power_w": 3665.0, "current_a": 15.9, "energy_wh": 1234500}


async def test_an_eastron_sdm630_has_three_phases_and_their_sum() -> None:
    # SDM630 protocol: 6, 8, 10 amperes; 12, 14, 16 watts; 52 watts in all; 72 kWh imported
    points = {6: 4.1, 8: 0.5, 10: 2.0, 12: -943.0, 14: 100.0, 16: 460.0, 52: -383.0, 72: 10.25}
    async with modbus_device({3: eastron(points)}) as url:
        device = Device(preset="eastron-sdm630", given={"url": url, "device_id": 3})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": -383.0}
    assert values(meter) == {
        "power_w": [-943.0, 100.0, 460.0],
        "current_a": [4.1, 0.5, 2.0],
        "energy_wh": 10250.0,
    }


async def test_a_victron_gx_counts_a_charging_battery_the_other_way() -> None:
    # CCGX Modbus-TCP register list: 820 to 822 grid, 842 battery (charging positive), 843 SoC
    maps = {100: [(820, [-700, 100, 20]), (842, [900, 81])]}
    async with modbus_device(maps) as url:
        figures = await read(Device(preset="victron-modbus", given={"url": url}))

    assert values(figures) == {"grid_w": -580, "battery_w": -900, "soc": 0.81}


def sunspec(*models: tuple[int, Sequence[int]]) -> list[int]:
    """A SunSpec map of these models, each with its points; the common model comes first."""
    registers = [0x5375, 0x6E53, 1, 66, *[0x4556] * 66]
    for number, points in models:
        registers += [number, len(points), *points]
    return [*registers, 0xFFFF, 0]


def meter_203() -> list[int]:
    """Model 203 of github.com/sunspec/models, 105 points: a three-phase meter that exports."""
    points = [0] * 105
    points[0:5] = [92, 51, 21, 20, EXPONENT_MINUS_1]  # A, AphA, AphB, AphC, A_SF
    points[16:21] = [-150, -120, -40, 10, 1]  # W, WphA, WphB, WphC, W_SF
    points[36:38] = int32(70_000)  # TotWhExp
    points[44:46] = int32(123_456)  # TotWhImp
    return points


async def test_a_sunspec_meter_is_found_wherever_its_model_lies() -> None:
    maps = {1: [(40000, sunspec((103, [0] * 50), (203, meter_203())))]}
    async with modbus_device(maps) as url:
        device = Device(preset="sunspec-meter", given={"url": url})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": -1500}
    assert values(meter) == {
        "power_w": [-1200, -400, 100],
        "current_a": [5.1, 2.1, 2.0],
        "energy_wh": 123456,
    }


async def test_a_sunspec_meter_of_one_phase_lacks_the_others() -> None:
    points = meter_203()
    points[2:4] = [ABSENT, ABSENT]
    points[18:20] = [ABSENT, ABSENT]
    async with modbus_device({1: [(40000, sunspec((201, points)))]}) as url:
        meter = await read(Device(preset="sunspec-meter", given={"url": url}), phases=True)

    assert values(meter) == {"power_w": -1200, "current_a": 5.1, "energy_wh": 123456}


async def test_a_sunspec_meter_in_floating_point_is_read_as_well() -> None:
    # Model 213 of github.com/sunspec/models: float32 points, W at 28, each phase after it
    points = [0] * 124
    for register, value in {4: 3.9, 6: 0.5, 8: 1.5, 28: -900.0, 30: -800.0, 32: -200.0}.items():
        points[register - 2 : register] = float32(value)
    points[32:34] = float32(100.0)
    points[66:68] = float32(4321.0)
    async with modbus_device({1: [(50000, sunspec((213, points)))]}) as url:
        device = Device(preset="sunspec-meter-float", given={"url": url})
        feed, meter = await read(device), await read(device, phases=True)

    assert values(feed) == {"grid_w": -900}
    assert values(meter) == {
        "power_w": [-800, -200, 100],
        "current_a": [3.9, 0.5, 1.5],
        "energy_wh": 4321,
    }


def inverter_103(watts: int, exponent: int) -> list[int]:
    """Model 103 of github.com/sunspec/models, 50 points: a three-phase inverter."""
    points = [0] * 50
    points[12:14] = [watts, exponent]  # W, W_SF
    return points


async def test_a_solaredge_counts_export_as_positive_and_evsed_turns_it_round() -> None:
    # SolarEdge's SunSpec note: inverter at 40069, the meter's common block at 40121, meter at 40188
    points = meter_203()
    points[16:21] = [1500, 1200, 400, -100, 0]
    meter_common = (1, [0x4556] * 65)
    chain = sunspec((103, inverter_103(4200, 0)), meter_common, (203, points))
    chain[3] = 65  # SolarEdge's common block is one register shorter
    del chain[4]
    async with modbus_device({1: [(40000, chain)]}) as url:
        figures = await read(Device(preset="solaredge", given={"url": url}))

    assert chain[188] == 203
    assert values(figures) == {"grid_w": -1500, "pv_w": 4200}


async def test_an_sma_inverter_answers_as_device_126() -> None:
    maps = {126: [(40000, sunspec((103, inverter_103(3045, 0))))]}
    async with modbus_device(maps) as url:
        figures = await read(Device(preset="sma", given={"url": url}))

    assert values(figures) == {"pv_w": 3045}


async def test_a_sunspec_inverter_has_a_power_of_ten_of_its_own() -> None:
    maps = {1: [(0, sunspec((101, inverter_103(30456, EXPONENT_MINUS_1))))]}
    async with modbus_device(maps) as url:
        figures = await read(Device(preset="sunspec-inverter", given={"url": url}))

    assert values(figures) == {"pv_w": 3045.6}


async def test_an_inverter_that_sleeps_at_night_says_so_instead_of_0() -> None:
    maps = {1: [(40000, sunspec((103, inverter_103(ABSENT, ABSENT))))]}
    async with modbus_device(maps) as url:
        with pytest.raises(SourceError, match="does not have this number"):
            await read(Device(preset="sunspec-inverter", given={"url": url}))


async def test_a_device_without_the_model_is_told_what_it_has() -> None:
    maps = {1: [(40000, sunspec((103, inverter_103(0, 0))))]}
    async with modbus_device(maps) as url:
        with pytest.raises(SourceError, match=r"has SunSpec models \[1, 103\], but of 201, 202"):
            await read(Device(preset="sunspec-meter", given={"url": url}))


async def test_what_is_no_sunspec_device_is_said_to_be_none() -> None:
    async with modbus_device({1: eastron({12: 1.0})}) as url:
        with pytest.raises(SourceError, match="is no SunSpec device"):
            await read(Device(preset="sunspec-meter", given={"url": url}))


async def test_a_register_that_is_refused_is_named() -> None:
    async with modbus_device({1: [(0, [0] * 10)]}) as url:
        with pytest.raises(SourceError, match="input registers 12 to 13 are refused"):
            await read(Device(preset="eastron-sdm120", given={"url": url}))


async def test_numbers_of_several_devices_are_added_up() -> None:
    maps = {
        1: eastron({12: 900.0}),
        2: eastron({12: 350.0}),
        126: [(40000, sunspec((103, inverter_103(3045, 0))))],
    }
    async with modbus_device(maps) as url:
        figures = await read(
            Device(
                kind="modbus",
                given={"url": url},
                numbers={
                    "grid_w": [
                        {"preset": "eastron-sdm120", "url": url},
                        {"preset": "eastron-sdm120", "url": url, "device_id": 2},
                        {"preset": "sma", "url": url, "number": "pv_w", "scale": -1},
                    ]
                },
            )
        )

    assert values(figures) == {"grid_w": 900 + 350 - 3045}


@contextmanager
def cable() -> Iterator[tuple[str, str]]:
    """Two serial lines joined to one another."""
    (near, near_line), (far, far_line) = pty.openpty(), pty.openpty()
    for end in (near, near_line, far, far_line):
        tty.setraw(end)
    stop_read, stop_write = os.pipe()

    def carry() -> None:
        while True:
            ready, _, _ = select.select([near, far, stop_read], [], [])
            if stop_read in ready:
                return
            for end in ready:
                os.write(far if end == near else near, os.read(end, 256))

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield os.ttyname(near_line), os.ttyname(far_line)
    finally:
        os.write(stop_write, b"x")
        thread.join()
        for end in (near, near_line, far, far_line, stop_read, stop_write):
            os.close(end)


async def test_a_meter_on_a_serial_line_is_read_like_one_on_the_network() -> None:
    ((start, registers),) = eastron({52: -383.0})
    data = SimData(start, values=registers, datatype=DataType.REGISTERS)
    with cable() as (theirs, ours):
        server = ModbusSerialServer([SimDevice(1, simdata=[data])], port=theirs, baudrate=9600)
        await server.serve_forever(background=True)
        try:
            device = Device(preset="eastron-sdm630", given={"url": f"rtu://{ours}?baudrate=9600"})
            figures = await read(device)
        finally:
            await server.shutdown()  # type: ignore[no-untyped-call]
            await asyncio.sleep(0)

    assert values(figures) == {"grid_w": -383.0}


async def test_a_serial_line_on_which_nobody_answers_is_said_to_be_silent() -> None:
    with cable() as (_, ours), pytest.raises(SourceError, match="does not answer"):
        await read(Device(preset="eastron-sdm630", given={"url": f"rtu://{ours}"}))


@pytest.mark.parametrize("url", ["192.168.1.7", "tcp://", "rtu://", "tcp://host:port", "mqtt://x"])
async def test_what_is_no_modbus_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(SourceError, match="is not a Modbus address"):
        await read(Device(preset="eastron-sdm120", given={"url": url}))
