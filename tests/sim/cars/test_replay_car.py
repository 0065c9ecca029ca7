# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay --car` tries a car of the library on a recorded day."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HOUR = "time,surplus_w\n" + "".join(
    f"2026-06-21T{9 + at // 60:02}:{at % 60:02}:00,3000\n" for at in range(70)
)


def replay(day: Path, car: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evsed", "replay", str(day), "--car", car],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def day(tmp_path: Path) -> Path:
    path = tmp_path / "sunny.csv"
    path.write_text(HOUR, encoding="utf-8")
    return path


def test_a_car_of_the_library_is_tried_on_the_day(day: Path) -> None:
    answer = replay(day, "late-60s,after_s=90")
    assert answer.returncode == 0
    assert "sunny: late-60s,after_s=90" in answer.stdout
    assert "closings  1, at most 1 in an hour; 0 openings under load" in answer.stdout
    assert "faults    none" in answer.stdout


def test_a_car_that_is_not_in_the_library_is_refused_with_those_that_are(day: Path) -> None:
    answer = replay(day, "trabant")
    assert answer.returncode == 65
    assert "there is no car 'trabant'; there are ordinary" in answer.stderr
