# SPDX-License-Identifier: GPL-3.0-or-later
"""Houses around the solar rules: batteries that hold the grid at zero, heaters, bad feeds, cars.

A recorded day gives the surplus; the house adds its battery, its heater, its car and its feed. A
second is a step. The car's energy is split by its source.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, NamedTuple

from evsed.core.solar.allotment import Allotment, AllotmentConfig, Reading

WH: Final = 1 / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery that holds the grid at zero: size in kWh, limits in watts, time constant in s."""

    kwh: float = 10.0
    soc: float = 0.3
    charge_w: float = 5000.0
    discharge_w: float = 5000.0
    answers_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything around the rules. Times in seconds, currents in amperes, shares 0 to 1.

    `feed` is what is measured: "spare" (no battery in it), "grid" alone, or "both" (grid and
    battery). A reading is stamped every `period_s`, more or less by `jitter_s`, comes `latency_s`
    later, more or less by half of that where `late_jitter` is set, and `lost` of them never come.
    The car answers after `answers_s`, takes `less_a` less than it is offered, in whole amperes
    where `whole` is set, and tapers from `tapers_at` kWh on. `heater_w` is on and off for
    `heater_s` in turn.
    """

    battery: Battery | None = None
    feed: Literal["spare", "grid", "both"] = "spare"
    tells_soc: bool = False
    period_s: int = 60
    latency_s: int = 5
    jitter_s: int = 0
    late_jitter: bool = False
    lost: float = 0.0
    offset_w: float = 0.0
    heater_w: float = 0.0
    heater_s: int = 300
    metered: bool = False
    answers_s: int = 2
    slew_a_per_s: float = 4.0
    less_a: float = 0.0
    whole: bool = False
    tapers_at: float = math.inf
    most_a: float = 80.0


class Energy(NamedTuple):
    """A day: surplus, captured, lent, from the house battery into the car (kWh), starts.

    `hour_starts` is the most starts within any hour.
    """

    surplus_kwh: float
    feasible_kwh: float
    captured_kwh: float
    captured_feasible_kwh: float
    lent_kwh: float
    from_battery_kwh: float
    starts: int
    hour_starts: int


def _stamps(house: House, seconds: int, random: Random) -> deque[tuple[int, int]]:
    """Moments of stamps and of their arrival."""
    found: list[tuple[int, int]] = []
    for moment in range(0, seconds, house.period_s):
        stamp = moment + random.randint(-house.jitter_s, house.jitter_s)
        late = house.latency_s
        if house.late_jitter:
            late = round(late * random.uniform(0.5, 1.5))
        if stamp >= 0 and random.random() >= house.lost:
            found.append((stamp, stamp + late))
    return deque(found)


def play_house(
    surplus_w: array[float], house: House, rules: AllotmentConfig, seed: int = 1
) -> Energy:
    """Play a day, given as watts of surplus for each second."""
    random = Random(seed)
    allotment = Allotment(rules)
    watts = rules.watts_per_ampere
    stamps = _stamps(house, len(surplus_w), random)
    waiting: list[tuple[int, Reading]] = []
    offers: deque[float] = deque([0.0] * house.answers_s, maxlen=house.answers_s)
    battery = house.battery
    stored_wh = battery.kwh * 1000 * battery.soc if battery else 0.0
    flow_w = drawn_a = offered_a = taken_wh = 0.0
    closed = False
    totals = [0.0] * 6
    started: list[int] = []
    for now in range(len(surplus_w)):
        sun_w = surplus_w[now]
        if house.heater_w and now // house.heater_s % 2 == 0:
            sun_w -= house.heater_w
        target_a = _target_a(house, offers[0], taken_wh)
        step_a = min(house.slew_a_per_s, max(-house.slew_a_per_s, target_a - drawn_a))
        drawn_a = drawn_a + step_a if closed else 0.0
        drawn_w = drawn_a * watts
        left_w = sun_w - drawn_w
        if battery is not None:
            flow_w = battery_flow_w(battery, stored_wh, flow_w, left_w)
            stored_wh += flow_w * WH
        grid_w = flow_w - left_w  # from the grid
        while stamps and stamps[0][0] <= now:
            stamp, arrives = stamps.popleft()
            figure_w = {"spare": left_w, "grid": -grid_w, "both": flow_w - grid_w}[house.feed]
            soc = stored_wh / (1000 * battery.kwh) if battery and house.tells_soc else None
            reading = Reading(
                excess_w=figure_w + house.offset_w,
                stamp=str(stamp),
                age_s=float(arrives - stamp),
                soc=None if soc is None else min(1.0, max(0.0, soc)),
            )
            waiting.append((arrives, reading))
        while waiting and waiting[0][0] <= now:
            allotment.on_reading(float(now), waiting.pop(0)[1])
        known_a = drawn_a if house.metered else offered_a
        allotment.on_draw(
            float(now), known_a if closed else 0.0, charging=closed, measured=house.metered
        )
        before_a, offered_a = offered_a, allotment.update(float(now)).current_a
        offers.append(offered_a)
        closed = offered_a > 0
        if offered_a > 0 and before_a <= 0:
            started.append(now)
        used_w = min(max(0.0, sun_w), drawn_w)
        feasible = sun_w >= rules.least_w
        for at, power_w in enumerate(
            (
                max(0.0, sun_w),
                sun_w if feasible else 0.0,
                used_w,
                used_w if feasible else 0.0,
                drawn_w - used_w,
                min(max(0.0, -flow_w), drawn_w),
            )
        ):
            totals[at] += power_w
        taken_wh += drawn_w * WH
    most = max((sum(0 <= at - first < 3600 for at in started) for first in started), default=0)
    surplus, feasible_kwh, captured, captured_feasible, lent, given = (
        total / 3.6e6 for total in totals
    )
    return Energy(
        surplus, feasible_kwh, captured, captured_feasible, lent, given, len(started), most
    )


def _target_a(house: House, offered_a: float, taken_wh: float) -> float:
    """The current the car goes for."""
    amperes = max(0.0, min(offered_a, house.most_a) - house.less_a)
    if house.whole:
        amperes = math.floor(amperes)
    over_kwh = taken_wh / 1000 - house.tapers_at
    return amperes if over_kwh <= 0 else min(amperes, max(0.0, 10.0 - over_kwh * 5))


def battery_flow_w(battery: Battery, stored_wh: float, flow_w: float, left_w: float) -> float:
    """The power into the battery in the next second."""
    wanted_w = min(battery.charge_w, max(-battery.discharge_w, left_w))
    flow_w += (wanted_w - flow_w) / battery.answers_s
    room_wh = 1000 * battery.kwh - stored_wh
    return min(flow_w, max(0.0, room_wh) / WH) if flow_w > 0 else max(flow_w, -stored_wh / WH)
