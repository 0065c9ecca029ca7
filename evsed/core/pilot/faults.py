# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault, in EVerest's names, and its meaning for the wires and for the owner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from evsed.core.text import text


class Recovery(Enum):
    """The end of a fault; the last two kinds outlive a restart."""

    AUTO = "auto"  # by itself, when its cause is gone
    UNPLUG = "unplug"  # when the car is unplugged
    ACKNOWLEDGE = "acknowledge"  # when the owner acknowledges it (`evsed ack`)
    SERVICE = "service"  # when the owner acknowledges it, after a repair


@dataclass(frozen=True, slots=True)
class FaultKind:
    """The kind of a fault: its end, the reaction of evsed, and the advice to the owner.

    `at_once`: the contactor opens in the same tick; otherwise the car is let go first (x1, up to
    6 s). `shows_f`: the pilot shows F for 300 ms so that the car knows (IEC 61851-1 Table A.5).
    """

    recovery: Recovery
    done: str
    todo: str
    at_once: bool = True
    shows_f: bool = False


class Fault(Enum):
    """Every fault; the value is its published name."""

    DIODE = "DiodeFault"
    PILOT = "PilotFault"
    PILOT_NOT_PROVED = "PilotNotProved"
    VENTILATION = "VentilationNotAvailable"
    CONTACTOR = "ContactorFault"
    CONTACTOR_OPEN = "ContactorDidNotClose"
    DEAD_MAN = "DeadManFault"
    GROUND = "MREC2GroundFailure"
    GROUND_TEST = "GroundFaultTestFailed"
    TEMPERATURE = "MREC3HighTemperature"
    OVER_CURRENT = "MREC4OverCurrentFailure"
    EMERGENCY_STOP = "MREC8EmergencyStop"
    PROXIMITY = "MREC23ProximityFault"
    METER = "MeterFault"
    COMMUNICATION = "CommunicationFault"
    PERMANENT = "PermanentFault"
    STORE = "StoreFault"
    STORE_DAMAGED = "StoreDamagedFault"

    @property
    def kind(self) -> FaultKind:
        """The kind of this fault."""
        return KINDS[self]


_OPENED = text("evsed opened the contactor and withdrew the offer")
_STAYS_OFF = text(
    "evsed opened the contactor and withdrew the offer and stays off, also after a restart"
)

