# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of every board, its configuration, and the order in which outputs reach it.

A board is the only thing that touches a pin. It decides nothing: `core.pilot` decides, `drive()`
puts the decision on the wires in the safe order, and the board raises `BoardError` when it cannot
vouch for them. There is no fallback from one board to another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from evsed.core.text import text
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from evsed.core.pilot.evse_values import Outputs
    from evsed.core.pilot.protection import Inputs


SPI_GPIOS: Final = range(7, 12)  # CE1, CE0, MISO, MOSI, SCLK: pigpiod takes all five


@dataclass(frozen=True, slots=True)
class PigpioConfig:
    """[board.pigpio]: where pigpiod is and which GPIO (BCM numbers) carries what."""

    host: str = "127.0.0.1"
    port: int = 8888
    pilot_gpio: int = 18
    contactor_gpios: tuple[int, ...] = (23,)
    heartbeat_gpio: int = 24
    spi_channel: int = 0
    spi_hz: int = 650_000


@dataclass(frozen=True, slots=True)
class KernelConfig:
    """[board.kernel]: which GPIO (BCM numbers) carries what, on a Pi driven without pigpiod."""

    pilot_gpio: int = 18
    contactor_gpios: tuple[int, ...] = (23,)
    heartbeat_gpio: int = 24
    spi_channel: int = 0
    spi_hz: int = 1_000_000


@dataclass(frozen=True, slots=True)
class InputsConfig:
    """[inputs]: optional wires into the box; None is a wire that is not there.

    All inputs are pulled up, and what is wired to them pulls to ground while all is well: a mirror
    contact while its contactor is open, the ground-fault device unless it has tripped, the
    emergency stop unless it is pressed. So a wire that breaks is a fault, never silence.
    """

    contactor_feedback_gpios: tuple[int, ...] = ()
    ground_fault_gpio: int | None = None
    ground_fault_test_gpio: int | None = None
    emergency_stop_gpio: int | None = None
    proximity_adc_channel: int | None = None
    current_adc_channel: int | None = None
    coil_supply_adc_channel: int | None = None
    generator_adc_channel: int | None = None
    current_a_per_v: float = 42.55  # turns over ohms of the burden: 2000:1 on the 47 ohm of hw/

    @property
    def gpios(self) -> set[int]:
        """Every GPIO that carries one of them, the self-test's output included."""
        wires = (
            *self.contactor_feedback_gpios,
            self.ground_fault_gpio,
            self.ground_fault_test_gpio,
            self.emergency_stop_gpio,
        )
        return {gpio for gpio in wires if gpio is not None}

    @property
    def any(self) -> bool:
        """True where there is any input to read."""
        wires = (
            self.ground_fault_gpio,
            self.emergency_stop_gpio,
            self.proximity_adc_channel,
            self.current_adc_channel,
            self.coil_supply_adc_channel,
            self.generator_adc_channel,
        )
        return bool(self.contactor_feedback_gpios) or any(wire is not None for wire in wires)


@dataclass(frozen=True, slots=True)
class BoxConfig:
    """[box]: the light and the button for people, as far as they are there.

    `light_gpios`: one to three outputs, in the order red, green, blue; none is no light.
    `light_on_low`: an output that is low lights it (a light between 3.3 V and the GPIO); otherwise
    high does, as behind a transistor to ground. The button pulls its input to ground.
    """

    light_gpios: tuple[int, ...] = ()
    light_on_low: bool = False
    button_gpio: int | None = None

    def without(self, taken: Collection[int]) -> BoxConfig:
        """Return the box without the GPIOs that are *taken*."""
        return replace(
            self,
            light_gpios=tuple(gpio for gpio in self.light_gpios if gpio not in taken),
            button_gpio=None if self.button_gpio in taken else self.button_gpio,
        )

    def rest(self) -> tuple[tuple[int, int], ...]:
        """Each output of the light with the level at which it is dark."""
        return tuple((gpio, int(self.light_on_low)) for gpio in self.light_gpios)

    def lit(self, levels: tuple[bool, ...]) -> tuple[tuple[int, int], ...]:
        """Each output of the light with the level that *levels* (True: lit) need."""
        return tuple(
            (gpio, int(lit is not self.light_on_low))
            for gpio, lit in zip(self.light_gpios, levels, strict=True)
        )


Levels = tuple[tuple[int, int], ...]
"""GPIOs, each with a level, 0 or 1."""


