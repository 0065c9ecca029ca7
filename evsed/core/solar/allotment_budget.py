# SPDX-License-Identifier: GPL-3.0-or-later
"""Power and current that the feed, the circuit and the owner allow at this moment."""

from __future__ import annotations

from dataclasses import replace

from evsed.core.solar.allotment_config import AllotmentConfig, Mode
from evsed.core.solar.car_needs import ORDINARY_CAR, CarNeeds
from evsed.core.solar.feed_news import FeedNews
from evsed.core.solar.surplus import Surplus


class Budget:
    """The feed's news, the owner's mode and the car's needs, and the figures that follow."""

    def __init__(self, config: AllotmentConfig, mode: Mode) -> None:
        """Begin without news, with an ordinary car."""
        self._shipped = config
        self.config = config
        """The settings, with the least current and the phases of the plugged car."""
        self.needs = ORDINARY_CAR
        self.mode = mode
        self.news = FeedNews()
        self.surplus = Surplus(config)

    def set_rules(self, config: AllotmentConfig) -> None:
        """Follow the owner's rules of *config*; its mains and feed are those of before."""
        self._shipped = config
        least_a, phases = self.config.car_min_current_a, self.config.phases
        self.config = replace(config, car_min_current_a=least_a, phases=phases)
        self.surplus.set_battery_first(config.battery_first_below)

    def set_car(self, needs: CarNeeds) -> None:
        """Take the *needs* of the plugged car into account."""
        before = self.needs
        switched = needs.set_phases != before.set_phases
        if switched or (needs.least_a, needs.phases) != (before.least_a, before.phases):
            shipped = self._shipped
            least_a = max(shipped.car_min_current_a, needs.least_a)
            least_a = min(least_a, shipped.max_current_a)
            box_phases = needs.set_phases or shipped.phases
            phases = min(needs.phases or box_phases, box_phases)
            self.config = replace(shipped, car_min_current_a=least_a, phases=phases)
            self.surplus.set_phases(phases, switched=switched)
        all_closed = needs.set_phases in (0, self._shipped.phases)
        self.surplus.set_phases_wanted(wanted=all_closed and not needs.phases_known)
        self.needs = needs

    def available_w(self) -> float:
        """Return the power for the car after the owner's reserve."""
        return self.surplus.spare.available_w - self.config.reserve_w

    def cap_a(self) -> float:
        """The most the feed and the circuit allow."""
        config, maximum_w = self.config, self.news.maximum_w
        if maximum_w is None:
            return config.max_current_a
        return min(config.max_current_a, maximum_w / config.watts_per_ampere)

    def floor_a(self, cap_a: float) -> float:
        """The least that is to be given without sun, in amperes; 0 where nothing is."""
        config, reading = self.config, self.news.reading
        minimum_w = reading.minimum_w if reading is not None else 0.0
        if minimum_w <= 0 and self.mode is not Mode.SOLAR_MIN and not self.needs.welcome:
            return 0.0
        return min(cap_a, max(config.car_min_current_a, minimum_w / config.watts_per_ampere))

    def given_w(self) -> float:
        """Return the power that is given on demand and therefore not lent."""
        return self.floor_a(self.config.max_current_a) * self.config.watts_per_ampere

    def covered_w(self) -> float:
        """Return the power that costs the battery nothing: the sun, or what is given on demand."""
        config = self.config
        solar_w = self.surplus.spare.solar_w - config.reserve_w
        return max(config.solar_weight * solar_w, self.given_w())
