# SPDX-License-Identifier: GPL-3.0-or-later
"""A central system steers a real charge by OCPP; when it is gone the offer falls as promised."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from evsed.core.pilot.j1772 import current_for_duty
from evsed.link import LIMIT_HOLDS_S
from tests.frontends.ocpp.central import CentralSystem
from tests.processes.test_controls import until

if TYPE_CHECKING:
    from tests.processes.rig import Rig

KEEP_S = 10.0


@pytest.mark.long
def test_when_the_network_dies_the_profile_holds_for_the_keep_time_and_no_longer(rig: Rig) -> None:
    async def story() -> float:
        async with CentralSystem() as central:
            settings = rig.settings.read_text()
            section = f'[ocpp]\nurl = "{central.url}"\noffline_keep_s = {KEEP_S}\n'
            rig.settings.write_text(f"{settings}\n{section}")
            await asyncio.to_thread(rig.start)
            await central.seen("BootNotification")
            await asyncio.to_thread(rig.plug_in)
            start = await central.seen("StartTransaction")
            await central.call(
                "SetChargingProfile",
                connectorId=1,
                csChargingProfiles={
                    "chargingProfileId": 1,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Relative",
                    "chargingSchedule": {
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 12.0}],
                    },
                },
            )
            await asyncio.to_thread(rig.until_closed)
            await asyncio.to_thread(
                until, rig, "12 A are offered", lambda now: 11.9 < now["offered_a"] < 12.05
            )
            status = await asyncio.to_thread(rig.status)
            assert status is not None
            assert status["limited_by"] == "ocpp"
            assert status["ocpp"]["connected"]
            assert start.payload["idTag"] == "evsed"
            central.mute = central.gone = True  # the cable is cut: no end of it is seen
            lost_at = rig.now()
            await asyncio.to_thread(
                until, rig, "6 A are offered", lambda now: 5.9 < now["offered_a"] < 6.05
            )
            status = await asyncio.to_thread(rig.status)
            assert status is not None
            assert "cannot be reached" in status["reason"]
            assert central.invalid == []
            return lost_at

    lost_at = asyncio.run(story())
    timeline = rig.pi.timeline()
    # Counted from the last question that was answered; a limit holds 3 s where the daemon is late.
    over_at = lost_at + KEEP_S + LIMIT_HOLDS_S
    after = [timeline.duty_at(over_at), *(duty for at, duty in timeline.pilot if at > over_at)]
    assert max(map(current_for_duty, after)) < 6.05
