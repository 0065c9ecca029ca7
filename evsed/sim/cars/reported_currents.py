# SPDX-License-Identifier: GPL-3.0-or-later
"""Reported cars by what they take, and the ordinary one."""

from __future__ import annotations

from typing import Final

from evsed.sim.cars import takes
from evsed.sim.cars.car import CarModel
from evsed.sim.cars.entry import Entry

CURRENTS: Final = (
    Entry(
        "ordinary",
        "An ordinary car",
        "IEC 61851-1 Table A.6",
        "S2 closes a second after an offer, and opens 2 s after its end",
        "-",
    ),
    Entry(
        "kona-nothing",
        "Hyundai Kona: S2 closed and asleep",
        "dingo35/SmartEVSE-3.5#17",
        "contactor on, the station says charging, the car sleeps",
        "0 A without end",
        make=lambda idle_a=0.0: (takes.TakesNothing(idle_a),),
        owner="it wants nothing",
    ),
    Entry(
        "smart-1.3",
        "Smart #1: S2 closed, 1.3 A, asleep",
        "evcc-io/evcc#14210",
        "5 W at 1.3 A until CP is opened for 5 s",
        "1.3 A without end",
        make=lambda idle_a=1.3: (takes.TakesNothing(idle_a),),
        owner="it wants nothing",
    ),
    Entry(
        "tapers",
        "A car that tapers to nothing",
        "dingo35/SmartEVSE-3.5#17",
        "full, and S2 stays closed",
        "after an hour, in half an hour",
        make=lambda from_s=3600.0, over_s=1800.0: (takes.TakesNothing(0.0, from_s, over_s=over_s),),
    ),
    Entry(
        "wakes-up-later",
        "A car that takes nothing for an hour with S2 closed, then all",
        "dingo35/SmartEVSE-3.5#17",
        "sleeps with S2 closed",
        "an hour",
        make=lambda until_s=3600.0: (takes.TakesNothing(0.0, 0.0, until_s),),
    ),
    Entry(
        "takes-1.5-more",
        "Renault Zoe: 1.5 A more than the pilot",
        "evcc-io/evcc#28936",
        "7 to 8 % more",
        "1.5 A at any offer",
        settings=(("safety.over_current_plus_a", 1.5),),
        make=lambda plus_a=1.5: (takes.TakesMore(plus_a),),
    ),
    Entry(
        "takes-0.7-less",
        "A car that takes 0.7 A less",
        "evcc-io/evcc#14417",
        "0.5 to 0.8 A less than released",
        "0.7 A",
        make=lambda plus_a=-0.7: (takes.TakesMore(plus_a),),
    ),
    Entry(
        "follows-9s",
        "A car that follows a fall after 9 s",
        "EVerest/EVerest#762, lincomatic/open_evse#95",
        "another 6 s or so; 5 A for 10 s allowed in shipped builds",
        "9 s",
        settings=(("safety.over_current_for_s", 10.0),),
        make=lambda late_s=9.0: (takes.FollowsLate(late_s),),
    ),
    Entry(
        "at-most-10",
        "VW e-Up: takes no more than 10 A",
        "warp-more-hardware/esp32-firmware#51",
        "4.7 kW on two phases at any offer from 10 A on",
        "one phase here",
        model=CarModel(max_a=10.0),
    ),
    Entry(
        "whole-amperes",
        "Skoda Enyaq: whole amperes",
        "evcc-io/evcc#33648",
        "steps of 1 A",
        "rounded down",
        make=lambda step_a=1.0: (takes.Steps(step_a),),
    ),
    Entry(
        "second-module",
        "e-Golf 2020: the second module joins after 3 min",
        "dingo35/SmartEVSE-3.5#225",
        "16 A at first, both modules later",
        "after 3 min",
        make=lambda first_a=10.0, after_s=180.0: (takes.SecondModule(first_a, after_s),),
    ),
    Entry(
        "derates",
        "Tesla: a hot plug or a sagging mains takes a quarter away",
        "flashg1/TeslaSolarCharger#4",
        "stays lower until replugged",
        "after 20 min",
        make=lambda after_s=1200.0, share=0.75: (takes.Derates(after_s, share),),
    ),
    Entry("full", "A full car", "-", "asks for nothing, whatever is offered", "-", full=True),
)
