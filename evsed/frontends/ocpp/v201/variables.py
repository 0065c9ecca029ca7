# SPDX-License-Identifier: GPL-3.0-or-later
"""The device model of OCPP 2.0.1: components and variables, by the keys of 1.6. Pure.

The names are those of part 2, appendix 3, "Standardized Components and Variables".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.ocpp.local_list import MOST_SENT
from evsed.core.ocpp.profiles import MOST_PERIODS
from evsed.core.ocpp.stack import MOST_LEVEL, MOST_PROFILES
from evsed.frontends.ocpp.keys import CHANGEABLE, shown

if TYPE_CHECKING:
    from evsed.frontends.ocpp.keys import Values
    from evsed.frontends.ocpp.rpc import Payload

Name = tuple[str, str]
"""A component and its variable."""

MOST_ITEMS: Final = 50
"""Variables in one question, and in one report."""

KEYS: Final[dict[Name, str]] = {
    ("AlignedDataCtrlr", "Interval"): "ClockAlignedDataInterval",
    ("AlignedDataCtrlr", "Measurands"): "MeterValuesAlignedData",
    ("AuthCtrlr", "AuthorizeRemoteStart"): "AuthorizeRemoteTxRequests",
    ("AuthCtrlr", "LocalAuthorizeOffline"): "LocalAuthorizeOffline",
    ("AuthCtrlr", "LocalPreAuthorize"): "LocalPreAuthorize",
    ("AuthCtrlr", "OfflineTxForUnknownIdEnabled"): "AllowOfflineTxForUnknownId",
    ("LocalAuthListCtrlr", "Enabled"): "LocalAuthListEnabled",
    ("OCPPCommCtrlr", "HeartbeatInterval"): "HeartbeatInterval",
    ("OCPPCommCtrlr", "MessageAttempts"): "TransactionMessageAttempts",
    ("OCPPCommCtrlr", "MessageAttemptInterval"): "TransactionMessageRetryInterval",
    ("OCPPCommCtrlr", "WebSocketPingInterval"): "WebSocketPingInterval",
    ("SampledDataCtrlr", "TxUpdatedInterval"): "MeterValueSampleInterval",
    ("SampledDataCtrlr", "TxUpdatedMeasurands"): "MeterValuesSampledData",
    ("TxCtrlr", "EVConnectionTimeOut"): "ConnectionTimeOut",
    ("TxCtrlr", "StopTxOnInvalidId"): "StopTransactionOnInvalidId",
}
"""The variables that can be changed."""

FACTS: Final[dict[Name, str]] = {
    ("AuthCtrlr", "Enabled"): "true",
    ("AuthCacheCtrlr", "Enabled"): "false",
    ("ClockCtrlr", "TimeSource"): "Heartbeat",
    ("DeviceDataCtrlr", "ItemsPerMessage"): str(MOST_ITEMS),
    ("LocalAuthListCtrlr", "ItemsPerMessage"): str(MOST_SENT),
    ("OCPPCommCtrlr", "FileTransferProtocols"): "",
    ("SampledDataCtrlr", "TxEndedMeasurands"): "Energy.Active.Import.Register",
    ("SampledDataCtrlr", "TxStartedMeasurands"): "Energy.Active.Import.Register",
    ("SmartChargingCtrlr", "Enabled"): "true",
    ("SmartChargingCtrlr", "Entries"): str(MOST_PROFILES),
    ("SmartChargingCtrlr", "PeriodsPerSchedule"): str(MOST_PERIODS),
    ("SmartChargingCtrlr", "ProfileStackLevel"): str(MOST_LEVEL),
    ("SmartChargingCtrlr", "RateUnit"): "A,W",
    ("TxCtrlr", "StopTxOnEVSideDisconnect"): "true",
    ("TxCtrlr", "TxStartPoint"): "PowerPathClosed",
    ("TxCtrlr", "TxStopPoint"): "EVConnected,Authorized",
}
"""The variables that are facts."""


def all_of(values: Values, more: dict[Name, str]) -> dict[Name, str]:
    """Return every variable with its value; *more* are further facts."""
    texts = shown(values)
    return {name: texts[key] for name, key in KEYS.items()} | FACTS | more


def component(name: Name) -> Payload:
    """Return *name* as OCPP writes it."""
    return {"component": {"name": name[0]}, "variable": {"name": name[1]}}


def report_item(name: Name, value: str) -> Payload:
    """Return the ReportDataType of *name*."""
    kind = "string"
    if value in ("true", "false"):
        kind = "boolean"
    elif value.isdecimal():
        kind = "integer"
    elif name[1].endswith(("Measurands", "Unit", "Point")):
        kind = "MemberList"
    mutability = "ReadWrite" if KEYS.get(name) in CHANGEABLE else "ReadOnly"
    return component(name) | {
        "variableAttribute": [{"value": value, "mutability": mutability}],
        "variableCharacteristics": {"dataType": kind, "supportsMonitoring": False},
    }
