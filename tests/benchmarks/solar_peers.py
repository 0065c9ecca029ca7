# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of others, in words of our own, to stand in front of the same plant as evsed.

Each is a `Charger` of `evsed.sim.replay.plant`, hears the same news and offers a current. They are
re-expressions of published behaviour (OpenEVSE's divert, evcc's pv mode at one decision a minute,
the MicroPython original of this project), made to compare, and lack what does not matter here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evsed.sim.replay.plant import FeedValue

MIN_A = 6.0


class Peer:
    """The common part of the peers: an offer, and a contactor that follows it at once."""

    def __init__(self, mains_v: float = 230.0, max_a: float = 32.0) -> None:
        self.mains_v = mains_v
        self.max_a = max_a
        self.offered_a = 0.0
        self.drawn_a = 0.0

    def update(self, now_s: int, drawn_a: float) -> tuple[float, bool]:
        """Offer what was decided at the last news."""
        del now_s
        self.drawn_a = drawn_a
        return self.offered_a, self.offered_a > 0


class OpenEvse(Peer):
    """Divert: the rate follows the raw value, start and stop a filter, fast up and slow down.

    A reserve of 100 W, whole amperes, a start at 6.5 A filtered, a stop at 6.0 A after ten minutes.
    """

    reserve_w = 100.0
    attack_s, decay_s = 20.0, 600.0
    start_a, stop_a = 6.5, 6.0
    min_on_s = 600

    def __init__(self, mains_v: float = 230.0, max_a: float = 32.0) -> None:
        super().__init__(mains_v, max_a)
        self.smooth_a = 0.0
        self.heard_at: int | None = None
        self.on_at = 0

    def on_reading(self, now_s: int, news: FeedValue) -> None:
        """Decide once for each news."""
        export_a = self.drawn_a + news.value_w / self.mains_v
        free_a = max(0.0, export_a - self.reserve_w / self.mains_v) if export_a > 0 else 0.0
        passed_s = 0 if self.heard_at is None else now_s - self.heard_at
        self.heard_at = now_s
        time_s = self.attack_s if free_a > self.smooth_a else self.decay_s
        self.smooth_a += (free_a - self.smooth_a) * -math.expm1(-passed_s / time_s)
        if self.smooth_a >= self.start_a:
            if self.offered_a <= 0:
                self.on_at = now_s
            self.offered_a = min(self.max_a, max(MIN_A, math.floor(free_a)))
        elif (
            self.smooth_a <= self.stop_a
            and self.offered_a > 0
            and now_s - self.on_at >= self.min_on_s
        ):
            self.offered_a = 0.0


@dataclass(slots=True)
class EvccPv:
    """evcc's pv computation: time decides, the band of power between on and off may be nothing.

    `enable_w` and `disable_w` are site power (positive: the site draws), delays in seconds.
    """

    volts: float = 230.0
    phases: int = 1
    min_a: float = 6.0
    max_a: float = 32.0
    enable_w: float = 0.0
    disable_w: float = 0.0
    enable_s: float = 60.0
    disable_s: float = 180.0
    armed_at: float | None = None

    def decide(self, now_s: float, site_w: float, effective_a: float, *, enabled: bool) -> float:
        """The current by the site's power and by what the car effectively has."""
        target_a = max(0.0, effective_a - site_w / (self.phases * self.volts))
        if enabled and target_a < self.min_a:
            if site_w >= self.disable_w:
                return 0.0 if self._elapsed(now_s, self.disable_s) else self.min_a
            self.armed_at = None
            return self.min_a
        if not enabled:
            wanted = target_a >= self.min_a if self.enable_w == 0 else site_w <= self.enable_w
            if wanted:
                return self.min_a if self._elapsed(now_s, self.enable_s) else 0.0
            self.armed_at = None
            return 0.0
        self.armed_at = None
        return min(target_a, self.max_a)

    def _elapsed(self, now_s: float, delay_s: float) -> bool:
        """Arm the timer, or say that it has run out, which resets it."""
        if self.armed_at is None:
            self.armed_at = now_s
        if now_s - self.armed_at < delay_s:
            return False
        self.armed_at = None
        return True


class Timer(Enum):
    """The state of a phase timer when it is asked."""

    KICKOFF = "just armed"
    RUNNING = "armed a while ago"
    ELAPSED = "run out"


