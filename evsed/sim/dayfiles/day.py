# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded day as it is replayed."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """One day: its `name`, when it `started`, and the surplus of each second from then on, in W.

    `dated` is False where the file has no date; `notes` say what its columns were taken for.
    """

    name: str
    started: datetime
    surplus_w: array[float]
    notes: tuple[str, ...] = ()
    dated: bool = True
