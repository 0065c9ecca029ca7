# SPDX-License-Identifier: GPL-3.0-or-later
"""FMEA of the inputs and outputs: what the software reads and drives with each single fault.

None of them closes a contactor. The faults that count are those with which something reads well
that is not: they are listed with what finds them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evsed.core.pilot.cable import rating_a, resistance_ohm
from hw.tools import faults
from hw.tools.faults import Fault
from hw.tools.ngspice import Deck
from hw.tools.values import Values

# BCM2835 family, from memory: below the first a pin reads low, above the second high.
LOW_V, HIGH_V = 0.8, 2.0
PI_LIMIT_A = 0.05  # of the Pi's 3.3 V for everything here; a contact's pull-up takes 3.3 mA
ON_SHARE = 0.5  # of 12 V, or of 3.3 V: an output that has switched

BLOCKS = ("contacts", "proximity", "transformer", "coil_supply", "outputs")
# input -> what it is, what finds it when it reads low (well) for ever
CONTACTS = {
    "fb": (
        "mirror contact",
        "the next closing: the contacts seem to stay open (`ContactorDidNotClose`)",
    ),
    "rcd": (
        "residual current trip",
        "its self-test before each closing (`GroundFaultTestFailed`); the device opens the loop",
    ),
    "stop": (
        "emergency stop",
        "the stop opens the loop by itself; the coil's supply channel shows it",
    ),
    "btn": ("button", "whoever presses it; no barrier"),
}
AS_BEFORE = "as before"


@dataclass(frozen=True, slots=True)
class Input:
    """What one fault changes, for people; `found_by`: what finds it; `wrong`: why it may not be."""

    fault: Fault
    effect: str
    found_by: str
    wrong: str


def all_faults(deck: Deck) -> Iterator[Fault]:
    """Every single fault of inputs and outputs."""
    for name in BLOCKS:
        for line in deck.lines(name):
            yield from faults.of_line(line)
            yield from faults.of_amplifier(
                line,
                {
                    "second half stuck high": "V(vref)",
                    "second half stuck low": "0",
                    "second half stuck at a quarter": "V(vref)/4",
                },
            )


def examine(values: Values, fault: Fault, deck: Deck, well: Mapping[str, float]) -> Input:
    """Run *fault*; *well* is the same netlist without one."""
    broken = deck.replaced(fault.element, fault.lines) if fault.element else deck
    found = broken.run(fault.params)
    effects: list[str] = []
    finders: list[str] = []
    wrong = ""
    for effect, finder in (
        *_contacts(found),
        *_proximity(values, found),
        *_transformer(values, found, well),
        *_coil_supply(values, found),
        *_outputs(values, found),
    ):
        effects.append(effect)
        finders.append(finder)
    if -found["pi_a"] > PI_LIMIT_A:
        effects.append(f"takes {-found['pi_a']:.1f} A from the Pi's 3.3 V, which gives way")
        finders.append("at once: the Pi stops, the dead-man opens")
    if any(not finder for finder in finders):
        wrong = "nothing finds it"
    return Input(
        fault,
        "; ".join(effects) or AS_BEFORE,
        "; ".join(dict.fromkeys(finders)) or "nothing; harmless alone",
        wrong,
    )


def _level(volts: float) -> str:
    return "low" if volts < LOW_V else "high" if volts > HIGH_V else "neither"


def _contacts(found: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    for name, (what, stuck_low) in CONTACTS.items():
        closed, opened = _level(found[f"{name}_closed"]), _level(found[f"{name}_open"])
        if (closed, opened) == ("low", "high"):
            continue
        if opened == "low":
            yield f"{what}: low for ever", stuck_low
        elif closed == "high":
            finder = "at once: a fault of that input" if name != "btn" else CONTACTS["btn"][1]
            yield f"{what}: high for ever", finder
        else:
            yield f"{what}: between the levels", ""


def _code(values: Values, volts: float) -> int:
    top = int(values["contract"]["adc_codes"])
    return round(min(top - 1, max(0.0, volts / values.reference_v * top)))


def _proximity(values: Values, found: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    plug, none = (
        rating_a(resistance_ohm(_code(values, found[key]))) for key in ("plug", "no_plug")
    )
    if plug == 13.0 and none is None:
        return
    if plug is not None and plug > 13.0:
        yield f"a plug of 13 A reads {plug:.0f} A", ""
    elif plug is None:
        yield "no plug is seen, or a short", "the next plug-in: no charge (`MREC23ProximityFault`)"
    elif none is not None:
        yield f"no plug reads {none:.0f} A", "nothing; the pilot shows that no car is there"


def _transformer(
    values: Values, found: Mapping[str, float], well: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    swing = (found["ct_high"] - found["ct_low"]) / (well["ct_high"] - well["ct_low"])
    middle = _code(values, found["ct_zero"]) / values["contract"]["adc_codes"]
    if abs(middle - 0.5) > 0.05:
        yield f"transformer: rests at {middle:.0%} of VREF", "at once (`MeterFault`)"
    elif not 0.9 < swing < 1.1:
        finder = (
            "nothing: it reads as a car that takes nothing; compare the page with a clamp meter"
            if swing < 1
            else "the next charge: over-current (`MREC4OverCurrentFailure`)"
        )
        yield f"transformer: reads {max(0.0, swing):.0%} of the current", finder


def _coil_supply(values: Values, found: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    scale = values.coil_supply_v_per_code
    volts = _code(values, found["supply"]) * scale
    opened = _code(values, found["no_loop"]) * scale
    least, _, most = values["models.coil"]["supply_v"]
    if not least <= volts <= most:
        yield (
            f"coil's supply: 12 V reads {volts:.1f} V",
            "at once, where evsed reads the channel: nothing closes",
        )
    elif opened > 1.0:
        yield f"coil's supply: an open loop reads {opened:.1f} V", ""


def _outputs(values: Values, found: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    v12, v3 = values["models.coil"]["supply_v"][1], values["models.pi"]["high_v"][1]
    for name, what, supply, stuck_on, stuck_off in (
        (
            "test",
            "test of the residual current device",
            v3,
            "at once: the device trips and stays so",
            "its self-test before each closing (`GroundFaultTestFailed`)",
        ),
        ("red", "light", v12, "whoever sees it; no barrier", "whoever sees it; no barrier"),
        ("green", "light", v12, "whoever sees it; no barrier", "whoever sees it; no barrier"),
        ("blue", "light", v12, "whoever sees it; no barrier", "whoever sees it; no barrier"),
        (
            "coil",
            "pilot's line",
            v12,
            "at once: no car is seen any more, nothing closes",
            "nothing; a car cannot be woken",
        ),
    ):
        on = found[f"{name}_commanded"] < ON_SHARE * supply
        off = found[f"{name}_rest"] > ON_SHARE * supply
        if name in ("red", "green", "blue"):  # a light is on by its current, not by a level
            on = found[f"{name}_commanded"] < 0.95 * supply
            off = found[f"{name}_rest"] > 0.95 * supply
        if not off and math.isfinite(found[f"{name}_rest"]):
            yield f"{what}: on for ever" if name != "coil" else f"{what}: open for ever", stuck_on
        elif not on:
            yield f"{what}: never on" if name != "coil" else f"{what}: never opened", stuck_off
