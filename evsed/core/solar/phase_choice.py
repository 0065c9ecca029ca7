# SPDX-License-Identifier: GPL-3.0-or-later
"""One phase or all: which set of phases the surplus asks for.

Whether and how a change may be made is decided by `core.pilot.phase_set`; this is the wish. A
change costs half a minute of sun and a closing, so it has to be worth it for a while:

* **Up** when the surplus has covered all phases, and more than one phase can carry, for three
  readings. Where one phase may carry 32 A nothing is gained below 7.4 kW.
* **Down** when one phase has enough, and the battery has lent half of what it lends to a cloud, or
  the surplus has been under the least of all phases for ten minutes. Where phases cannot rise again
  what was lent does not count.
* A change that is under way is made: while the car rests nothing is lent, and what a late feed says
  of the surplus is of the draw before.
* Down, too, where a central system allows fewer phases. Up it never asks: that is for the surplus.
* Ten minutes between two changes; at most three an hour and six a day. A change up is made only
  while one more is left for the way down.

Before the car is there, and before it has begun, a change costs nothing: then the surplus of the
moment decides. Where phases cannot rise under a car, that moment may be early in the morning, and
one phase would be all that the car gets for the day. So there the last days decide: by what each
set would have captured of them from this time of day on (`sun_ahead`). Down, too, it goes only
while one phase would have captured more.

Where the last days are not known, or had nothing left at this time, all phases are waited for until
the sun has been enough for one and not for all for an hour and a half since the car came, and down
it goes after half an hour.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from evsed.core.pilot.frequency import left_s
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.core.solar.allotment_result import AllotmentResult, kilowatts
from evsed.core.solar.sun_ahead import UNKNOWN, SunAhead
from evsed.core.text import text

BOUND_WORDS: Final = text("the central system (OCPP) allows fewer phases than all")
ONE_WORDS: Final = text("the car uses one phase, whatever is closed")

READINGS: Final = 3
LEAST_FOR_S: Final = 180.0
"""A change needs so many readings and so many seconds of what speaks for it: of a feed with news
every 5 s, three readings say nothing of the next ten minutes. 180 s are three readings of a minute,
with which days of recorded sun gave 5.8 changes a day."""

MARGIN_W: Final = 200.0
"""Up at so much above what all phases need, as EVerest does (4.4 instead of 4.2 kW)."""

BETWEEN_S: Final = 600.0
"""EVerest's time, and that of the recorded days."""

MOST_AN_HOUR: Final = 3
MOST_A_DAY: Final = 6
HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S
LENT_SHARE: Final = 0.5

DOWN_FOR_S: Final = 600.0
"""Too little for all phases lasts so long before one is enough. 180 s spend the six changes of a
broken day before noon: of the surplus of four such days 67 % were captured, 76 % with 600 s, and no
more with 1200 s."""

FOR_GOOD_S: Final = 1800.0
"""The same where there is no way back up, and the last days are not known."""

PATIENCE_S: Final = 5400.0
"""On a roof of 8 kW a clear sky takes about so long from 1.4 to 4.3 kW."""


@dataclass(frozen=True, slots=True)
class ChargeNow:
    """The charge at one moment, as far as the choice depends on it.

    `phases`: of the set in use. `car_phases`: what the car can use, 0 where that is not known.
    `begun`: something was closed in this stay. `fast`: as much as there is, whatever the sun gives.
    `switching_to`: the set that a change under way leads to, 0 where none is. `most_phases`: what a
    central system allows, 0 where it says nothing of it.
    """

    phases: int
    plugged: bool
    begun: bool
    car_phases: int = 0
    fast: bool = False
    switching_to: int = 0
    most_phases: int = 0


@dataclass(frozen=True, slots=True)
class PreferredSet:
    """The wished set of `phases`, the reason `why`, and the seconds until another is possible."""

    phases: int
    why: str
    left_s: float = 0.0


