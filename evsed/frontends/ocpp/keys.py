# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the charge point: what the central system may change, and the values. Pure.

The names are those of OCPP 1.6, section 9; OCPP 2.0.1 shows the same values under its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from evsed.core.ocpp.local_list import MOST_ENTRIES, MOST_SENT, AuthorizationRules
from evsed.core.ocpp.profiles import MOST_PERIODS
from evsed.core.ocpp.stack import MOST_LEVEL, MOST_PROFILES
from evsed.frontends.ocpp.readings import MEASURANDS

if TYPE_CHECKING:
    from evsed.frontends.ocpp import OcppConfig

REGISTER: Final = "Energy.Active.Import.Register"
LONGEST_S: Final = 7 * 86_400
"""The longest composite schedule that is worked out."""
PROFILES: Final = "Core,LocalAuthListManagement,SmartCharging,RemoteTrigger"
"""The profiles that evsed has; reservation and firmware are not among them."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that can be changed, each with its default. Times are in seconds.

    `sampled` and `aligned` are measurands; an interval of 0 is never.
    """

    heartbeat_s: int = 300
    heartbeat_set: bool = False  # else the central system's answer to the boot counts
    sample_s: int = 60
    sampled: tuple[str, ...] = MEASURANDS
    aligned_s: int = 0
    aligned: tuple[str, ...] = (REGISTER,)
    ping_s: int = 20
    connection_s: int = 120
    attempts: int = 3
    retry_s: int = 10
    authorize_remote: bool = False
    stop_on_invalid: bool = True
    list_enabled: bool = True
    pre_authorize: bool = True
    authorize_offline: bool = True
    unknown_offline: bool = False

    @property
    def rules(self) -> AuthorizationRules:
        """The values that bear on authorisation."""
        return AuthorizationRules(
            self.list_enabled, self.pre_authorize, self.authorize_offline, self.unknown_offline
        )

    def to_json(self) -> dict[str, Any]:
        """Return what differs from the defaults, in JSON's own types."""
        plain = Values()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name in self.__dataclass_fields__
            if (value := getattr(self, name)) != getattr(plain, name)
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Values:
        """Return what `to_json()` gave. Raises TypeError for other things."""
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()
        }
        return cls(**fields)


class KeyRefusedError(ValueError):
    """A value that a key cannot have; the text tells why."""


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of a whole number from *least* to *most*."""

    def read(text: str) -> int:
        if not text.strip().lstrip("+-").isdecimal() or not least <= int(text) <= most:
            raise KeyRefusedError(f"it must be a whole number from {least} to {most}")
        return int(text)

    return read


def truth(text: str) -> bool:
    """Return true or false."""
    if text.strip().lower() not in ("true", "false"):
        raise KeyRefusedError("it must be true or false")
    return text.strip().lower() == "true"


def measurands(text: str) -> tuple[str, ...]:
    """Return the measurands in a list with commas; each must be known."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := set(names) - set(MEASURANDS):
        raise KeyRefusedError(f"evsed does not know {', '.join(sorted(unknown))[:100]}")
    return names


DAY_S: Final = 86_400
CHANGEABLE: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "AllowOfflineTxForUnknownId": ("unknown_offline", truth),
    "AuthorizeRemoteTxRequests": ("authorize_remote", truth),
    "ClockAlignedDataInterval": ("aligned_s", whole(0, DAY_S)),
    "ConnectionTimeOut": ("connection_s", whole(0, DAY_S)),
    "HeartbeatInterval": ("heartbeat_s", whole(10, DAY_S)),
    "LocalAuthListEnabled": ("list_enabled", truth),
    "LocalAuthorizeOffline": ("authorize_offline", truth),
    "LocalPreAuthorize": ("pre_authorize", truth),
    "MeterValuesAlignedData": ("aligned", measurands),
    "MeterValuesSampledData": ("sampled", measurands),
    "MeterValueSampleInterval": ("sample_s", whole(0, DAY_S)),
    "StopTransactionOnInvalidId": ("stop_on_invalid", truth),
    "TransactionMessageAttempts": ("attempts", whole(1, 100)),
    "TransactionMessageRetryInterval": ("retry_s", whole(0, 3600)),
    # The keep time is counted by pings; see `ping_s()`.
    "WebSocketPingInterval": ("ping_s", whole(5, 120)),
}
"""The keys that can be changed: the field of `Values`, and how its text is read."""

FIXED: Final[Mapping[str, str]] = {
    "AuthorizationCacheEnabled": "false",
    "ChargeProfileMaxStackLevel": str(MOST_LEVEL),
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": str(MOST_PERIODS),
    "ConnectorPhaseRotation": "0.Unknown,1.Unknown",
    "GetConfigurationMaxKeys": "100",
    "LocalAuthListMaxLength": str(MOST_ENTRIES),
    "MaxChargingProfilesInstalled": str(MOST_PROFILES),
    "MeterValuesAlignedDataMaxLength": str(len(MEASURANDS)),
    "MeterValuesSampledDataMaxLength": str(len(MEASURANDS)),
    "NumberOfConnectors": "1",
    "ReserveConnectorZeroSupported": "false",
    "ResetRetries": "0",
    "SendLocalListMaxLength": str(MOST_SENT),
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTxnAlignedData": "",
    "StopTxnAlignedDataMaxLength": "0",
    "StopTxnSampledData": "",
    "StopTxnSampledDataMaxLength": "0",
    "SupportedFeatureProfiles": PROFILES,
    "SupportedFileTransferProtocols": "",
    "UnlockConnectorOnEVSideDisconnect": "false",
}
"""The keys whose values are facts of every evsed; see `facts()`."""


def shown(values: Values) -> dict[str, str]:
    """Return every changeable key with its value as OCPP 1.6 writes it."""
    return {key: _text(getattr(values, field)) for key, (field, _) in CHANGEABLE.items()}


def changed(values: Values, key: str, text: str) -> Values:
    """Return *values* with *key* changed. Raises `KeyRefusedError`; KeyError for no such key."""
    field, read = CHANGEABLE[key]
    new = replace(values, **{field: read(text)})
    return replace(new, heartbeat_set=True) if key == "HeartbeatInterval" else new


def ping_s(values: Values, offline_keep_s: float) -> float:
    """Return the pause between two pings: several of them have to fit into the keep time."""
    return max(1.0, min(values.ping_s, offline_keep_s / 4))


def facts(config: OcppConfig) -> dict[str, str]:
    """Return the keys whose values are facts where *config* is set."""
    return {
        **FIXED,
        "ConnectorSwitch3to1PhaseSupported": _text(config.phases_fall),
        "SecurityProfile": security_profile(config),
    }


def security_profile(config: OcppConfig) -> str:
    """Return the security profile that *config* comes to (OCPP 1.6 security whitepaper)."""
    if config.client_certificate:
        return "3"
    if config.url.startswith("wss"):
        return "2"
    return "1" if config.password_file else "0"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
