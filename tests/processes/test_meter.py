# SPDX-License-Identifier: GPL-3.0-or-later
"""A current transformer on the simulated converter, read through pigpiod by the real processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.rig import wait_until

if TYPE_CHECKING:
    from tests.processes.rig import Rig


def test_what_the_transformer_sees_is_what_the_session_counts(rig: Rig) -> None:
    rig.charge(EVSED_INPUTS__CURRENT_ADC_CHANNEL="2")

    def counted() -> dict[str, Any] | None:
        status = rig.status()
        drawn = pytest.approx(rig.pi.order("state")["drawn_a"], rel=0.03)
        if status is None or status["drawn_a"] < 0.95 * status["offered_a"]:
            return None  # the car, or the mean over the last seconds, is still on its way up
        counted = status["session"]["energy_wh"] > 0
        return status if counted and status["drawn_a"] == drawn else None

    status = wait_until("the car draws what it is offered", counted)
    assert status is not None
    assert status["drawn_measured"]
    assert status["session"]["energy_measured"]
    assert not status["faults"]
