# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults whose effect follows by reasoning: supplies, the converter's bus, connectors, relays.

Each row: part, what failed, what comes of it, what finds it and when.
"""

from __future__ import annotations

READS_0 = "every code is 0: the pilot reads −13.8 V"
STUCK_LOW = "at once (`PilotFault`): opens within 100 ms"
HARMLESS = "nothing; harmless alone"
NO_COIL = "the coil has no supply: open"
NO_SUPPLY = "the next closing (`ContactorDidNotClose`); at once where evsed reads the coil's supply"
PI_STOPS = "the Pi's 5 V gives way: it stops, the dead-man opens"

BY_HAND: tuple[tuple[str, str, str, str], ...] = (
    ("F101", "open", NO_COIL, NO_SUPPLY),
    ("F101", "short", "a short behind it is limited by the 12 V supply alone", HARMLESS),
    ("D101", "open", "surges on 12 V reach the drive", HARMLESS),
    ("D101", "short", "F101 trips; " + NO_COIL, NO_SUPPLY),
    ("C101", "open", "12 V dips as the contactor closes", HARMLESS),
    ("C101", "short", "F101 trips; " + NO_COIL, NO_SUPPLY),
    ("C102", "open", "more ripple on ±15 V", HARMLESS),
    ("C102", "short", PI_STOPS, "at once: evsed is gone"),
    ("C103", "open", "more ripple on +15 V", HARMLESS),
    ("C103", "short", "as U101, +15 V gone", STUCK_LOW),
    ("C104", "open", "more ripple on −15 V", HARMLESS),
    ("C104", "short", "as U101, −15 V gone", "at once (`DiodeFault`): opens within 100 ms"),
    ("C105", "open", "more noise on VREF", HARMLESS),
    ("C105", "short", PI_STOPS, "at once: evsed is gone"),
    ("C106", "open", "VREF may ring", HARMLESS),
    ("C106", "short", "as U102, dead", STUCK_LOW),
    ("C302", "open", "more noise on the receiver", HARMLESS),
    ("C302", "short", "as U102, dead", STUCK_LOW),
    ("C304", "open", "more noise on the converter", HARMLESS),
    ("C304", "short", "as U102, dead", STUCK_LOW),
    ("U302", "dead, or its bus stuck", READS_0, STUCK_LOW),
    ("R305", "open", READS_0, STUCK_LOW),
    ("R305", "short", "edges on MISO are steeper", HARMLESS),
    ("R306", "open", "CS floats only where its wire breaks, too", HARMLESS),
    ("R306", "short", "CS stays high: " + READS_0, STUCK_LOW),
    ("R307", "open", "MOSI floats only where its wire breaks, too", HARMLESS),
    ("R307", "short", "no start bit: " + READS_0, STUCK_LOW),
    ("R308", "open", "MISO floats only where its wire breaks, too", HARMLESS),
    ("R308", "short", READS_0, STUCK_LOW),
    ("R309", "open", "CLK floats only where its wire breaks, too", HARMLESS),
    ("R309", "short", "no clock: " + READS_0, STUCK_LOW),
    ("R609", "open", "the sensor is lost", "after 2.5 s: the car is let go"),
    ("R609", "short", "the sensor is lost", "after 2.5 s: the car is let go"),
    ("R610", "open", "the sensor is lost", "after 2.5 s: the car is let go"),
    ("R610", "short", "edges on the sensor's wire are steeper", HARMLESS),
    ("K701", "does not switch", "a car cannot be woken", "whoever waits for it; no barrier"),
    (
        "K701",
        "stays open",
        "no car is seen any more: A",
        "at once: a charging car is let go within 100 ms, nothing closes",
    ),
    (
        "D201, D301, D302, D401, D402, D501, D601",
        "common pin open",
        "as both halves open",
        "as both halves open",
    ),
)
