# SPDX-License-Identifier: GPL-3.0-or-later
"""A plug on made-up time: the ticks of the control process, a real board, and what it drives.

The board is the product's. Its Pi is simulated (`pis`); from the pins on there are the two switches
of the coil, the slowest contactor that may be in a box, and a cable with a car or without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from evsed.boards import BoardConfig, InputsConfig
from evsed.control import TICK_S, Control
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pace import GOLDEN
from evsed.core.pilot.pilot_meter import PERIOD_S, FrontEnd
from evsed.core.pilot.self_checks import COIL_V_PER_CODE
from evsed.link import Configure, SetLimits, Snapshot
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, NO_CAR, PARTS, Circuit, Load
from evsed.sim.contactor_drive import Contactor, ContactorDrive
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, Clock

if TYPE_CHECKING:
    from evsed.boards.held_board import HeldBoard
    from evsed.boards.kernel.session import KernelSession
    from evsed.boards.pigpio.session import PigpioSession

    ARealBoard = HeldBoard[PigpioSession] | HeldBoard[KernelSession]

MIRROR: Final = 25
PILOT, COIL_SUPPLY, GENERATOR = 0, 3, 4  # the channels of hw/
SLOWEST_S: Final = 0.05  # the release of the slowest contactor that SAFETY.md allows
STEP_S: Final = 0.005  # of the contacts between two ticks
IN_B: Final = Load(car_ohm=CAR_B_OHM)
IN_C: Final = Load(car_ohm=CAR_C_OHM)
LIMITS: Final = SetLimits((Limit("feed", 16.0, why="following the sun"),))


def inputs(*, mirror: bool, channels: bool = False) -> InputsConfig:
    """The optional inputs: none, the mirror contact, the two channels of hw/ that check."""
    return InputsConfig(
        contactor_feedback_gpios=(MIRROR,) if mirror else (),
        coil_supply_adc_channel=COIL_SUPPLY if channels else None,
        generator_adc_channel=GENERATOR if channels else None,
    )


Read = Callable[[int, float], int]
"""The code of a channel at a moment."""


class Converter:
    """The converter's channels: the pilot, the coil's supply, the generator; 0 V on the others.

    *fault* makes another code of the one that is asked for.
    """

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self.fault: Callable[[Read, int, float], int] | None = None

    def code(self, channel: int, at_s: float) -> int:
        """Convert once."""
        return self._right(channel, at_s) if self.fault is None else self._wrong(channel, at_s)

    def _wrong(self, channel: int, at_s: float) -> int:
        assert self.fault is not None
        return min(1023, max(0, self.fault(self._right, channel, at_s)))

    def _right(self, channel: int, at_s: float) -> int:
        if channel == PILOT:
            return self._circuit.code(at_s)
        if channel == COIL_SUPPLY:
            return round(12.0 / COIL_V_PER_CODE)
        if channel == GENERATOR:
            generator, parts = self._circuit.generator, self._circuit.parts
            phase = (at_s - generator.origin_s) * generator.frequency_hz % 1.0
            high = generator.duty >= 1.0 or phase < generator.duty
            volts = parts.source_high_v if high else parts.source_low_v
            return round((volts - parts.volts_at_code_0) / parts.volts_per_code)
        return 0


class Pi(Protocol):
    """The Pi under a plug, as far as events strike it."""

    def kill_control(self) -> None:
        """Let all that the control process holds end as the kernel ends it; nothing is tidied."""

    def switch_off(self) -> str:
        """Run `evsed off` beside what lives; return what it says."""

    def strike(self) -> None:
        """Kill what drives the contactor for evsed: pigpiod, or the dead-man's process."""

    def mend(self) -> None:
        """Start again what was killed, as systemd does."""

    def pass_time(self) -> None:
        """Let the programs of the Pi itself act up to now."""

    def another_board(self) -> ARealBoard:
        """Make the board of the next control process."""


@dataclass
class Plug:
    """One EVSE whose plug is `empty` or in a car; `longest_s`: so long it was live while empty.

    *follow* lets the coil's drive see the pins, and the pins the mirror contact.
    """

    config: BoardConfig
    board: ARealBoard
    clock: Clock
    circuit: Circuit
    converter: Converter
    drive: ContactorDrive
    follow: Callable[[], None]
    stick_high: Callable[[], None]
    pi: Pi
    control: Control = field(init=False)
    longest_s: float = 0.0
    _even_at: float = field(init=False)
    _part: float = 0.0
    _live_since: float | None = None

    def __post_init__(self) -> None:
        self._start(EvseConfig())

    def _start(self, evse: EvseConfig) -> None:
        front_end = FrontEnd(PARTS.volts_at_code_0, PARTS.volts_per_code)
        config = Configure(self.config, front_end, evse, supply_max_a=32.0)
        self.control = Control(self.board, config, self.clock)  # type: ignore[arg-type]
        self._even_at = self.clock.now

    def crash(self, load: Load, gone_s: float = 2.0) -> None:
        """Let the control process be killed with *load* on the cable; then another one starts."""
        self.circuit.load = load
        self.pi.kill_control()
        until = self.clock.now + gone_s
        while self.clock.now < until:
            self._pass_time(self.clock.now + STEP_S)
            self.pi.pass_time()
        self.board = self.pi.another_board()
        self._start(EvseConfig(front_end_proved=True))

    @property
    def live(self) -> bool:
        """True while the contacts are closed."""
        return self.drive.closed

    @property
    def snapshot(self) -> Snapshot:
        """The view of the daemon."""
        return self.control.snapshot()

    def run(self, seconds: float, load: Load) -> None:
        """Let ticks go by with *load* on the cable; they keep out of step with the pilot."""
        self.circuit.load = load
        for _ in range(round(seconds / TICK_S)):
            self._even_at += TICK_S
            self._part = (self._part + GOLDEN) % 1.0
            self._pass_time(self._even_at + self._part * PERIOD_S)
            self.control.handle(LIMITS)
            self.control.tick()
            self._wait_for_the_board()
            self.follow()
            self._note()

    def _wait_for_the_board(self) -> None:
        """An attempt to open takes no made-up time, however slow the machine is."""
        if (acquiring := self.board._acquiring) is not None:  # noqa: SLF001 - nothing else shows it
            acquiring.exception(PATIENCE_S)

    def _pass_time(self, until: float) -> None:
        while self.clock.now < until:
            self.clock.now = min(self.clock.now + STEP_S, until)
            self.drive.step(self.clock.now)
            self._note()
        self.follow()

    def _note(self) -> None:
        now = self.clock.now
        if not self.live or self.circuit.load is not NO_CAR:
            self._live_since = None
            return
        if self._live_since is None:
            self._live_since = now
        self.longest_s = max(self.longest_s, now - self._live_since)

    def charge(self, seconds: float = 2.0) -> None:
        """Plug a car in, let it ask, and go on for so long where evsed charges it."""
        self.run(3.0, IN_B)
        self.run(1.5 + seconds, IN_C)

    def stop(self) -> None:
        """Let the car stop asking."""
        self.run(3.0, IN_B)

    def pull(self, seconds: float = 4.0) -> None:
        """Pull the plug, and look on for so long."""
        self.run(seconds, NO_CAR)


def slow_drive() -> ContactorDrive:
    """The coil's two switches, and the slowest contactor."""
    return ContactorDrive([Contactor(release_s=SLOWEST_S)])
