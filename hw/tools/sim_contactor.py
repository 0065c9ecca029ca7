# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactor's figures: the dead-man's hold and drop, and the 12 V rail coming and going."""

from __future__ import annotations

import math
from random import Random

from hw.tools import draws
from hw.tools.figures import Figure
from hw.tools.ngspice import Deck
from hw.tools.sim_pilot import Progress
from hw.tools.values import Values

RUNS = 500
PARTS = (
    *("R401", "R402", "R403", "R404", "R405", "R406", "R407", "R408", "R410", "R411"),
    *("R409", "R412", "R413", "R414", "R415", "R416"),
    *("C401", "C405", "C407", "C402", "C406", "C408", "C403", "C404"),
)
COUPLING = ("C401", "C405", "C407", "C402", "C406", "C408")
MODELS = ("switch_fet", "small_fet", "clamp_zener", "tvs_coil")


def board(rng: Random, values: Values) -> dict[str, float]:
    """One board, one Pi and one coil."""
    params = draws.parts(rng, values, PARTS) | draws.models(rng, values, *MODELS)
    coil = values["models.coil"]
    kind = rng.randrange(len(coil["ohm"]))
    params["coil_supply_v"] = draws.within(rng, coil["supply_v"][0], coil["supply_v"][-1])
    params["coil_ohm"], params["coil_henry"] = coil["ohm"][kind], coil["henry"][kind]
    high = values["models.pi"]["high_v"]
    params["pi_high_v"] = draws.within(rng, high[0], high[-1])
    return params


