# SPDX-License-Identifier: GPL-3.0-or-later
"""The set of phases that the daemon asks the control process for, once a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.pilot.phase_set import PhaseWish
from evsed.core.solar.phase_choice import ChargeNow, PhaseChoice, PreferredSet
from evsed.core.solar.sun_ahead import UNKNOWN
from evsed.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from evsed.core.solar.allotment_config import AllotmentConfig
    from evsed.core.solar.allotment_result import AllotmentResult
    from evsed.core.user.usual_sun import UsualSun
    from evsed.link import Snapshot

    SunReader = Callable[[], Awaitable[UsualSun | None]]

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LEARNT_EVERY_S: Final = 900.0
"""The last days are asked for so often, in seconds; they are read once a day."""


class PhaseWishes:
    """Asks for one phase or all, and keeps the `choice` for the status.

    Only where phases are switched at all; *config* is the allotment's, for all phases of the box.
    *rises*: phases may rise under a car. *usual_sun* reads what is kept of the last days.
    """

    def __init__(self, config: AllotmentConfig, usual_sun: SunReader, *, rises: bool) -> None:
        self._rule = PhaseChoice(config, rises=rises)
        self._begun = False
        self._usual_sun = usual_sun
        self._sun: UsualSun | None = None
        self._ahead = UNKNOWN
        self.choice: PreferredSet | None = None

    def set_rules(self, config: AllotmentConfig) -> None:
        """Choose by the rules of *config* from now on; the box is the same."""
        self._rule.config = config

    async def learn_sun(self) -> None:
        """Keep what is known of the last days up to date, without end.

        It may run in another thread than the rest, which sees the old days or the new ones whole.
        """
        trouble = ""
        while True:
            try:
                self._sun, trouble = await self._usual_sun(), ""
            except StoreError as error:
                if str(error) != trouble:  # once, not each quarter of an hour
                    trouble = str(error)
                    log.warning(
                        "the last days cannot be read; phases are chosen without them, and evsed "
                        "reads them again each quarter of an hour",
                        reason=trouble,
                    )
            await asyncio.sleep(LEARNT_EVERY_S)

    def look_ahead(self, local: datetime) -> None:
        """Note what is expected of the day from now on, *local* on the wall clock."""
        self._ahead = self._sun.ahead(local) if self._sun is not None else UNKNOWN

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
        self.choice = self._rule.update(now, allotment, charge, period_s, self._ahead)
        return PhaseWish(self.choice.phases, until_at, self.choice.why)
