# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of BatteryMonitor's demandmanager.py, version by version, as arithmetic.

Its excess is the power that would bring the battery's current to zero, and in most versions the
distance of the charge from its target on top. Charging is positive here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final

TRACK_STEP: Final = 0.01
"""A target that follows the charge moves by this share of the capacity (demandmanager.py)."""

NEVER_CHARGED: Final = -1.0


class Formula(enum.Enum):
    """Form in which the error of charge enters. The value is the word of the command line."""

    MINUTE = "minute"  # 60 x Ah x V: to be repaired within a minute (since 2021-10-17)
    HOUR = "hour"  # Ah x V: within an hour (January to October 2021)
    PLAIN = "plain"  # not at all: the power into the battery

    @property
    def per_hour(self) -> float:
        """Factor that turns the error of charge in Wh into watts."""
        return {Formula.MINUTE: 60.0, Formula.HOUR: 1.0, Formula.PLAIN: 0.0}[self]


@dataclass(slots=True)
class DemandManager:
    """BatteryMonitor's excess and its maximum, asked once for each page.

    `target_share` is `targetsoc`, `margin_share` is `minsocdif`, `tracking` is `tracksoc` (the
    target follows the charge in steps of 1 %, never below its setting), `tracking_down` is
    `trackdown`, `current_share` what the battery's current counts (0.7 in the oldest versions).
    `pace` is how many times faster than the server's clock the battery fills.
    """

    formula: Formula = Formula.MINUTE
    target_share: float = 0.9
    margin_share: float = 0.03
    tracking: bool = False
    tracking_down: bool = False
    current_share: float = 1.0
    pace: float = 1.0
    maximum_w: float = 5_000.0
    gate_open: bool = True
    tracked_share: float = field(default=NEVER_CHARGED, init=False)

    def excess_w(self, battery_w: float, charge_wh: float, capacity_wh: float) -> float:
        """The figure of this minute, in watts; the target moves after it has been used."""
        charge = charge_wh / capacity_wh
        if self.tracked_share == NEVER_CHARGED:
            self.tracked_share = (
                max(self.target_share, charge + self.margin_share)
                if self.tracking
                else self.target_share
            )
        figure_w = self.figure_w(battery_w, (charge - self.tracked_share) * capacity_wh)
        self._track(charge)
        if charge < self.tracked_share - self.margin_share:
            self.gate_open = False
        elif charge >= self.tracked_share:
            self.gate_open = True
        return figure_w

    def figure_w(self, battery_w: float, error_wh: float) -> float:
        """The figure for a charge that is so many watt-hours above its target."""
        return self.current_share * battery_w + self.formula.per_hour / self.pace * error_wh

    def allowed_w(self) -> float:
        """The maximum demand after the last figure: 0 while the battery comes first, in watts."""
        return self.maximum_w if self.gate_open else 0.0

    def _track(self, charge: float) -> None:
        if not self.tracking:
            return
        slack = 0.0 if self.tracking_down else self.margin_share
        if charge < self.tracked_share - slack - TRACK_STEP:
            self.tracked_share = max(self.target_share, self.tracked_share - TRACK_STEP)
        elif charge > self.tracked_share + self.margin_share:
            self.tracked_share += TRACK_STEP
