# SPDX-License-Identifier: GPL-3.0-or-later
"""From the feed's word to the power there is for the car.

The feed says how many watts are still spare with the car drawing what it draws.  Adding the car's
own draw over the feed's own window gives the power available, whatever the latency, because the old
draw cancels out exactly.  BatteryMonitor mixes a second thing into its value, a wish to repair the
state of charge within one minute; an observer takes the two apart again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.core.solar.own_consumption import CarMaximum, OwnConsumption

if TYPE_CHECKING:
    from evsed.core.solar.allotment_config import AllotmentConfig

HISTORY_PERIODS: Final = 6.0
"""The car's draw is remembered for this many periods of the feed."""

REPAY_PERIODS: Final = 20.0
"""The error in the state of charge is repaid over this many periods of the feed instead of one."""

BIAS_LEAST_W: Final = -150.0
"""The most that a battery below its target takes from the car, in watts."""

BIAS_MOST_SHARE: Final = 1.09
"""The most that a battery above its target gives, as a share of the least power (1.5 kW where that
is 6 A at 230 V): so that a full battery behind throttled panels still starts a charge."""

FULL_SOC: Final = 0.97
"""From this state of charge on, a battery may be throttling the panels."""

HELPS_W: Final = -50.0
"""A full battery that gives more than this helps out, so nothing is throttled; in watts."""

PROBE_FIRST_W: Final = 90.0
"""The first step beyond what is seen, in watts."""

