# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are sound and yet unlikely are named; usual ones are not."""

from __future__ import annotations

from typing import Any

import pytest

from evsed.settings import Settings
from evsed.settings.hints import hints
from evsed.settings.sections import SupplySettings

USUAL: dict[str, Any] = {"supply": {"mains_v": 230.0, "phases": 3, "max_current_a": 16.0}}


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, "supply.max_current_a"),
        ({"supply": {"phases": 3, "max_current_a": 48.0}}, "3 x 48 A are 33 kW"),
        (USUAL | {"surplus": {"min_on_s": 10.0}}, "surplus.min_on_s"),
        (USUAL | {"surplus": {"min_off_s": 10.0}}, "surplus.min_off_s"),
    ],
)
def test_the_unlikely_is_named_once(given: dict[str, Any], key: str) -> None:
    found = list(hints(Settings.model_validate(given)))
    assert len([line for line in found if key in line]) == len(found) == 1


def test_a_main_fuse_that_is_smaller_than_the_circuit_is_named() -> None:
    supply = SupplySettings(max_current_a=32.0, main_fuse_a=25.0)
    settings = Settings.model_validate(USUAL).model_copy(update={"supply": supply})
    assert [line[:20] for line in hints(settings)] == ["the main fuse, 25 A,"]


def test_usual_settings_have_no_hint() -> None:
    assert list(hints(Settings.model_validate(USUAL))) == []
