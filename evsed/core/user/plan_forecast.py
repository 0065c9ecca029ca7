# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as it is expected to go: power and energy from now until the goal is due.

The planner itself is run ahead of time, so that what is shown is what will be done. Until it
begins, the car has what the owner's mode gives it with the usual sun, and that counts first. A car
that is not plugged in is taken for plugged in from now on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Final

from evsed.core.energy.history import QUARTER_S
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.planner import Planner
from evsed.core.user.prices import PriceSlot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from evsed.core.user.controls import Controls
    from evsed.core.user.planner import PlanInputs
    from evsed.core.user.usual_sun import UsualSun

LEAST_STEP_S: Final = 1.0
"""The planner steps once a second."""
DONE_WH: Final = 1.0
"""So little is missing only because of rounding."""


@dataclass(frozen=True, slots=True)
class ModePower:
    """From `begin_s` to `end_s`, seconds from now: the power that the mode gives, and the sun's."""

    begin_s: float
    end_s: float
    power_w: float
    sun_w: float


@dataclass(frozen=True, slots=True)
class ForecastPart:
    """From `begin_s` to `end_s`, seconds from now, the car takes `power_w`.

    `energy_wh` counts for the goal at its beginning. `planned`: whatever the sun gives.
    """

    begin_s: float
    end_s: float
    power_w: float
    energy_wh: float
    planned: bool


@dataclass(frozen=True, slots=True)
class PlanForecast:
    """The expected course of a plan. `parts` follow each other from now until the goal is due.

    `energy_wh` will count for the goal when it is due; `sun_wh` of what is still to come is the
    sun's. `begins_s` is when it is charged for whatever the sun gives, `reached_s` when the goal is
    reached, seconds from now; None where that is not expected.
    """

    parts: tuple[ForecastPart, ...]
    energy_wh: float
    sun_wh: float
    begins_s: float | None
    reached_s: float | None


def mode_powers(
    controls: Controls,
    sun: UsualSun | None,
    at: float,
    left_s: float,
    zone: tzinfo,
    *,
    least_w: float,
    most_w: float,
    now_w: float | None = None,
) -> tuple[ModePower, ...]:
    """Return what the owner's mode gives from *at* (Unix time) for *left_s* seconds.

    The car takes nothing below *least_w*, and *most_w* at most. Without *sun* there is none; until
    the next quarter of an hour it is that of now, *now_w* watts, where that is known.
    """
    found: list[ModePower] = []
    begin = at
    while begin < at + left_s:
        end = min(at + left_s, (begin // QUARTER_S + 1) * QUARTER_S)
        local = datetime.fromtimestamp(begin, zone)
        usual_w = sun.at(local) if sun else 0.0
        # The house takes more than the sun gives, at times.
        sun_w = max(0.0, min(usual_w if found or now_w is None else now_w, most_w))
        power_w = sun_w if sun_w >= least_w else 0.0
        if controls.mode is Mode.FAST:
            power_w = most_w
        elif controls.mode is Mode.SOLAR_MIN:
            power_w = max(power_w, min(least_w, most_w))
        if controls.mode is Mode.OFF or (controls.window and not controls.window.open_at(local)):
            power_w = 0.0
        found.append(ModePower(begin - at, end - at, power_w, sun_w))
        begin = end
    return tuple(found)


def forecast(
    inputs: PlanInputs, begun_until_left_s: float | None, mode: Sequence[ModePower]
) -> PlanForecast:
    """Return what is expected of a goal with *inputs*; *mode* reaches until it is due.

    *begun_until_left_s* is the planner's own, see `Planner.begun_until_left_s`.
    """
    parts: list[ForecastPart] = []
    sun_wh, done_wh = 0.0, inputs.done_wh
    for part, sun_w in _parts(replace(inputs, plugged=True), begun_until_left_s, mode):
        hours = (part.end_s - part.begin_s) / 3600
        sun_wh += min(sun_w, part.power_w) * hours
        done_wh = part.energy_wh + part.power_w * hours
        last = parts[-1] if parts else None
        if last and (last.power_w, last.planned) == (part.power_w, part.planned):
            parts[-1] = replace(last, end_s=part.end_s)
        else:
            parts.append(part)
    charged = [part for part in parts if part.power_w > 0]
    reached = done_wh >= inputs.goal_wh - DONE_WH
    return PlanForecast(
        parts=tuple(parts),
        energy_wh=done_wh,
        sun_wh=sun_wh,
        begins_s=next((part.begin_s for part in parts if part.planned), None),
        reached_s=(charged[-1].end_s if charged else 0.0) if reached else None,
    )


def _parts(
    inputs: PlanInputs, begun_until_left_s: float | None, mode: Sequence[ModePower]
) -> Iterator[tuple[ForecastPart, float]]:
    """Yield one part after the other, with what the sun gives in it."""
    planner = Planner(begun_until_left_s)
    at_s, done_wh, slot = 0.0, inputs.done_wh, 0
    while at_s < inputs.left_s:
        while slot < len(mode) - 1 and mode[slot].end_s <= at_s:
            slot += 1
        own = mode[slot]
        allowed_wh = inputs.allowed_wh - (done_wh - inputs.done_wh)
        step = planner.step(
            replace(
                inputs,
                done_wh=done_wh,
                left_s=inputs.left_s - at_s,
                allowed_wh=allowed_wh,
                prices=_from(inputs.prices, at_s),
            )
        )
        power_w = inputs.power_w if step.charges else own.power_w
        left_wh = min(inputs.goal_wh - done_wh, allowed_wh)
        if inputs.blocked or left_wh <= DONE_WH:
            yield ForecastPart(at_s, inputs.left_s, 0.0, done_wh, planned=False), 0.0
            return
        ends_s = [own.end_s, at_s + left_wh / power_w * 3600 if power_w > 0 else inf]
        ends_s.append(at_s + (step.times[0][1] if step.charges else step.begins_s or 0.0))
        end_s = min(inputs.left_s, max(at_s + LEAST_STEP_S, min(ends_s)))
        yield ForecastPart(at_s, end_s, power_w, done_wh, step.charges), own.sun_w
        done_wh += power_w * (end_s - at_s) / 3600
        at_s = end_s


def _from(prices: Sequence[PriceSlot], at_s: float) -> tuple[PriceSlot, ...]:
    """Return *prices* as they are *at_s* seconds later."""
    return tuple(
        PriceSlot(max(0.0, slot.begin_s - at_s), slot.end_s - at_s, slot.price)
        for slot in prices
        if slot.end_s > at_s
    )