REST_READINGS: Final = 35.0
"""After a run that met no sun at all, the next is not tried for so many readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One piece of news from the feed.

    `excess_w` is still spare with the car drawing what it draws, negative when too much is taken.
    `minimum_w` is to be given even when the sun does not cover it; `maximum_w` caps, 0 forbids,
    None is no cap.  `stamp` is the feed's own mark and serves as an identity only.  `age_s` is the
    feed's clock at arrival minus its stamp.  `soc` is the battery's state of charge, 0 to 1, where
    the feed knows it.

    Raises ValueError for a figure that is not finite or out of range.
    """

    excess_w: float
    minimum_w: float = 0.0
    maximum_w: float | None = None
    stamp: str
    age_s: float
    soc: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no feed can mean."""
        if not math.isfinite(self.excess_w):
            message = f"excess_w is {self.excess_w}; it must be a finite number of watts"
            raise ValueError(message)
        for name in ("age_s", "minimum_w", "maximum_w"):
            value: float | None = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                message = f"{name} is {value}; it must be a finite number, 0 or more"
                raise ValueError(message)
        if self.soc is not None and not 0 <= self.soc <= 1:
            message = f"soc is {self.soc}; it must lie between 0 and 1"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Spare:
    """What one reading amounts to.

    `sun_w` is the power that would be spare without the car, `bias_w` what the battery's state of
    charge adds to it (or takes) for the decision.
    """

    sun_w: float
    bias_w: float = 0.0

    @property
    def available_w(self) -> float:
        """The power to give to the car, in watts."""
        return self.sun_w + self.bias_w


class BatteryMonitorDecoder:
    """Takes BatteryMonitor's value apart: F = s + S.

    s is the battery's charging power in watts. S = 60 x V x (Ah - target Ah) is the error in the
    state of charge as watts for one minute, so over n periods it grows by n times the mean of s.
    With the sun a straight line between two stamps, that mean follows from both ends and the car's
    own mean, and s and S from F.  A wrong S at the start shrinks to a third with each reading.
    """

    __slots__ = ("_battery_w", "_bias_most_w", "_own_w", "_state_w")

    def __init__(self, least_w: float) -> None:
        """Begin without knowing anything; `least_w` is the power of the least current, in watts."""
        self._bias_most_w = BIAS_MOST_SHARE * least_w
        self._state_w: float | None = None
        self._battery_w = 0.0
        self._own_w = 0.0

    def decode(self, value_w: float, own_w: float, own_mean_w: float, periods: float) -> Spare:
        """Read one value.

        `own_w` is the car's draw over the feed's window, `own_mean_w` that since the last stamp,
        `periods` how many of the feed's periods passed since.
        """
        if self._state_w is None:
            battery_w = value_w / 2
        else:
            before_w = self._battery_w + self._own_w
            known_w = self._state_w + periods * ((before_w + own_w) / 2 - own_mean_w)
            battery_w = (value_w - known_w) / (1 + periods / 2)
        self._battery_w = battery_w
        self._own_w = own_w
        self._state_w = value_w - battery_w
        bias_w = max(BIAS_LEAST_W, min(self._bias_most_w, self._state_w / REPAY_PERIODS))
        return Spare(battery_w + own_w, bias_w)


class BatteryProbe:
    """Finds out whether a full battery hides sun that nobody takes.

    With the battery full the panels are throttled to what is used, and the surplus reads 0 for any
    amount of sun. So more is asked for than is seen: the least that starts a car, then steps that
    double while the battery need not help, and begin anew after it had to. A run that ended in
    front of a full battery has shown how much sun there is, and the less it was the longer the next
    is put off.
    """

    __slots__ = ("_least_w", "_rest", "_seen_w", "_step_w")

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self._least_w = least_w
        self._step_w = PROBE_FIRST_W
        self._rest = 0.0
        self._seen_w: float | None = None

    def update(self, excess_w: float, own_w: float, soc: float | None) -> Spare:
        """Read one value of a plain power feed."""
        sun_w = excess_w + own_w
        full = soc is not None and soc >= FULL_SOC
        self._rest = max(0.0, self._rest - 1)
        if own_w > 0:
            self._seen_w = sun_w
        elif self._seen_w is not None:
            lacking = 1 - max(0.0, self._seen_w) / self._least_w
            self._rest = REST_READINGS * max(0.25, lacking)
            self._seen_w = None
        if not full or excess_w <= HELPS_W:
            self._step_w = PROBE_FIRST_W
            return Spare(sun_w)
        if own_w <= 0:
            return Spare(sun_w, 0.0 if self._rest > 0 else max(0.0, self._least_w - sun_w))
        step_w, self._step_w = self._step_w, min(BIAS_MOST_SHARE * self._least_w, 2 * self._step_w)
        return Spare(sun_w, step_w)


class Surplus:
    """The sun behind the feed's values, and the car's draw that they contain."""

    def __init__(self, config: AllotmentConfig) -> None:
        """Begin without news and without a car."""
        self._config = config
        self._draw = OwnConsumption(keep_s=HISTORY_PERIODS * config.period_s)
        self._car = CarMaximum(config.watts_per_ampere)
        self._metered = False
        self._decoder = BatteryMonitorDecoder(config.least_w)
        self._probe = BatteryProbe(config.least_w)
        self.stamp_at = -math.inf
        """The moment of the last stamp on our clock."""
        self.spare = Spare(0.0)
        """What the last reading amounts to."""

    @property
    def car_maximum_a(self) -> float | None:
        """The most the car takes, learned where no meter tells; None while there is no sign."""
        return None if self._metered else self._car.learned_a

    @property
    def own_w(self) -> float:
        """What the car draws now, in watts."""
        most_a = self.car_maximum_a
        now_a = self._draw.now_a
        return self._config.watts_per_ampere * (now_a if most_a is None else min(now_a, most_a))

    def on_draw(self, now: float, current_a: float, *, measured: bool) -> None:
        """Note what a meter says the car draws, or what it is offered with its contactor closed."""
        self._metered = measured
        if measured:
            self._draw.on_measured(now, current_a)
        else:
            self._draw.on_offered(now, current_a)

    def on_reading(self, now: float, reading: Reading) -> float:
        """Take in a new reading; return how many periods passed between the last stamp and its own.

        Infinite for the first reading.
        """
        config = self._config
        stamp_at = now - reading.age_s
        window_at = stamp_at - config.window_s
        # News may be older than the news before it, where the feed's clock was set.
        periods = max(0.0, (stamp_at - self.stamp_at) / config.period_s)
        if not self._metered:
            self._car.add(reading.excess_w, self._draw, window_at, stamp_at)
        own_w = self.mean_own_w(window_at, stamp_at)
        if config.semantics == "battery_power":
            self.spare = self._probe.update(reading.excess_w, own_w, reading.soc)
        else:
            mean_w = self.mean_own_w(max(self.stamp_at, stamp_at - config.period_s), stamp_at)
            self.spare = self._decoder.decode(reading.excess_w, own_w, mean_w, periods)
        self.stamp_at = stamp_at
        return periods

    def mean_own_w(self, start_at: float, end_at: float) -> float:
        """What the car drew between two moments on average, in watts."""
        mean_a = self._draw.mean_a(start_at, end_at, self.car_maximum_a)
        return self._config.watts_per_ampere * mean_a
