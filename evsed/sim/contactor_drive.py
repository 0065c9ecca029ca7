# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the Pi's pins and the cable: the charge pump's dead-man, the coils, the contacts.

The circuit is that of hw/: each coil has two switches in series, one held by the contactor's GPIO,
the other, common to all, by a charge pump that only edges on the heartbeat's GPIO keep up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PUMP_HOLD_S: Final = (0.0676, 0.1473)
"""The pump holds so long after the last edge, the least and the most over all tolerances and both
levels of the pin: `hw/results.toml`, which is compared with this. The simulated one takes the most,
the one to be safe with."""

COIL_V: Final = 12.0
CLAMP_V: Final = 12.4  # of hw/: a TVS of 11.7 V and a diode
GATE_SHARE: Final = 0.04  # of hw/: R401 empties the gate 10 us late, of the 250 us of 4 kHz

# The least shares of a coil's full current that pull it in, and that hold it: relays are rated to
# need 70-80 % and to let go at 5-10 %, hw/ says that a quarter moves none. Ours, on the safe side.
PULL_IN_SHARE: Final = 0.75
HOLD_SHARE: Final = 0.25

# A contactor of 25-40 A: 10-30 ms either way, where the coil is clamped by a zener.
PULL_IN_S: Final = 0.020
RELEASE_S: Final = 0.015


@dataclass(slots=True)
class Contactor:
    """A contactor with a coil: `closed` is its contacts, `changed_at` when they last moved.

    A coil with less current than pulls it in holds contacts that are closed, and closes none.

    Faults: `welded` contacts never open again once closed, `jammed` ones never close.
    """

    poles: int = 3
    pull_in_s: float = PULL_IN_S
    release_s: float = RELEASE_S
    welded: bool = False
    jammed: bool = False
    closed: bool = field(default=False, init=False)
    changed_at: float = field(default=-math.inf, init=False)
    _share: float = field(default=0.0, init=False)
    _settles_at: float = field(default=-math.inf, init=False)
    _hindered: bool = field(default=False, init=False)

    def energise(self, at: float, share: float) -> None:
        """Give the coil this share (0-1) of its full current from this moment on."""
        if share != self._share:
            self._share = share
            pulls = share >= PULL_IN_SHARE
            self._settles_at = at + (self.pull_in_s if pulls else self.release_s)

    def step(self, now: float) -> None:
        """Let the contacts follow the coil."""
        coil = self._share >= (HOLD_SHARE if self.closed else PULL_IN_SHARE)
        if coil == self.closed or now < self._settles_at:
            return
        if self.jammed if coil else self.welded:
            self._hindered = True
            return
        self.closed = coil
        self.changed_at = now if self._hindered else self._settles_at
        self._hindered = False


def coil_share(duty: float) -> float:
    """The mean current that a fast PWM of *duty* on the contactor's GPIO leaves in the coil, 0-1.

    In the gaps the coil works against its clamp (`CLAMP_V` beyond the supply), which takes current
    out of it about as fast as the supply put it in.
    """
    if duty <= 0.0:
        return 0.0
    on = min(1.0, duty + GATE_SHARE)
    return max(0.0, on - (1.0 - on) * CLAMP_V / COIL_V)


class ContactorDrive:
    """The pump and the contactors of one EVSE, in time.

    Call `drive()` and `edge()` at each change of a pin, `step()` as often as the contacts matter.
    Faults: `pump_stuck` (the pump never lets go, which is also a box without one), and
    `short_drive()`.
    """

    def __init__(self, contactors: Sequence[Contactor]) -> None:
        self.contactors: Final = tuple(contactors)
        self.pump_stuck = False
        self._shorted = False
        self._driven: Final = [0.0] * len(self.contactors)
        self._edge_at = -math.inf

    def drive(self, place: int, at: float, duty: float) -> None:
        """The GPIO of the contactor at this *place* changes to this *duty*: 1 is high, 0 low."""
        self._let_pump_drop(at)
        self._driven[place] = duty
        self._switch_coils(at)

    def short_drive(self, at: float) -> None:
        """Short every transistor that the contactors' GPIOs drive: from now on they are on."""
        self._shorted = True
        self._switch_coils(at)

    def edge(self, at: float) -> None:
        """An edge on the heartbeat's GPIO."""
        self._let_pump_drop(at)
        self._edge_at = at
        self._switch_coils(at)

    def step(self, now: float) -> None:
        """Let pump and contacts act up to *now*."""
        self._let_pump_drop(now)
        for contactor in self.contactors:
            contactor.step(now)

    @property
    def closed(self) -> bool:
        """True while any contacts are closed."""
        return any(contactor.closed for contactor in self.contactors)

    @property
    def live_phases(self) -> int:
        """The number of live phases on the cable."""
        return sum(contactor.poles for contactor in self.contactors if contactor.closed)

    @property
    def live(self) -> tuple[bool, ...]:
        """True for each contactor whose contacts are closed, L1 first where each has a phase."""
        return tuple(contactor.closed for contactor in self.contactors)

    @property
    def changed_at(self) -> float:
        """When any contacts last moved."""
        return max(contactor.changed_at for contactor in self.contactors)

    def _holds(self, at: float) -> bool:
        return self.pump_stuck or at < self._edge_at + PUMP_HOLD_S[1]

    def _let_pump_drop(self, now: float) -> None:
        if not self._holds(now):
            for contactor in self.contactors:
                contactor.energise(self._edge_at + PUMP_HOLD_S[1], 0.0)

    def _switch_coils(self, at: float) -> None:
        holds = self._holds(at)
        for contactor, driven in zip(self.contactors, self._driven, strict=True):
            contactor.energise(at, coil_share(1.0 if self._shorted else driven) if holds else 0.0)
