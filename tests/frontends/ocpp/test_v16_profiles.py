# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP 1.6 against a real central system: Smart Charging, and the local list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from evsed.core.ocpp.profiles import MOST_PERIODS
from evsed.core.ocpp.stack import MOST_LEVEL, MOST_PROFILES
from tests.frontends.ocpp.central import CentralSystem, Payload, Refused
from tests.frontends.ocpp.charger import charger


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


def profile(*periods: tuple[int, float], unit: str = "A", **more: Any) -> Payload:  # noqa: ANN401
    schedule = {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": at, "limit": limit} for at, limit in periods],
    }
    plain = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule | more.pop("schedule", {}),
    }
    return plain | more


def on_phases(phases: int, limit: float) -> Payload:
    period = {"startPeriod": 0, "limit": limit, "numberPhases": phases}
    return profile(schedule={"chargingSchedulePeriod": [period]})


async def put(central: CentralSystem, sent: Payload, connector: int = 1) -> str:
    return await central.status_of(
        "SetChargingProfile", connectorId=connector, csChargingProfiles=sent
    )


async def test_what_home_assistant_sends_from_its_slider_is_followed_at_once(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        asked = await central.call(
            "GetConfiguration",
            key=["ChargingScheduleAllowedChargingRateUnit", "ChargeProfileMaxStackLevel"],
        )
        level = int(asked["configurationKey"][1]["value"])
        slider = profile(
            (0, 12.0),
            chargingProfileId=1000,
            stackLevel=level,
            chargingProfilePurpose="ChargePointMaxProfile",
        )
        assert await put(central, slider, connector=0) == "Accepted"
        await box.until(lambda: box.max_a() == 12.0)
        assert "for this charger" in box.why
        shown = box.hub.shown.ocpp
        assert shown is not None
        assert (shown.connected, shown.version, shown.profiles) == (True, "1.6", 1)


async def test_a_profile_for_the_transaction_goes_before_the_default_and_ends_with_it(
    central: CentralSystem, tmp_path: Path
) -> None:
    own = profile((0, 8.0), chargingProfileId=2, chargingProfilePurpose="TxProfile")
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        assert await put(central, profile((0, 20.0))) == "Accepted"
        assert await put(central, own) == "Rejected"  # no transaction
        box.plug_in()
        await central.seen("StartTransaction")
        await box.until(lambda: box.max_a() == 20.0)
        assert await put(central, own | {"transactionId": 99}) == "Rejected"
        assert await put(central, own | {"transactionId": 7}) == "Accepted"
        await box.until(lambda: box.max_a() == 8.0)
        box.unplug()
        await central.seen("StopTransaction")
        box.plug_in()
        await central.seen("StartTransaction", 2)
        await box.until(lambda: box.max_a() == 20.0)


async def test_profiles_outlive_a_restart(central: CentralSystem, tmp_path: Path) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        assert await put(central, profile((0, 9.0))) == "Accepted"
    box.hub.reports.clear()
    async with charger(central, tmp_path, box):
        await box.until(lambda: box.max_a(in_s=61.0) == 9.0)
    assert box.max_a() == 6.0  # the central system may have lent the rest
    assert len(central.of("StartTransaction")) == 1  # it goes on


async def test_a_remote_start_may_bring_its_profile(central: CentralSystem, tmp_path: Path) -> None:
    own = profile((0, 7.0), chargingProfilePurpose="TxProfile")
    async with charger(central, tmp_path, authorize="remote") as box:
        box.plug_in()
        await central.seen("StatusNotification", connectorId=1, status="Preparing")
        start = {"idTag": "A", "chargingProfile": profile((0, 7.0))}
        assert await central.status_of("RemoteStartTransaction", **start) == "Rejected"
        start["chargingProfile"] = own
        assert await central.status_of("RemoteStartTransaction", **start) == "Accepted"
        await box.until(lambda: box.max_a() == 7.0)


async def test_what_makes_no_sense_is_rejected_and_changes_nothing(
    central: CentralSystem, tmp_path: Path
) -> None:
    maximum = {"chargingProfilePurpose": "ChargePointMaxProfile"}
    bad = (
        (profile(*((n, 6.0) for n in range(MOST_PERIODS + 1))), 1),
        (profile((5, 6.0)), 1),
        (profile((0, 6.0), (0, 7.0)), 1),
        (profile((0, -1.0)), 1),
        (profile((0, 6.0), stackLevel=MOST_LEVEL + 1), 1),
        (profile((0, 6.0), **maximum), 1),
        (profile((0, 6.0)), 2),
        (profile((0, 6.0), chargingProfileKind="Recurring"), 1),
        (profile((0, 6.0), validFrom="soon"), 1),
        (profile((0, 6.0), schedule={"duration": 0}), 1),
        (on_phases(0, 16.0), 1),
        (on_phases(4, 16.0), 1),
    )
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        for sent, connector in bad:
            assert await put(central, sent, connector) == "Rejected"
        with pytest.raises(Refused):
            await put(central, profile((0, 6.25)))  # the schema allows tenths
        for n in range(MOST_PROFILES):
            assert (
                await put(
                    central, profile((0, 30.0), chargingProfileId=n, stackLevel=n // 2), n % 2
                )
                == "Accepted"
            )
        assert (
            await put(central, profile((0, 6.0), chargingProfileId=99, **maximum), 0) == "Rejected"
        )


async def test_the_composite_schedule_is_that_of_all_profiles(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        await put(central, profile((0, 20.0), (3600, 10.0), schedule={"minChargingRate": 6.0}))
        await put(
            central,
            profile(
                (0, 2990.0),
                unit="W",
                chargingProfileId=2,
                chargingProfilePurpose="ChargePointMaxProfile",
                schedule={"duration": 1800},
            ),
            connector=0,
        )
        answer = await central.call("GetCompositeSchedule", connectorId=1, duration=7200)
        schedule = answer["chargingSchedule"]
        limits = [p["limit"] for p in schedule["chargingSchedulePeriod"]]
        starts = [p["startPeriod"] for p in schedule["chargingSchedulePeriod"]]
        assert limits == [13.0, 20.0, 10.0]
        assert 1795 <= starts[1] <= 1800
        assert 3595 <= starts[2] <= 3600
        watts = await central.call(
            "GetCompositeSchedule", connectorId=0, duration=60, chargingRateUnit="W"
        )
        assert watts["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 2990.0
        for refused in ({"connectorId": 2, "duration": 60}, {"connectorId": 0, "duration": 0}):
            assert await central.status_of("GetCompositeSchedule", **refused) == "Rejected"


async def test_profiles_are_cleared_by_what_they_have_in_common(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        await put(central, profile((0, 9.0), stackLevel=1))
        await put(central, profile((0, 12.0), chargingProfileId=2))
        await box.until(lambda: box.max_a() == 9.0)
        assert await central.status_of("ClearChargingProfile", id=77) == "Unknown"
        assert await central.status_of("ClearChargingProfile", stackLevel=1) == "Accepted"
        await box.until(lambda: box.max_a() == 12.0)
        purpose = {"chargingProfilePurpose": "TxDefaultProfile"}
        assert await central.status_of("ClearChargingProfile", **purpose) == "Accepted"
        await box.until(lambda: box.max_a(in_s=61.0) is None)


async def test_the_local_list_authorises_without_a_question(
    central: CentralSystem, tmp_path: Path
) -> None:
    entry = {"idTag": "Mine", "idTagInfo": {"status": "Accepted"}}
    async with charger(central, tmp_path, authorize="id", id_tag="mine") as box:
        await central.seen("StatusNotification", 2)

        async def send(version: int, kind: str, *entries: Payload) -> str:
            return await central.status_of(
                "SendLocalList",
                listVersion=version,
                updateType=kind,
                localAuthorizationList=list(entries),
            )

        assert await send(3, "Full", {"idTag": "x"}) == "Failed"
        assert await send(3, "Full", entry) == "Accepted"
        assert await send(3, "Differential", {"idTag": "x"}) == "VersionMismatch"
        assert await send(4, "Differential", {"idTag": "x"}) == "Accepted"
        assert (await central.call("GetLocalListVersion"))["listVersion"] == 4
        box.plug_in()
        await central.seen("StartTransaction", idTag="mine")
    assert central.of("Authorize") == []


async def test_a_profile_for_one_phase_bounds_the_phases_and_is_less_for_each_of_three(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.set_phases(3)
        box.plug_in()
        await central.seen("StartTransaction")
        assert await put(central, on_phases(1, 30.0)) == "Accepted"
        await box.until(lambda: box.max_a() == 10.0)
        assert box.phases == 1
        composite = await central.call("GetCompositeSchedule", connectorId=1, duration=600)
        period = composite["chargingSchedule"]["chargingSchedulePeriod"][0]
        assert period == {"startPeriod": 0, "limit": 10.0, "numberPhases": 1}
        box.set_phases(1)
        await box.until(lambda: box.max_a() == 30.0)
        assert await put(central, on_phases(3, 30.0)) == "Accepted"
        await box.until(lambda: box.phases == 3)


@pytest.mark.parametrize("falls", [False, True])
async def test_a_switch_of_phases_is_offered_where_they_may_fall_in_a_transaction(
    central: CentralSystem, tmp_path: Path, *, falls: bool
) -> None:
    async with charger(central, tmp_path, phases_fall=falls):
        await central.seen("StatusNotification", 2)
        key = "ConnectorSwitch3to1PhaseSupported"
        answer = await central.call("GetConfiguration", key=[key])
        value = "true" if falls else "false"
        assert answer["configurationKey"] == [{"key": key, "readonly": True, "value": value}]
        assert await central.status_of("ChangeConfiguration", key=key, value="true") == "Rejected"
