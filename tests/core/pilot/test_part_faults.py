# SPDX-License-Identifier: GPL-3.0-or-later
"""No failed part of the pilot's reading closes the contactor on an empty plug, or holds it long."""

from __future__ import annotations

import pytest

from tests.core.pilot.bursts import FRONT_END, code
from tests.core.pilot.part_faults import (
    HELD_S,
    PartFault,
    found_by_channel_4,
    live_s,
    next_closing,
    outcome,
    part_faults,
    unplugged,
)

ALL = list(part_faults())
SOME = [
    fault
    for fault in ALL
    if fault.name.startswith(("converter: bit 8", "receiver clips above 6 V"))
    or fault.name in ("generator: + side at 6 V", "divider: 40 kohm from its tap to ground")
]
STUCK = [
    fault
    for fault in ALL
    if fault.name.removeprefix("receiver clips above ") in ("7 V", "6.6 V", "6 V", "5.4 V", "5 V")
    or fault.name == "converter: bit 8 stuck at 0"
]
DETECTED_S = 0.041  # two bursts
SOFTLY_S = 6.6  # the level strays for half a second, and the car has 6 s to let go
UNSEEN_V = 0.5  # of the level of this car's C, in which a part may be stuck unseen


@pytest.mark.parametrize("fault", SOME, ids=lambda fault: fault.name)
def test_a_failed_part_closes_nothing_on_an_empty_plug_and_is_found_at_the_next_closing(
    fault: PartFault,
) -> None:
    """All of them: `make pilot-faults`."""
    found = outcome(fault)

    assert not found.closes_on_an_empty_plug, found
    assert not found.unnoticed, found


def test_a_part_that_fails_in_a_charge_is_found_unless_it_sticks_at_the_level_of_this_car() -> None:
    held = []
    for fault in ALL:
        story = unplugged(fault)
        seconds = live_s(story)
        if seconds > DETECTED_S:
            assert not next_closing(story), fault.name
        if seconds > SOFTLY_S:
            held.append(fault.name)

    assert held == [f"receiver clips above {at_v} V" for at_v in ("6.3", "6", "5.7")]


@pytest.mark.parametrize("level_v", [5.2, 6.7])
def test_a_stuck_receiver_is_noticed_where_it_leaves_the_level_of_this_cars_c_by_half_a_volt(
    level_v: float,
) -> None:
    for fault in STUCK:
        empty_v = _read_v(fault, 11.92)
        story = unplugged(fault, level=level_v)
        held = live_s(story) >= HELD_S

        assert held <= (abs(empty_v - level_v) < UNSEEN_V + 0.05), (fault.name, empty_v)
        assert not (held and next_closing(story)), fault.name


def _read_v(fault: PartFault, volts: float) -> float:
    zero, step = FRONT_END.volts_at_code_0, FRONT_END.volts_per_code
    return zero + step * fault.codes(code(volts))


def test_the_generators_own_channel_finds_a_failed_generator_and_what_matters_of_a_converter() -> (
    None
):
    """Whatever hangs on the pilot, in half a second, also in the middle of a charge."""
    unseen = [
        fault.name
        for fault in ALL
        if (fault.at_converter or fault.at_generator) and not found_by_channel_4(fault)
    ]

    # The low bits are worth 0.4 V at most.
    assert {name.partition(" stuck")[0] for name in unseen} <= {
        *(f"converter: bit {bit}" for bit in range(5)),
        "reference at 3.5 V, of the converter",  # 5.7 % off
    }
