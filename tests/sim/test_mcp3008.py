# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP3008, bit by bit."""

import pytest

from evsed.sim.mcp3008 import Mcp3008

CODES = [0, 1023, 512, 341, 682, 1, 1000, 770]


def frame(channel: int) -> bytes:
    return bytes([1, 0x80 | channel << 4, 0])


def code_in(answer: bytes) -> int:
    return (answer[1] & 3) << 8 | answer[2]


@pytest.mark.parametrize("channel", range(8))
def test_every_channel_gives_its_code_in_the_usual_frame(channel: int) -> None:
    adc = Mcp3008(lambda asked, _at_s: CODES[asked])

    assert code_in(adc(0, frame(channel), 0.0, 1e6)) == CODES[channel]


def test_undriven_bits_are_noise_and_the_null_bit_is_not() -> None:
    adc = Mcp3008(lambda _channel, _at_s: 512)
    answers = [adc(0, frame(0), 0.0, 1e6) for _ in range(100)]

    assert {code_in(answer) for answer in answers} == {512}
    assert {answer[1] >> 2 & 1 for answer in answers} == {0}
    assert len({answer[0] for answer in answers}) > 30
    assert len({answer[1] >> 3 for answer in answers}) > 20


def test_without_a_seed_undriven_bits_read_as_one() -> None:
    adc = Mcp3008(lambda _channel, _at_s: 0, seed=None)

    assert adc(0, frame(0), 0.0, 1e6) == b"\xff\xf8\x00"
    assert adc(0, b"\x00\x00", 0.0, 1e6) == b"\xff\xff"


def test_after_the_code_come_its_bits_in_reverse() -> None:
    adc = Mcp3008(lambda _channel, _at_s: 0b1000000001, seed=None)

    answer = int.from_bytes(adc(0, b"\x01\x80\x00\x00\x00", 0.0, 1e6), "big")

    # null, ten bits, the nine others in reverse (the lowest is shared), zeros
    assert f"{answer:040b}"[13:] == "0" + "1000000001" + "000000001" + "0000000"


def test_the_difference_of_a_pair_does_not_go_below_zero() -> None:
    adc = Mcp3008(lambda asked, _at_s: CODES[asked])

    assert code_in(adc(0, bytes([1, 2 << 4, 0]), 0.0, 1e6)) == 512 - 341
    assert code_in(adc(0, bytes([1, 3 << 4, 0]), 0.0, 1e6)) == 0


def test_it_is_told_the_moment_of_its_sample() -> None:
    moments: list[float] = []

    def code_at(_channel: int, at_s: float) -> int:
        moments.append(at_s)
        return 0

    Mcp3008(code_at)(0, frame(0), 12.5, 1e6)

    assert moments == [12.5]


def test_another_chip_select_is_not_its_business() -> None:
    adc = Mcp3008(lambda _channel, _at_s: 1023)

    assert adc(1, frame(0), 0.0, 1e6) == bytes(3)
