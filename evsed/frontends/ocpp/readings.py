# SPDX-License-Identifier: GPL-3.0-or-later
"""The plug as the central system sees it: state, fault and samples. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.core.ocpp.transactions import Plug
from evsed.core.pilot.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evsed.core.energy.sessions import EndReason
    from evsed.frontends.status import Status

Sample = tuple[str, float, str]
"""A measurand, its value and its unit, in OCPP's words."""


@dataclass(frozen=True, slots=True)
class View:
    """The charger at one moment, as far as OCPP is concerned.

    `session` names the car's session, "" without a car; `evse_status` is evsed's own. Currents are
    per phase, `register_wh` counts a lifetime. `faults` are (name, what happened).
    """

    session: str = ""
    evse_status: str = "Available"
    offered_a: float = 0.0
    drawn_a: float = 0.0
    power_w: float = 0.0
    register_wh: float = 0.0
    mains_v: float = 230.0
    phases: int = 1
    off: bool = False
    faults: tuple[tuple[str, str], ...] = ()

    def plug(self, end: EndReason | None) -> Plug:
        """Return what transactions need of it; *end* is the reason of the last session's end."""
        emergency = any(name == Fault.EMERGENCY_STOP.value for name, _ in self.faults)
        return Plug(self.session, end, off=self.off, emergency=emergency)


def view_of(status: Status) -> View:
    """Return *status* as OCPP sees it."""
    return View(
        session=status.session.id if status.session.active else "",
        evse_status=status.evse_status,
        offered_a=status.offered_a,
        drawn_a=status.drawn_a,
        power_w=status.power_w,
        register_wh=status.total_wh,
        mains_v=status.mains_v,
        phases=status.phases,
        off=status.controls.mode == "off",
        faults=tuple((fault.name, fault.what) for fault in status.faults),
    )


_MEASURANDS: Final[Mapping[str, tuple[Callable[[View], float], str]]] = {
    "Energy.Active.Import.Register": (lambda view: round(view.register_wh, 1), "Wh"),
    "Power.Active.Import": (lambda view: round(view.power_w, 1), "W"),
    "Current.Import": (lambda view: round(view.drawn_a, 2), "A"),
    "Current.Offered": (lambda view: round(view.offered_a, 2), "A"),
    "Power.Offered": (lambda view: round(view.offered_a * view.mains_v * view.phases, 1), "W"),
}
MEASURANDS: Final = tuple(_MEASURANDS)
"""The measurands that evsed knows. There is no Voltage: `mains_v` may be a setting."""


def samples(view: View, measurands: Sequence[str]) -> list[Sample]:
    """Return the samples of *measurands* in *view*."""
    return [(name, _MEASURANDS[name][0](view), _MEASURANDS[name][1]) for name in measurands]


ERROR_CODES: Final[Mapping[Fault, str]] = {
    Fault.DIODE: "EVCommunicationError",
    Fault.PILOT: "EVCommunicationError",
    Fault.PILOT_NOT_PROVED: "EVCommunicationError",
    Fault.VENTILATION: "EVCommunicationError",
    Fault.PROXIMITY: "EVCommunicationError",
    Fault.CONTACTOR: "PowerSwitchFailure",
    Fault.CONTACTOR_OPEN: "PowerSwitchFailure",
    Fault.DEAD_MAN: "PowerSwitchFailure",
    Fault.GROUND: "GroundFailure",
    Fault.GROUND_TEST: "GroundFailure",
    Fault.TEMPERATURE: "HighTemperature",
    Fault.OVER_CURRENT: "OverCurrentFailure",
    Fault.METER: "PowerMeterFailure",
    Fault.EMERGENCY_STOP: "OtherError",
    Fault.COMMUNICATION: "InternalError",
    Fault.PERMANENT: "InternalError",
    Fault.STORE: "InternalError",
    Fault.STORE_DAMAGED: "InternalError",
}
"""OCPP 1.6's ChargePointErrorCode (section 7.7) of each fault."""


def error_code(fault: str) -> str:
    """Return OCPP's code for the fault called *fault*."""
    try:
        return ERROR_CODES[Fault(fault)]
    except ValueError:
        return "OtherError"


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """The status of the connector in OCPP 1.6's words, with the first fault and a note."""

    status: str
    fault: str = ""
    note: str = ""


def connector_status(
    view: View, *, transaction: bool, available: bool, finished: bool
) -> ConnectorStatus:
    """Return the status of the connector."""
    if view.faults:
        return ConnectorStatus("Faulted", *view.faults[0])
    if view.evse_status in ("Faulted", "Unavailable"):  # no board, or no control process
        return ConnectorStatus(view.evse_status)
    if not available:
        return ConnectorStatus("Unavailable")
    if not view.session:
        if view.off:
            return ConnectorStatus("Unavailable", note="switched off by the owner")
        return ConnectorStatus("Available")
    if transaction:
        if view.evse_status in ("Charging", "SuspendedEV", "SuspendedEVSE"):
            return ConnectorStatus(view.evse_status)
        return ConnectorStatus("SuspendedEV" if view.offered_a else "SuspendedEVSE")
    note = "switched off by the owner" if view.off else ""
    return ConnectorStatus("Finishing" if finished else "Preparing", note=note)
