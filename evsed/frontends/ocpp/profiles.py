# SPDX-License-Identifier: GPL-3.0-or-later
"""Charging profiles and schedules of both versions as values, and back. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from evsed.core.ocpp.profiles import (
    MOST_PHASES,
    ChargingProfile,
    ProfileError,
    ProfileKind,
    Purpose,
    Schedule,
    SchedulePeriod,
)
from evsed.core.ocpp.stack import MOST_LEVEL
from evsed.frontends.ocpp.clock import iso, read_time

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
            periods=tuple(_period(period) for period in schedule["chargingSchedulePeriod"]),
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


def _period(sent: Payload) -> SchedulePeriod:
    phases = sent.get("numberPhases", 0)
    if "numberPhases" in sent and phases < 1:
        raise ProfileError(f"the number of phases must be 1 to {MOST_PHASES}")
    # OCPP 2.0.1, K01: only with numberPhases 1.
    if "phaseToUse" in sent and (phases, sent["phaseToUse"]) != (1, 1):
        raise ProfileError("the phase that is used alone is the first one")
    return SchedulePeriod(sent["startPeriod"], float(sent["limit"]), phases)


def read_installed_profile(
    sent: Payload, connector: int, at: float, running: str
) -> ChargingProfile:
    """Return the profile *sent* by SetChargingProfile; see `read_profile()`.

    *running* is the key of the transaction that is under way and that *sent* means; "" without one,
    and then a TxProfile is refused. Raises ValueError.
    """
    profile = read_profile(sent, connector, at)
    if profile.purpose is not Purpose.TX:
        return profile
    if not running:
        raise ProfileError("it is for a transaction that is not under way")
    return replace(profile, transaction=running)


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
        phases = min(step.bound.phases or supply.phases, supply.phases)
        period = {"startPeriod": start_s, "limit": limit, "numberPhases": phases}
        if not periods or period != periods[-1] | {"startPeriod": start_s}:
            periods.append(period)
    return {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}


PURPOSES_201: Final = {
    "ChargingStationMaxProfile": Purpose.MAX,
    "TxDefaultProfile": Purpose.TX_DEFAULT,
    "TxProfile": Purpose.TX,
}
"""The purposes of OCPP 2.0.1 that a central system may set (K01.FR.22)."""


def as_16(sent: Payload) -> Payload:
    """Return a profile of OCPP 2.0.1 in the form of 1.6. Raises `ProfileError`."""
    if (purpose := PURPOSES_201.get(sent["chargingProfilePurpose"])) is None:
        raise ProfileError(f"no central system sets a {sent['chargingProfilePurpose']}")
    if len(sent["chargingSchedule"]) != 1:
        raise ProfileError("several schedules are for cars that choose one, by ISO 15118")
    same = {key: sent[key] for key in _SAME if key in sent}
    return same | {
        "chargingProfileId": sent["id"],
        "chargingProfilePurpose": purpose.value,
        "chargingSchedule": sent["chargingSchedule"][0],
    }


_SAME: Final = ("stackLevel", "chargingProfileKind", "recurrencyKind", "validFrom", "validTo")


def as_201(profile: ChargingProfile) -> Payload:
    """Return *profile* as OCPP 2.0.1 writes it."""
    schedule = profile.schedule
    written: Payload = {
        "id": profile.id,
        "chargingRateUnit": schedule.unit,
        "chargingSchedulePeriod": [
            {"startPeriod": round(period.start_s), "limit": period.limit}
            | ({"numberPhases": period.phases} if period.phases else {})
            for period in schedule.periods
        ],
    }
    if schedule.start is not None:
        written["startSchedule"] = iso(schedule.start)
    if schedule.duration_s is not None:
        written["duration"] = round(schedule.duration_s)
    if schedule.least:
        written["minChargingRate"] = schedule.least
    purpose = next(name for name, known in PURPOSES_201.items() if known is profile.purpose)
    whole: Payload = {
        "id": profile.id,
        "stackLevel": profile.level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": profile.kind.value,
        "chargingSchedule": [written],
    }
    if profile.recurrence:
        whole["recurrencyKind"] = profile.recurrence
    if profile.transaction:
        whole["transactionId"] = profile.transaction
    for key, moment in (("validFrom", profile.valid_from), ("validTo", profile.valid_to)):
        if moment is not None:
            whole[key] = iso(moment)
    return whole
