# SPDX-License-Identifier: GPL-3.0-or-later
"""From the optional inputs to faults, limits and the permission to close.

::

    input                 watched for                     fault                   recovery
    mirror contacts       still closed 80 ms after        ContactorFault          service
                          opening
                          open 300 ms after closing:      ContactorDidNotClose    unplug
                          three times; open by itself
                          closed without beats            DeadManFault            service
                          a phase closed that is to       ContactorFault          service
                          stay open
    ground-fault device   tripped, or its wire broken     MREC2GroundFailure      acknowledge
                          fails its test before closing   GroundFaultTestFailed   acknowledge
    emergency stop        pressed, or its wire broken     MREC8EmergencyStop      acknowledge
    proximity             no cable for 100 ms             MREC23ProximityFault    unplug
    meter                 over the offer for 7 s, grossly MREC4OverCurrentFailure unplug
                          for 1 s
                          1 A with the contactor open     ContactorFault          service
                          for 1.5 s
                          cannot be read (`current`)      MeterFault              itself
    coil's supply         under 10.2 V, or the safety     ContactorDidNotClose    unplug
                          loop open
    pilot's generator     not +-11.4 to 12.6 V            PilotFault              itself

The numbers and where they are from stand in `contactors`, `ground_fault`, `cable` and
`over_current`. An input that is not wired is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evsed.core.pilot.cable import Cable
from evsed.core.pilot.contactors import Contactors
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.ground_fault import GroundFault
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.over_current import OverCurrent, OverCurrentConfig
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.core.pilot.self_checks import CoilSupply, GeneratorCheck
from evsed.core.text import text


@dataclass(frozen=True, slots=True)
class Inputs:
    """The optional inputs at one moment; None where there is no such wire.

    `contactor_feedback`: one for each contactor, True = its contacts are closed (or the wire of
    its mirror contact is broken). `ground_fault`: True = the device has tripped, `emergency_stop`:
    True = the stop is pressed (or the wire of either is broken). `proximity_code`: ADC
    code (0-1023) of the proximity channel. `current_codes`: a train of codes (0-1023) of the
    current transformer's channel. `coil_supply_code`, `generator_codes`: of those two channels.
    """

    contactor_feedback: tuple[bool, ...] = ()
    ground_fault: bool | None = None
    emergency_stop: bool | None = None
    proximity_code: int | None = None
    current_codes: tuple[int, ...] = ()
    coil_supply_code: int | None = None
    generator_codes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """The state machine and the wires at one moment.

    The contactor is commanded `closed`, or is about to be (`closing`: it would, were that ready);
    a car is `plugged` in; `offered_a` amperes are on the pilot. `drawn_a`: what a meter reads,
    amperes, the largest of the phases; None where there is none, or nothing is known yet.
    `outputs`: the first so many contactors are those that close; None: all of them.
    """

    closed: bool
    closing: bool
    plugged: bool
    offered_a: float
    duty: float = 1.0
    drawn_a: float | None = None
    outputs: int | None = None


@dataclass(frozen=True, slots=True)
class ProtectionResult:
    """The judgement of the inputs.

    `faults` there are now, `limits` on the current, and whether all is `ready` to close. `pump`:
    the charge pump may be beaten. `ground_test`: the test input of the ground-fault device is to
    be on. `opened`: why the contactor is to be taken as open ("": it is not). `proved_open`: every
    contactor has a mirror contact that reports it open.
    """

    faults: Mapping[Fault, str]
    limits: tuple[Limit, ...]
    ready: bool
    pump: bool
    ground_test: bool
    opened: str
    proved_open: bool = False


NO_PROTECTION = ProtectionResult({}, (), ready=True, pump=True, ground_test=False, opened="")
"""The result where no input is wired."""


class Protection:
    """All optional inputs of one EVSE; `update()` is called every tick."""

    def __init__(
        self,
        now: float,
        *,
        ground_testable: bool,
        over_current: OverCurrentConfig | None = None,
        front_end: FrontEnd | None = None,
    ) -> None:
        self._contactors = Contactors(now)
        self._ground = GroundFault(testable=ground_testable)
        self._cable = Cable()
        self._over_current = OverCurrent(over_current or OverCurrentConfig())
        line = front_end or FrontEnd()
        self._generator = GeneratorCheck(line.volts_at_code_0, line.volts_per_code)
        self._coil_supply = CoilSupply()

    def restart(self, now: float) -> None:
        """Start again, everything open and the test inputs off: the board was lost and is back."""
        self._contactors.restart(now)
        self._ground.restart()
        self._generator.reset()

    def update(self, now: float, inputs: Inputs, moment: Moment) -> ProtectionResult:
        """Judge *inputs* at *now*."""
        faults: dict[Fault, str] = {}
        limits: tuple[Limit, ...] = ()
        ready = pump = True
        opened = ""
        proved_open = False
        if inputs.emergency_stop:
            faults[Fault.EMERGENCY_STOP] = text(
                "the emergency stop is pressed, or its wire is broken"
            )
        if inputs.ground_fault is not None:
            ground = self._ground
            ground.update(
                now,
                tripped=inputs.ground_fault,
                closed=moment.closed,
                closing=moment.closing,
            )
            faults |= ground.faults
            ready = ground.ready
        if moment.drawn_a is not None:
            self._over_current.update(
                now, moment.drawn_a, offered_a=moment.offered_a, closed=moment.closed
            )
            faults |= self._over_current.faults
        if inputs.contactor_feedback:
            contactors = self._contactors
            feedback, closed = inputs.contactor_feedback, moment.closed
            contactors.update(
                now, feedback, closed=closed, plugged=moment.plugged, outputs=moment.outputs
            )
            faults |= contactors.faults
            ready = ready and contactors.ready
            pump = contactors.pump
            opened = contactors.opened
            proved_open = contactors.proved_open
        if inputs.coil_supply_code is not None:
            supply = self._coil_supply
            supply.update(inputs.coil_supply_code, wanted=moment.closed or moment.closing)
            faults |= supply.faults
            ready = ready and supply.ready
        if inputs.generator_codes:
            self._generator.update(inputs.generator_codes, moment.duty)
            faults |= self._generator.faults
        if inputs.proximity_code is not None:
            self._cable.update(inputs.proximity_code, plugged=moment.plugged, closed=moment.closed)
            faults |= self._cable.faults
            limits = (self._cable.limit,)
        test = self._ground.test
        return ProtectionResult(faults, limits, ready, pump, test, opened, proved_open)
