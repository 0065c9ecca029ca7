# SPDX-License-Identifier: GPL-3.0-or-later
"""Days that evsed recorded itself, replayed with today's settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest

from evsed.cli import main
from evsed.core.energy.history import TraceRow
from evsed.store import Store

NOON = int(datetime(2026, 11, 20, 12).astimezone().timestamp())


def settings(folder: Path, rows: Iterable[TraceRow], more: str = "") -> str:
    """Settings whose store has *rows*."""
    path = folder / "evsed.db"
    store = Store(path)
    store.trace.add(list(rows))
    store.close()
    file = folder / "evsed.toml"
    text = f'[store]\npath = "{path}"\n[feed]\nsemantics = "battery_power"\n{more}'
    file.write_text(text, encoding="utf-8")
    return str(file)


def rows(minutes: int = 180, power_w: int = 0, state: str = "B1") -> list[TraceRow]:
    """Minutes with 3 kW for the car, of which it took *power_w*."""
    return [TraceRow(NOON + 60 * at, 60, 3000, power_w, power_w, 0, state) for at in range(minutes)]


def test_a_recorded_day_is_replayed_and_the_difference_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(tmp_path, rows())
    assert main(["replay", "--config", config, "--from-history", "2026-11-20"]) == 0
    shown = capsys.readouterr().out
    assert "recorded 0.00 kWh to the car, with today's settings" in shown
    assert "not charged then, would charge: 3.0 kW spare: as much as is allowed, 10 A" in shown


def test_a_day_that_would_be_the_same_names_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(tmp_path, rows(power_w=3000, state="C"))
    assert main(["replay", "--json", "--config", config, "--from-history", "2026-11-20"]) == 0
    day = json.loads(capsys.readouterr().out)
    assert day["surplus_kwh"] == pytest.approx(9.0, abs=0.01)
    assert not [line for line in day["differences"] if "would charge" in line and "13:" in line]


def test_times_without_a_car_are_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(tmp_path, rows(state="A"))
    assert main(["replay", "--config", config, "--from-history", "2026-11-20"]) == 0
    shown = capsys.readouterr().out
    assert "no car was plugged in" in shown
    assert "would charge" not in shown


def test_todays_settings_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = settings(tmp_path, rows(power_w=3000, state="C"), "[supply]\nphases = 3\n")
    assert main(["replay", "--config", config, "--from-history", "2026-11-20"]) == 0
    assert "charged then, would not charge: waiting for " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("date", "kept", "words"),
    [
        ("2026-11-19", rows(), "has no record of 2026-11-19; nothing was replayed. It has 1 days"),
        ("2026-11-20", [*rows(10), *rows(180)[100:]], "nothing was recorded for"),
        (
            "2026-11-20",
            [TraceRow(NOON + 60 * at, 60, None, 0, 0, None, "A") for at in range(9)],
            "what was spare is not known",
        ),
    ],
)
def test_what_was_not_recorded_is_said(
    tmp_path: Path, date: str, kept: list[TraceRow], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(tmp_path, kept)
    assert main(["replay", "--config", config, "--from-history", date]) == 65
    assert words in capsys.readouterr().err


def test_a_charger_without_a_store_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text(f'[store]\npath = "{tmp_path}/none.db"\n', encoding="utf-8")
    assert main(["replay", "--config", str(file), "--from-history", "2026-11-20"]) == 65
    assert "evsed has recorded nothing" in capsys.readouterr().err
