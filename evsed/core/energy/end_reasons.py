# SPDX-License-Identifier: GPL-3.0-or-later
"""From the cause of an opened contactor to the reason that the history keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.energy.sessions import EndReason
from evsed.core.pilot.causes import CauseKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.causes import Cause

_OF_LIMIT: Final[Mapping[str, EndReason]] = {
    "feed": EndReason.FEED,
    "schedule": EndReason.SCHEDULE,
    "session": EndReason.SESSION,
    "plan": EndReason.PLAN,
    "owner": EndReason.OWNER,
    "openevse": EndReason.OPENEVSE,
    "mqtt": EndReason.MQTT,
    "ocpp": EndReason.OCPP,
    "button": EndReason.BUTTON,
    "http": EndReason.HTTP,
    "house": EndReason.HOUSE,
    "cable": EndReason.CABLE,
    "temperature": EndReason.TEMPERATURE,
    "daemon": EndReason.DAEMON,
}
_OF_KIND: Final[Mapping[CauseKind, EndReason]] = {
    CauseKind.FAULT: EndReason.FAULT,
    CauseKind.CAR: EndReason.CAR,
    # The pilot at A for less than half a second is a spike of the car's own switch.
    CauseKind.UNPLUGGED: EndReason.CAR,
    CauseKind.SHUTDOWN: EndReason.SHUTDOWN,
    CauseKind.BOARD_LOST: EndReason.BOARD_LOST,
    CauseKind.PILOT_LOST: EndReason.FAULT,
    CauseKind.LATE: EndReason.FAULT,
    CauseKind.CONTACTOR: EndReason.FAULT,
    CauseKind.NOT_PROVED: EndReason.FAULT,
    CauseKind.HOLD_OFF: EndReason.FAULT,
}


def reason_for(cause: Cause) -> EndReason:
    """Return the reason that the history keeps for *cause*.

    A car that is unplugged right after it let go is `EndReason.UNPLUGGED`: only the recorder, which
    sees the unplugging, can know.
    """
    if cause.kind is CauseKind.LIMIT:
        return _OF_LIMIT.get(cause.detail, EndReason.LIMIT)
    return _OF_KIND[cause.kind]
