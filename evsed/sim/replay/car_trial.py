# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay --car`: a car of the library on a recorded day, beside an ordinary one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evsed.sim.cars.library import parse_car
from evsed.sim.cars.trial import Trial, TrialConfig, TrialResult, could_take_wh, least_current_a

if TYPE_CHECKING:
    from evsed.core.solar.allotment_config import AllotmentConfig
    from evsed.sim.dayfiles import RecordedDay


def describe_trial(day: RecordedDay, rules: AllotmentConfig, car: str) -> str:
    """Play *day* with the *car* and with an ordinary one; return what came of it, in words.

    Raises ValueError for a car that is not in the library.
    """
    found = _play(day, rules, car)
    tried = parse_car(car)
    least_a = max(rules.car_min_current_a, least_current_a(tried))
    known = _play(day, replace(rules, car_min_current_a=least_a), "ordinary")
    could_wh = could_take_wh(known, tried, rules.watts_per_ampere)
    faults = ", ".join(f"{name} {times} times" for name, times in found.faults.items())
    lines = [f"{day.name}: {car}"]
    lines.append(
        f"  taken     {found.car_wh / 1000:.2f} kWh, of {could_wh / 1000:.2f} kWh that this car "
        "could have taken"
    )
    lines.append(
        f"  closings  {len(found.closings)}, at most {found.most_closings(3600)} in an hour; "
        f"{found.under_load} openings under load"
    )
    lines.append(f"  faults    {faults or 'none'}")
    return "\n".join(lines)


def _play(day: RecordedDay, rules: AllotmentConfig, car: str) -> TrialResult:
    watts = day.surplus_w

    def solar_w(at_s: float) -> float:
        return watts[min(len(watts) - 1, max(0, int(at_s)))]

    return Trial(parse_car(car), solar_w, TrialConfig(rules=rules)).run(float(len(watts)))