def dead_man(values: Values, progress: Progress) -> tuple[list[Figure], dict[str, float]]:
    """Hold and drop over all tolerances; the second is the least and most time to drop, seconds."""
    deck = Deck("dead_man", values)
    contract, models = values["contract"], values["models"]
    tick = contract["heartbeat_tick_s"]
    # name, gap between edges, moment of the last edge for a pin that ends low and for one that ends
    # high, runs (the faster it toggles, the longer it takes and the less it differs)
    rates = (
        ("25 Hz", tick, 12 * tick, 13 * tick, RUNS),
        ("every beat 45 ms late", contract["heartbeat_late_s"], 0.36, 0.405, RUNS),
        ("200 Hz", 0.0025, 0.24, 0.2425, RUNS // 5),
        ("1 kHz", 0.0005, 0.24, 0.2405, RUNS // 25),
    )
    figures = []
    drops: list[float] = []
    gate, drain, release_share = [], [], models["coil"]["release_share"]
    for name, gap, low_at, high_at, runs in rates:
        rng = Random(200)
        held: list[float] = []
        here: list[float] = []
        for n in range(runs):
            params = board(rng, values)
            stuck = n % 2
            stop = high_at if stuck else low_at
            found = deck.run(params | {"tick_s": gap, "stop_s": stop, "stuck": float(stuck)})
            full = params["coil_supply_v"] / params["coil_ohm"]
            held.append(found.get("hold_a", math.nan) / full)
            let_go = found.get("last_a", math.nan) < release_share * full
            here.append(found.get("off_at", math.nan) - stop if let_go else math.inf)
            gate.append(found["gate_v"])
            drain.append(found["drain_v"])
            progress(f"dead-man, {name}", n + 1, runs)
        block = "Dead-man"
        figures += [
            Figure(
                block,
                f"{name}: coil's current against its full current",
                min(held),
                max(held),
                "",
                0.9,
                None,
                "held, always",
                runs,
            ),
            Figure(
                block,
                f"{name}: off after the last edge, stuck high or low",
                min(here),
                max(here),
                "s",
                contract["heartbeat_late_s"],
                contract["dead_man_drop_s"],
                "longer than a late beat, within the contract",
                runs,
            ),
        ]
        drops += here
    figures += [
        Figure(
            "Dead-man",
            "gate of Q402",
            min(gate),
            max(gate),
            "V",
            None,
            models["switch_fet"]["gate_limit_v"],
            "IRLML6344: ±12 V",
            len(gate),
        ),
        Figure(
            "Dead-man",
            "drain of Q401 as the coil's energy leaves",
            min(drain),
            max(drain),
            "V",
            None,
            models["switch_fet"]["drain_limit_v"],
            "IRLML6344: 30 V",
            len(drain),
        ),
    ]
    return figures, {"least_s": round(min(drops), 4), "most_s": round(max(drops), 4)}


HOLD_DUTIES = (0.5, 0.6, 0.7, 0.8, 0.9)
HOLD_HZ = 4000.0


def hold(values: Values) -> tuple[list[Figure], dict[str, list[float]]]:
    """The coil economiser: what is left of the coil's current, by the duty on ENABLE.

    The clamp that lets the coil go fast takes current out of it in every gap, too: a duty of a half
    leaves none. The second is the least and the mean share over all corners, by duty.
    """
    deck = Deck("hold", values)
    limit = values["models.switch_fet"]["drain_limit_v"]
    shares: dict[str, list[float]] = {}
    drain_v = []
    for duty in HOLD_DUTIES:
        least, mean = [], []
        for corner in _corners(values):
            found = deck.run({**corner, "hold_duty": duty, "hold_hz": HOLD_HZ})
            full = corner["coil_supply_v"] / corner["coil_ohm"]
            least.append(found.get("least_a", math.nan) / full)
            mean.append(found.get("mean_a", math.nan) / full)
            drain_v.append(found["drain_v"])
        shares[f"{duty:g}"] = [abs(round(min(least), 3)), round(min(mean), 3), round(max(mean), 3)]
    worst, _, highest = shares["0.8"]
    corners = len(drain_v) // len(HOLD_DUTIES)
    block = "Coil economiser, 4 kHz on ENABLE"
    return [
        Figure(
            block,
            "duty 0.8: coil's current against its full one",
            worst,
            highest,
            "",
            0.4,
            1.0,
            "holds (ours): 8 times what any relay lets go at",
            corners,
        ),
        Figure(
            block,
            "duty 0.5: coil's current against its full one",
            shares["0.5"][0],
            shares["0.5"][2],
            "",
            None,
            values["models.coil"]["pull_in_share"],
            "lets go (ours): too little for this board",
            corners,
        ),
        Figure(
            block,
            "drain of Q401",
            min(drain_v),
            max(drain_v),
            "V",
            None,
            limit,
            "IRLML6344: 30 V",
            len(drain_v),
        ),
    ], shares


NEVER = 99.0
# What a Pi may leave on its pins while 12 V comes and goes. In every one the coil must stay off.
QUIET: tuple[tuple[str, dict[str, float]], ...] = (
    ("12 V comes in 10 ms, Pi off", {}),
    ("12 V comes in 1 µs, Pi off", {"ramp_s": 1e-6}),
    ("12 V comes in 1 s, Pi off", {"ramp_s": 1.0, "end_s": 2.0}),
    ("12 V comes in 10 ms, ENABLE stuck high, heartbeat dead low", {"en_at": 0.0}),
    ("12 V comes in 1 µs, ENABLE stuck high, heartbeat dead low", {"en_at": 0.0, "ramp_s": 1e-6}),
    (
        "12 V comes in 1 s, ENABLE stuck high, heartbeat dead low",
        {"en_at": 0.0, "ramp_s": 1.0, "end_s": 2.0},
    ),
    (
        "12 V comes in 10 ms, ENABLE stuck high, heartbeat dead high",
        {"en_at": 0.0, "hb_before": 1.0},
    ),
    (
        "12 V gone for 50 ms, ENABLE stuck high, heartbeat dead",
        {"en_at": 3.0, "off_at": 3.2, "back_at": 3.25, "end_s": 4.0},
    ),
    (
        "12 V gone for 1 s, ENABLE stuck high, heartbeat dead",
        {"en_at": 3.0, "off_at": 3.2, "back_at": 4.2, "end_s": 5.0},
    ),
    ("heartbeat toggles, ENABLE low (booting, or not yet allowed)", {"hb_at": 0.2}),
    (
        "one edge up and one down on the heartbeat, ENABLE low",
        {"hb_at": 2.20, "hb_off": 2.25, "end_s": 3.0},
    ),
    ("ENABLE high, heartbeat never", {"en_at": 2.5, "end_s": 3.0}),
    (
        "wire of ENABLE cut, both commanded",
        {"en_ohm": 1e11, "en_at": 0.0, "hb_at": 0.0, "hb_off": NEVER, "end_s": 4.0},
    ),
    (
        "wire of the heartbeat cut, both commanded",
        {"hb_ohm": 1e11, "en_at": 0.0, "hb_at": 0.0, "hb_off": NEVER, "end_s": 4.0},
    ),
)


def power(values: Values) -> tuple[list[Figure], float]:
    """No edge pulls the contactor in; the second is how long it stays off after 12 V is back."""
    deck = Deck("power", values)
    share = values["models.coil"]["pull_in_share"]
    block = "Power up and down"
    figures = []
    corners = _corners(values)
    for name, case in QUIET:
        worst = 0.0
        for corner in corners:
            found = deck.run({**corner, **case})
            full = corner["coil_supply_v"] / corner["coil_ohm"]
            worst = max(worst, found.get("coil_a", math.inf) / full)
        figures.append(
            Figure(
                block,
                f"{name}: coil's current against its full one",
                0.0,
                worst,
                "",
                None,
                share,
                "none pulls in",
                len(corners),
            )
        )
    waits = []
    for corner in corners:
        # a Pi that goes on commanding while 12 V blinks: off for long enough to be seen
        blink = {"en_at": 0.0, "hb_at": 0.0, "hb_off": NEVER, "end_s": 4.5}
        waits.append(deck.run({**corner, **blink}).get("first_on", math.nan) - 0.05)
    figures.append(
        Figure(
            block,
            "12 V back with ENABLE and heartbeat running: off for",
            min(waits),
            max(waits),
            "s",
            0.3,
            4.0,
            "the software sees an open contactor first (ours)",
            len(corners),
        )
    )
    return figures, round(min(waits), 3)


def _corners(values: Values) -> list[dict[str, float]]:
    """Eight boards at the ends that matter here: thresholds, capacitors, supply, leak."""
    fet, small, coil = (values[f"models.{k}"] for k in ("switch_fet", "small_fet", "coil"))
    zener = values["models.clamp_zener"]
    out = []
    for n in range(8):
        bits = [n >> k & 1 for k in range(3)]
        scale = 1 + (0.05 if bits[0] else -0.05)
        out.append(
            {
                "switch_fet_threshold_v": fet["threshold_v"][-bits[1]],
                "switch_fet_k_a_per_v2": fet["k_a_per_v2"][-1],
                "small_fet_threshold_v": small["threshold_v"][-bits[2]],
                "clamp_zener_leakage_a_at_4v": zener["leakage_a_at_4v"][-bits[1]],
                **{ref: values.ohm(ref) * scale for ref in COUPLING},
                "C403": values.ohm("C403") / scale,
                "C404": values.ohm("C404") * (1.1 if bits[0] else 0.7),  # X7R loses some at 12 V
                "coil_supply_v": coil["supply_v"][-bits[0]],
                "coil_ohm": coil["ohm"][bits[2]],
                "coil_henry": coil["henry"][bits[2]],
            }
        )
    return out
