# SPDX-License-Identifier: GPL-3.0-or-later
"""Readings that belong to no car raise the fault that is theirs, and no other beside it."""

from __future__ import annotations

from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pilot_meter import Anomaly, PilotReading

LIMIT = Limit("feed", 16.0)


def reading(at: float, settled: PilotState, anomaly: Anomaly | None = None) -> PilotReading:
    """A burst in *settled*."""
    return PilotReading(
        at=at,
        state=settled,
        settled=settled,
        high_v={PilotState.A: 11.92, PilotState.D: 2.92}.get(settled, 0.0),
        low_v=None,
        live_for_s=0.0,
        anomaly=anomaly,
        lost=False,
    )


def test_a_missing_negative_half_without_a_car_is_no_diode_fault() -> None:
    evse = Evse(EvseConfig(front_end_proved=True), 0.0)

    evse.step(0.02, reading(0.02, PilotState.A, Anomaly.NO_DIODE), LIMIT)

    assert evse.faults == {}


def test_a_reading_that_jumps_to_d_in_a_pilot_fault_is_no_request_for_ventilation() -> None:
    evse = Evse(EvseConfig(front_end_proved=True), 0.0)
    evse.step(0.02, reading(0.02, PilotState.E, Anomaly.SHORTED), LIMIT)
    assert set(evse.faults) == {Fault.PILOT}

    evse.step(0.04, reading(0.04, PilotState.D), LIMIT)

    assert set(evse.faults) == {Fault.PILOT}
