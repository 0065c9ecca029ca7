# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check` names each barrier that an installation does without."""

from __future__ import annotations

from pathlib import Path

import pytest

from evsed.cli import main
from evsed.cli.barriers import LINES, missing
from evsed.settings import Settings


def test_each_barrier_that_is_not_wired_is_named_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text('[feed]\nkind = "fixed"\ncurrent_a = 10.0\n')
    assert main(["check", "--config", str(file)]) == 0
    printed = capsys.readouterr().out.splitlines()
    for key in LINES:
        assert len([line for line in printed if f"(inputs.{key})" in line]) == 1
    assert any("safety.temperature_sensor" in line for line in printed if line.startswith("# no"))


def test_a_barrier_that_is_wired_is_not_named() -> None:
    wired = Settings.model_validate(
        {
            "inputs": {
                "contactor_feedback_gpios": (25,),
                "ground_fault_gpio": 16,
                "ground_fault_test_gpio": 20,
                "emergency_stop_gpio": 12,
                "current_adc_channel": 2,
            },
            "safety": {"temperature_sensor": "28-0316a2795fff"},
        }
    )
    assert missing(wired) == []
