# SPDX-License-Identifier: GPL-3.0-or-later
"""The barriers that this installation does without, each in one line, for `evsed check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evsed.settings import Settings

LINES: Final = {
    "contactor_feedback_gpios": "no mirror contact: a welded contactor goes unnoticed",
    "ground_fault_gpio": "no input of the residual-current device: the plug is live again at its "
    "reset",
    "ground_fault_test_gpio": "no test of the residual-current device before closing",
    "emergency_stop_gpio": "no input of an emergency stop: the plug is live again at its release",
    "current_adc_channel": "no current transformer: a car that takes too much goes unnoticed",
}


def missing(settings: Settings) -> list[str]:
    """Return a line for each optional barrier that is not wired, with the key that adds it."""
    found = [
        f"{line} (inputs.{key})"
        for key, line in LINES.items()
        if getattr(settings.inputs, key) in (None, ())
    ]
    if not settings.safety.temperature_sensor:
        found.append(
            "no temperature sensor: a loose terminal gets hot unnoticed (safety.temperature_sensor)"
        )
    return found
