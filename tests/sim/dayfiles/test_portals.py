# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of further portals and grid operators: read right, or refused with words that help."""

from __future__ import annotations

import pytest

from tests.sim.dayfiles.portals import PORTALS, file_of
from tests.sim.dayfiles.variants import Variant, day, outcome, surplus_kwh


def outcome_of(name: str) -> str:
    """Right, refused or wrong."""
    portal = PORTALS[name]
    truth_kwh = surplus_kwh(day(portal.step_min), portal.step_min)
    return outcome(Variant(name, file_of(portal), truth_kwh))


@pytest.mark.parametrize("name", [name for name, portal in PORTALS.items() if not portal.refusal])
def test_the_portal_is_read_right(name: str) -> None:
    assert outcome_of(name) == "right"


@pytest.mark.parametrize("name", [name for name, portal in PORTALS.items() if portal.refusal])
def test_a_file_without_a_sure_surplus_is_refused_with_what_it_lacks(name: str) -> None:
    found = outcome_of(name)
    assert found.startswith("refused")
    assert PORTALS[name].refusal in found
    assert "replayed" in found
