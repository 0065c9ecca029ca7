# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that a replay goes by, and several side by side."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from evsed.cli import main
from evsed.settings import load_settings
from evsed.sim.replay.configuration import COMPARABLE
from tests.sim.replay.days import cloudy, write_day

THREE_PHASES = "[supply]\nphases = 3\nmax_current_a = 16.0\n"


def config(folder: Path, text: str) -> str:
    """A file of settings."""
    path = folder / "evsed.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def day_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The figures of one replay."""
    assert main(["replay", "--json", *arguments]) == 0
    found: dict[str, float] = json.loads(capsys.readouterr().out)
    return found


def test_an_owner_with_three_phases_is_shown_that_three_kilowatts_start_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy))
    settings = config(tmp_path, THREE_PHASES + '[feed]\nsemantics = "battery_power"\n')
    assert day_of([day], capsys)["starts"] == 1
    assert day_of(["--config", settings, day], capsys)["starts"] == 0
    assert day_of(["--config", settings, "--phases", "1", day], capsys)["starts"] == 1


def test_three_phases_draw_three_times_the_power(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(write_day(tmp_path / "day.csv", lambda minute: 9000.0 if minute > 20 else 0.0))
    found = day_of(["--phases", "3", "--max-current", "10", day], capsys)
    assert found["ev_kwh"] == pytest.approx(2.6 * 3 * 230 * 10 / 1000, rel=0.03)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[supply]\nmax_current_a = 8.0\n", "6 to 8 A"),
        ("[supply]\nmains_v = 120.0\n", "120 V"),
        ("[feed]\nperiod_s = 300.0\n", "every 300 s"),
        ("[feed]\nwindow_s = 30.0\n", "window 30 s"),
        ('[feed]\nsemantics = "battery_power"\n', "battery_power every"),
        ("", "batterymonitor every 60 s, window 10 s"),
        ("[surplus]\nloan_wh = 99.0\n", "loan 99 Wh"),
        ("[surplus]\ncar_min_current_a = 8.0\n", "8 to"),
        ('[feed]\nkind = "fixed"\n', "whatever the sun does"),
    ],
)
def test_every_setting_of_the_file_is_in_force_and_shown(
    tmp_path: Path, text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy, minutes=30))
    assert main(["replay", "--config", config(tmp_path, text), day]) == 0
    assert shown in capsys.readouterr().out


def test_without_a_file_the_feed_is_the_shipped_one_and_an_option_changes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy, minutes=30))
    assert main(["replay", day]) == 0
    assert "shipped settings (no --config)" in (told := capsys.readouterr().out)
    assert "batterymonitor every 60 s" in told
    assert 'made them from its rows by the formula "minute"' in told
    assert main(["replay", "--semantics", "battery_power", day]) == 0
    assert "battery_power every 60 s" in (told := capsys.readouterr().out)
    assert "formula" not in told


def test_the_comparable_rules_are_the_shipped_ones_for_a_supply_of_32_a_and_a_feed_in_time() -> (
    None
):
    shipped = load_settings(None, environ={}).allotment_config()
    assert replace(shipped, max_current_a=32.0, window_s=0.0) == COMPARABLE


def test_the_feeds_period_is_the_plants(tmp_path: Path) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy, minutes=30))
    file = tmp_path / "trace.csv"
    settings = config(tmp_path, "[feed]\nperiod_s = 300.0\n")
    assert main(["replay", "--config", settings, "--trace", str(file), day]) == 0
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    assert sorted({int(row["feed_stamp_s"]) for row in rows}) == [0, 300, 600, 900, 1200, 1500]


def test_settings_are_compared_with_energy_loan_starts_and_money(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy))
    options = ["--compare", "loan_wh=160,640", "--price", "0.30", "--feed-in-price", "0.10"]
    assert main(["replay", *options, day]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "loan_wh=" in line]
    small, large = (next(row for row in rows if row[0] == f"loan_wh={wh}") for wh in (160, 640))
    assert float(large[6]) > float(small[6]), "more is lent"
    assert float(small[8]) == pytest.approx(0.2 * float(small[3]), abs=0.01), "price less feed-in"


def test_comparisons_multiply(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy, minutes=30))
    compare = ["--compare", "surplus.loan_wh=80,320", "--compare", "phases=1,3"]
    assert main(["replay", "--json", *compare, day]) == 0
    settings = [json.loads(line)["settings"] for line in capsys.readouterr().out.splitlines()]
    assert settings == [
        f"loan_wh={loan_wh} phases={phases}" for loan_wh in (80, 320) for phases in (1, 3)
    ]


@pytest.mark.parametrize(
    ("compare", "words"),
    [
        ("lone_wh=80", "there is no such setting"),
        ("loan_wh=many", "'many' is no float"),
        ("loan_wh=-5", "loan_wh is -5"),
        ("phases=1,4", "phases is 4"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused(
    tmp_path: Path, compare: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    day = str(write_day(tmp_path / "day.csv", cloudy, minutes=30))
    assert main(["replay", "--compare", compare, day]) == 65
    assert words in capsys.readouterr().err
