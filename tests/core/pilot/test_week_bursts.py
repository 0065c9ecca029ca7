# SPDX-License-Identifier: GPL-3.0-or-later
"""The quickly drawn bursts of `make week` are those of the circuit."""

from __future__ import annotations

from random import Random
from statistics import fmean, pstdev

import pytest

from evsed.core.pilot.pilot_meter import LONG_BURST, PERIOD_S, densest
from evsed.sim.circuit import CAR_C_OHM, Circuit, Load
from tests.core.pilot.week import DUTY, NOISE_V, bench_rhythms, pigpio_rhythms
from tests.core.pilot.week_bursts import Places, Rhythm, SteadyBursts

TRIES = 300
NEAR = 12  # codes; five standard deviations of the noise


def circuit(noise_v: float) -> Circuit:
    """A pilot at 10 % with a car in C."""
    made = Circuit(load=Load(car_ohm=CAR_C_OHM), noise_v=noise_v, seed=4)
    made.drive(DUTY, 0.0123)
    return made


def rhythms() -> list[Rhythm]:
    rng = Random(6)
    return [*bench_rhythms(rng, 20), *pigpio_rhythms(rng), *pigpio_rhythms(rng)]


def test_without_noise_each_burst_has_the_codes_of_the_circuit() -> None:
    """From any start, a second or a day after the pilot began; an edge by a code at most."""
    rng, given = Random(7), rhythms()
    pilot = circuit(noise_v=0.0)
    drawn = SteadyBursts(pilot, seed=1)
    edges = 0
    for _ in range(TRIES):
        rhythm = rng.choice(given)
        start_s = 1.0 + rng.random() * rng.choice((1.0, 86_400.0))
        wanted = sorted(pilot.codes([start_s + moment_s for moment_s in rhythm]))
        found = sorted(drawn.codes(Places(rhythm), start_s))
        assert len(found) == LONG_BURST
        assert found == pytest.approx(wanted, abs=1)
        edges += sum(wanted[0] + 5 < each < wanted[-1] - 5 for each in wanted)
    assert edges > TRIES  # they are drawn, too


def test_the_noise_of_each_part_is_that_of_the_circuit() -> None:
    rng, given = Random(8), rhythms()
    pilot = circuit(NOISE_V)
    drawn = SteadyBursts(pilot, seed=2)
    middle = (pilot.code(0.0123 + 0.05e-3) + pilot.code(0.0123 + 0.5e-3)) / 2
    wanted: list[int] = []
    found: list[int] = []
    for _ in range(TRIES):
        rhythm = rng.choice(given)
        start_s = 1.0 + rng.random()
        wanted += pilot.codes([start_s + moment_s for moment_s in rhythm])
        found += drawn.codes(Places(rhythm), start_s)
    for side in (True, False):
        level, _ = densest(
            sorted(each for each in wanted if (each > middle) is side), 14, topmost=side
        )
        of_circuit, of_drawing = (
            [each for each in codes if abs(each - level) < NEAR] for codes in (wanted, found)
        )
        assert len(of_drawing) == pytest.approx(len(of_circuit), rel=0.05)
        assert fmean(of_drawing) == pytest.approx(fmean(of_circuit), abs=0.3)
        assert pstdev(of_drawing) == pytest.approx(pstdev(of_circuit), rel=0.1)


def test_no_two_bursts_are_the_same() -> None:
    rng = Random(9)
    drawn = SteadyBursts(circuit(NOISE_V), seed=3)
    places = [Places(rhythm) for rhythm in rhythms()]
    bursts = [
        tuple(sorted(drawn.codes(rng.choice(places), rng.random() * PERIOD_S))) for _ in range(5000)
    ]

    assert len(set(bursts)) == len(bursts)


def test_a_plateau_that_is_no_longer_than_an_edge_is_refused() -> None:
    pilot = circuit(0.0)
    pilot.drive(0.04, 0.0123)

    with pytest.raises(ValueError, match="shorter than an edge"):
        SteadyBursts(pilot, seed=1)