@dataclass(frozen=True, slots=True)
class BoardConfig:
    """Which board, and how it is wired; crosses the link to the control process as it is.

    `hold_duty`: what holds a closed contactor's coil, 0-1 of full drive; 1.0 is no economiser.
    `cp_relay_gpio`: high opens the pilot's line to the car; None is no relay in it.
    """

    kind: str = "pigpio"
    pilot_adc_channel: int = 0
    hold_duty: float = 1.0
    cp_relay_gpio: int | None = None
    pigpio: PigpioConfig = PigpioConfig()
    kernel: KernelConfig = KernelConfig()
    inputs: InputsConfig = InputsConfig()
    box: BoxConfig = BoxConfig()

    def __post_init__(self) -> None:
        """Keep relay, light and button off every GPIO that carries something else.

        The settings refuse such a file; `evsed off` has not checked it, and a light that is dark
        when high must not close a contactor.
        """
        wires = self.kernel if self.kind == "kernel" else self.pigpio
        taken = {wires.pilot_gpio, *wires.contactor_gpios, wires.heartbeat_gpio, *SPI_GPIOS}
        taken |= self.inputs.gpios
        if self.cp_relay_gpio in taken:
            object.__setattr__(self, "cp_relay_gpio", None)
        elif self.cp_relay_gpio is not None:
            taken.add(self.cp_relay_gpio)
        object.__setattr__(self, "box", self.box.without(taken))

    def rest(self) -> Levels:
        """Each output that is no barrier, with its level at rest: pilot connected, light dark."""
        relay = () if self.cp_relay_gpio is None else ((self.cp_relay_gpio, 0),)
        return (*relay, *self.box.rest())


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Outputs as the board itself reports them, once a second.

    `duty` is 0-1 (1.0: steady +12 V). `contactors`: True for each output that is driven as closed,
    fully or held. `dead_man_armed`: True while the board's own dead-man is running.
    """

    duty: float
    contactors: tuple[bool, ...]
    dead_man_armed: bool


class Board(Protocol):
    """One EVSE's wires.

    Every method may raise `BoardError`; after that the board is unusable until `close()` and
    `open()`. No method takes longer than 100 ms. Calls come from one thread.
    """

    @property
    def is_open(self) -> bool:
        """True while the wires are held: False before `open()` is through and after `close()`."""

    def open(self) -> bool:
        """Take the wires: contactor open, pilot steady +12 V, dead-man armed.

        Never blocks: starts or continues the attempt and returns whether it is through. Called
        once a tick until it returns True; a failed attempt raises `BoardError` (and the next call
        starts afresh).
        """

    def sample_pilot(self, count: int) -> Sequence[int]:
        """Take a burst of *count* conversions of the pilot; ADC codes 0-1023 in their order."""

    def read_inputs(self) -> Inputs:
        """The optional inputs, as they are now."""

    def set_pilot(self, duty: float) -> None:
        """Put *duty* (0-1) on the pilot: 1.0 steady +12 V, 0.0 steady -12 V."""

    def set_contactors(self, closed: int) -> None:
        """Close the first *closed* contactor outputs, fully driven, and open the others."""

    def hold_contactors(self) -> None:
        """Drive the closed contactors with the configured `hold_duty` until the next change.

        Only called where that is below 1. Raises `BoardError`, too, where a dead-man has fired
        meanwhile: what it opened must not get current again.
        """

    def set_ground_fault_test(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Drive the self-test input of the ground-fault device; nothing where none is wired."""

    def open_cp(self, on: bool) -> None:  # noqa: FBT001 - as a light switch
        """Open the pilot's line to the car (*on*) or close it; nothing where no relay is wired."""

    def beat(self, *, pump: bool = True) -> None:
        """Tell the dead-men that a valid tick has just gone by; the charge pump only if *pump*."""

    def set_light(self, levels: tuple[bool, ...]) -> None:
        """Have the light's outputs at *levels* (True: lit) by the next beat at the latest.

        Raises no `BoardError`: a light that cannot be driven is no reason to open a contactor.
        """

    @property
    def button_pressed(self) -> bool | None:
        """The button's level by the last beat; None where there is none, or it cannot be read."""

    @property
    def box_refused(self) -> tuple[int, ...]:
        """The GPIOs of the light and the button that evsed was not given; () without a board."""

    def read_back(self) -> ReadBack:
        """Ask the board what its outputs really are."""

    def close(self) -> None:
        """Contactors open, pilot steady +12 V as far as it can be reached, then let go.

        Never raises: it is the last thing done with a board that may be dead.
        """


def drive(board: Board, wanted: Outputs, last: Outputs | None) -> None:
    """Put *wanted* on the wires: open first, then the pilot, close last.

    *last* is what was driven before (None: nothing is known, so everything is written).

    Raises `BoardError` when a write was refused, and, with everything opened, where the set of
    closed contactors is to change while some are closed: a second phase never joins a live one.
    The same where the pilot's line is to be open with a contactor closed.
    """
    if wanted.cp_open and wanted.closed:
        board.set_contactors(0)
        raise BoardError(
            text("the pilot's line was to be opened with a contactor closed: evsed opened it")
        )
    before = None if last is None else last.closed
    if before and wanted.closed not in (0, before):
        board.set_contactors(0)
        raise BoardError(
            text(
                "{closed} contactors were to be closed while {before} were: evsed opened all",
                closed=wanted.closed,
                before=before,
            )
        )
    if before is None or wanted.closed < before:
        board.set_contactors(wanted.closed if before is not None else 0)
        before = wanted.closed if before is not None else 0
    if last is None or wanted.duty != last.duty:
        board.set_pilot(wanted.duty)
    if last is None or wanted.cp_open != last.cp_open:
        board.open_cp(wanted.cp_open)
    if wanted.closed > before:
        board.set_contactors(wanted.closed)
