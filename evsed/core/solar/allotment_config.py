# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixed settings of the allotment: the mains, the feed, and the owner's knobs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final, Literal

Semantics = Literal["battery_power", "batterymonitor"]


LOAN_FOR_W: Final = 6.0 * 230.0
"""The least power that `loan_wh` is given for, in watts."""


PRICED_LOAN_WH: Final = 80.0
"""The battery's loan where prices are set: it only rides out noise around the threshold."""

LEAST_PRICE: Final = 0.05
"""An imported kWh counts for so much sun at least, so that no run begins without any."""


class Mode(Enum):
    """Mode that the owner chooses.  The value is the word in settings, JSON and logs."""

    OFF = "off"
    SOLAR = "solar"
    SOLAR_MIN = "solar_min"
    FAST = "fast"


@dataclass(frozen=True, kw_only=True)
class AllotmentConfig:
    """Settings of the allotment.  Raises ValueError naming the key that is impossible."""

    mains_v: float = 230.0
    """Line to neutral, in volts."""
    phases: int = 1
    """Phases the car is fed with: 1, 2 or 3."""
    max_current_a: float = 32.0
    """The most the feed may allot, in amperes per phase."""
    period_s: float = 60.0
    """The feed publishes once in this many seconds."""
    window_s: float = 0.0
    """The feed's value is the mean over this long before its stamp, in seconds; 0 is the moment."""
    semantics: Semantics = "batterymonitor"
    """Meaning of the feed's value: a correction in watts, or BatteryMonitor's mixture."""
    loan_wh: float = 320.0
    """The most the battery lends to ride through one cloud, on a sunny day; less on a dull one. For
    6 A on one phase of 230 V; it grows with the least power."""
    import_price: float | None = None
    """Cost of an imported kWh, in any currency; with the next two it replaces the loan."""
    feed_in_price: float | None = None
    """Yield of an exported kWh."""
    later_price: float | None = None
    """Cost of the same kWh when the car is charged at another time."""
    reserve_w: float = 0.0
    """Power always left to the battery, in watts; below 0 where the feed reads that much low."""
    battery_first_below: float = 0.0
    """Below this state of charge, 0 to 1, the house battery comes first, and the car gets what it
    cannot take; 0: the car always comes first. Needs a feed with the state of charge."""
    min_on_s: float = 600.0
    """The shortest run between a start and a stop for lack of sun, in seconds."""
    min_off_s: float = 300.0
    """The shortest pause between such a stop and the next start, in seconds."""
    start_share: float = 0.8
    """The share of the least power that the sun has to cover before a run starts, 0 to 1."""
    margin_share: float = 0.04
    """The offer stays this share of the least power below what is available while the sky is
    restless (55 W of 6 A x 230 V). It costs less sun than it spares the battery; found together
    with `start_share` by a search over 42 days of nine places (docs/solar.md)."""
    up_slew_a_per_s: float = 4.0
    """The fastest rise of the allotment, in amperes a second."""
    car_min_current_a: float = 6.0
    """The least current the car works at, in amperes; the standard's least is 6."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _within("mains_v", self.mains_v, 50, 500)
        _within("phases", self.phases, 1, 3)
        _within("car_min_current_a", self.car_min_current_a, 6, 80)
        _within("max_current_a", self.max_current_a, self.car_min_current_a, 80)
        _within("period_s", self.period_s, 1, 3600)
        _within("window_s", self.window_s, 0, self.period_s)
        _within("loan_wh", self.loan_wh, 0, 100_000)
        _within("reserve_w", self.reserve_w, -5_000, 100_000)
        _within("battery_first_below", self.battery_first_below, 0, 1)
        prices = (self.import_price, self.feed_in_price, self.later_price)
        if any(price is None for price in prices) and any(price is not None for price in prices):
            message = "import_price, feed_in_price and later_price go together: set all or none"
            raise ValueError(message)
        for name in ("import_price", "feed_in_price", "later_price"):
            price = getattr(self, name)
            if price is not None:
                _within(name, price, -1_000, 1_000)
        _within("min_on_s", self.min_on_s, 0, 86_400)
        _within("min_off_s", self.min_off_s, 0, 86_400)
        _within("start_share", self.start_share, 0, 1)
        _within("margin_share", self.margin_share, 0, 1)
        _within("up_slew_a_per_s", self.up_slew_a_per_s, 0.01, 100)
        if self.semantics not in ("battery_power", "batterymonitor"):
            message = f"semantics is {self.semantics!r}; it must be battery_power or batterymonitor"
            raise ValueError(message)

    @cached_property
    def watts_per_ampere(self) -> float:
        """The power of one ampere on every phase, in watts."""
        return self.mains_v * self.phases

    @cached_property
    def scaled_loan_wh(self) -> float:
        """`loan_wh` for as long a cloud at this least power, in watt-hours."""
        loan_wh = self.loan_wh if self.import_price is None else PRICED_LOAN_WH
        return loan_wh * self.least_w / LOAN_FOR_W

    @cached_property
    def solar_pays(self) -> bool:
        """False where a kWh of sun is worth more sold than in the car."""
        if self.feed_in_price is None or self.later_price is None:
            return True
        return self.later_price > self.feed_in_price

    @cached_property
    def solar_weight(self) -> float:
        """Weight of a watt of sun in starting, lending and stopping; 1 without prices.

        A kWh of sun in the car earns `later_price - feed_in_price`, an imported one loses
        `import_price - later_price`. Where that is p kWh of sun, a run is worth its imports while
        the sun covers p / (1 + p) of it.
        """
        if self.import_price is None or self.feed_in_price is None or self.later_price is None:
            return 1.0
        if not self.solar_pays:
            return 1.0
        price = (self.import_price - self.later_price) / (self.later_price - self.feed_in_price)
        return 1 + 1 / max(LEAST_PRICE, price)

    @cached_property
    def least_w(self) -> float:
        """The power of the least current, in watts."""
        return self.car_min_current_a * self.watts_per_ampere


def _within(name: str, value: float, least: float, most: float) -> None:
    """Raise ValueError unless `value` lies in the range; NaN lies in none."""
    if not least <= value <= most:
        message = f"{name} is {value}; it must lie between {least:g} and {most:g}"
        raise ValueError(message)
