# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver that fails now and then in a charge; then the car stops nothing and is unplugged.

Whatever it gives, the plug is dead within a second, the owner has a message, and nothing closes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import pytest

from evsed.control import Control
from evsed.core.pilot.events import FaultRaised
from evsed.core.pilot.faults import Fault
from tests.sim.bench import Bench

Codes = list[int]
Receiver = Callable[[Codes], Codes]
CLIP = 735  # the code of 6.0 V
CLIP_AT_B = 845  # of 9.0 V
LOOSE_BITS = (128, 256)  # of all pairs the one that makes 12 V read as B and as C


def clipped(codes: Codes) -> Codes:
    return [min(code, CLIP) for code in codes]


def two_bursts_of_three() -> Receiver:
    number = itertools.count()
    return lambda codes: clipped(codes) if next(number) % 3 else codes


def every_other_burst() -> Receiver:
    number = itertools.count()
    return lambda codes: clipped(codes) if next(number) % 2 else codes


def c_and_b_in_turn() -> Receiver:
    number = itertools.count()
    return lambda codes: (
        [min(code, CLIP_AT_B) for code in codes] if next(number) % 2 else clipped(codes)
    )


def most_conversions() -> Receiver:
    rng = Random(1)
    return lambda codes: [min(code, CLIP) if rng.random() < 0.9 else code for code in codes]


def nearly_all_conversions() -> Receiver:
    rng = Random(2)
    return lambda codes: [min(code, CLIP) if rng.random() < 0.98 else code for code in codes]


def the_last_burst_of_the_car() -> Receiver:
    kept: list[Codes] = []

    def again(codes: Codes) -> Codes:
        kept.append(codes)
        return kept[0]

    return again


def two_bursts_in_turn() -> Receiver:
    kept: list[Codes] = []

    def again(codes: Codes) -> Codes:
        kept.append(codes)
        return kept[min(len(kept) % 2, len(kept) - 1)]

    return again


def a_buffer_of(bursts: int) -> Receiver:
    """It fills with the car's last bursts, then gives them again and again."""
    kept: list[Codes] = []

    def again(codes: Codes) -> Codes:
        kept.append(codes if len(kept) < bursts else kept[-bursts])
        return kept[-1]

    return again


def loose_at_random(clock: Callable[[], float], dwell_s: float, seed: int) -> Receiver:
    """Two bits that come loose, each for about *dwell_s*: 12 V reads as 12, 8.5, 5.0 or 1.6 V."""
    rng, lost, until_at = (
        Random(seed),
        dict.fromkeys(LOOSE_BITS, False),
        dict.fromkeys(LOOSE_BITS, 0.0),
    )

    def fall_out(codes: Codes) -> Codes:
        mask = 1023
        for bit in LOOSE_BITS:
            if clock() >= until_at[bit]:
                lost[bit] = rng.random() < 0.5
                until_at[bit] = clock() + rng.expovariate(1.0 / dwell_s)
            mask &= ~bit if lost[bit] else 1023
        return [code & mask for code in codes]

    return fall_out


KINDS = [
    two_bursts_of_three,
    every_other_burst,
    c_and_b_in_turn,
    most_conversions,
    nearly_all_conversions,
    the_last_burst_of_the_car,
    two_bursts_in_turn,
]


def unplugged_with(receiver: Receiver, after_s: float = 0.02) -> Bench:
    """A charge in which the receiver comes to be *receiver*; then the plug is pulled."""
    bench = Bench(Control)
    bench.run(2)
    bench.offer(16)
    bench.plug_in()
    bench.run(10)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=5)
    bench.run(2)
    sample = bench.board.sample_pilot
    bench.board.sample_pilot = (  # type: ignore[method-assign]
        lambda count: receiver(sample(count))
    )
    bench.run(after_s)
    bench.unplug()
    return bench


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_receiver_that_fails_now_and_then_in_a_charge_leaves_no_empty_plug_live_for_a_second(
    kind: Callable[[], Receiver],
) -> None:
    bench = unplugged_with(kind())
    bench.run_until(lambda: not bench.contactor_closed, within=1.0)
    bench.run(5)

    assert Fault.PILOT in bench.snapshot.faults
    bench.run(45)
    assert not bench.contactor_closed
    assert bench.snapshot.cycles == 1


@pytest.mark.parametrize("bursts", [6, 49])
def test_a_buffer_that_gives_the_bursts_of_the_last_second_again_opens_before_the_plug_is_out(
    bursts: int,
) -> None:
    bench = unplugged_with(a_buffer_of(bursts), after_s=1.3)
    bench.run(0.04)

    assert not bench.contactor_closed
    assert "same answer again" in bench.snapshot.faults[Fault.PILOT]


@pytest.mark.parametrize("each", [60, 400])
def test_a_receiver_that_shows_the_empty_plug_once_in_many_bursts_is_found_with_the_third(
    each: int,
) -> None:
    number = itertools.count()
    bench = unplugged_with(lambda codes: clipped(codes) if next(number) % each else codes)
    bench.run_until(lambda: not bench.contactor_closed, within=3 * each * 0.02 + 0.1)
    bench.run(5)

    assert "jumps" in bench.snapshot.faults[Fault.PILOT]


def test_a_receiver_that_is_well_is_never_doubted_in_a_charge_that_comes_and_goes() -> None:
    bench = Bench(Control)
    bench.run(2)
    bench.offer(6)
    bench.plug_in()
    for _ in range(4):
        bench.run(10)
        bench.car.ask()
        bench.run(20)
        bench.car.stop_asking()

    assert bench.snapshot.faults == {}
    assert bench.snapshot.cycles == 4


@pytest.mark.parametrize(("dwell_s", "seed"), [(0.1, 1), (1.0, 7), (5.0, 1)])
def test_a_reading_that_wanders_at_random_without_a_car_is_a_fault_and_closes_next_to_nothing(
    dwell_s: float, seed: int
) -> None:
    bench = Bench(Control)
    bench.run(2)
    bench.offer(16)
    receiver, sample = loose_at_random(lambda: bench.now, dwell_s, seed), bench.board.sample_pilot
    bench.board.sample_pilot = (  # type: ignore[method-assign]
        lambda count: receiver(sample(count))
    )
    bench.run(300)

    raised = [timed.event for timed in bench.events if isinstance(timed.event, FaultRaised)]
    assert Fault.PILOT.value in [event.fault for event in raised]
    assert bench.snapshot.cycles <= 1
