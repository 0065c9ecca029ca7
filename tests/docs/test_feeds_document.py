# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/feeds.md: every example is sound, reads what it says, and every preset is in the table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from evsed.feeds.excess import excess_of, feed_numbers
from evsed.settings import Settings, load_settings
from evsed.sources.presets import Device, all_presets
from evsed.sources.reader import Reader
from tests.sources import test_http_presets as http
from tests.sources import test_modbus_presets as modbus
from tests.sources.devices import modbus_device, pages

TEXT = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)

JSON = {
    http.FRONIUS_PATH: json.dumps(http.FRONIUS),
    "/rpc/EM.GetStatus?id=0": json.dumps(http.SHELLY_PRO_3EM),
    "/status": json.dumps(http.SHELLY_EM),
    "/status.json": '{"meters": [{"watts": -900}, {"watts": 100}]}',
    "/api/v1/data": json.dumps(http.HOMEWIZARD),
    "/cm?cmnd=Status%2010": json.dumps(http.TASMOTA),
    "/api/state": json.dumps(http.EVCC),
    "/rest/channel/_sum/GridActivePower": http.openems("_sum/GridActivePower", -1500, "W"),
    "/rest/channel/_sum/EssDischargePower": http.openems("_sum/EssDischargePower", -800, "W"),
    "/rest/channel/_sum/EssSoc": http.openems("_sum/EssSoc", 90, "%"),
    "/feed/timevalue.json?id=7": '{"time":1718359190,"value":"-640"}',
    **dict(
        [
            http.home_assistant("sensor.grid_power", "-1.8", "kW"),
            http.home_assistant("sensor.battery_power", "-500", "W"),
            http.home_assistant("sensor.battery_soc", "81", "%"),
        ]
    ),
}

SOLAREDGE = modbus.sunspec((103, modbus.inverter_103(4200, 0)), (203, modbus.meter_203()))
REGISTERS: Mapping[str, Mapping[int, list[tuple[int, list[int]]]]] = {
    "victron-modbus": {100: [(820, [-700, 100, 20]), (842, [900, 81])]},
    "solaredge": {1: [(40000, SOLAREDGE)]},
    "eastron-sdm630": {1: modbus.eastron({52: -383.0})},
    "": {
        1: [*modbus.eastron({52: 900.0}), (40083, [-1500])],
        126: [(40000, modbus.sunspec((103, modbus.inverter_103(3045, 0))))],
    },
}


def loaded(text: str, folder: Path) -> Settings:
    """The settings of an example, whose secrets lie in *folder* here."""
    (folder / "secret").write_text("x")
    file = folder / "evsed.toml"
    file.write_text(re.sub(r'"/etc/evsed-\w+"', f'"{folder / "secret"}"', text))
    return load_settings(file, environ={})


def title(text: str) -> str:
    return "-".join(re.findall(r'(?:preset|kind) = "([\w-]+)"', text))


@pytest.mark.parametrize("text", EXAMPLES, ids=title)
def test_every_example_is_sound(text: str, tmp_path: Path) -> None:
    settings = loaded(text, tmp_path)

    assert len(text.strip().splitlines()) <= 12
    for section in (settings.meters.car, settings.meters.house):
        assert (section.device() is not None) == bool(section.kind)


@pytest.mark.parametrize(
    "text", [e for e in EXAMPLES if "[feed]" in e and "mqtt" not in e], ids=title
)
async def test_every_example_reads_such_a_device(text: str, tmp_path: Path) -> None:
    async with pages(JSON) as web, modbus_device(REGISTERS[preset_in(text)]) as line:
        here = re.sub(r"http://[\w.:]+", web, re.sub(r"(tcp|rtu)://[^\"]+", line, text))
        device = loaded(here, tmp_path).feed.device()
        assert isinstance(device, Device)
        reader = Reader(feed_numbers(device))
        try:
            figures = await reader.read()
        finally:
            await reader.close()

    assert excess_of(figures).excess_w != 0


def preset_in(text: str) -> str:
    found = re.search(r'^preset = "([\w-]+)"', text, re.MULTILINE)
    return found[1] if found and found[1] in REGISTERS else ""


def test_every_preset_is_in_the_table_and_no_other() -> None:
    table = TEXT.split("## Examples")[0]
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", table)) | {
        name for name in all_presets() if re.search(rf"`{name}`", table)
    }

    assert named - {"evsed-check"} == set(all_presets())


def test_every_preset_has_a_title_a_form_and_an_address_of_it() -> None:
    for name, preset in all_presets().items():
        assert preset["title"], name
        assert preset["form"].startswith("https://"), name
        assert preset["numbers"], name
