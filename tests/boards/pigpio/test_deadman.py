# SPDX-License-Identifier: GPL-3.0-or-later
"""The script inside pigpiod opens the contactor when the beats stop, and only then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.boards.pigpio.board import PigpioBoard
from evsed.errors import BoardError
from evsed.sim.pigpiod.machine import Setup
from tests.boards.pigpio.pigpio_rig import HEARTBEAT, Rig, rig

PROMISED_S = 0.150
TICK_S = 0.020


def beat_for(pi: Rig, board: PigpioBoard, seconds: float) -> None:
    for _ in range(round(seconds / TICK_S)):
        board.beat()
        pi.pass_time(TICK_S)


def charging(pi: Rig) -> PigpioBoard:
    """A board with all contactors closed and 16 A on offer, one beat old."""
    board = pi.opened()
    board.beat()
    board.set_pilot(16 / 60)
    board.set_contactors(len(pi.config.pigpio.contactor_gpios))
    board.beat()
    return board


def opened_after_s(pi: Rig, gpio: int, since_s: float) -> float:
    """The seconds from *since_s* until the output fell, by the simulated Pi's own stamps."""
    falls = [e.at_s for e in pi.wires.history() if (e.gpio, e.kind, e.value) == (gpio, "level", 0)]
    return falls[-1] - since_s


@pytest.mark.parametrize("offset_ms", range(0, 10, 3))
def test_every_contactor_opens_within_150_ms_of_the_last_beat(offset_ms: int) -> None:
    with rig(contactors=(23, 25, 27)) as pi:
        board = charging(pi)
        pi.pass_time(offset_ms / 1000)
        board.beat()
        last_beat_s = pi.clock.now
        pi.pass_time(PROMISED_S)

        for gpio in (23, 25, 27):
            assert pi.wires.level(gpio) == 0
            assert 0.09 < opened_after_s(pi, gpio, last_beat_s) < PROMISED_S


def test_the_offer_ends_with_the_beats() -> None:
    with rig() as pi:
        charging(pi)
        pi.pass_time(PROMISED_S)

        assert pi.duty() == 1.0


def test_while_the_beats_come_nothing_opens() -> None:
    with rig() as pi:
        board = charging(pi)
        beat_for(pi, board, 3.0)

        assert pi.wires.level(23) == 1
        assert pi.duty() == pytest.approx(16 / 60, abs=1e-5)


def test_three_lost_ticks_are_borne() -> None:
    with rig() as pi:
        board = charging(pi)
        for _ in range(10):
            board.beat()
            pi.pass_time(4 * TICK_S)

        assert pi.wires.level(23) == 1
        assert board.read_back().dead_man_armed


def test_it_works_in_a_pigpiod_that_sees_no_edges() -> None:
    with rig(Setup(alerts=False)) as pi:
        charging(pi)
        pi.pass_time(PROMISED_S)

        assert pi.wires.level(23) == 0


def test_it_fires_although_every_connection_is_gone() -> None:
    with rig() as pi:
        charging(pi)
        pi.crash()
        pi.pass_time(PROMISED_S)

        assert pi.wires.level(23) == 0
        assert pi.duty() == 1.0


def test_it_is_armed_from_the_opening_on_even_without_a_first_beat() -> None:
    with rig() as pi:
        board = pi.opened()
        board.set_pilot(0.5)
        board.set_contactors(1)
        pi.pass_time(PROMISED_S)

        assert pi.wires.level(23) == 0


def test_time_between_acquiring_the_wires_and_the_first_beat_does_not_fire_it() -> None:
    with rig() as pi:
        board = pi.board()
        board.open()
        taking = board._acquiring  # noqa: SLF001 - wait for the other thread only
        assert taking is not None
        taking.result(20)
        pi.pass_time(1.0)  # a tick that comes to fetch the wires very late
        assert board.open()
        board.beat()

        assert board.read_back().dead_man_armed


def test_having_fired_it_stays_off_and_is_seen() -> None:
    with rig() as pi:
        board = charging(pi)
        pi.pass_time(PROMISED_S)
        board.beat()
        pi.pass_time(1.0)
        found = board.read_back()

        assert not found.dead_man_armed
        assert found.contactors == (False,)
        assert pi.wires.level(23) == 0


def test_no_contactor_closes_again_after_it_has_fired() -> None:
    with rig() as pi:
        board = charging(pi)
        pi.pass_time(PROMISED_S)
        board.beat()
        board.set_contactors(0)

        with pytest.raises(BoardError, match="dead-man script in pigpiod has fired"):
            board.set_contactors(1)
        assert pi.wires.level(23) == 0


def test_it_does_not_touch_the_heartbeat_pin() -> None:
    with rig() as pi:
        charging(pi)
        before = sum(event.gpio == HEARTBEAT for event in pi.wires.history())
        pi.pass_time(1.0)

        assert sum(event.gpio == HEARTBEAT for event in pi.wires.history()) == before


def test_every_beat_toggles_the_heartbeat_pin_for_the_charge_pump() -> None:
    with rig() as pi:
        board = pi.opened()
        before = len(pi.wires.history())
        for _ in range(130):
            board.beat()
        levels = [event.value for event in pi.wires.history()[before:] if event.gpio == HEARTBEAT]

    assert levels == [1, 0] * 65


def test_beats_without_the_pump_keep_the_script_and_leave_the_pin() -> None:
    with rig() as pi:
        board = charging(pi)
        before = sum(event.gpio == HEARTBEAT for event in pi.wires.history())
        for _ in range(50):
            board.beat(pump=False)
            pi.pass_time(TICK_S)

        assert sum(event.gpio == HEARTBEAT for event in pi.wires.history()) == before
        assert board.read_back().dead_man_armed


def test_a_board_that_hung_too_long_comes_back_through_open_contactors() -> None:
    with rig() as pi:
        board = charging(pi)
        board.read_back()
        pi.pass_time(PROMISED_S)
        board.close()
        while not board.open():
            pi.clock.now += 0.001

        assert pi.scripts() == 1
        assert pi.wires.level(23) == 0
        board.beat()
        board.set_contactors(1)
        assert pi.wires.level(23) == 1


def test_three_phases_on_other_pins_are_told_to_the_script() -> None:
    with rig(contactors=(5, 6)) as pi:
        other = replace(pi.config.pigpio, pilot_gpio=13)
        board = pi.opened(replace(pi.config, pigpio=other))
        board.beat()
        board.set_pilot(0.4)
        board.set_contactors(2)
        pi.pass_time(PROMISED_S)
        wave = pi.wires.pwm(13)

        assert (pi.wires.level(5), pi.wires.level(6)) == (0, 0)
        assert wave is not None
        assert wave.duty == 1.0
