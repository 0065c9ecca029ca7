# SPDX-License-Identifier: GPL-3.0-or-later
"""Reported cars that give up, flinch, bounce or cannot let go."""

from __future__ import annotations

from typing import Final

from evsed.sim.cars import stops, switches
from evsed.sim.cars.entry import Entry

STOPS: Final = (
    Entry(
        "gives-up-2",
        "VW ID: begins no more after 2 interruptions",
        "evcc-io/evcc#4127",
        "two",
        "until it is unplugged",
        settings=(("car.most_interruptions", 1),),
        make=lambda after=2: (stops.GivesUp(after),),
    ),
    Entry(
        "gives-up-5",
        "e-Golf, Porsche PHEV: after 5",
        "OpenEVSE/OpenEVSE_PLUS#13, evcc-io/evcc#8143",
        "five",
        "until it is unplugged",
        make=lambda after=5: (stops.GivesUp(after),),
    ),
    Entry(
        "gives-up-10",
        "Tesla: after about 10",
        "evcc-io/evcc#971",
        "about ten",
        "until it is unplugged",
        make=lambda after=10: (stops.GivesUp(after),),
    ),
    Entry(
        "short-pause",
        "Smart ED: faults where a pause is shorter than a minute",
        "lincomatic/open_evse#23",
        "off and on within 60 s: its light flashes red",
        "until it is unplugged",
        make=lambda least_s=60.0: (stops.HatesShortPause(least_s),),
    ),
    Entry(
        "bmw",
        "BMW hybrids: 2.7 kilo-ohm half a second after a change of the duty",
        "Tinkerforge/evse-v2-bricklet evse.c evse_set_cp_duty_cycle()",
        "a glitch about 500 ms after each change",
        "100 ms, from 0.45 s on",
        make=lambda after_s=0.45, for_s=0.1, least_a=0.0: (
            switches.Flinches(after_s, for_s, least_a),
        ),
    ),
    Entry(
        "cools",
        "Renault Zoe, Kia e-Niro: stop when their cooling begins",
        "CurtRod/SimpleEVSE-WiFi#35",
        "10 to 60 s",
        "30 s in every 10 min",
        make=lambda every_s=600.0, for_s=30.0: (switches.Rests(every_s, for_s),),
    ),
    Entry(
        "egolf-10-20",
        "e-Golf: 10 s on, 20 s off",
        "OpenEVSE/OpenEVSE_PLUS#13",
        "about 10 s on, 10 to 30 s off, gives up after about 5 tries in the report",
        "without end",
        make=lambda on_s=10.0, off_s=20.0: (switches.Toggles(on_s, off_s),),
        owner="its on-board charger needs a workshop",
    ),
    Entry(
        "egolf-3-4",
        "e-Golf: a few seconds each",
        "dingo35/SmartEVSE-3.5#280",
        "an endless loop",
        "3 s on, 4 s off",
        make=lambda on_s=3.0, off_s=4.0: (switches.Toggles(on_s, off_s),),
        owner="its on-board charger needs a workshop",
    ),
    Entry(
        "tucson",
        "Hyundai Tucson PHEV: bounces after its charge",
        "OpenEVSE/openevse_esp32_firmware#894",
        "between B and C all night; its 12 V battery was empty in the morning",
        "1.5 s each, after 1 kWh",
        make=lambda on_s=1.5, off_s=1.5, from_wh=1000.0: (
            switches.Toggles(on_s, off_s, from_wh=from_wh),
        ),
    ),
    Entry(
        "zoe-grid",
        "Renault Zoe 2017: 45 s on, 15 s off, five times",
        "OpenEVSE/openevse_esp32_firmware#591",
        "30 to 60 s on, 10 to 20 s off, four or five times, then no more (high mains voltage)",
        "45 and 15 s, 5 times",
        make=lambda on_s=45.0, off_s=15.0, tries=5: (switches.Toggles(on_s, off_s, tries=tries),),
        owner="the mains voltage is too high for it",
    ),
    Entry(
        "heats",
        "A full car that heats: a minute in every five",
        "evcc-io/evcc#31136",
        "cars take power for their climate although they are full",
        "60 s in 5 min",
        make=lambda on_s=60.0, off_s=240.0: (switches.Toggles(on_s, off_s),),
        full=True,
    ),
    Entry(
        "bcb",
        "BMW iX3: three pulses of 250 ms, then on, off, on",
        "Tinkerforge/evse-v2-bricklet evse.c, dingo35/SmartEVSE-3.5#40",
        "B-C-B of ISO 15118, and starts that need two tries",
        "at 5, 5.5, 6, 10 to 13, 16 s",
        make=lambda: (switches.Signals(((5, 5.25), (5.5, 5.75), (6, 6.25), (10, 13)), 16.0),),
    ),
    Entry(
        "spike",
        "VW ID.3: A for a moment when S2 closes",
        "Tinkerforge/evse-bricklet evse.c",
        "a high resistance while it engages 880 ohm",
        "100 ms",
        make=lambda for_s=0.1: (switches.SpikesToA(for_s),),
    ),
    Entry(
        "loose",
        "A plug whose contact is away for 0.7 s every hour",
        "goecharger/go-eCharger-API-v2#81",
        "a Cupra lost its session without being unplugged",
        "0.7 s of A",
        make=lambda at_s=1800.0, for_s=0.7, every_s=3600.0: (
            switches.LosesContact(at_s, for_s, every_s),
        ),
    ),
    Entry(
        "holds-on",
        "A car that stays in C for 15 min",
        "goecharger/go-eCharger-API-v2#60",
        "still C 15 min after the stop",
        "draws nothing; F makes it let go",
        make=lambda for_s=900.0, draws=False: (stops.HoldsOn(for_s, draws=draws),),
    ),
    Entry(
        "leaf-holds-on",
        "Nissan Leaf 2014: asks for 5 min after the stop",
        "magico13/ha-emporia-vue#123",
        "until the car gives up, 5 min later",
        "draws nothing; F makes it let go",
        make=lambda for_s=300.0, draws=False: (stops.HoldsOn(for_s, draws=draws),),
    ),
    Entry(
        "kona-holds-on",
        "Hyundai Kona: draws on without PWM",
        "EVerest IECStateMachine.cpp",
        "does not stop drawing when the PWM ends",
        "without end; F makes it let go",
        make=lambda for_s=1e9, draws=True: (stops.HoldsOn(for_s, draws=draws),),
    ),
)
