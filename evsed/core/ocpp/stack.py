# SPDX-License-Identifier: GPL-3.0-or-later
"""All charging profiles together, and the composite schedule that they amount to.

OCPP 1.6, section 3.13: of one purpose the highest stack level that is in force wins; a TxProfile
goes before a TxDefaultProfile, one of the connector before one of the charge point; the
ChargePointMaxProfile is a ceiling beside either, so the lower of the two counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from evsed.core.ocpp.profiles import ChargingProfile, Purpose, Supply

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_PROFILES: Final = 20
MOST_LEVEL: Final = 9
MOST_STEPS: Final = 1000
"""Steps of a composite schedule that are worked out; a longer one ends there."""
HAIR_S: Final = 0.001
"""A change is read this much after it: floats of this size have steps of 0.2 microseconds."""


@dataclass(frozen=True, slots=True)
class Tx:
    """A transaction as profiles see it: its `key`, and `at`, the moment at which it began."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class Bound:
    """The limit at one moment, amperes a phase, and the profile that gives it; None: no limit.

    `phases` is how many may be used, 0: any. Where more than `shared_by` are, each has less (see
    `Schedule`).
    """

    max_a: float | None = None
    profile: ChargingProfile | None = None
    phases: int = 0
    shared_by: int = 0


@dataclass(frozen=True, slots=True)
class CompositeStep:
    """`bound` holds from the moment `at` on."""

    at: float
    bound: Bound


@dataclass(frozen=True, slots=True)
class ProfileStack:
    """The profiles that the central system has installed."""

    profiles: tuple[ChargingProfile, ...] = ()

    def placed(self, profile: ChargingProfile) -> ProfileStack:
        """Return the stack with *profile*, in place of one with its id or with its very place."""
        place = (profile.purpose, profile.level, profile.connector, profile.transaction)
        kept = tuple(
            old
            for old in self.profiles
            if old.id != profile.id
            and (old.purpose, old.level, old.connector, old.transaction) != place
        )
        return ProfileStack((*kept, profile))

    def cleared(
        self,
        *,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        level: int | None = None,
    ) -> ProfileStack:
        """Return the stack without the profiles that match all that is given; an id goes alone."""
        if profile_id is not None:
            return self._without(old for old in self.profiles if old.id == profile_id)
        return self._without(
            old
            for old in self.profiles
            if connector in (None, old.connector)
            and purpose in (None, old.purpose)
            and level in (None, old.level)
        )

    def after(self, at: float, transaction: str) -> ProfileStack:
        """Return the stack at *at* without what is over; *transaction* is under way, "" none."""
        return self._without(
            old
            for old in self.profiles
            if (old.valid_to is not None and at >= old.valid_to)
            or (old.purpose is Purpose.TX and old.transaction != transaction)
        )

    def _without(self, gone: Iterable[ChargingProfile]) -> ProfileStack:
        ended = set(gone)
        left = tuple(old for old in self.profiles if old not in ended)
        return self if len(left) == len(self.profiles) else ProfileStack(left)

    def bound(self, at: float, tx: Tx | None, supply: Supply) -> Bound:
        """Return the limit at *at*; without a transaction as for one that would begin then."""
        most = self._of(Purpose.MAX, at, tx, supply)
        own = self._of(Purpose.TX, at, tx, supply) if tx is not None else Bound()
        if own.max_a is None:
            own = self._of(Purpose.TX_DEFAULT, at, tx, supply)
        low = min(own, most, key=lambda bound: math.inf if bound.max_a is None else bound.max_a)
        phases = min((b.phases for b in (own, most) if b.phases), default=0)
        return replace(low, phases=phases)

    def most(self, at: float, tx: Tx | None, supply: Supply) -> Bound:
        """Return the limit of the whole charge point (ChargePointMaxProfile) alone."""
        return self._of(Purpose.MAX, at, tx, supply)

    def _of(self, purpose: Purpose, at: float, tx: Tx | None, supply: Supply) -> Bound:
        tx_at = at if tx is None else tx.at
        best: tuple[tuple[int, int], Bound] | None = None
        for profile in self.profiles:
            if profile.purpose is not purpose:
                continue
            if profile.transaction and (tx is None or profile.transaction != tx.key):
                continue
            elapsed_s = profile.elapsed_s(at, tx_at)
            rank = (profile.connector, profile.level)
            if elapsed_s is not None and (best is None or rank > best[0]):
                schedule = profile.schedule
                index = schedule.index_at(elapsed_s)
                max_a, shared_by = (
                    schedule.amperes(index, supply),
                    schedule.shared_by(index, supply),
                )
                best = (rank, Bound(max_a, profile, schedule.periods[index].phases, shared_by))
        return Bound() if best is None else best[1]

    def composite(
        self, first: float, last: float, tx: Tx | None, supply: Supply
    ) -> tuple[CompositeStep, ...]:
        """Return the limits from *first* to before *last*, one step for each change."""
        # Without a transaction, one that begins at *first* is meant.
        meant = tx or Tx("", first)
        steps = [CompositeStep(first, self.bound(first, meant, supply))]
        at = first
        for _ in range(MOST_STEPS):
            after = at + HAIR_S
            at = min((p.next_change(after, meant.at) for p in self.profiles), default=math.inf)
            if at >= last:
                break
            bound = self.bound(at + HAIR_S, meant, supply)
            before = steps[-1].bound
            if (bound.max_a, bound.phases) != (before.max_a, before.phases):
                steps.append(CompositeStep(at, bound))
        return tuple(steps)

    def to_json(self) -> list[dict[str, Any]]:
        """Return it in JSON's own types."""
        return [profile.to_json() for profile in self.profiles]

    @classmethod
    def from_json(cls, kept: Any) -> ProfileStack:  # noqa: ANN401 - what stands in a file
        """Return what `to_json()` gave. Raises KeyError, TypeError or ValueError otherwise."""
        return cls(tuple(ChargingProfile.from_json(profile) for profile in kept))
