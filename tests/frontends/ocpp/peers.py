# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of Home Assistant's OCPP integration and of evcc, in their order, each with its answer.

Home Assistant: as the integration lbbrhzn/ocpp sends them (`ocppv16.py`, `post_connect` and what
follows). evcc: `charger/ocpp/cp_setup.go`, `charger/ocpp.go` and `core/circuit/circuit.go`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.frontends.ocpp.readings import MEASURANDS
from tests.frontends.ocpp.central import now

if TYPE_CHECKING:
    from tests.frontends.ocpp.central import CentralSystem, Payload

EVCC_ASKS: Final = (
    "Power.Active.Import,Energy.Active.Import.Register,Current.Import,Voltage,Current.Offered,"
    "Power.Offered,SoC"
)
"""The quantities that evcc would like to have measured."""

HOME_ASSISTANT_ASKS: Final = (
    "Current.Export,Current.Import,Current.Offered,Energy.Active.Export.Register,"
    "Energy.Active.Import.Register,Energy.Reactive.Export.Register,"
    "Energy.Reactive.Import.Register,Energy.Active.Export.Interval,"
    "Energy.Active.Import.Interval,Energy.Reactive.Export.Interval,"
    "Energy.Reactive.Import.Interval,Frequency,Power.Active.Export,Power.Active.Import,"
    "Power.Factor,Power.Offered,Power.Reactive.Export,Power.Reactive.Import,RPM,SoC,"
    "Temperature,Voltage"
)
"""Its 22 measurands, all in one message."""

TAG: Final = "0123456789abcdef"
"""Home Assistant draws 16 characters by chance for each charger."""


@dataclass
class Peer:
    """The common part of both: ask for a key, and change it."""

    central: CentralSystem

    async def value_of(self, key: str) -> str:
        answer = await self.central.call("GetConfiguration", key=[key])
        return str(answer["configurationKey"][0]["value"])

    async def change(self, key: str, value: str) -> str:
        return await self.central.status_of("ChangeConfiguration", key=key, value=value)

    async def accepted(self, measurands: str) -> list[str]:
        """Find out one by one which of *measurands* may be set."""
        return [
            name
            for name in measurands.split(",")
            if await self.change("MeterValuesSampledData", name) == "Accepted"
        ]

    async def trigger(self, message: str, **more: int) -> None:
        sent = {"requestedMessage": message, **more}
        assert await self.central.status_of("TriggerMessage", **sent) == "Accepted"


class HomeAssistant(Peer):
    """Home Assistant with its integration."""

    async def set_up(self) -> None:
        """Send what it sends when a charger has booted."""
        assert "SmartCharging" in await self.value_of("SupportedFeatureProfiles")
        assert await self.value_of("NumberOfConnectors") == "1"
        assert await self.value_of("HeartbeatInterval") == "300"
        # All at once is refused, so that it finds out one by one.
        assert await self.change("MeterValuesSampledData", HOME_ASSISTANT_ASKS) == "Rejected"
        known = await self.accepted(HOME_ASSISTANT_ASKS)
        assert sorted(known) == sorted(MEASURANDS)
        assert await self.change("MeterValuesSampledData", ",".join(known)) == "Accepted"
        assert await self.change("MeterValueSampleInterval", "60") == "Accepted"
        assert await self.change("ClockAlignedDataInterval", "900") == "Accepted"
        await self.trigger("StatusNotification", connectorId=1)

    async def slide(self, max_a: float) -> str:
        """Move the slider "maximum current"."""
        assert await self.value_of("ChargingScheduleAllowedChargingRateUnit") == "Current,Power"
        level = int(await self.value_of("ChargeProfileMaxStackLevel"))
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": max_a}],
        }
        profile = {
            "chargingProfileId": 1000,
            "stackLevel": level,
            "chargingProfileKind": "Relative",
            "chargingProfilePurpose": "ChargePointMaxProfile",
            "chargingSchedule": schedule,
        }
        sent = {"connectorId": 0, "csChargingProfiles": profile}
        return await self.central.status_of("SetChargingProfile", **sent)

    async def switch_on(self) -> str:
        """Switch "charge control" on."""
        sent = {"connectorId": 1, "idTag": TAG}
        return await self.central.status_of("RemoteStartTransaction", **sent)

    async def switch_off(self, number: int) -> str:
        """Switch it off, where transaction *number* is under way."""
        return await self.central.status_of("RemoteStopTransaction", transactionId=number)


class Evcc(Peer):
    """evcc with a charger of type `ocpp`."""

    def __init__(self, central: CentralSystem) -> None:
        super().__init__(central)
        self.switches_phases = False
        self.max_a = 0.0
        self.phases = 0  # it names none before it has switched
        self._level = self._profile_id = 0

    async def set_up(self) -> None:
        """Send what it sends when a charger has booted."""
        central = self.central
        available = {"connectorId": 0, "type": "Operative"}
        assert await central.status_of("ChangeAvailability", **available) == "Accepted"
        answer = await central.call("GetConfiguration")
        values = {entry["key"]: entry["value"] for entry in answer["configurationKey"]}
        assert "SmartCharging" in values["SupportedFeatureProfiles"]
        self._level = int(values["ChargeProfileMaxStackLevel"])
        self._profile_id = int(values["MaxChargingProfilesInstalled"])
        self.switches_phases = values["ConnectorSwitch3to1PhaseSupported"] == "true"
        await self.trigger("BootNotification", connectorId=0)
        await central.seen("BootNotification", 2)
        known = await self.accepted(EVCC_ASKS)
        assert sorted(known) == sorted(MEASURANDS)
        assert await self.change("MeterValuesSampledData", ",".join(known)) == "Accepted"
        await self.trigger("MeterValues", connectorId=0)
        await central.seen("MeterValues")
        assert await self.change("MeterValueSampleInterval", "10") == "Accepted"
        assert await self.change("WebSocketPingInterval", "30") == "Accepted"

    async def set_current(self, max_a: float) -> str:
        """Set the current of its loadpoint."""
        self.max_a = math.trunc(10 * max_a) / 10
        period: Payload = {"startPeriod": 0, "limit": self.max_a}
        if self.phases:
            period["numberPhases"] = self.phases
        schedule = {
            "startSchedule": now(),
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [period],
        }
        profile = {
            "chargingProfileId": self._profile_id,
            "stackLevel": self._level,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        }
        sent = {"connectorId": 1, "csChargingProfiles": profile}
        return await self.central.status_of("SetChargingProfile", **sent)

    async def set_phases(self, phases: int) -> str:
        """Ask for one phase or three, where the charger has said that it switches."""
        assert self.switches_phases
        self.phases = phases
        return await self.set_current(self.max_a)


@dataclass(frozen=True)
class Circuit:
    """evcc's circuit of *max_a* without a meter of its own."""

    max_a: float

    def validate(self, before_a: float, wished_a: float, flows_a: float) -> float:
        """Return what a loadpoint may have instead of *before_a*, where *flows_a* flows in all."""
        if wished_a - before_a > self.max_a - flows_a:
            return max(0.0, before_a + self.max_a - flows_a)
        return wished_a
