# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes of a withdrawn offer or an opened contactor, as values that programs compare.

The sentence for people travels beside it, in the event's `why`; nothing is inferred from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CauseKind(Enum):
    """Every kind of cause."""

    LIMIT = "limit"  # the lowest limit is under 6 A; `detail` is its owner
    FAULT = "fault"  # `detail` is the fault's published name
    CAR = "car"  # the car opened S2
    UNPLUGGED = "unplugged"  # the pilot is at A
    SHUTDOWN = "shutdown"  # evsed was asked to stop, or its daemon is gone
    BOARD_LOST = "board_lost"
    PILOT_LOST = "pilot_lost"  # 60 ms without a readable burst
    LATE = "late"  # a beat came late: a dead-man may have opened the contactor
    CONTACTOR = "contactor"  # its contacts opened by themselves, or did not close
    NOT_PROVED = "not_proved"  # the pilot was not read without a car yet
    HOLD_OFF = "hold_off"  # the pause after a fault, a restart, or too many askings


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: its kind and, for a limit or a fault, whose or which."""

    kind: CauseKind
    detail: str = ""

    @classmethod
    def limit(cls, owner: str) -> Cause:
        """The limit of *owner* was the lowest, and under 6 A."""
        return cls(CauseKind.LIMIT, owner)

    @classmethod
    def fault(cls, name: str) -> Cause:
        """The fault of that published *name*."""
        return cls(CauseKind.FAULT, name)


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause with its sentence for people, and the seconds until it ends if that is known."""

    cause: Cause
    why: str
    left_s: float = 0.0


CAR = Cause(CauseKind.CAR)
UNPLUGGED = Cause(CauseKind.UNPLUGGED)
SHUTDOWN = Cause(CauseKind.SHUTDOWN)
BOARD_LOST = Cause(CauseKind.BOARD_LOST)
PILOT_LOST = Cause(CauseKind.PILOT_LOST)
LATE = Cause(CauseKind.LATE)
CONTACTOR = Cause(CauseKind.CONTACTOR)
NOT_PROVED = Cause(CauseKind.NOT_PROVED)
HOLD_OFF = Cause(CauseKind.HOLD_OFF)
