# SPDX-License-Identifier: GPL-3.0-or-later
"""Reported cars by the phases that they use, and by how they bear a change of them.

On a box with one phase they are ordinary cars.
"""

from __future__ import annotations

from typing import Final

from evsed.sim.cars import stops
from evsed.sim.cars.car import CarModel
from evsed.sim.cars.entry import Entry

PHASES: Final = (
    Entry(
        "two-phases",
        "VW e-Up, e-Golf: two phases",
        "warp-more-hardware/esp32-firmware#51",
        "4.7 kW on two phases",
        "L1 and L2; L1 alone where there is no more",
        model=CarModel(phases=2),
    ),
    Entry(
        "three-phases",
        "A car with three phases",
        "EN IEC 62196-2",
        "16 A on each phase of a type 2 plug",
        "all load alike; L1 alone where there is no more",
        model=CarModel(phases=3),
    ),
    Entry(
        "bridges",
        "A car that connects L1 and L2 inside while it has one phase",
        "evcc-io/evcc#33658",
        "a short circuit where a second phase closes while it is plugged in",
        "connected from its first current on one phase until it is unplugged",
        model=CarModel(phases=2, bridges=True),
    ),
    Entry(
        "hangs-10s",
        "Polestar: hangs where the pilot is away for under 10 s",
        "Tinkerforge/esp32-firmware",
        "5 s between two sets of phases was not enough",
        "needs 10 s; hangs until it is unplugged",
        model=CarModel(phases=3),
        make=lambda least_s=10.0: (stops.HatesShortPause(least_s),),
    ),
)
