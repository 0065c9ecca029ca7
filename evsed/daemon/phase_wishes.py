# SPDX-License-Identifier: GPL-3.0-or-later
"""The set of phases that the daemon asks the control process for, once a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot.phase_set import PhaseWish
from evsed.core.solar.phase_choice import ChargeNow, PhaseChoice, PreferredSet

if TYPE_CHECKING:
    from evsed.core.solar.allotment_config import AllotmentConfig
    from evsed.core.solar.allotment_result import AllotmentResult
    from evsed.link import Snapshot


class PhaseWishes:
    """Asks for one phase or all, and keeps the `choice` for the status.

    Only where phases are switched at all; *config* is the allotment's, for all phases of the box.
    *rises*: phases may rise under a car.
    """

    def __init__(self, config: AllotmentConfig, *, rises: bool) -> None:
        self._rule = PhaseChoice(config, rises=rises)
        self._begun = False
        self.choice: PreferredSet | None = None

    def set_rules(self, config: AllotmentConfig) -> None:
        """Choose by the rules of *config* from now on; the box is the same."""
        self._rule.config = config

    def update(
        self,
        now: float,
        snapshot: Snapshot | None,
        allotment: AllotmentResult | None,
        *,
        car_phases: int,
        fast: bool,
        most_phases: int,
        period_s: float,
        until_at: float,
    ) -> PhaseWish | None:
        """Return the wish at *now*, which holds until *until_at*; None where nothing is known.

        *allotment*: None where a fixed current takes the place of a feed. *car_phases*: what the
        car can use, 0 where that is not known. *most_phases*: what a central system allows, 0: any.
        """
        if snapshot is None:
            self.choice = None
            return None
        self._begun = snapshot.plugged and (self._begun or snapshot.closed > 0)
        charge = ChargeNow(
            phases=snapshot.outputs,
            plugged=snapshot.plugged,
            begun=self._begun,
            car_phases=car_phases,
            fast=fast,
            switching_to=snapshot.switching_to,
            most_phases=most_phases,
        )
        self.choice = self._rule.update(now, allotment, charge, period_s)
        return PhaseWish(self.choice.phases, until_at, self.choice.why)
