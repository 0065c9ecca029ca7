# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reported car behind a receiver with noise: what is harmless is no fault.

    python -m tests.scenarios.cars_with_noise [--minutes 60] [--noise-v 0.1] [NAME ...]

An hour of a car takes some 45 CPU-seconds, on the real pilot path and state machine. Ends with 1
where a fault was raised.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from evsed.control import Control
from evsed.sim.cars.library import LIBRARY, build_car
from evsed.sim.circuit import Circuit
from tests.scenarios.stage import raised
from tests.sim.bench import Bench

if TYPE_CHECKING:
    from evsed.sim.cars.car import Car

NOISE_V = 0.1
OFFERS_A = (16.0, 10.0)
OFFER_FOR_S = 60.0


def lived(car: Car, *, for_s: float, noise_v: float = NOISE_V, seed: int = 0) -> Bench:
    """*car* on an offer that changes every minute, for so many seconds."""
    bench = Bench(Control, car=car, circuit=Circuit(noise_v=noise_v, seed=seed), seed=seed)
    bench.run(1.0)
    bench.plug_in()
    bench.car.ask()
    turn = 0
    while for_s > 0.0:
        bench.offer(OFFERS_A[turn % len(OFFERS_A)])
        bench.run(min(OFFER_FOR_S, for_s))
        for_s -= OFFER_FOR_S
        turn += 1
    return bench


def main() -> int:
    """Try the cars; 1 where one is a fault."""
    parser = argparse.ArgumentParser(prog="cars_with_noise")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--noise-v", type=float, default=NOISE_V)
    given = parser.parse_args()
    faulty = 0
    for seed, name in enumerate(given.names or LIBRARY):
        car = build_car(name)
        bench = lived(car, for_s=60.0 * given.minutes, noise_v=given.noise_v, seed=seed)
        faults = raised(bench)
        faulty += bool(faults)
        sys.stdout.write(f"{name:20} {' '.join(faults) or '-'}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{faulty} cars with a fault\n")
    return bool(faulty)


if __name__ == "__main__":
    sys.exit(main())
