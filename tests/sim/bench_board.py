# SPDX-License-Identifier: GPL-3.0-or-later
"""A board made of arithmetic: `Board` straight on the circuit, with dead-men and a contactor.

No pigpiod stands between (that is the part of `sim.pigpiod.server`). Modelled is what the wires do:
conversions that take their time and meet the pilot at any phase, a dead-man in the daemon and one
in hardware, a coil that takes its time, and everything staying as it was when the daemon dies.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final

from evsed.boards import ReadBack
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.protection import Inputs
from evsed.core.pilot.self_checks import COIL_V_PER_CODE, GENERATOR_CONVERSIONS
from evsed.errors import BoardGone
from evsed.sim.contactor_drive import Contactor, ContactorDrive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.sim.circuit import Circuit
    from evsed.sim.transformer import CurrentTransformer

# One pipelined conversion on a Pi 4, 18.5 us of it SPI; no two spacings agree, and none is locked
# to the pilot's period.
SPACING_S: Final = (48e-6, 56e-6)
JITTER_S: Final = 1.5e-6
_RHYTHMS: Final = 61
DEAD_MAN_S: Final = 0.150  # the script in pigpiod opens the contactor when beats stop


@dataclass(slots=True)
class MadeUpTime:
    """The bench's clock: `now` is the world's; the control process has not lived `skipped` of it.

    The two differ only after coarse steps (see `sim.day`): the control process sees 20 ms pass
    where the world had a second.
    """

    now: float = 1_000.0
    skipped: float = 0.0

    def control(self) -> float:
        """The clock of the control process."""
        return self.now - self.skipped


class BenchBoard:
    """`Board` on a circuit and contactors, in made-up time.

    *advance* lets the world's time pass up to a moment, *next_change_at* is when something is
    going to happen in it: a burst that spans such a moment is half of before and half of after.
    Faults: `daemon_dead` (every call raises `BoardGone`, the outputs stay, the script is gone
    too), `dead_man_stuck` (the script never fires), `stuck_high()` (the contactors' GPIOs stay on
    whatever is written), `ground_fault_deaf` (the ground-fault device
    does not answer its test); `box` has its own. Optional inputs are None until they are wired by
    setting them.
    """

    def __init__(
        self,
        circuit: Circuit,
        time: MadeUpTime,
        contactors: Sequence[Contactor],
        *,
        advance: Callable[[float], None],
        next_change_at: Callable[[], float],
        hold_duty: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.circuit: Final = circuit
        self.box: Final = ContactorDrive(contactors)
        self.daemon_dead = False
        self.dead_man_stuck = False
        self._stuck_high = False
        self.ground_fault: bool | None = None
        self.ground_fault_deaf = False
        self.emergency_stop: bool | None = None
        self.proximity_code: int | None = None
        self.transformer: CurrentTransformer | None = None
        self.feedback_wired = False
        self.generator_wired = False
        self.coil_supply_v: float | None = None
        self.light: tuple[bool, ...] = ()
        self.line_stuck = False  # the relay in the pilot's line does not close again
        self.button_pressed: bool | None = None
        self.box_refused: tuple[int, ...] = ()
        self.commanded = 0
        self.commanded_at = -math.inf
        self.hold_duty = hold_duty
        self.held_at = -math.inf
        self.dead_man_fired_at: float | None = None
        self._time: Final = time
        self._advance: Final = advance
        self._next_change_at: Final = next_change_at
        self._rng: Final = Random(seed)
        self._known_rhythms: Final[dict[int, list[tuple[float, ...]]]] = {}
        self._open = False
        self._armed = False
        self._testing = False
        self._beat_at = -math.inf

    # -- Board -----------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """True while the wires are held."""
        return self._open

    def open(self) -> bool:
        """Take the wires: contactor open, pilot steady, dead-man armed."""
        self._reach()
        self._command(0, self._time.control())
        self.circuit.drive(1.0, self._time.now)
        self._armed = True
        self._beat_at = self._time.control()
        self._open = True
        return True

    def sample_pilot(self, count: int) -> list[int]:
        """Take a burst; the time it takes passes."""
        self._reach()
        start_s = self._time.now + self._rng.uniform(0.0, 1e-3)
        moments = [start_s + offset_s for offset_s in self._rng.choice(self._rhythms(count))]
        at_s = moments[-1]
        codes: list[int] = []
        while (change_at := self._next_change_at()) <= at_s:
            before = bisect_right(moments, change_at)
            codes += self.circuit.codes(moments[:before])
            moments = moments[before:]
            self._advance(change_at)
        codes += self.circuit.codes(moments)
        self._time.now = at_s
        return codes

    def read_inputs(self) -> Inputs:
        """The optional inputs, as they are now."""
        self._reach()
        wired = self.box.contactors if self.feedback_wired else ()
        tested = self._testing and not self.ground_fault_deaf
        return Inputs(
            contactor_feedback=tuple(contactor.closed for contactor in wired),
            ground_fault=None if self.ground_fault is None else self.ground_fault or tested,
            emergency_stop=self.emergency_stop,
            proximity_code=self.proximity_code,
            current_codes=self._current_codes(),
            coil_supply_code=self._coil_supply_code(),
            generator_codes=self._generator_codes(),
        )

    def _coil_supply_code(self) -> int | None:
        volts = self.coil_supply_v
        return None if volts is None else min(1023, round(volts / COIL_V_PER_CODE))

    def _generator_codes(self) -> tuple[int, ...]:
        """Conversions of the generator before its resistor, at random phases."""
        if not self.generator_wired:
            return ()
        circuit = self.circuit
        parts, duty, stuck_v = circuit.parts, circuit.generator.duty, circuit.stuck_source_v
        levels_v = (parts.source_high_v, parts.source_low_v)
        codes = []
        for _ in range(GENERATOR_CONVERSIONS):
            volts = levels_v[self._rng.random() >= duty] if stuck_v is None else stuck_v
            codes.append(round((volts - parts.volts_at_code_0) / parts.volts_per_code))
        return tuple(codes)

    def _current_codes(self) -> tuple[int, ...]:
        """A train of the current transformer's channel; the time it takes passes."""
        if self.transformer is None:
            return ()
        moments = [self._time.now + SPACING_S[0] * number for number in range(CONVERSIONS)]
        self._time.now = moments[-1]
        return tuple(self.transformer.codes(moments))

    def set_pilot(self, duty: float) -> None:
        """Put *duty* on the pilot."""
        self._reach()
        self.circuit.drive(duty, self._time.now)

    def set_contactors(self, closed: int) -> None:
        """Close the first *closed* outputs, open the others."""
        self._reach()
        self._command(closed, self._time.control())

    def hold_contactors(self) -> None:
        """Hold the closed ones with less."""
        self._reach()
        self.held_at = self._time.control()
        for place in range(self.commanded):
            self.box.drive(place, self.held_at, self.hold_duty)

    def set_ground_fault_test(self, on: bool) -> None:  # noqa: FBT001 - as in Board
        """Drive the test input of the ground-fault device; it answers while it is driven."""
        self._reach()
        self._testing = on

    def open_cp(self, on: bool) -> None:  # noqa: FBT001 - as in Board
        """Open the pilot's line, or close it."""
        self._reach()
        self.circuit.line_open = on or (self.line_stuck and self.circuit.line_open)

    def beat(self, *, pump: bool = True) -> None:
        """Hold off both dead-men, or the daemon's only."""
        self._reach()
        self._beat_at = self._time.control()
        if pump:
            self.box.edge(self._beat_at)

    def set_light(self, levels: tuple[bool, ...]) -> None:
        """Put the light's outputs at *levels*."""
        self.light = levels

    def read_back(self) -> ReadBack:
        """Return the real state of the outputs."""
        self._reach()
        on = len(self.box.contactors) if self._stuck_high else self.commanded
        levels = tuple(place < on for place in range(len(self.box.contactors)))
        return ReadBack(self.circuit.generator.duty, levels, self._armed)

    def close(self) -> None:
        """Contactors open and pilot steady as far as they can be reached; let go."""
        self._open = False
        if not self.daemon_dead:
            self._command(0, self._time.control())
            self.circuit.drive(1.0, self._time.now)
            self._armed = False

    # -- the world -------------------------------------------------------------------------------

    def stuck_high(self) -> None:
        """Let the contactors' GPIOs be on from now on, by a broken driver or a bridge to 3.3 V."""
        self._stuck_high = True
        self.box.short_drive(self._time.control())

    def step(self) -> None:
        """Let the dead-men and the contactors act up to now."""
        now = self._time.control()
        script_at = self._beat_at + DEAD_MAN_S
        if self._armed and not (self.dead_man_stuck or self.daemon_dead) and now >= script_at:
            self._armed = False
            self.dead_man_fired_at = script_at
            self._command(0, script_at)
            self.circuit.drive(1.0, self._time.now)
        self.box.step(now)

    def _rhythms(self, count: int) -> list[tuple[float, ...]]:
        """Ways in which a burst may go, drawn once: each a spacing of its own, wandering a bit."""
        if count not in self._known_rhythms:
            random = self._rng.random
            spacings_s = [self._rng.uniform(*SPACING_S) for _ in range(_RHYTHMS)]
            self._known_rhythms[count] = [
                tuple(accumulate(spacing_s + JITTER_S * random() for _ in range(count)))
                for spacing_s in spacings_s
            ]
        return self._known_rhythms[count]

    def _reach(self) -> None:
        if self.daemon_dead:
            raise BoardGone(
                "pigpiod ended the connection; the hardware's dead-man opens the contactor; look "
                "at `systemctl status pigpiod`"
            )

    def _command(self, closed: int, at: float) -> None:
        if closed != self.commanded:
            self.commanded, self.commanded_at = closed, at
            for place in range(len(self.box.contactors)):
                self.box.drive(place, at, 1.0 if place < closed else 0.0)
