# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine's configuration, and the values that come out of a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evsed.core.pilot import j1772
from evsed.core.pilot.phase_set import ALL_TOGETHER, SwitchRules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.causes import Cause
    from evsed.core.pilot.events import Event
    from evsed.core.pilot.faults import Fault


@dataclass(frozen=True, slots=True)
class EvseConfig:
    """The box as the machine has to know it.

    `switch`: the contactor outputs, and whether a part of them may close. `allow_ventilated`: D is
    served like C. `front_end_proved`: an earlier life has read 11.4-12.6 V in A with this very
    calibration. `needs_b`: a car has to show B before each closing. `hold_off_s`: after a
    crash, nothing closes for so long. `least_pause_s`: the least pause between the end of an
    offer that interrupts a charge, whatever ended it, and the next offer; some cars fault where
    it is shorter (lincomatic/open_evse#23). `pause_f`: while a limit allows nothing, F is
    shown to a car in B, in turns with x1; some cars take no offer after a longer +12 V
    (OpenEVSE/openevse_esp32_firmware#333). `cp_relay`: the box can open the pilot's line.
    """

    switch: SwitchRules = ALL_TOGETHER
    allow_ventilated: bool = False
    front_end_proved: bool = False
    needs_b: bool = True
    hold_off_s: float = 0.0
    least_pause_s: float = j1772.X1_MIN_S
    pause_f: bool = False
    cp_relay: bool = False


@dataclass(frozen=True, slots=True)
class Outputs:
    """The wires: the pilot's `duty` (0-1), and how many contactors are `closed`, L1's first.

    `cp_open`: the pilot's line to the car is open, by the relay in it.
    """

    duty: float
    closed: int
    cp_open: bool = False


SAFE = Outputs(j1772.STEADY, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """The decisions of one step.

    `faults` are the active ones with what was measured; `blocked` gives the reason why nothing is
    offered although the limit would allow it ("" when nothing blocks); `wait_s` is the time left
    where a timer blocks. `closing`: the contactor would have closed, had it been `ready`. `cause`
    is the cause of `blocked`, None when nothing blocks.
    """

    outputs: Outputs
    events: tuple[Event, ...]
    faults: Mapping[Fault, str]
    blocked: str
    wait_s: float
    closing: bool = False
    cause: Cause | None = None
