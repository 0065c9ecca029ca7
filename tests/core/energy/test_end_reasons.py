# SPDX-License-Identifier: GPL-3.0-or-later
"""The reason that the history keeps for each cause of an opened contactor."""

from __future__ import annotations

import pytest

from evsed.core.energy.end_reasons import reason_for
from evsed.core.energy.sessions import EndReason
from evsed.core.pilot.causes import Cause, CauseKind

OF_KIND = {
    CauseKind.FAULT: EndReason.FAULT,
    CauseKind.CAR: EndReason.CAR,
    CauseKind.UNPLUGGED: EndReason.CAR,
    CauseKind.SHUTDOWN: EndReason.SHUTDOWN,
    CauseKind.BOARD_LOST: EndReason.BOARD_LOST,
    CauseKind.PILOT_LOST: EndReason.FAULT,
    CauseKind.LATE: EndReason.FAULT,
    CauseKind.CONTACTOR: EndReason.FAULT,
    CauseKind.NOT_PROVED: EndReason.FAULT,
    CauseKind.HOLD_OFF: EndReason.FAULT,
}


@pytest.mark.parametrize("kind", [kind for kind in CauseKind if kind is not CauseKind.LIMIT])
def test_every_kind_of_cause_has_its_reason(kind: CauseKind) -> None:
    assert reason_for(Cause(kind)) is OF_KIND[kind]


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        ("feed", EndReason.FEED),
        ("schedule", EndReason.SCHEDULE),
        ("session", EndReason.SESSION),
        ("plan", EndReason.PLAN),
        ("owner", EndReason.OWNER),
        ("openevse", EndReason.OPENEVSE),
        ("mqtt", EndReason.MQTT),
        ("ocpp", EndReason.OCPP),
        ("button", EndReason.BUTTON),
        ("house", EndReason.HOUSE),
        ("cable", EndReason.CABLE),
        ("temperature", EndReason.TEMPERATURE),
        ("daemon", EndReason.DAEMON),
        ("supply", EndReason.LIMIT),
        ("an owner of later days", EndReason.LIMIT),
    ],
)
def test_a_limit_ends_a_charge_in_the_name_of_its_owner(owner: str, reason: EndReason) -> None:
    assert reason_for(Cause.limit(owner)) is reason


def test_a_fault_is_a_fault_whatever_its_name() -> None:
    assert reason_for(Cause.fault("feed")) is EndReason.FAULT