class PhaseChoice:
    """`update()` once a second. *config* is the allotment's, for all phases of the box.

    *rises*: phases may rise under a car.
    """

    def __init__(self, config: AllotmentConfig, *, rises: bool = True) -> None:
        self.config = config
        self._rises = rises
        self._waited_s, self._last_at = 0.0, 0.0
        self._asked: tuple[AllotmentConfig, int, SunAhead] | None = None
        self._lasting: PreferredSet | None = None
        self._changes: deque[float] = deque(maxlen=MOST_A_DAY)
        self._phases = 0
        self._since_at: float | None = None
        self._why = ""

    def update(
        self,
        now: float,
        allotment: AllotmentResult | None,
        charge: ChargeNow,
        period_s: float,
        ahead: SunAhead = UNKNOWN,
    ) -> PreferredSet:
        """Return the set that is best at *now*; the feed has news every *period_s* seconds.

        *allotment*: None where a fixed current takes the place of a feed. *ahead*: what is expected
        of the rest of the day.
        """
        config = self.config
        if charge.phases != self._phases:
            if self._phases and charge.begun:
                self._changes.append(now)
            self._phases, self._since_at = charge.phases, None
        if 0 < charge.most_phases < config.phases:
            if self._car_uses(charge) == 1:
                return PreferredSet(charge.phases, ONE_WORDS)
            return self._hold(now, charge, PreferredSet(1, BOUND_WORDS), 0.0)
        if allotment is None:
            return PreferredSet(config.phases, text("a fixed current, as set"))
        if charge.switching_to and not charge.fast:
            return PreferredSet(charge.switching_to, self._why)
        if self._car_uses(charge) == 1:
            return PreferredSet(charge.phases, ONE_WORDS)
        spare_w = config.solar_weight * (allotment.available_w or 0.0)
        one_w = config.mains_v * config.car_min_current_a
        best = self._best(spare_w, one_w, charge, known=allotment.solar_w is not None)
        for_s = max(LEAST_FOR_S, READINGS * period_s)
        if charge.fast:
            return self._hold(now, charge, best, 0.0)
        if not self._rises:
            lasting = self._best_ahead(charge, ahead)
            enough = spare_w >= one_w
            return self._for_good(now, charge, best, for_s, lasting, enough=enough)
        if best.phases == 1:
            lent_wh = allotment.battery_loan_wh or 0.0
            lent = lent_wh >= LENT_SHARE * config.scaled_loan_wh
            for_s = 0.0 if lent else max(for_s, DOWN_FOR_S)
        return self._hold(now, charge, best, for_s)

    def _for_good(
        self,
        now: float,
        charge: ChargeNow,
        best: PreferredSet,
        for_s: float,
        lasting: PreferredSet | None,
        *,
        enough: bool,
    ) -> PreferredSet:
        """Return the set where phases cannot rise again: by the *lasting* one of the last days.

        *enough*: there is enough for one phase.
        """
        all_phases = self.config.phases
        if lasting is not None and (not charge.begun or lasting.phases == all_phases):
            return self._hold(now, charge, lasting, 0.0)
        if not charge.begun and best.phases == 1:
            left_s = self._patience_s(now, charge, enough=enough)
            if left_s > 0.0:
                why = text("{reason}; they are waited for", reason=best.why)
                return PreferredSet(all_phases, why, left_s)
        self._last_at = now
        if best.phases == 1:
            for_s = max(for_s, FOR_GOOD_S if lasting is None else DOWN_FOR_S)
        return self._hold(now, charge, best, for_s)

    def _car_uses(self, charge: ChargeNow) -> int:
        """Return the most phases that the car may use."""
        return min(charge.car_phases or self.config.phases, self.config.phases)

    def _best(
        self, spare_w: float, one_w: float, charge: ChargeNow, *, known: bool
    ) -> PreferredSet:
        """Return the set for *spare_w*, where a phase needs *one_w*; *known*: the feed has news."""
        config, high = self.config, self._car_uses(charge)
        up_w = max(high * one_w, config.mains_v * config.max_current_a) + MARGIN_W
        if charge.fast:
            return PreferredSet(config.phases, text("as much as there is"))
        if not known:
            return PreferredSet(charge.phases, text("the feed has no fresh news"))
        if charge.phases == 1:
            wanted = config.phases if spare_w >= up_w else 1
            why = text(
                "{spare} spare, all phases are used from {up} on",
                spare=kilowatts(spare_w),
                up=kilowatts(up_w),
            )
            return PreferredSet(wanted, why)
        poor = one_w <= spare_w < high * one_w or (spare_w < one_w and not charge.begun)
        why = text(
            "{spare} spare, all phases need {need}",
            spare=kilowatts(spare_w),
            need=kilowatts(high * one_w),
        )
        return PreferredSet(1 if poor else config.phases, why)

    def _best_ahead(self, charge: ChargeNow, ahead: SunAhead) -> PreferredSet | None:
        """Return the set that would have captured more of the days *ahead*; None: neither."""
        config, high = self.config, self._car_uses(charge)
        if self._asked != (config, high, ahead):  # once a quarter of an hour
            self._asked = (config, high, ahead)
            one_w, all_w = config.mains_v, high * config.mains_v
            least_a = config.car_min_current_a / config.solar_weight
            one_wh = ahead.captured_wh(least_a * one_w, config.max_current_a * one_w)
            all_wh = ahead.captured_wh(least_a * all_w, config.max_current_a * all_w)
            why = text(
                "from this time on, the sun of the last days gives one phase {one_kwh:.1f} kWh, "
                "and all phases {all_kwh:.1f} kWh",
                one_kwh=one_wh / 1000,
                all_kwh=all_wh / 1000,
            )
            known = one_wh != all_wh
            better = 1 if one_wh > all_wh else config.phases
            self._lasting = PreferredSet(better, why) if known else None
        return self._lasting

    def _patience_s(self, now: float, charge: ChargeNow, *, enough: bool) -> float:
        """Seconds for which all phases are still waited for before the car has begun on one.

        Only the time counts in which one phase would have *enough*.
        """
        if not charge.plugged:
            self._waited_s = 0.0
        elif enough:
            self._waited_s += min(1.5, max(0.0, now - self._last_at))
        self._last_at = now
        return PATIENCE_S - self._waited_s

    def _hold(
        self,
        now: float,
        charge: ChargeNow,
        best: PreferredSet,
        for_s: float,
    ) -> PreferredSet:
        """Return *best* where it was the best for *for_s*; otherwise the set in use."""
        self._why = best.why
        if best.phases == charge.phases:
            self._since_at = None
            return best
        if not charge.begun:
            return best
        if self._since_at is None:
            self._since_at = now
        held_s = self._since_at + for_s - now
        left_s = max(held_s, self._pause_s(now, spare=0 if best.phases == 1 else 1))
        if left_s > 0.0:
            return PreferredSet(charge.phases, best.why, left_s)
        return best

    def _pause_s(self, now: float, spare: int) -> float:
        """Seconds until a change may be made that leaves *spare* more of them for the day."""
        if not self._changes:
            return 0.0
        return max(
            self._changes[-1] + BETWEEN_S - now,
            left_s(self._changes, MOST_AN_HOUR, HOUR_S, now),
            left_s(self._changes, MOST_A_DAY - spare, DAY_S, now),
        )
