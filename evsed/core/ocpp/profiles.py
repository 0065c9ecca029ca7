# SPDX-License-Identifier: GPL-3.0-or-later
"""A charging profile: a schedule of limits by the central system, in the terms of OCPP.

Moments of a profile are seconds since 1970 by the central system's clock. The names are those of
OCPP 1.6, section 7; OCPP 2.0.1 has the same under K01, with `ChargingStationMaxProfile`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_S: Final = 86_400
RECURRENCES: Final = {"Daily": DAY_S, "Weekly": 7 * DAY_S}
"""OCPP's `recurrencyKind`, and its seconds."""

MOST_PERIODS: Final = 300
"""Periods of one schedule: a day of five minutes each has 288."""

MOST_PHASES: Final = 3
"""The most that `numberPhases` may be."""

MOST_LIMIT: Final = 1e6
"""A limit beyond this, amperes or watts, is a mistake."""


class Purpose(Enum):
    """The purpose of a profile."""

    MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class ProfileKind(Enum):
    """The way in which the start of a schedule is found."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class ProfileError(ValueError):
    """A profile that makes no sense; the text tells why."""


@dataclass(frozen=True, slots=True)
class SchedulePeriod:
    """A limit from `start_s` seconds after the start of the schedule on.

    `phases` is how many may be used (`numberPhases`); 0: it names none, which is any.
    """

    start_s: float
    limit: float
    phases: int = 0


@dataclass(frozen=True, slots=True)
class Supply:
    """The mains: `volts` line to neutral, and the `phases` that a car may take."""

    volts: float
    phases: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Periods in amperes a phase (`unit` "A") or watts over all phases ("W").

    `start` is its first moment, None where the transaction or the acceptance gives it. It ends
    after `duration_s`; None: never. A limit under `least` is 0 (`minChargingRate`). Raises
    `ProfileError`.
    """

    unit: str
    periods: tuple[SchedulePeriod, ...]
    start: float | None = None
    duration_s: float | None = None
    least: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be followed."""
        starts = [period.start_s for period in self.periods]
        if not 0 < len(starts) <= MOST_PERIODS:
            raise ProfileError(f"a schedule has 1 to {MOST_PERIODS} periods, not {len(starts)}")
        if starts[0] != 0 or any(late <= early for early, late in pairwise(starts)):
            raise ProfileError("the periods must begin at 0 and rise")
        if self.unit not in ("A", "W"):
            raise ProfileError("the unit must be A or W")
        if not all(0 <= limit <= MOST_LIMIT for limit in (*self.limits, self.least)):
            raise ProfileError(f"a limit must be 0 to {MOST_LIMIT:g}")
        if not all(0 <= period.phases <= MOST_PHASES for period in self.periods):
            raise ProfileError(f"the number of phases must be 1 to {MOST_PHASES}")
        if self.duration_s is not None and not self.duration_s > 0:
            raise ProfileError("the duration must be above 0")

    @property
    def limits(self) -> tuple[float, ...]:
        """The limits of all periods."""
        return tuple(period.limit for period in self.periods)

    def index_at(self, elapsed_s: float) -> int:
        """Return the number of the period *elapsed_s* after the start."""
        return bisect_right(self.periods, elapsed_s, key=lambda period: period.start_s) - 1

    def amperes(self, index: int, supply: Supply) -> float:
        """Return the limit of period *index* in amperes a phase.

        Watts are shared among the phases of *supply*, which are those that the car is charged on as
        far as that is known. Amperes on fewer phases than those are shared like that, too, so that
        a box that cannot switch its phases draws no more in all.
        """
        period = self.periods[index]
        if period.limit < self.least:
            return 0.0
        if self.unit == "W":
            return period.limit / (supply.volts * supply.phases)
        return period.limit * min(1.0, (period.phases or supply.phases) / supply.phases)

    def shared_by(self, index: int, supply: Supply) -> int:
        """Return the phases from which on more of them leave less for each; 0: there are none."""
        if self.unit == "W":
            return supply.phases
        phases = self.periods[index].phases
        return max(phases, supply.phases) if phases else 0


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """One profile; `transaction` is the key of the transaction that it is for, "" any.

    `connector` 0 is the charge point, 1 its connector. Raises `ProfileError`.
    """

    id: int
    level: int
    purpose: Purpose
    kind: ProfileKind
    schedule: Schedule
    recurrence: str = ""
    valid_from: float | None = None
    valid_to: float | None = None
    transaction: str = ""
    connector: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be followed."""
        if self.kind is ProfileKind.RECURRING:
            if self.recurrence not in RECURRENCES:
                raise ProfileError("a recurring profile needs a recurrencyKind, Daily or Weekly")
            if self.schedule.start is None:
                raise ProfileError("a recurring profile needs a startSchedule")

    def elapsed_s(self, at: float, tx_at: float) -> float | None:
        """Return the seconds since the schedule's start at *at*; None where it is not in force.

        *tx_at* is the moment at which the transaction began.
        """
        if self.valid_from is not None and at < self.valid_from:
            return None
        if self.valid_to is not None and at >= self.valid_to:
            return None
        elapsed_s = at - self._begin(at, tx_at)
        duration_s = self.schedule.duration_s
        if elapsed_s < 0 or (duration_s is not None and elapsed_s >= duration_s):
            return None
        return elapsed_s

    def next_change(self, at: float, tx_at: float) -> float:
        """Return the first moment after *at* at which its limit may change; infinite: never."""
        begin = self._begin(at, tx_at)
        index = self.schedule.index_at(at - begin)
        found = [
            begin,
            *(begin + period.start_s for period in self.schedule.periods[index + 1 :][:1]),
        ]
        if self.schedule.duration_s is not None:
            found.append(begin + self.schedule.duration_s)
        if self.kind is ProfileKind.RECURRING:
            found.append(begin + RECURRENCES[self.recurrence])
        found += [edge for edge in (self.valid_from, self.valid_to) if edge is not None]
        return min((moment for moment in found if moment > at), default=math.inf)

    def _begin(self, at: float, tx_at: float) -> float:
        """Return the start of the schedule that counts at *at*."""
        start = self.schedule.start
        if start is None:  # OCPP 1.6, 7.13: relative to the start of charging
            return tx_at
        if self.kind is ProfileKind.RECURRING:
            return at - (at - start) % RECURRENCES[self.recurrence]
        return start

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        schedule = self.schedule
        return {
            "id": self.id,
            "level": self.level,
            "purpose": self.purpose.value,
            "kind": self.kind.value,
            "recurrence": self.recurrence,
            "valid_from": self.valid_from,
            "valid_to": self.valid_to,
            "transaction": self.transaction,
            "connector": self.connector,
            "unit": schedule.unit,
            "periods": [
                [period.start_s, period.limit, period.phases] for period in schedule.periods
            ],
            "start": schedule.start,
            "duration_s": schedule.duration_s,
            "least": schedule.least,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> ChargingProfile:
        """Return what `to_json()` gave. Raises KeyError, TypeError or ValueError otherwise."""
        return cls(
            id=kept["id"],
            level=kept["level"],
            purpose=Purpose(kept["purpose"]),
            kind=ProfileKind(kept["kind"]),
            schedule=Schedule(
                unit=kept["unit"],
                periods=tuple(SchedulePeriod(*period) for period in kept["periods"]),
                start=kept["start"],
                duration_s=kept["duration_s"],
                least=kept["least"],
            ),
            recurrence=kept["recurrence"],
            valid_from=kept["valid_from"],
            valid_to=kept["valid_to"],
            transaction=kept["transaction"],
            connector=kept["connector"],
        )
