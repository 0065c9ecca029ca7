# SPDX-License-Identifier: GPL-3.0-or-later
"""FMEA of the contactor drive: what each single fault does to the coil, and what finds it.

Every fault lives through spice/fmea_drive.cir twice, with the heartbeat resting low and high, on a
nominal board; its time to let go also on the slowest board, and its hold on the weakest. Then 12 V
comes with the Pi off, and comes back while everything is commanded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hw.tools import faults
from hw.tools.faults import Fault
from hw.tools.ngspice import Deck
from hw.tools.values import Values

LEVELS = (0, 1)
LAST_EDGE_S = 2.84  # of fmea_drive.cir, resting low; one tick later resting high
OPENED_AT_S = 2.0
HELD_SHARE = 0.8  # holds: far above what any relay lets go at
PULSE_SHARE = 0.5
NEVER = 99.0

# Found by, in the order in which they come.
DID_NOT_CLOSE = "the next closing: the contacts stay open (`ContactorDidNotClose`)"
PUMP_PROOF = "the proof of the pump before the next closing (`DeadManFault`)"
ENABLE_PROOF = "the next opening: the contacts outlast ENABLE (`ContactorFault`)"
LATENT = "nothing; harmless alone"
READ_BACK = "evsed reads the output back: within 1 s, and before each closing"
AT_ONCE = "at once: the contacts close without a command (`ContactorFault`)"

BLANKING = ("C404", "R411", "D404", "Q405")  # keep the pump empty for a while after 12 V came
PINS: tuple[Fault, ...] = (
    Fault("GPIO 23", "stuck high", params={"en_stands": 1.0}),
    Fault("GPIO 23", "stuck low", params={"en_stands": 0.0}),
    Fault("GPIO 24", "stuck high", params={"hb_stands": 1.0}),
    Fault("GPIO 24", "stuck low", params={"hb_stands": 0.0}),
    Fault("GPIO 23", "wire cut", params={"en_ohm": 1e11}),
    Fault("GPIO 24", "wire cut", params={"hb_ohm": 1e11}),
    Fault("GPIO 23 and 24", "bridged", params={"bridge_ohm": 1e-3}),
)


@dataclass(frozen=True, slots=True)
class Drive:
    """What one fault does, each pair for the heartbeat resting low and high.

    Currents are shares of the coil's full current. `idle`: at rest, no car. `no_enable`: beaten
    with ENABLE low. `no_beats`: ENABLE high without beats. `held`, `peak`: least and most with
    both. `opens_s`: from evsed's opening; `drops_s`: from the last beat with ENABLE high, of the
    nominal board; `slowest_s`: the same on the slowest one; `weakest`: least share on the weakest,
    and `soonest_s` the least time that one outlasts a beat. `drain_v`: the most at Q401.
    `dark`: most with the Pi off as 12 V comes. `back_s`: how long the contactor stays off when 12 V
    comes back while everything is commanded (of the parts that see to it); infinite: for ever.
    """

    fault: Fault
    idle: tuple[float, float]
    no_enable: tuple[float, float]
    no_beats: tuple[float, float]
    held: tuple[float, float]
    peak: tuple[float, float]
    opens_s: tuple[float, float]
    drops_s: tuple[float, float]
    slowest_s: tuple[float, float]
    weakest: float
    soonest_s: float
    drain_v: float
    dark: float
    back_s: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits that a verdict is given by, from values.toml."""

    pull_in: float
    release: float
    drop_s: float
    open_s: float
    late_s: float
    drain_v: float


def rule(values: Values) -> Rule:
    """The limits of *values*."""
    coil, contract = values["models.coil"], values["contract"]
    return Rule(
        coil["pull_in_share"],
        coil["release_share"],
        contract["dead_man_drop_s"],
        contract["single_fault_open_s"],
        contract["heartbeat_late_s"],
        values["models.switch_fet"]["drain_limit_v"],
    )


def all_faults(deck: Deck) -> Iterator[Fault]:
    """Every single fault of the drive: parts, pins, wires."""
    for line in deck.lines("contactor"):
        yield from faults.of_line(line)
    yield from PINS


def slowest(values: Values) -> dict[str, float]:
    """The board whose pump lets go last: low threshold, high clamp, large capacitors."""
    return _corner(values, high=True)


def weakest(values: Values) -> dict[str, float]:
    """The board that holds least: high threshold, low clamp, small capacitors, much current."""
    return _corner(values, high=False)


def _corner(values: Values, *, high: bool) -> dict[str, float]:
    fet, small, coil = (values[f"models.{k}"] for k in ("switch_fet", "small_fet", "coil"))
    zener, pi = values["models.clamp_zener"], values["models.pi"]
    most, least = (-1, 0) if high else (0, -1)
    corner = {
        "switch_fet_threshold_v": fet["threshold_v"][least],
        "switch_fet_k_a_per_v2": fet["k_a_per_v2"][most],
        "small_fet_threshold_v": small["threshold_v"][least],
        "clamp_zener_value_v": zener["value_v"][most],
        "clamp_zener_leakage_a_at_4v": zener["leakage_a_at_4v"][least],
        "coil_supply_v": coil["supply_v"][most],
        "coil_ohm": coil["ohm"][0 if high else 1],
        "coil_henry": coil["henry"][0 if high else 1],
        "pi_high_v": pi["high_v"][most],
    }
    sign = 1 if high else -1
    for ref, part in values.parts.items():
        if ref in PUMP_PARTS:
            corner[ref] = part.si * (1 + sign * part.tol)
    return corner


PUMP_PARTS = (
    *("C401", "C405", "C407", "C402", "C406", "C408", "C403"),
    *("R409", "R412", "R413", "R414", "R415", "R416"),
)