KINDS: dict[Fault, FaultKind] = {
    Fault.DIODE: FaultKind(
        Recovery.UNPLUG,
        text(
            "evsed opened the contactor and withdrew the offer; it looks for the diode again 30 s "
            "after the pilot is well, three times"
        ),
        text(
            "unplug; if it comes back with this car only, its inlet needs a "
            "workshop, if with every car, look at the cable and plug for water or "
            "damage"
        ),
        shows_f=True,
    ),
    Fault.PILOT: FaultKind(
        Recovery.AUTO,
        text(
            "evsed opened the contactor and withdrew the offer; it tries again 30 s after the "
            "pilot is well"
        ),
        text(
            "if it stays, unplug and look for a short or a break between pilot and "
            "earth in cable, plug and box; `evsed pilot` shows what the wire reads"
        ),
    ),
    Fault.PILOT_NOT_PROVED: FaultKind(
        Recovery.ACKNOWLEDGE,
        text("evsed did not close the contactor and withdrew the offer"),
        text(
            "the pilot reads C and nothing else, which a failed part of the box "
            "would show, too: look that a car is plugged in, then `evsed ack`; or "
            "unplug it and see what `evsed pilot` reads"
        ),
    ),
    Fault.VENTILATION: FaultKind(
        Recovery.AUTO,
        text("evsed opened the contactor and withdrew the offer until the car stops asking"),
        text(
            "this car asks for ventilation while charging; where the place is "
            "ventilated, set safety.allow_ventilated = true"
        ),
    ),
    Fault.CONTACTOR: FaultKind(
        Recovery.SERVICE,
        _STAYS_OFF,
        text(
            "switch the breaker off: the contactor may be welded, or its GPIO or a "
            "transistor of its drive is stuck. Have it repaired, then `evsed ack`"
        ),
        shows_f=True,
    ),
    Fault.CONTACTOR_OPEN: FaultKind(
        Recovery.UNPLUG,
        _OPENED,
        text(
            "look whether the safety loop (ground-fault device, emergency stop, "
            "thermal switch) is or was open, then at the coil, its supply and the "
            "mirror contact's wire; unplug to try again"
        ),
    ),
    Fault.DEAD_MAN: FaultKind(
        Recovery.SERVICE,
        _STAYS_OFF,
        text(
            "the charge pump holds the contactor although it gets no beats: switch "
            "the breaker off, have the contactor's drive repaired, then `evsed ack`"
        ),
        shows_f=True,
    ),
    Fault.GROUND: FaultKind(
        Recovery.ACKNOWLEDGE,
        _OPENED,
        text(
            "current leaks to earth: have car, cable and box looked at, reset the "
            "device, then `evsed ack`"
        ),
        shows_f=True,
    ),
    Fault.GROUND_TEST: FaultKind(
        Recovery.ACKNOWLEDGE,
        text("evsed did not close the contactor and withdrew the offer"),
        text(
            "the ground-fault device does not answer its test: look at its supply "
            "and its two wires, have it replaced if they are well, then `evsed ack`"
        ),
        shows_f=True,
    ),
    Fault.TEMPERATURE: FaultKind(
        Recovery.AUTO,
        text("evsed let the car go and opened the contactor; it resumes below 60 degrees"),
        text("look for a loose terminal or a blocked vent; if the sensor is named, check its wire"),
        at_once=False,
    ),
    Fault.OVER_CURRENT: FaultKind(
        Recovery.UNPLUG,
        _OPENED,
        text(
            "the car takes more than it was offered: unplug; where the car is known "
            "to take a little more, or to follow slowly, set "
            "safety.over_current_plus_a or safety.over_current_for_s"
        ),
    ),
    Fault.EMERGENCY_STOP: FaultKind(
        Recovery.ACKNOWLEDGE,
        _OPENED,
        text("release the emergency stop when it is safe, then `evsed ack`"),
        shows_f=True,
    ),
    Fault.PROXIMITY: FaultKind(
        Recovery.UNPLUG,
        _OPENED,
        text("the cable's rating cannot be read: push the plug home, or use another cable"),
    ),
    Fault.METER: FaultKind(
        Recovery.AUTO,
        text(
            "evsed let the car go and opened the contactor; it resumes when the meter can be read"
        ),
        text(
            "look at the current transformer's wires, at the supply of its input and "
            "at inputs.current_adc_channel; without a transformer, take that key out"
        ),
        at_once=False,
    ),
    Fault.COMMUNICATION: FaultKind(
        Recovery.AUTO,
        text("the contactor is open; evsed tries to reach the board again and again"),
        text("look at `systemctl status pigpiod`"),
    ),
    Fault.PERMANENT: FaultKind(
        Recovery.ACKNOWLEDGE,
        text("evsed stays off"),
        text(
            "evsed ended three times within an hour with the contactor closed: "
            "`journalctl -u evsed` says why; `evsed ack` when it is understood"
        ),
        shows_f=True,
    ),
    Fault.STORE: FaultKind(
        Recovery.AUTO,
        text(
            "evsed closes nothing until its memory can be read and written; it tries "
            "again every few seconds and goes on by itself"
        ),
        text(
            "make room on the disk (`df -h`), give evsed the right to write there, "
            "and close other programs that have the database open"
        ),
        at_once=False,
    ),
    Fault.STORE_DAMAGED: FaultKind(
        Recovery.ACKNOWLEDGE,
        text(
            "evsed restored from the database what it could; nothing closes until you have looked"
        ),
        text(
            "look whether the mode, the limits and the latched faults are as they "
            "should be, restore a backup if there is one, then `evsed ack`; if it "
            "comes again, replace the SD card"
        ),
        at_once=False,
    ),
}

JUDGED_AT_THE_BOX: Final = frozenset(
    {Fault.GROUND, Fault.GROUND_TEST, Fault.EMERGENCY_STOP, Fault.PILOT_NOT_PROVED}
)
"""Faults whose cause a person at the box can see. The others that wait for an acknowledgement need
a repair, the page or the journal first."""

FOR_PEOPLE: Final = JUDGED_AT_THE_BOX | {
    fault for fault, kind in KINDS.items() if kind.recovery is Recovery.SERVICE
}
"""Faults that no program acknowledges: somebody has to look at the box, the plug or the car. A
program that acknowledges whatever comes would take a part that failed for a car."""
