# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking the wires: what is done first, what earlier lives left, what stands in the way."""

from __future__ import annotations

import threading
from dataclasses import replace

import pigpio
import pytest

from evsed.boards import InputsConfig, PigpioConfig
from evsed.boards.held_board import FIRST_WAIT_S, LONGEST_WAIT_S
from evsed.errors import BoardError, BoardGone, BoardTimeout
from evsed.sim.gpio_lines import ALT0, OUTPUT
from evsed.sim.pigpiod.machine import Setup
from tests.boards.pigpio.pigpio_rig import (
    HEARTBEAT,
    PILOT,
    Rig,
    finish,
    open_now,
    opening_error,
    rig,
    wait_until,
)


def leave_closed(its_rig: Rig, gpio: int) -> None:
    """Leave a contactor closed, as a life that ended badly would."""
    its_rig.wires.write(gpio, 1, its_rig.clock())
    its_rig.wires.set_mode(gpio, OUTPUT, its_rig.clock())


def test_a_contactor_left_closed_opens_before_anything_else_happens() -> None:
    with rig(contactors=(23, 25)) as its_rig:
        leave_closed(its_rig, 23)
        leave_closed(its_rig, 25)
        seen = len(its_rig.wires.history())
        its_rig.opened()
        first, second = its_rig.wires.history()[seen : seen + 2]

    assert (first.kind, first.gpio, first.value) == ("level", 23, 0)
    assert (second.kind, second.gpio, second.value) == ("level", 25, 0)


def test_a_contactor_left_closed_opens_even_when_the_rest_is_refused() -> None:
    with rig(Setup(pwm_is_clock=True)) as its_rig:
        leave_closed(its_rig, 23)
        opening_error(its_rig.board())

        assert its_rig.wires.level(23) == 0


def test_opening_stops_the_offer_of_an_earlier_life() -> None:
    with rig() as its_rig:
        first = its_rig.opened()
        first.set_pilot(0.53)
        its_rig.crash()
        its_rig.opened()

        assert its_rig.duty() == 1.0


def test_spi_leaves_the_select_of_the_other_channel_to_others() -> None:
    with rig() as its_rig:
        its_rig.opened()

        assert its_rig.wires.mode(8) == ALT0
        assert its_rig.wires.mode(7) != ALT0


def test_opening_does_not_toggle_the_heartbeat() -> None:
    with rig() as its_rig:
        its_rig.opened()
        levels = [e for e in its_rig.wires.history() if e.gpio == HEARTBEAT and e.kind == "level"]

    assert levels == []


def test_inputs_are_pulled_up_and_the_self_test_output_is_low() -> None:
    inputs = InputsConfig(
        contactor_feedback_gpios=(5,),
        ground_fault_gpio=6,
        ground_fault_test_gpio=20,
        emergency_stop_gpio=16,
    )
    with rig(inputs=inputs) as its_rig:
        its_rig.opened()

        assert [its_rig.wires.level(gpio) for gpio in (5, 6, 16)] == [1, 1, 1]
        assert (its_rig.wires.mode(20), its_rig.wires.level(20)) == (OUTPUT, 0)


# --------------------------------------------------------------------------- never in the way


def test_opening_returns_at_once_while_a_frozen_pigpiod_accepts_and_says_nothing() -> None:
    with rig() as its_rig:
        its_rig.daemon.call(its_rig.daemon.pigpiod.freeze)
        board = its_rig.board(answer_s=0.1)
        assert not board.open()  # would still be waiting if it waited at all

        error = opening_error(board)
        assert isinstance(error, BoardTimeout)
        assert "did not answer in time" in str(error)
        its_rig.daemon.call(its_rig.daemon.pigpiod.thaw)
        its_rig.clock.now += FIRST_WAIT_S
        open_now(board)


def test_only_one_attempt_is_made_at_a_time() -> None:
    with rig() as its_rig:
        its_rig.daemon.call(its_rig.daemon.pigpiod.freeze)
        board = its_rig.board(answer_s=0.1)
        board.open()
        for _ in range(20):
            board.close()
            board.open()
        wait_until(lambda: len(its_rig.daemon.pigpiod.clients) > 0)

        assert len(its_rig.daemon.pigpiod.clients) <= 2  # the two connections of one attempt
        its_rig.daemon.call(its_rig.daemon.pigpiod.thaw)


def test_what_was_taken_after_the_board_was_closed_is_given_back() -> None:
    with rig() as its_rig:
        for _ in range(10):
            board = its_rig.board()
            board.open()
            finish(board)

        assert (its_rig.scripts(), its_rig.spi_handles()) == (0, 0)


def test_attempts_that_fail_come_a_quarter_second_apart_then_up_to_five_seconds() -> None:
    with rig() as its_rig:
        its_rig.kill()
        board = its_rig.board()
        pauses = []
        for _ in range(7):
            opening_error(board)
            failed_at = its_rig.clock.now
            while board.open() or board._acquiring is None:  # noqa: SLF001 - the pause itself
                its_rig.clock.now += 0.05
            pauses.append(its_rig.clock.now - failed_at)

    assert pauses == pytest.approx([0.25, 0.5, 1, 2, 4, 5, 5], abs=0.051)
    assert FIRST_WAIT_S == 0.25
    assert LONGEST_WAIT_S == 5.0


def test_a_board_that_is_lost_before_it_was_read_back_waits_longer_each_time() -> None:
    with rig() as its_rig:
        board = its_rig.board()
        for pause_s in (0.25, 0.5, 1.0):
            open_now(board)
            its_rig.crash()
            with pytest.raises(BoardError):
                board.sample_pilot(64)
            board.close()
            its_rig.clock.now += pause_s - 0.01
            assert not board.open()
            assert board._acquiring is None  # noqa: SLF001 - not even begun
            its_rig.clock.now += 0.02