def examine(values: Values, fault: Fault, decks: Mapping[str, Deck]) -> Drive:
    """Run *fault* through every deck of *decks* (fmea_drive, dead_man, power)."""
    broken = {
        name: deck.replaced(fault.element, fault.lines) if fault.element else deck
        for name, deck in decks.items()
    }
    coil = values["models.coil"]
    full = coil["supply_v"][1] / coil["ohm"][0]
    tick = values["contract"]["heartbeat_tick_s"]
    lives = [broken["fmea_drive"].run({"level": float(n), **fault.params}) for n in LEVELS]

    def pair(key: str) -> tuple[float, float]:
        low, high = (abs(life.get(key, math.nan)) / full for life in lives)
        return low, high

    drops = [
        life.get("drop_at", -math.inf) - LAST_EDGE_S - n * tick
        if life.get("last_a", math.inf) < coil["release_share"] * full
        else math.inf
        for n, life in enumerate(lives)
    ]
    opens = [
        life.get("open_at", -math.inf) - OPENED_AT_S
        if life.get("opened_a", math.inf) < coil["release_share"] * full
        else math.inf
        for life in lives
    ]
    late, least, soonest = _corners(values, fault, broken)
    blink = {"en_at": 0.0, "hb_at": 0.0, "hb_off": NEVER, "end_s": 4.5}
    pins = bool(fault.params)  # the power deck has other names for them; its own figures try them
    blanks = fault.part in ("none", *BLANKING)
    back = broken["power"].run(blink).get("first_on", math.inf) - 0.05 if blanks else math.nan
    dark = math.nan if pins else broken["power"].run({}).get("coil_a", math.nan) / full
    return Drive(
        fault,
        pair("idle_a"),
        pair("no_enable_a"),
        pair("no_beats_a"),
        pair("held_a"),
        pair("peak_a"),
        (max(0.0, opens[0]), max(0.0, opens[1])),
        (max(0.0, drops[0]), max(0.0, drops[1])),
        late,
        least,
        soonest,
        max(life.get("drain_v", math.nan) for life in lives),
        dark,
        back,
    )


def _corners(
    values: Values, fault: Fault, decks: Mapping[str, Deck]
) -> tuple[tuple[float, float], float, float]:
    """Time to let go on the slowest board, either level; least share and time on the weakest."""
    if fault.params:
        return (math.nan, math.nan), math.nan, math.nan
    tick = values["contract"]["heartbeat_tick_s"]
    share = values["models.coil"]["release_share"]
    slow, weak = slowest(values), weakest(values)
    late = []
    least = soonest = math.inf
    for level in LEVELS:
        stop = (12 + level) * tick
        case = {"stop_s": stop, "stuck": float(level)}
        full = slow["coil_supply_v"] / slow["coil_ohm"]
        found = decks["dead_man"].run({**slow, **case})
        off = found.get("last_a", math.inf) < share * full
        late.append(max(0.0, found.get("off_at", stop) - stop) if off else math.inf)
        full = weak["coil_supply_v"] / weak["coil_ohm"]
        found = decks["dead_man"].run({**weak, **case})
        least = min(least, found.get("hold_a", math.nan) / full)
        soonest = min(soonest, max(0.0, found.get("off_at", stop) - stop))
    return (late[0], late[1]), max(0.0, least), soonest


def coil(drive: Drive) -> str:
    """What the coil does when it is commanded to close: holds, pulses, stays off, or is weak."""
    held, peak = min(drive.held), max(drive.peak)
    if held >= HELD_SHARE:
        return "holds"
    if peak < PULSE_SHARE:
        return "off" if peak < 0.05 else f"off ({peak:.0%})"
    return f"pulses ({held:.0%} to {peak:.0%})" if held < PULSE_SHARE else f"weak ({held:.0%})"


def found_by(drive: Drive, rules: Rule) -> str:
    """What finds this fault, and when."""
    if max(drive.idle) >= rules.pull_in:
        return AT_ONCE
    if max(drive.no_beats) >= HELD_SHARE:
        return PUMP_PROOF
    if coil(drive).startswith("off"):
        return DID_NOT_CLOSE
    if drive.fault.part == "GPIO 23":
        return READ_BACK
    if max(drive.no_enable) >= HELD_SHARE:
        return ENABLE_PROOF
    nominal = min(drive.drops_s)
    if nominal < rules.late_s:
        return (
            f"a beat later than {nominal * 1e3:.0f} ms ({drive.soonest_s * 1e3:.0f} ms on the "
            "weakest board): the contacts let go (`ContactorDidNotClose`); else harmless"
        )
    if drive.drain_v > rules.drain_v:
        return "nothing; the coil's energy goes into Q401, which may short in time: see there"
    return LATENT


def wrong(drive: Drive, rules: Rule) -> str:
    """What makes this fault one that must be designed out; empty where it is borne."""
    if max(drive.idle) >= rules.pull_in or drive.dark >= rules.pull_in:
        return "the coil is on with nothing commanded"
    weakest = drive.weakest < rules.pull_in and coil(drive) == "holds"
    if weakest or coil(drive).startswith(("pulses", "weak")):
        return "the contactor chatters"
    if max(drive.opens_s) > rules.open_s:
        return f"evsed cannot open it within {rules.open_s * 1e3:.0f} ms"
    for level in LEVELS:
        late = max(drive.drops_s[level], drive.slowest_s[level])
        if late > rules.drop_s and drive.no_beats[level] < HELD_SHARE:
            return "the dead-man is late or lost, and no test finds it"
    return ""
