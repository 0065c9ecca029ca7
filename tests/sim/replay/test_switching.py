# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay --switching`: what one phase or three would have got on a day."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evsed.cli import main

HOUR = 60


def steps(folder: Path, *spare_w: float) -> Path:
    """A file of so many hours, each with a surplus of its own."""
    rows = [
        f"{1_700_000_000 + 60 * minute},{spare_w[min(minute // HOUR, len(spare_w) - 1)]}"
        for minute in range(HOUR * len(spare_w) + 1)
    ]
    path = folder / "day.csv"
    path.write_text("time,surplus_w\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


PLAIN = ("--semantics", "battery_power", "--phases", "3", "--max-current", "16")


def replay(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    assert main(["replay", "--json", *PLAIN, *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_change_of_phases_captures_what_one_set_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One phase takes 2.5 kW, three take 8: a morning, a noon and an afternoon."""
    day = steps(tmp_path, 2500.0, 8000.0, 2500.0)

    off, auto = replay(capsys, "--compare", "switching=off,auto", str(day))

    assert (off["phase_changes"], auto["phase_changes"]) == (0, 2)
    assert auto["captured_kwh"] > 11.0  # of 13
    assert off["captured_kwh"] < 9.0


def test_the_reasons_and_the_trace_show_each_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace.csv"
    day = steps(tmp_path, 8000.0, 2500.0)

    (found,) = replay(capsys, "--switching", "down", "--trace", str(trace), str(day))

    reasons = [line["text"] for line in found["reasons"] if line["kind"] == "phases"]
    assert len(reasons) == 2  # before the first closing it costs nothing
    assert reasons[-1].startswith("phases switched from 3 to 1: 2.5 kW spare")
    rows = list(csv.DictReader(trace.read_text(encoding="utf-8").splitlines()))
    assert {row["phases"] for row in rows} == {"1", "3"}
    ev_kwh = sum(float(row["drawn_a"]) * 230 * int(row["phases"]) for row in rows) / 3.6e6
    assert found["ev_kwh"] == pytest.approx(ev_kwh, abs=0.001)
    for before, after in pairwise(rows):
        if before["phases"] != after["phases"]:
            assert before["contactor"] == after["contactor"] == "0"


def test_the_hazard_of_auto_is_shown_with_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = steps(tmp_path, 8000.0)
    assert main(["replay", *PLAIN, "--compare", "switching=off,auto", str(day)]) == 0
    shown = capsys.readouterr().out
    assert "short circuit between L1 and L2" in shown
    assert "1.38 kW are enough for one phase" in shown
    assert main(["replay", *PLAIN, "--switching", "down", str(day)]) == 0
    shown = capsys.readouterr().out
    assert "short circuit" not in shown
    assert 'contactor.switching "down"' in shown


def test_the_settings_of_the_charger_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "evsed.toml"
    config.write_text(
        "[supply]\nphases = 3\nmax_current_a = 16.0\n"
        "[contactor]\nswitching = 'unplugged'\n"
        "[board.pigpio]\ncontactor_gpios = [5, 6, 13]\n"
    )
    day = steps(tmp_path, 8000.0)
    assert main(["replay", "--config", str(config), str(day)]) == 0
    assert 'contactor.switching "unplugged"' in capsys.readouterr().out


@pytest.mark.parametrize("options", [("--switching", "down"), ("--compare", "switching=auto")])
def test_one_phase_has_nothing_to_switch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, str]
) -> None:
    assert main(["replay", "--phases", "1", *options, str(steps(tmp_path, 3000.0))]) == 65
    assert "Give --phases 3" in capsys.readouterr().err


def test_a_setting_that_is_none_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--compare", "switching=sometimes")
    assert main(["replay", *PLAIN, *options, str(steps(tmp_path, 3000.0))]) == 65
    assert "is no off, unplugged, down or auto" in capsys.readouterr().err
