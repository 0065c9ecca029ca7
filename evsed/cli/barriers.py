# SPDX-License-Identifier: GPL-3.0-or-later
"""The barriers that this installation does without, each in one line, for `evsed check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evsed.settings import Settings

LINES: Final = {
    "contactor_feedback_gpios": "no mirror contact: a welded contactor, a shorted Q401 or Q402, "
    "and a charge pump that is stuck go unnoticed",
    "ground_fault_gpio": "no input of the residual-current device: the plug is live again at its "
    "reset",
    "ground_fault_test_gpio": "no test of the residual-current device before closing",
    "emergency_stop_gpio": "no input of an emergency stop: the plug is live again at its release",
    "coil_supply_adc_channel": "no look at the coil's supply: a stop or another contact of the "
    "safety loop that is open is seen by a mirror contact alone, if at all",
    "generator_adc_channel": "no look at the pilot's generator: a weak side of it, or a converter "
    "that reads wrongly, is found by the car's answers alone",
    "proximity_adc_channel": "no look at the plug's resistor: where the box has a socket, a weaker "
    "cable than supply.max_current_a goes unnoticed",
    "current_adc_channel": "no current transformer: a car that takes too much goes unnoticed",
}


def missing(settings: Settings) -> list[str]:
    """Return a line for each barrier that is not wired, or waived, with the key that adds it."""
    found = [
        f"{line} (inputs.{key})"
        for key, line in LINES.items()
        if getattr(settings.inputs, key) in (None, ())
    ]
    if not settings.safety.temperature_sensor:
        found.append(
            "no temperature sensor: a loose terminal gets hot unnoticed (safety.temperature_sensor)"
        )
    if settings.supply.main_fuse_a is None:
        found.append(
            "no main fuse is watched: house and car together may blow it (supply.main_fuse_a)"
        )
    if settings.safety.allow_without_b:
        found.append(
            "no proof by B: a part of the pilot's reading that fails closes the contactor on an "
            "empty plug (safety.allow_without_b)"
        )
    return found
