# SPDX-License-Identifier: GPL-3.0-or-later
"""A summary of a snapshot: OCPP's name for the state, a sentence for people, and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evsed.core.pilot import j1772
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import owner_name
from evsed.core.pilot.pilot_proof import B_NOT_STEADY, B_V
from evsed.core.text import text

if TYPE_CHECKING:
    from evsed.core.car.care import CarNote
    from evsed.link import Snapshot


@dataclass(frozen=True, slots=True)
class Summary:
    """`evse_status` is OCPP's name, `summary` the sentence, `reason` that for the current."""

    evse_status: str
    summary: str
    reason: str


OUT_OF_RANGE = text("The car's answer on the pilot is out of range")

NOT_TICKING = Summary(
    "Unavailable",
    text("The control process does not answer"),
    text("nothing is offered without it"),
)


def describe(
    snapshot: Snapshot,
    *,
    has_charged: bool,
    note: CarNote | None = None,
    taken_a: float | None = None,
) -> Summary:
    """Describe *snapshot*; *has_charged*: in this session current has flowed already.

    *note* is what is known of the car, *taken_a* what it takes; None: what it is offered.
    """
    lowest = snapshot.lowest
    reason = lowest.why or text("the {owner}'s limit", owner=owner_name(lowest.owner))
    if snapshot.blocked and snapshot.plugged:
        reason = _blocked(snapshot, reason, note)
    elif note is not None:
        reason = _with_note(reason, note)
    if not snapshot.board_ok:
        return Summary("Faulted", text("The board cannot be reached"), snapshot.board_why)
    if snapshot.faults:
        return _faulted(snapshot, reason)
    offered_a = j1772.current_for_duty(snapshot.duty)
    if not snapshot.plugged:
        return Summary("Available", text("No car"), reason)
    if snapshot.closed:
        taken_a = snapshot.drawn_a if taken_a is None else taken_a
        return _closed(offered_a, reason, note, offered_a if taken_a is None else taken_a)
    if found := _b_out_of_range(snapshot):
        return found
    asks = snapshot.state[:1] in ("C", "D")
    if asks and offered_a:
        return _asking(snapshot, reason)
    if offered_a:
        if note is not None and note.summary:
            return Summary("SuspendedEV", note.summary, note.text)
        return _untaken(offered_a, reason, has_charged=has_charged)
    summary = (
        text("The car asks and has to wait") if asks else text("Car connected, nothing on offer")
    )
    return Summary("SuspendedEVSE" if has_charged or asks else "Preparing", summary, reason)


def _blocked(snapshot: Snapshot, limited: str, note: CarNote | None) -> str:
    """Return the reason why nothing is offered, with what is known of a car that waits for more."""
    reason = snapshot.blocked
    if note is not None and not note.summary and reason == limited:
        reason = _with_note(reason, note)
    if snapshot.wait_s <= 0:
        return reason
    return text("{reason} ({left_s:.0f} s left)", reason=reason, left_s=snapshot.wait_s)


def _with_note(reason: str, note: CarNote) -> str:
    return text("{reason}; {note}", reason=reason, note=note.text)


def _closed(offered_a: float, reason: str, note: CarNote | None, taken_a: float) -> Summary:
    if not offered_a:
        return Summary("SuspendedEVSE", text("Stopping: the car is given time to let go"), reason)
    if note is not None and note.summary:
        return Summary("SuspendedEV", note.summary, reason)
    return Summary("Charging", text("Charging, {taken_a:.1f} A", taken_a=taken_a), reason)


def _asking(snapshot: Snapshot, reason: str) -> Summary:
    """Describe a car that asks under an offer before the contactor closes."""
    window_v = j1772.CLOSE_C_V if snapshot.state.startswith("C") else j1772.CLOSE_D_V
    high_v = snapshot.high_v
    if high_v is None or window_v[0] <= high_v <= window_v[1]:
        return Summary(
            "Preparing", text("The car asks; making sure before the contactor closes"), reason
        )
    return _out_of_range(
        high_v,
        text(
            "evsed closes at {least_v:g} to {most_v:g} V only",
            least_v=window_v[0],
            most_v=window_v[1],
        ),
    )


def _out_of_range(high_v: float, needs: str) -> Summary:
    """Describe an answer of the car that lies beside what the standard allows, with its volts."""
    return Summary(
        "SuspendedEVSE",
        OUT_OF_RANGE,
        text(
            "it reads {high_v:.2f} V, and {needs}: clean the plug's contacts, and "
            "have the car's inlet looked at if it stays",
            high_v=high_v,
            needs=needs,
        ),
    )


def _b_out_of_range(snapshot: Snapshot) -> Summary | None:
    """Describe a car that is not offered anything because of its volts in B; None: it is."""
    high_v = snapshot.high_v
    if snapshot.blocked != B_NOT_STEADY or high_v is None or B_V[0] <= high_v <= B_V[1]:
        return None
    return _out_of_range(
        high_v,
        text(
            "evsed offers current at {least_v:g} to {most_v:g} V only",
            least_v=B_V[0],
            most_v=B_V[1],
        ),
    )


def _faulted(snapshot: Snapshot, reason: str) -> Summary:
    """Describe a fault; a car between C and D does not ask for ventilation."""
    fault, high_v = next(iter(snapshot.faults)), snapshot.high_v
    between = high_v is not None and j1772.CLOSE_D_V[1] < high_v < j1772.CLOSE_C_V[0]
    if fault is Fault.VENTILATION and between and high_v is not None:
        found = _out_of_range(
            high_v, text("evsed closes at {least_v:g} V and more only", least_v=j1772.CLOSE_C_V[0])
        )
        return Summary("Faulted", found.summary, found.reason)
    return Summary("Faulted", _fault_words(fault), reason)


def _untaken(offered_a: float, reason: str, *, has_charged: bool) -> Summary:
    if has_charged:
        return Summary(
            "SuspendedEV", text("The car has stopped; it may go on when it likes"), reason
        )
    return Summary(
        "Preparing", text("Car connected; {offered_a:.1f} A on offer", offered_a=offered_a), reason
    )


def _fault_words(fault: Fault) -> str:
    return _FAULT_WORDS.get(fault, fault.value)  # a sentence that is missing must end no charge


_FAULT_WORDS = {
    Fault.DIODE: text("No diode in the car"),
    Fault.PILOT: text("The pilot wire is not right"),
    Fault.PILOT_NOT_PROVED: text("The pilot is not proved with this car"),
    Fault.VENTILATION: text("The car asks for ventilation"),
    Fault.CONTACTOR: text("The contactor does not obey"),
    Fault.CONTACTOR_OPEN: text("The contactor does not close"),
    Fault.DEAD_MAN: text("The dead-man does not let go"),
    Fault.GROUND_TEST: text("The ground-fault device fails its test"),
    Fault.GROUND: text("Current leaks to earth"),
    Fault.TEMPERATURE: text("Too hot"),
    Fault.OVER_CURRENT: text("The car takes too much"),
    Fault.EMERGENCY_STOP: text("Emergency stop"),
    Fault.PROXIMITY: text("The cable cannot be recognised"),
    Fault.METER: text("The meter cannot be read"),
    Fault.COMMUNICATION: text("The board cannot be reached"),
    Fault.PERMANENT: text("Off after three crashes"),
    Fault.STORE: text("The memory cannot be read or written"),
    Fault.STORE_DAMAGED: text("The memory was damaged"),
}
