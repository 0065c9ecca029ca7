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
    for key in ("safety.temperature_sensor", "supply.main_fuse_a"):
        assert (
            len([line for line in printed if line.startswith("# no") and f"({key})" in line]) == 1
        )


def test_every_optional_input_and_channel_is_a_barrier_with_its_own_line() -> None:
    optional = {key for key, value in Settings().inputs if value in (None, ())}

    assert optional == set(LINES)


def test_a_proof_that_the_owner_waived_is_named() -> None:
    waived = Settings.model_validate({"safety": {"allow_without_b": True}})

    assert [line for line in missing(waived) if "safety.allow_without_b" in line]


def test_a_barrier_that_is_wired_is_not_named() -> None:
    wired = Settings.model_validate(
        {
            "inputs": {
                "contactor_feedback_gpios": (25,),
                "ground_fault_gpio": 16,
                "ground_fault_test_gpio": 20,
                "emergency_stop_gpio": 12,
                "proximity_adc_channel": 1,
                "current_adc_channel": 2,
                "coil_supply_adc_channel": 3,
                "generator_adc_channel": 4,
            },
            "supply": {"main_fuse_a": 35.0},
            "meters": {"house": {"preset": "homewizard-p1", "url": "http://h"}},
            "safety": {"temperature_sensor": "28-0316a2795fff"},
        }
    )
    assert missing(wired) == []
