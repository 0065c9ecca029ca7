# SPDX-License-Identifier: GPL-3.0-or-later
"""Charging profiles and schedules of OCPP 1.6 as values, and back. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evsed.core.ocpp.profiles import (
    ChargingProfile,
    ProfileError,
    ProfileKind,
    Purpose,
    Schedule,
    SchedulePeriod,
)
from evsed.core.ocpp.stack import MOST_LEVEL
from evsed.frontends.ocpp.clock import read_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evsed.core.ocpp.profiles import Supply
    from evsed.core.ocpp.stack import CompositeStep
    from evsed.frontends.ocpp.rpc import Payload


def read_profile(
    sent: Payload, connector: int, at: float, transaction: str = ""
) -> ChargingProfile:
    """Return the profile *sent* for *connector* at *at*, seconds since 1970. Raises ValueError.

    A profile of the whole charge point is not bound to a transaction: where it has no start of its
    own, it starts when it arrives. Home Assistant sends its slider like that.
    """
    purpose, kind = (
        Purpose(sent["chargingProfilePurpose"]),
        ProfileKind(sent["chargingProfileKind"]),
    )
    if purpose is Purpose.MAX and connector != 0:
        raise ProfileError("a ChargePointMaxProfile is for connector 0")
    if connector not in (0, 1) or (purpose is Purpose.TX and connector != 1):
        raise ProfileError(f"there is no connector {connector} for a {purpose.value}")
    if not 0 <= sent["stackLevel"] <= MOST_LEVEL:
        raise ProfileError(f"the stack level must be 0 to {MOST_LEVEL}")
    schedule = sent["chargingSchedule"]
    start = _time(schedule, "startSchedule")
    if kind is ProfileKind.RELATIVE:
        start = None
    if purpose is Purpose.MAX and start is None:
        start = at
    return ChargingProfile(
        id=sent["chargingProfileId"],
        level=sent["stackLevel"],
        purpose=purpose,
        kind=kind,
        schedule=Schedule(
            unit=schedule["chargingRateUnit"],
            periods=tuple(
                SchedulePeriod(period["startPeriod"], float(period["limit"]))
                for period in schedule["chargingSchedulePeriod"]
            ),
            start=start,
            duration_s=schedule.get("duration"),
            least=float(schedule.get("minChargingRate", 0.0)),
        ),
        recurrence=sent.get("recurrencyKind", ""),
        valid_from=_time(sent, "validFrom"),
        valid_to=_time(sent, "validTo"),
        transaction=transaction,
        connector=connector,
    )


def _time(sent: Payload, key: str) -> float | None:
    return None if key not in sent else read_time(sent[key])


def schedule_json(
    steps: Sequence[CompositeStep], unit: str, supply: Supply, most_a: float
) -> dict[str, Any]:
    """Return *steps* as a ChargingSchedule in *unit*; where nothing limits, *most_a* amperes do."""
    share = 1.0 if unit == "A" else supply.volts * supply.phases
    periods: list[dict[str, Any]] = []
    for step in steps:
        max_a = most_a if step.bound.max_a is None else min(step.bound.max_a, most_a)
        # Rounded down: a limit in an answer must not be above the one in force.
        limit = math.floor(max_a * share * 10 + 1e-6) / 10
        start_s = round(step.at - steps[0].at)
        if not periods or periods[-1]["limit"] != limit:
            periods.append({"startPeriod": start_s, "limit": limit, "numberPhases": supply.phases})
    return {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
