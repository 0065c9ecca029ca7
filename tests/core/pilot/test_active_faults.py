# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that are active: how the owner ends them."""

from __future__ import annotations

from evsed.core.pilot.active_faults import ActiveFaults
from evsed.core.pilot.faults import Fault, Recovery


def test_an_acknowledgement_may_be_for_some_faults_only() -> None:
    waiting = [fault for fault in Fault if fault.kind.recovery is Recovery.ACKNOWLEDGE][:2]
    faults = ActiveFaults()
    for fault in waiting:
        faults.add(0.0, fault, "measured")
    faults.acknowledge(1.0, only=waiting[:1])
    assert list(faults) == waiting[1:]
    faults.acknowledge(2.0)
    assert not list(faults)
