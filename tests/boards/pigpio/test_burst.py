# SPDX-License-Identifier: GPL-3.0-or-later
"""A burst meets every phase of the pilot, and its codes are those of the ADC."""

from __future__ import annotations

from random import Random

import pytest

from evsed.boards.pigpio.burst import PATTERNS, Burst, conversion, patterns
from evsed.boards.pigpio.connection import Command
from evsed.sim.gpio_lines import GpioLines
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.machine import PigpioMachine, Setup
from evsed.sim.pigpiod.protocol import Cmd
from tests.boards.pigpio.pigpio_rig import HIGH_CODE, LOW_CODE, PILOT, rig

PERIOD_US = 1000
SETTLED_US = 63  # of the 100 us plateau at 10 % duty, behind the filter of the front end


def moments_us(burst: Burst, setup: Setup) -> list[float]:
    """When a simulated pigpiod samples for *burst*, microseconds from its start."""
    sampled: list[float] = []

    def device(_channel: int, tx: bytes, at_s: float, _clock_hz: float) -> bytes:
        sampled.append(at_s * 1e6)
        return bytes(len(tx))

    machine = PigpioMachine(GpioLines(lambda: 0.0), setup, device)
    connection = machine.connect()
    machine.handle(connection, Cmd.SPIO, 0, 650_000, bytes(4), 0.0)
    start_us = machine.free_at_s(connection) * 1e6
    for ask in burst.asks:
        machine.handle(connection, ask.command, ask.p1, ask.p2, ask.extension, 0.0)
    return [at_us - start_us for at_us in sampled]


def hits(moments: list[float], plateau_at_us: int) -> int:
    """The number of samples that fall into a settled plateau that begins at *plateau_at_us*."""
    return sum((at_us - plateau_at_us) % PERIOD_US < SETTLED_US for at_us in moments)


def misses(bursts: list[Burst], setup: Setup) -> dict[int, int]:
    """For each phase of the plateau, how many of *bursts* did not see it at all."""
    sampled = [moments_us(burst, setup) for burst in bursts]
    return {
        phase: sum(hits(moments, phase) == 0 for moments in sampled)
        for phase in range(0, PERIOD_US, 10)
    }


def _pace_name(setup: Setup) -> str:
    return f"{setup.spi_core_hz / 1e6:.0f}MHz-{setup.spi_overhead_s[0] * 1e6:.0f}us"


def paces(*costs_us: int) -> list[Setup]:
    """Pigpiods that take so long for each transfer beside its clocks, with no jitter to help."""
    return [
        Setup(
            spi_core_hz=core_hz,
            spi_overhead_s=(cost_us * 1e-6, cost_us * 1e-6),
            command_s=cost_us * 0.5e-6,
        )
        for core_hz in (250e6, 400e6, 500e6)
        for cost_us in costs_us
    ]


@pytest.mark.parametrize("setup", paces(10, 20, 40, 60, 90, 130), ids=_pace_name)
def test_at_ten_percent_no_phase_is_missed_by_any_burst_of_128(setup: Setup) -> None:
    assert max(misses(patterns(0, 0, 128), setup).values()) == 0


@pytest.mark.parametrize("setup", paces(200), ids=_pace_name)
def test_on_the_slowest_pi_no_phase_is_missed_by_two_bursts_of_128(setup: Setup) -> None:
    assert max(misses(patterns(0, 0, 128), setup).values()) <= 1


@pytest.mark.parametrize("setup", paces(10, 20, 40, 60, 90, 130, 200), ids=_pace_name)
def test_at_ten_percent_no_phase_is_missed_by_more_than_two_in_eight_bursts_of_64(
    setup: Setup,
) -> None:
    assert max(misses(patterns(0, 0, 64), setup).values()) <= PATTERNS // 4


def test_a_fixed_pace_would_miss_some_phases_every_time() -> None:
    fixed = [Burst([conversion(0, 0)] * 128)] * PATTERNS
    locked = Setup(spi_overhead_s=(130e-6, 130e-6))

    assert max(misses(fixed, locked).values()) == PATTERNS


@pytest.mark.parametrize("count", [64, 128])
def test_the_patterns_of_a_burst_all_differ(count: int) -> None:
    assert len({burst.request for burst in patterns(0, 0, count)}) == PATTERNS


@pytest.mark.parametrize("frame_bytes", [3, 4, 5])
def test_a_code_is_read_through_the_floating_bits_in_every_length_of_frame(
    frame_bytes: int,
) -> None:
    noise = Random(3)
    for code in (0, 1, 511, 512, 1022, 1023, *noise.choices(range(1024), k=50)):
        ask = conversion(0, 0, frame_bytes)
        adc = Mcp3008(lambda _channel, at_s: int(at_s), seed=noise.randrange(1000))
        head = bytes(12) + frame_bytes.to_bytes(4, "little")
        answer = head + adc(0, ask.extension, float(code), 1e6)

        assert Burst([ask]).codes(memoryview(answer)) == [code]


def test_a_burst_at_ten_percent_shows_both_plateaus_over_a_real_socket() -> None:
    with rig() as its_rig:
        board = its_rig.opened()
        board.set_pilot(0.1)
        codes = [code for _ in range(PATTERNS) for code in board.sample_pilot(128)]

    assert set(codes) == {HIGH_CODE, LOW_CODE}
    assert 0.05 < codes.count(HIGH_CODE) / len(codes) < 0.15


def test_a_burst_follows_the_pilot_of_its_own_channel() -> None:
    with rig() as its_rig:
        board = its_rig.opened()
        assert set(board.sample_pilot(64)) == {HIGH_CODE}
        board.set_pilot(0.0)

        assert set(board.sample_pilot(64)) == {LOW_CODE}
        assert its_rig.wires.level(PILOT) == 0


def test_no_more_than_one_request_in_five_converts_nothing() -> None:
    for burst in patterns(0, 0, 64):
        idle = sum(ask.command is not Command.SPIX for ask in burst.asks)
        assert idle <= 64 // 4
