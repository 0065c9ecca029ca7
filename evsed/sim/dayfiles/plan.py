# SPDX-License-Identifier: GPL-3.0-or-later
"""The series that make the surplus, and their signs."""

from __future__ import annotations

from dataclasses import dataclass, field

from evsed.sim.dayfiles.quantity import Quantity
from evsed.sim.dayfiles.words import Role


@dataclass(frozen=True, slots=True)
class PlanPart:
    """Series that are added, and the sign with which they count for the surplus."""

    role: Role
    sign: int
    quantities: tuple[Quantity, ...]
    absolute: bool = False
    note: str = ""


@dataclass(slots=True)
class Plan:
    """The parts whose sum is the surplus, and the remarks about it."""

    parts: list[PlanPart]
    notes: list[str] = field(default_factory=list)
