# SPDX-License-Identifier: GPL-3.0-or-later
"""The pilot's circuit on the pins of a simulated Pi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.sim.circuit import Circuit, Generator
from tests.boards.pigpio.pigpio_rig import PILOT

if TYPE_CHECKING:
    from evsed.sim.gpio_lines import GpioLines, WireEvent


def hang_on(wires: GpioLines, circuit: Circuit) -> None:
    """Let the pilot's pin drive the *circuit* from now on."""

    def on_wire(event: WireEvent) -> None:
        if event.gpio != PILOT:
            return
        wave = wires.pwm(PILOT)
        high = float(wires.level(PILOT, event.at_s))
        circuit.generator = (
            Generator(high)
            if wave is None
            else Generator(wave.duty, wave.frequency_hz, wave.started_at_s)
        )

    wires.listeners.append(on_wire)
