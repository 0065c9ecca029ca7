# SPDX-License-Identifier: GPL-3.0-or-later
"""No failed part of the pilot's reading closes the contactor on an empty plug."""

from __future__ import annotations

import pytest

from tests.core.pilot.part_faults import PartFault, outcome, part_faults

SOME = [
    fault
    for fault in part_faults()
    if fault.name.startswith(("converter: bit 8", "converter: bit 7", "receiver clips above 6"))
    or fault.name in ("generator: + side at 6 V", "receiver: gain 0.5, offset +0 V")
]


@pytest.mark.parametrize("fault", SOME, ids=lambda fault: fault.name)
def test_a_failed_part_closes_nothing_on_an_empty_plug_and_is_found_at_the_next_closing(
    fault: PartFault,
) -> None:
    """All of them: `make pilot-faults`."""
    found = outcome(fault)

    assert not found.closes_on_an_empty_plug, found
    assert not found.unnoticed, found
