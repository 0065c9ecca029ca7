# SPDX-License-Identifier: GPL-3.0-or-later
"""A converter or a bus that fails between its channels or in time, over the real boards.

In a charge over pigpiod, and some over the kernel board; `make matrix` has all moments of both.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.boards.single_parts.converter_faults import FAULTS, OF_THIS_CAR
from tests.boards.single_parts.stories import LIVE_WITHIN_S, converter_outcome

IN_A_CHARGE = [name for name in FAULTS if name != OF_THIS_CAR]
ON_THE_KERNEL = ["the bus always gives the coil's supply", "pilot and generator swapped"]


@pytest.mark.parametrize(
    ("pi", "name"), [*product(["pigpio"], IN_A_CHARGE), *product(["kernel"], ON_THE_KERNEL)]
)
def test_a_converter_that_fails_in_a_charge_leaves_no_empty_plug_live_for_300_ms(
    pi: str, name: str
) -> None:
    story = converter_outcome(pi, name, "during", channels=False)

    assert story.live_s <= LIVE_WITHIN_S
    assert not story.live_at_end


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["pilot and coil's supply bridged", OF_THIS_CAR])
def test_a_converter_that_fails_without_a_car_closes_nothing_on_an_empty_plug(
    name: str, moment: str
) -> None:
    story = converter_outcome("pigpio", name, moment, channels=False)

    assert story.live_s == 0.0