def test_a_board_that_was_read_back_is_opened_again_at_once() -> None:
    with rig() as its_rig:
        board = its_rig.opened()
        board.read_back()
        its_rig.crash()
        board.close()

        open_now(board)  # the clock stands still


def test_connecting_leaves_no_thread_of_the_client_and_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with rig() as its_rig:
        its_rig.opened()
        its_rig.kill()
        opening_error(its_rig.board())
        clients_threads = [
            thread for thread in threading.enumerate() if type(thread).__module__ == "pigpio"
        ]

    assert clients_threads == []
    assert capfd.readouterr() == ("", "")


# -------------------------------------------------------------------- what earlier lives left


def test_forty_crashes_leave_no_script_and_no_spi_handle_behind() -> None:
    with rig() as its_rig:
        for _ in range(40):
            board = its_rig.opened()
            board.beat()
            its_rig.crash()
        its_rig.opened()

        assert (its_rig.scripts(), its_rig.spi_handles()) == (1, 1)


def test_an_old_dead_man_that_still_counts_cannot_fire_into_the_new_life() -> None:
    with rig() as its_rig:
        old = its_rig.opened()
        old.beat()
        its_rig.pass_time(0.05)
        its_rig.crash()
        board = its_rig.opened()
        board.beat()
        board.set_contactors(1)
        for _ in range(20):
            its_rig.pass_time(0.02)
            board.beat()

        assert its_rig.wires.level(23) == 1
        assert board.read_back().dead_man_armed


def test_scripts_and_spi_handles_of_other_programs_are_left_alone() -> None:
    with rig() as its_rig:
        stranger = pigpio.pi("127.0.0.1", its_rig.daemon.port)
        script = stranger.store_script(b"tag 1 mils 100 jmp 1")
        stranger.run_script(script, [7, 23, 23, 23, 18, 9, 0, 0, 0, 4711])
        handle = stranger.spi_open(1, 100_000)
        its_rig.opened().close()

        assert stranger.script_status(script)[0] == pigpio.PI_SCRIPT_RUNNING
        assert stranger.spi_xfer(handle, b"\x00")[0] == 1
        stranger.stop()


def test_a_second_evsed_on_other_pins_is_left_alone() -> None:
    with rig() as its_rig:
        first = its_rig.opened()
        other = PigpioConfig(
            port=its_rig.daemon.port, pilot_gpio=19, contactor_gpios=(22,), heartbeat_gpio=27
        )
        its_rig.opened(replace(its_rig.config, pigpio=other))
        first.beat()

        assert first.read_back().dead_man_armed
        assert its_rig.scripts() == 2


def test_a_second_evsed_on_the_same_pins_is_told_to_stop() -> None:
    with rig() as its_rig:
        first = its_rig.opened()
        second = its_rig.board()

        def finished() -> bool:
            first.beat()
            return second.open()

        with pytest.raises(BoardError, match=r"another evsed drives .* stop one of them"):
            wait_until(finished)
        first.beat()
        assert its_rig.scripts() == 1


# ------------------------------------------------------------------------ what is in the way


def test_a_pigpiod_that_is_not_there_is_named_with_its_address_and_the_cure() -> None:
    with rig() as its_rig:
        its_rig.kill()
        error = opening_error(its_rig.board())

        assert isinstance(error, BoardGone)
        assert f"127.0.0.1:{its_rig.daemon.port} cannot be reached" in str(error)
        assert "systemctl start pigpiod" in str(error)


def test_a_pigpiod_whose_clock_is_the_pwm_is_told_apart_by_the_option_to_change() -> None:
    with rig(Setup(pwm_is_clock=True)) as its_rig:
        message = str(opening_error(its_rig.board()))

    assert "(-100)" in message
    assert "remove -t 0" in message


def test_a_gpio_that_pigpiod_may_not_touch_is_named_with_the_option_to_change() -> None:
    with rig(Setup(permitted=1 << PILOT)) as its_rig:
        message = str(opening_error(its_rig.board()))

    assert "open the contactor on GPIO 23" in message
    assert "-x mask" in message


def test_a_pin_without_hardware_pwm_is_named() -> None:
    with rig() as its_rig:
        wrong = replace(its_rig.config.pigpio, pilot_gpio=17)
        message = str(opening_error(its_rig.board(replace(its_rig.config, pigpio=wrong))))

    assert "GPIO 17" in message
    assert "12, 13, 18 or 19" in message


def test_spi_handles_all_held_by_others_are_not_taken_from_them() -> None:
    with rig() as its_rig:
        its_rig.daemon.call(its_rig.daemon.pigpiod.leak_spi_handles)
        message = str(opening_error(its_rig.board()))

        assert "(-24)" in message
        assert "restart pigpiod" in message
        assert its_rig.spi_handles() == 32


def test_scripts_all_held_by_others_leave_no_spi_handle_behind() -> None:
    with rig() as its_rig:
        its_rig.daemon.call(its_rig.daemon.pigpiod.leak_scripts)
        message = str(opening_error(its_rig.board()))

        assert "(-57)" in message
        assert "hold all 32 scripts" in message
        assert (its_rig.scripts(), its_rig.spi_handles()) == (32, 0)


def test_a_script_that_is_slow_to_be_ready_is_waited_for() -> None:
    with rig(Setup(script_start_s=0.02), real_time=True) as its_rig:
        board = its_rig.opened()  # which it is not before the script was seen to run

        assert board.is_open
