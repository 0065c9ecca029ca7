# SPDX-License-Identifier: GPL-3.0-or-later
"""A house battery by its state of charge: full, or first in turn."""

from __future__ import annotations

import pytest

from evsed.core.solar.house_battery import BatteryTurn, throttles


@pytest.mark.parametrize(
    ("soc", "grid_w", "battery_w", "full"),
    [
        (None, None, None, False),  # nothing is known of a battery
        (0.96, None, None, False),  # it still takes what there is
        (0.97, None, None, True),
        (1.0, -30.0, 0.0, True),  # nothing flows to the grid, so sun may be hidden
        (1.0, -800.0, 0.0, False),  # the sun has a way out
        (1.0, -30.0, None, False),  # the figure would not show what the battery gives
    ],
)
def test_a_full_battery_throttles_unless_the_sun_has_a_way_out(
    soc: float | None,
    grid_w: float | None,
    battery_w: float | None,
    full: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert throttles(soc, grid_w, battery_w) is full


def test_a_battery_comes_first_up_to_its_charge_and_again_when_it_has_lost_some() -> None:
    turn = BatteryTurn(0.8)

    assert [turn.update(soc) for soc in (0.5, 0.79, 0.8, 0.78, 0.771, 0.76, 0.79, 0.81)] == [
        *(True, True, False, False, False, True, True, False)
    ]


@pytest.mark.parametrize(("below", "soc"), [(0.0, 0.1), (0.8, None)])
def test_without_a_charge_to_reach_the_car_comes_first(below: float, soc: float | None) -> None:
    assert BatteryTurn(below).update(soc) is False
