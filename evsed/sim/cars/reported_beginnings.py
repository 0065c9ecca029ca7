# SPDX-License-Identifier: GPL-3.0-or-later
"""Reported cars that are particular about how a charge begins."""

from __future__ import annotations

from typing import Final

from evsed.sim.cars import begins, stops, takes
from evsed.sim.cars.entry import Entry
from evsed.sim.cars.habit import Signal

WAKES_ON_F: Final = (Signal.NOT_AVAILABLE,)
WAKES_ON_OPEN: Final = (Signal.NONE,)
NEVER_WAKES: Final = ()

BEGINNINGS: Final = (
    Entry(
        "min-8",
        "Renault Zoe, Fiat 500e: charges from 8 A on",
        "dingo35/SmartEVSE-3.5#335, steff393/wbec#28, evcc-io/evcc#6388",
        "does not charge under 7 or 8 A",
        "leaves S2 open below it",
        make=lambda least_a=8.0: (begins.NeedsLeastCurrent(least_a),),
    ),
    Entry(
        "min-8-tries",
        "Renault Zoe: tries, and gives up under 8 A",
        "dingo35/SmartEVSE-3.5#335",
        "begins, stops, begins again under its least current",
        "4 s of trying, 15 s of rest",
        make=lambda least_a=8.0, tries_s=4.0, again_s=15.0: (
            begins.NeedsLeastCurrent(least_a, tries_s=tries_s, again_s=again_s),
        ),
    ),
    Entry(
        "min-11",
        "Renault Zoe on three phases, as if on one: charges from 11 A on",
        "evcc-io/evcc#11097, evcc-io/evcc#4788, evcc-io/evcc#13543",
        "three-phase least currents of 8 to 11 A",
        "one phase here; S2 stays open below",
        make=lambda least_a=11.0: (begins.NeedsLeastCurrent(least_a),),
    ),
    Entry(
        "reads-3-less",
        "BMW iX3: reads 3 A less than is set",
        "OpenEVSE/openevse_esp32_firmware#588",
        "does not charge at 6 A set, reads 6 A at 9 A",
        "there the duty itself was short",
        make=lambda less_a=3.0: (takes.ReadsLess(less_a),),
    ),
    Entry(
        "poor-below-8",
        "Renault Zoe: a power factor of 0.07 at 6 A",
        "evcc-io/evcc#187, evcc-io/evcc#1400",
        "takes next to nothing at 6 A, 0.45 of it at 7 A, nearly all at 8 A",
        "one step at 8 A",
        settings=(("surplus.car_min_current_a", 8.0),),
        make=lambda full_a=8.0, share=0.1: (begins.PoorBelow(full_a, share),),
    ),
    Entry(
        "late-30s",
        "PSA cars: S2 closes 30 s after the offer",
        "snaptec/openWB#1289",
        "up to 30 s",
        "always 30 s",
        make=lambda after_s=30.0: (begins.Begins(after_s),),
    ),
    Entry(
        "late-60s",
        "Renault Zoe, Kia e-Niro: a minute",
        "CurtRod/SimpleEVSE-WiFi#35",
        "10 to 60 s",
        "always 60 s",
        make=lambda after_s=60.0: (begins.Begins(after_s),),
    ),
    Entry(
        "late-4min",
        "A car that takes four minutes",
        "evcc-io/evcc#11958",
        "3 to 4 min after the release",
        "always 4 min",
        make=lambda after_s=240.0: (begins.Begins(after_s),),
    ),
    Entry(
        "draws-late",
        "Nissan Leaf, e-NV200: draws 40 s after S2",
        "SmartEVSE/SmartEVSE-3#19",
        "10 to 40 s between closing and current, then at once what is offered",
        "40 s",
        make=lambda after_s=40.0: (begins.DrawsLate(after_s),),
    ),
    Entry(
        "psa-ramp",
        "PSA on-board chargers: an offer that ends early is a fault",
        "openWB/core#1298",
        "begin slowly; an end of the offer meanwhile is a fault until replugged",
        "within 60 s of the offer",
        make=lambda slow_s=60.0: (stops.HatesEarlyEnd(slow_s),),
    ),
    Entry(
        "asleep-1h",
        "Smart ED/EQ, Renault Zoe: asleep after an hour",
        "steff393/wbec#136, evcc-io/evcc#14873",
        "asleep some time after plug-in without an offer",
        "an hour; F for 2.5 s wakes it",
        make=lambda after_s=3600.0, wakes_on=WAKES_ON_F, for_s=2.5, tries=1: (
            begins.Sleeps(after_s, wakes_on=wakes_on, for_s=for_s, tries=tries),
        ),
    ),
    Entry(
        "asleep-2h",
        "Renault Zoe: asleep after two hours",
        "OpenEVSE/ESP8266_WiFi_v2.x#223",
        "does not begin 2 h later; a restart of the station wakes it",
        "F for 2.5 s wakes it",
        make=lambda after_s=7200.0, wakes_on=WAKES_ON_F, for_s=2.5, tries=1: (
            begins.Sleeps(after_s, wakes_on=wakes_on, for_s=for_s, tries=tries),
        ),
    ),
    Entry(
        "asleep-4h",
        "Dacia Spring: asleep after four hours",
        "evcc-io/evcc#21293",
        "does not begin after a pause of 4 h",
        "the second F wakes it",
        make=lambda after_s=14400.0, wakes_on=WAKES_ON_F, for_s=2.5, tries=2: (
            begins.Sleeps(after_s, wakes_on=wakes_on, for_s=for_s, tries=tries),
        ),
    ),
    Entry(
        "wants-f",
        "Fiat 500e, Ioniq 5: after +12 V it wakes on F only",
        "OpenEVSE/openevse_esp32_firmware#333, serkri/SmartEVSE-3#256",
        "a pause by +12 V is not ended by an offer; F first is",
        "after 10 s of +12 V",
        make=lambda after_s=10.0, wakes_on=WAKES_ON_F, for_s=2.5, tries=1: (
            begins.Sleeps(after_s, wakes_on=wakes_on, for_s=for_s, tries=tries, only_steady=True),
        ),
    ),
    Entry(
        "wants-open",
        "A car that wakes on an open control pilot only",
        "Tinkerforge/evse-v2-bricklet iec61851.c",
        "CP is opened for 4 s, then for 30 s, before F is tried",
        "after an hour",
        make=lambda after_s=3600.0, wakes_on=WAKES_ON_OPEN, for_s=2.5, tries=1: (
            begins.Sleeps(after_s, wakes_on=wakes_on, for_s=for_s, tries=tries),
        ),
        settings=(("board.cp_relay_gpio", 12.0),),
    ),
    Entry(
        "wants-key",
        "Dacia Spring after a power cut: wakes on its key only",
        "fesch/CanZE#780",
        "does not resume unless a door is opened",
        "after 30 min without an offer",
        make=lambda after_s=1800.0: (begins.Sleeps(after_s, wakes_on=NEVER_WAKES),),
        owner="only its key or its door wakes it",
    ),
    Entry(
        "welcome",
        "Ford Kuga: faults unless it is offered something at plug-in",
        "SmartEVSE/SmartEVSE-3#75",
        "an error where the station offers nothing when it is plugged in",
        "for 60 s",
        make=lambda for_s=60.0: (begins.NeedsWelcome(for_s),),
        settings=(("car.welcome_s", 300.0),),
    ),
    Entry(
        "hot-zoe",
        "Renault Zoe ZE50, hot: breaks off when it begins high",
        "SmartEVSE/SmartEVSE-2#45",
        "a slow ramp from the least current works better",
        "over 8.5 A in the first 5 s",
        make=lambda most_a=8.5, first_s=5.0, rest_s=40.0: (
            begins.BreaksOffHigh(most_a, first_s, rest_s),
        ),
    ),
    Entry(
        "cold-tesla",
        "Tesla below 0 degrees: breaks off when it begins high",
        "OpenEVSE/openevse_esp32_firmware#130",
        "begins at 6 A and takes 16 A some minutes later; else on and off every 5 s",
        "over 10 A in the first 60 s, 5 s of rest",
        make=lambda most_a=10.0, first_s=60.0, rest_s=5.0: (
            begins.BreaksOffHigh(most_a, first_s, rest_s),
        ),
    ),
)