def evcc_phases(
    site_w: float,
    charge_w: float,
    active: int,
    timer: Timer,
    *,
    enabled: bool = True,
    charging: bool = True,
    max_a: float = 16.0,
    volts: float = 230.0,
) -> int:
    """The number of phases after evcc has decided between one and three."""
    free_w = charge_w - site_w
    if active > 1 and (site_w > 0 or not enabled) and free_w / (active * volts) < MIN_A:
        return 1 if timer is Timer.ELAPSED or not charging else active
    if active == 1 and free_w / volts > max_a and free_w / (3 * volts) >= MIN_A:
        return 3 if timer is Timer.ELAPSED or not charging else active
    return active


class Evcc(Peer):
    """The pv mode of evcc on the once-a-minute feed, in whole amperes as most chargers have."""

    def __init__(self, mains_v: float = 230.0, max_a: float = 32.0) -> None:
        super().__init__(mains_v, max_a)
        self.rule = EvccPv(volts=mains_v, max_a=max_a)

    def on_reading(self, now_s: int, news: FeedValue) -> None:
        """Decide once for each news."""
        enabled = self.offered_a > 0
        current_a = self.rule.decide(now_s, -news.value_w, self.offered_a, enabled=enabled)
        self.offered_a = float(math.floor(current_a))


class Original(Peer):
    """Adds the correction, holds 6 A below that, and stops only where the feed says so.

    The feed's maximum is 0 from 3 % of a battery of 15 kWh below the target until it is back there.
    """

    gate_wh = 450.0

    def __init__(self, mains_v: float = 230.0, max_a: float = 32.0) -> None:
        super().__init__(mains_v, max_a)
        self.stored_wh = 0.0
        self.last_w = 0.0
        self.allowed = True

    def on_reading(self, now_s: int, news: FeedValue) -> None:
        """Add the correction."""
        del now_s
        self.stored_wh += (self.last_w + news.value_w) / 2 / 60
        self.last_w = news.value_w
        if self.stored_wh < -self.gate_wh:
            self.allowed = False
        elif self.stored_wh >= 0:
            self.allowed = True
        current_a = self.offered_a + news.value_w / self.mains_v
        self.offered_a = min(self.max_a, max(MIN_A, current_a)) if self.allowed else 0.0


class Reference(Peer):
    """The controller this project began with: two covering readings, a loan of 200 Wh, 0.1 A."""

    loan_limit_wh = 200.0
    min_on_s, min_off_s = 600, 300

    def __init__(self, mains_v: float = 230.0, max_a: float = 32.0) -> None:
        super().__init__(mains_v, max_a)
        self.drawn: dict[int, float] = {}
        self.free_w = 0.0
        self.covering = 0
        self.battery_loan_wh = 0.0
        self.on_at = 0
        self.off_at = -(10**6)

    def update(self, now_s: int, drawn_a: float) -> tuple[float, bool]:
        """Remember the draw, and add to the loan."""
        self.drawn[now_s] = drawn_a
        self.drawn.pop(now_s - 200, None)
        if self.offered_a > 0:
            lacking_w = self.offered_a * self.mains_v - self.free_w
            self.battery_loan_wh = max(0.0, self.battery_loan_wh + lacking_w / 3600)
            self._stop(now_s)
        return super().update(now_s, drawn_a)

    def on_reading(self, now_s: int, news: FeedValue) -> None:
        """Add back what the car drew at the stamp; start, follow, or stop."""
        own_a = self.drawn.get(news.stamp_s, self.drawn_a)
        self.free_w = news.value_w + own_a * self.mains_v
        least_w = MIN_A * self.mains_v
        self.covering = self.covering + 1 if self.free_w >= least_w else 0
        if self.offered_a <= 0:
            if self.covering >= 2 and now_s - self.off_at >= self.min_off_s:
                self.on_at, self.battery_loan_wh = now_s, 0.0
                self.offered_a = MIN_A
            else:
                return
        steps = math.floor(self.free_w / self.mains_v * 10 + 1e-6)
        self.offered_a = min(self.max_a, max(MIN_A, steps / 10))

    def _stop(self, now_s: int) -> None:
        """End the run where it is not covered and the loan is spent."""
        covered = self.free_w >= MIN_A * self.mains_v
        if (
            not covered
            and self.battery_loan_wh > self.loan_limit_wh
            and now_s - self.on_at >= self.min_on_s
        ):
            self.offered_a, self.off_at, self.covering = 0.0, now_s, 0
