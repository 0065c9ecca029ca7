# SPDX-License-Identifier: GPL-3.0-or-later
"""A contactor held by pigpiod's software PWM: read back, taken away, opened by all that may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pigpio
import pytest

from evsed.boards import BoardConfig, KernelConfig
from evsed.boards.kernel.board import KernelBoard
from evsed.boards.pigpio import off as pigpio_off
from evsed.boards.pigpio.board import PigpioBoard
from evsed.boards.pigpio.contactors import HOLD_HZ
from evsed.errors import BoardError
from tests.boards.pigpio.pigpio_rig import Rig, rig
from tests.boards.pigpio.test_deadman import PROMISED_S, beat_for

HOLD_DUTY = 0.8
CONTACTORS = (23, 25)


@pytest.fixture
def pi() -> Iterator[Rig]:
    with rig(contactors=CONTACTORS) as pi:
        yield pi


def held(pi: Rig) -> PigpioBoard:
    """A board with both contactors closed, and held since just now."""
    board = pi.opened(replace(pi.config, hold_duty=HOLD_DUTY))
    board.beat()
    board.set_contactors(2)
    beat_for(pi, board, 0.1)
    board.hold_contactors()
    return board


def energised(pi: Rig) -> bool:
    """True where any contactor's pin is high at any time."""
    return any(pi.wires.pwm(gpio) is not None or pi.wires.level(gpio) for gpio in CONTACTORS)


def stranger(pi: Rig, do: Callable[[pigpio.pi], object]) -> None:
    """Another program does something through the same pigpiod."""
    client = pigpio.pi("127.0.0.1", pi.daemon.port)
    do(client)
    client.stop()


def test_what_is_held_has_the_duty_and_reads_back_as_closed(pi: Rig) -> None:
    board = held(pi)
    for gpio in CONTACTORS:
        wave = pi.wires.pwm(gpio)
        assert wave is not None
        assert (wave.frequency_hz, wave.duty) == (HOLD_HZ, HOLD_DUTY)
    for _ in range(20):  # whatever the level is at that moment
        beat_for(pi, board, 0.02)
        assert board.read_back().contactors == (True, True)


def test_closing_anew_drives_fully(pi: Rig) -> None:
    board = held(pi)
    board.set_contactors(0)
    assert not energised(pi)
    board.set_contactors(2)

    assert all(pi.wires.pwm(gpio) is None and pi.wires.level(gpio) for gpio in CONTACTORS)
    assert board.read_back().contactors == (True, True)


def test_one_that_is_opened_alone_loses_its_pwm(pi: Rig) -> None:
    board = held(pi)
    board.set_contactors(1)

    assert pi.wires.pwm(25) is None
    assert not pi.wires.level(25)
    assert board.read_back().contactors == (True, False)


def test_the_script_ends_the_pwm_within_150_ms_of_the_last_beat(pi: Rig) -> None:
    board = held(pi)
    board.beat()
    pi.pass_time(0.09)
    assert energised(pi)
    pi.pass_time(PROMISED_S - 0.09)

    assert not energised(pi)
    assert board.read_back().contactors == (False, False)
    assert not board.read_back().dead_man_armed


def test_it_does_so_although_every_connection_is_gone(pi: Rig) -> None:
    held(pi)
    pi.crash()
    pi.pass_time(PROMISED_S)

    assert not energised(pi)


def test_what_the_dead_man_opened_is_not_held(pi: Rig) -> None:
    board = pi.opened(replace(pi.config, hold_duty=HOLD_DUTY))
    board.beat()
    board.set_contactors(2)
    pi.pass_time(0.2)
    with pytest.raises(BoardError, match="dead-man script in pigpiod has fired"):
        board.hold_contactors()
    board.close()

    assert not energised(pi)


def test_off_ends_the_pwm_and_proves_it(pi: Rig) -> None:
    held(pi)
    said = pigpio_off.make_safe(pi.config.pigpio, 20.0)

    assert not energised(pi)
    assert said.startswith("contactor open (GPIO 23, 25 low)")


def test_closing_the_board_ends_the_pwm(pi: Rig) -> None:
    held(pi).close()

    assert not energised(pi)


def test_a_killed_pigpiod_leaves_the_pwm_to_the_charge_pump_and_the_next_life_ends_it(
    pi: Rig,
) -> None:
    held(pi)
    pi.kill()
    pi.pass_time(0.2)
    assert energised(pi)
    pi.revive()
    assert all(pi.wires.pwm(gpio) is None for gpio in CONTACTORS)  # a new pigpiod resets its DMA
    pi.opened(replace(pi.config, hold_duty=HOLD_DUTY))

    assert not energised(pi)


@pytest.mark.parametrize(
    "steal",
    [
        lambda client: client.write(23, 0),
        lambda client: client.write(23, 1),
        lambda client: client.set_mode(23, pigpio.INPUT),
        lambda client: client.set_PWM_dutycycle(23, 100),
        lambda client: client.set_PWM_frequency(23, 10),
        lambda client: client.set_servo_pulsewidth(25, 1500),
    ],
    ids=["opened", "driven fully", "an input", "another duty", "another frequency", "a servo"],
)
def test_an_output_that_another_program_took_is_found(
    pi: Rig, steal: Callable[[pigpio.pi], object]
) -> None:
    board = held(pi)
    stranger(pi, steal)

    with pytest.raises(BoardError, match=r"another program took the contactor's GPIO 2[35]"):
        board.read_back()


@pytest.mark.parametrize("closed", [0, 2])
def test_pwm_on_a_contactor_that_is_not_held_is_found_whatever_its_level_is(
    pi: Rig, closed: int
) -> None:
    board = pi.opened()
    board.beat()
    board.set_contactors(closed)
    stranger(pi, lambda client: client.set_PWM_dutycycle(25, 128))

    with pytest.raises(BoardError, match="another program took the contactor's GPIO 25"):
        board.read_back()


def test_the_kernel_board_refuses() -> None:
    board = KernelBoard(BoardConfig(kind="kernel", kernel=KernelConfig()))

    with pytest.raises(BoardError, match="cannot hold"):
        board.hold_contactors()
