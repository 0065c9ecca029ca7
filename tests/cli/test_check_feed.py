# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --feed`: each number, its age, and the direction that evsed takes it for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evsed.cli import main
from tests.sources.devices import having, served
from tests.sources.test_http_presets import FRONIUS, FRONIUS_PATH, SHELLY_3EM


def check(tmp_path: Path, text: str) -> int:
    file = tmp_path / "evsed.toml"
    file.write_text(text)
    return main(["check", "--feed", "--config", str(file)])


def test_a_feed_is_shown_with_its_signs_and_what_they_come_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(having({FRONIUS_PATH: json.dumps(FRONIUS)})) as url:
        code = check(tmp_path, f'[feed]\npreset = "fronius"\nurl = "{url}"\n')
    shown = capsys.readouterr().out

    assert code == 0
    assert f"[feed] preset fronius, {url}" in shown
    assert "grid_w            -711.3 W    0.0 s old  given to the grid" in shown
    assert "battery_w        -1200.4 W    0.0 s old  taken by the battery" in shown
    assert "soc                    82%" in shown
    assert "1912 W are spare (711 W into the grid, 1200 W into the battery)" in shown
    assert "scale = -1" in shown


def test_the_house_meter_is_shown_phase_by_phase(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(having({"/status": json.dumps(SHELLY_3EM)})) as url:
        code = check(
            tmp_path,
            f'[feed]\nkind = "fixed"\n[meters.house]\npreset = "shelly-3em"\nurl = "{url}"\n',
        )
    shown = capsys.readouterr().out

    assert code == 0
    assert "[feed] a fixed current: 6 A" in shown
    assert f"[meters.house] preset shelly-3em, {url}" in shown
    assert "current_a L1         3.9 A" in shown
    assert "power_w L1        -900.1 W    0.0 s old  given to the grid" in shown


def test_a_device_that_does_not_answer_is_said_and_the_command_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[feed]\npreset = "shelly-3em"\nurl = "http://anna:geheim@127.0.0.1:1"\n'

    code = check(tmp_path, text)
    shown = capsys.readouterr().out

    assert code == 1
    assert "http://127.0.0.1:1/status cannot be reached" in shown
    assert "geheim" not in shown


def test_the_page_of_batterymonitor_is_shown_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[1] / "pages" / "surplus.html").read_text()
    with served(having({"/excesspwr.php": page})) as url:
        code = check(tmp_path, f'[feed]\nurl = "{url}/excesspwr.php"\ntimezone = "UTC"\n')
    shown = capsys.readouterr().out

    assert code == 0
    assert "[feed] BatteryMonitor" in shown
    assert "W are spare" in shown or "so many are spare" in shown
