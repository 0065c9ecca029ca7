# SPDX-License-Identifier: GPL-3.0-or-later
"""[feed] and [meters] with devices: what follows from a preset, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from evsed.errors import SettingsError
from evsed.settings import Settings, load_settings
from evsed.settings.messages import describe


def settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "evsed.toml"
    file.write_text(text)
    return load_settings(file, environ={})


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, text)
    (line,) = raised.value.problems
    return line


def test_a_preset_brings_its_kind_and_what_a_measured_power_is(tmp_path: Path) -> None:
    feed = settings(tmp_path, '[feed]\npreset = "shelly-3em"\nurl = "http://h"\n').feed

    assert (feed.kind, feed.semantics, feed.period_s, feed.window_s) == (
        "http",
        "battery_power",
        30.0,
        0.0,
    )


def test_what_is_in_effect_is_toml_also_where_it_is_a_table(tmp_path: Path) -> None:
    text = (
        '[feed]\nkind = "http"\nurl = "http://h"\n'
        'grid_w = [{ path = "a", scale = -1 }, { path = "b", unit = "kW", optional = true }]\n'
    )

    shown = tomllib.loads(describe(settings(tmp_path, text)))

    assert shown["feed"]["grid_w"] == [
        {"path": "a", "scale": -1},
        {"path": "b", "unit": "kW", "optional": True},
    ]


def test_a_preset_may_have_semantics_of_its_own_and_the_owner_the_last_word(tmp_path: Path) -> None:
    text = '[feed]\npreset = "batterymonitor-mqtt"\nurl = "mqtt://h"\nperiod_s = 60\n'
    feed = settings(tmp_path, text).feed

    assert (feed.kind, feed.semantics, feed.period_s) == ("mqtt", "batterymonitor", 60.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[feed]\npreset = "shelly3em"\nurl = "http://h"\n',
            'feed.preset = "shelly3em": must be one of those in docs/feeds.md',
        ),
        (
            '[feed]\nkind = "http"\npreset = "shelly3em"\nurl = "http://h"\n',
            "did you mean shelly-3em",
        ),
        (
            '[feed]\npreset = "shelly-3em"\nurl = "192.168.1.40"\n',
            'feed.url = "192.168.1.40": must be an http:// or https:// address with a host',
        ),
        (
            '[feed]\npreset = "victron-mqtt"\nid = "c0"\nurl = "http://h"\n',
            'must be the address of a broker, such as "mqtt://192.168.1.5:1883"',
        ),
        (
            '[feed]\npreset = "sma"\nurl = "192.168.1.7"\n',
            'must be a Modbus address, such as "tcp://192.168.1.7:502"',
        ),
        ('[feed]\npreset = "shelly-3em"\n', "url is missing"),
        (
            '[feed]\nkind = "http"\nurl = "http://h"\ngrid_w = { pth = "x" }\n',
            'there is no key "pth"; did you mean path?',
        ),
        (
            '[feed]\nkind = "http"\nurl = "http://h"\ngrid_w = { path = "x", scale = "2" }\n',
            "scale = '2' is of the wrong kind",
        ),
        (
            '[feed]\nkind = "http"\nurl = "http://h"\ngrid_w = { path = "a b" }\n',
            '"a b" is not a JMESPath expression',
        ),
        (
            '[feed]\nkind = "modbus"\nurl = "tcp://h"\ngrid_w = { register = 1, type = "x" }\n',
            'type "x" is not one of int16',
        ),
        (
            (
                '[feed]\nkind = "modbus"\nurl = "tcp://h"\n'
                'grid_w = [{ preset = "sma", number = "pv_w", url = "tcp://h:99999" }]\n'
            ),
            '"tcp://h:99999" is not a Modbus address',
        ),
        (
            '[feed]\nkind = "mqtt"\nurl = "mqtt://h"\ngrid_w = { topic = "tele/+/SENSOR" }\n',
            'topic "tele/+/SENSOR" has + or # in it, so it is many numbers',
        ),
        (
            '[feed]\nkind = "http"\nurl = "http://h"\ngrid_w = 5\n',
            "feed.grid_w = 5: must be a table such as",
        ),
        (
            '[feed]\ngrid_w = { path = "x" }\n',
            'must be absent where kind is "batterymonitor"; it is for "http", "mqtt" and "modbus"',
        ),
        (
            '[meters.house]\nkind = "http"\nurl = "http://h"\npower_w = { path = "x" }\n',
            "current_a cannot be had, which the main fuse needs",
        ),
        (
            '[meters.car]\npreset = "sma"\nurl = "tcp://h"\n',
            "neither current_a nor power_w can be had",
        ),
        (
            "[supply]\nmain_fuse_a = 35.0\n",
            'meters.house.kind = "": must be a section where supply.main_fuse_a is set',
        ),
        ("[supply]\npeak_w = 4000.0\n", "without a meter of the house it is not known"),
        ("[supply]\nhouse_lost_a = 3.0\n", "must be 0, or 6 to 80 A"),
        ("[supply]\nmain_fuse_a = 3.0\n", "must be 10 to 400 A, or absent"),
        ("[meters.house]\nperiod_s = 60.0\n", "must be 1 to 5 s"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, text: str, words: str) -> None:
    assert words in complaint(tmp_path, text)


def test_a_house_with_a_fuse_and_a_meter_is_sound(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        "[supply]\nmain_fuse_a = 25\nhouse_lost_a = 0\n"
        '[meters.house]\npreset = "homewizard-p1"\nurl = "http://h"\n',
    )

    assert found.supply.main_fuse_a == 25
    assert found.meters.house.kind == "http"
    assert found.meters.house.period_s == 2.0
