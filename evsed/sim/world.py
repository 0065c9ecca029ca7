# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world: a Pi, its box, a car and the house, on one clock in real time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.sim.cars.car import Car
from evsed.sim.circuit import Circuit, Generator
from evsed.sim.contactor_drive import Contactor, ContactorDrive
from evsed.sim.gpio_lines import GpioLines
from evsed.sim.house import House
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.server import SimulatedPigpiod
from evsed.sim.transformer import CHANNEL, CurrentTransformer

if TYPE_CHECKING:
    from evsed.sim.gpio_lines import WireEvent

STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Pins:
    """The GPIO (BCM) that the box is wired to; the shipped settings."""

    pilot: int = 18
    contactors: tuple[int, ...] = (23,)  # one for all phases, or one per phase, L1 first
    heartbeat: int = 24
    feedbacks: tuple[int, ...] = (25,)  # the mirror contact of each
    light: tuple[int, int, int] = (17, 27, 22)  # red, green, blue
    button: int = 21
    cp_relay: int = 12  # high opens the pilot's line to the car

    @property
    def contactor(self) -> int:
        """The contactor's GPIO; L1's where each phase has its own."""
        return self.contactors[0]


THREE_PHASES: Final = Pins(contactors=(23, 19, 26), feedbacks=(25, 16, 20))
"""A box with a contactor and a mirror contact for each phase."""


class World:
    """The simulated Pi, its box, a car on the cable and the house, on one clock."""

    def __init__(
        self, house: House, car: Car, *, pins: Pins | None = None, pigpiod_port: int = 0
    ) -> None:
        self.pins = pins or Pins()
        self.house = house
        self.car = car
        self.box = ContactorDrive([Contactor(poles=1) for _ in self.pins.contactors])
        self.circuit = Circuit()
        self.transformer = CurrentTransformer(lambda: self.car.drawn_a)
        self.wires = GpioLines()
        self.wires.listeners.append(self._on_wire)
        self.pigpiod = SimulatedPigpiod(
            self.wires, spi_device=Mcp3008(self._code_at), port=pigpiod_port
        )
        self.button_pressed = False
        self._drive(time.monotonic())

    @property
    def light(self) -> tuple[bool, bool, bool]:
        """The red, green and blue of the light on the box, as they are now."""
        red, green, blue = (bool(self.wires.level(gpio)) for gpio in self.pins.light)
        return red, green, blue

    def _code_at(self, adc_channel: int, at_s: float) -> int:
        if adc_channel == CHANNEL:
            return self.transformer.code_at(at_s)
        return self.circuit.code(at_s) if adc_channel == 0 else 0

    def _on_wire(self, event: WireEvent) -> None:
        if event.gpio == self.pins.heartbeat and event.kind == "level":
            self.box.edge(event.at_s)
        elif event.gpio in self.pins.contactors:
            wave = self.wires.pwm(event.gpio)
            level = float(self.wires.level(event.gpio, event.at_s))
            place = self.pins.contactors.index(event.gpio)
            self.box.drive(place, event.at_s, level if wave is None else wave.duty)
        elif event.gpio == self.pins.cp_relay:
            self.circuit.line_open = bool(self.wires.level(event.gpio, event.at_s))
        elif event.gpio == self.pins.pilot:
            self._drive(event.at_s)

    def _drive(self, at_s: float) -> None:
        """Put on the pilot what the Pi's pin says: a pin that is low, or nothing, gives -12 V."""
        wave = self.wires.pwm(self.pins.pilot)
        if wave is None:
            self.circuit.generator = Generator(
                1.0 if self.wires.level(self.pins.pilot, at_s) else 0.0
            )
        else:
            self.circuit.generator = Generator(wave.duty, wave.frequency_hz, wave.started_at_s)

    def step(self, now: float) -> None:
        """Let the time pass until *now*."""
        self.box.step(now)
        # A mirror contact opens when the contacts close; the pin is pulled up.
        for gpio, closed in zip(self.pins.feedbacks, self.box.live, strict=True):
            self.wires.drive_input(gpio, int(closed))
        self.wires.drive_input(self.pins.button, int(not self.button_pressed))
        self.car.step(now, self.circuit, self.box.live_phases)
        self.house.step(now, self.car.drawn_w)

    async def run(self) -> None:
        """Step until cancelled."""
        while True:
            self.step(time.monotonic())
            await asyncio.sleep(STEP_S)
