# SPDX-License-Identifier: GPL-3.0-or-later
"""The deeds of pigpiod, the network and other programs to a board that holds its wires."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

import pigpio
import pytest

from evsed.boards import InputsConfig
from evsed.boards.held_board import FIRST_WAIT_S
from evsed.boards.pigpio.board import PigpioBoard
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.protection import Inputs
from evsed.errors import BoardError, BoardGone, BoardTimeout
from tests.boards.pigpio.pigpio_rig import (
    CURRENT_CODE,
    HIGH_CODE,
    PILOT,
    PROXIMITY_CODE,
    Rig,
    open_now,
    rig,
    wait_until,
)

ASKED: dict[str, Callable[[PigpioBoard], object]] = {
    "a burst": lambda board: board.sample_pilot(64),
    "a beat": lambda board: board.beat(),
    "a duty": lambda board: board.set_pilot(0.25),
    "a contactor": lambda board: board.set_contactors(1),
    "what is read back": lambda board: board.read_back(),
    "the inputs": lambda board: board.read_inputs(),
}

INPUTS = InputsConfig(
    contactor_feedback_gpios=(5,),
    ground_fault_gpio=6,
    ground_fault_test_gpio=20,
    emergency_stop_gpio=16,
    proximity_adc_channel=1,
    current_adc_channel=2,
)


@pytest.fixture
def pi() -> Iterator[Rig]:
    with rig(inputs=INPUTS) as its_rig:
        yield its_rig


@pytest.fixture
def board(pi: Rig) -> PigpioBoard:
    board = pi.opened()
    board.beat()
    board.set_pilot(0.5)
    board.set_contactors(1)
    board.read_back()
    return board


@pytest.fixture(params=list(ASKED))
def ask(request: pytest.FixtureRequest) -> Callable[[PigpioBoard], object]:
    return ASKED[request.param]


def come_back(pi: Rig, board: PigpioBoard) -> None:
    """Close and open *board*, which must then be as new."""
    board.close()
    pi.clock.now += FIRST_WAIT_S
    open_now(board)
    found = board.read_back()
    assert (found.contactors, found.duty, found.dead_man_armed) == ((False,), 1.0, True)
    assert set(board.sample_pilot(64)) == {HIGH_CODE}


# ------------------------------------------------------------------------- no answer, or half


def test_no_answer_in_time_is_said_and_the_board_comes_back(
    pi: Rig, ask: Callable[[PigpioBoard], object]
) -> None:
    board = pi.opened(answer_s=0.4)
    pi.daemon.call(pi.daemon.pigpiod.freeze)

    with pytest.raises(BoardTimeout, match=r"did not answer in time; evsed opens .*; see what"):
        ask(board)
    board.close()
    pi.daemon.call(pi.daemon.pigpiod.thaw)
    come_back(pi, board)


def test_after_a_time_out_no_answer_of_before_is_taken_for_an_answer_of_now() -> None:
    with rig(real_time=True) as pi:
        board = pi.opened(answer_s=0.3)
        pi.daemon.pigpiod.faults.slow_s = 0.8
        with pytest.raises(BoardTimeout):
            board.read_back()
        pi.daemon.pigpiod.faults.slow_s = 0.0

        with pytest.raises(BoardGone, match="given it up"):
            board.read_back()


def test_a_burst_that_times_out_gives_no_burst_of_before_later() -> None:
    with rig(real_time=True) as pi:
        board = pi.opened(answer_s=0.3)
        pi.daemon.pigpiod.faults.slow_s = 0.8
        with pytest.raises(BoardTimeout):
            board.sample_pilot(64)
        pi.daemon.pigpiod.faults.slow_s = 0.0

        with pytest.raises(BoardGone, match="given it up"):
            board.sample_pilot(64)


def test_the_end_in_the_middle_of_a_burst_is_said(pi: Rig, board: PigpioBoard) -> None:
    pi.daemon.pigpiod.faults.end_after_header = True

    with pytest.raises(BoardGone, match=r"ended the connection .*journalctl -u pigpiod"):
        board.sample_pilot(64)
    come_back(pi, board)


def test_the_end_between_header_and_data_does_not_make_the_stock_client_spin(
    pi: Rig, board: PigpioBoard
) -> None:
    pi.daemon.pigpiod.faults.end_after_header = True

    with pytest.raises(BoardGone):
        board.read_back()  # asks for the script's status, whose answer has data
    come_back(pi, board)


def test_answers_in_pieces_are_put_together() -> None:
    with rig(inputs=INPUTS) as pi:
        pi.daemon.pigpiod.faults.fragment_s = 0.001
        board = pi.opened()
        for ask in ASKED.values():
            ask(board)

        assert board.read_inputs().proximity_code == PROXIMITY_CODE


def test_random_bytes_for_an_answer_are_never_believed(
    pi: Rig, board: PigpioBoard, ask: Callable[[PigpioBoard], object]
) -> None:
    pi.daemon.pigpiod.faults.garbage = 1000

    with pytest.raises(BoardError):
        ask(board)
    pi.daemon.pigpiod.faults.garbage = 0
    come_back(pi, board)


def test_one_wrong_bit_anywhere_in_the_headers_of_a_burst_is_seen(board: PigpioBoard) -> None:
    session = board._held  # noqa: SLF001 - looking at one batch from inside
    assert session is not None
    burst = next(session.sampler.prepare(64))
    answer = bytearray(session.fast.exchange(burst))
    assert burst.fits(memoryview(answer))

    flips = random.Random(1)
    at = 0
    for ask in burst.asks:
        bits = [bit for bit in range(128) if bit < 96 or not ask.free >> (bit - 96) & 1]
        for bit in flips.sample(bits, 8):
            wrong = bytearray(answer)
            wrong[at + bit // 8] ^= 1 << bit % 8
            assert not burst.fits(memoryview(wrong))
        at += 16 + ask.data


# -------------------------------------------------------------------- pigpiod dies and revives


def test_a_dead_pigpiod_is_said_whatever_is_asked(
    pi: Rig, board: PigpioBoard, ask: Callable[[PigpioBoard], object]
) -> None:
    pi.kill()

    with pytest.raises(BoardGone):
        ask(board)


def test_nothing_spins_after_pigpiod_died(pi: Rig, board: PigpioBoard) -> None:
    pi.kill()
    with pytest.raises(BoardGone):
        board.beat()

    assert not [thread for thread in threading.enumerate() if "callback" in repr(type(thread))]


def test_after_a_restart_of_pigpiod_everything_starts_from_safe(
    pi: Rig, board: PigpioBoard
) -> None:
    pi.kill()
    assert pi.wires.level(23) == 1  # pigpiod undoes nothing
    assert pi.duty() == 0.5
    with pytest.raises(BoardGone):
        board.beat()
    pi.revive()
    board.close()

    assert pi.wires.level(23) == 0
    assert pi.duty() == 1.0
    come_back(pi, board)


def test_a_reset_connection_is_said_and_the_board_comes_back(pi: Rig, board: PigpioBoard) -> None:
    pi.crash()

    with pytest.raises(BoardGone):
        board.sample_pilot(64)
    come_back(pi, board)
    assert (pi.scripts(), pi.spi_handles()) == (1, 1)


# ------------------------------------------------------------------------- other programs


def test_a_wave_of_another_program_that_stops_the_pilot_is_seen(
    pi: Rig, board: PigpioBoard
) -> None:
    pi.daemon.call(pi.daemon.pigpiod.steal_pwm)

    with pytest.raises(BoardError, match=r"another program took the pilot.*no hardware PWM any"):
        board.read_back()
    come_back(pi, board)


@pytest.mark.parametrize(("frequency_hz", "duty_ppm"), [(1000, 500_001), (990, 500_000)])
def test_another_duty_or_frequency_on_the_pilot_is_seen(
    pi: Rig, board: PigpioBoard, frequency_hz: int, duty_ppm: int
) -> None:
    stranger = pigpio.pi("127.0.0.1", pi.daemon.port)
    stranger.hardware_PWM(PILOT, frequency_hz, duty_ppm)
    stranger.stop()

    with pytest.raises(BoardError, match="where evsed put 500000 ppm at 1000 Hz"):
        board.read_back()


def test_a_contactor_that_another_program_closed_is_read_back(pi: Rig) -> None:
    board = pi.opened()
    stranger = pigpio.pi("127.0.0.1", pi.daemon.port)
    stranger.write(23, 1)
    stranger.stop()

    assert board.read_back().contactors == (True,)


def test_an_spi_handle_that_another_program_closed_is_said_at_once(
    pi: Rig, board: PigpioBoard
) -> None:
    pi.daemon.pigpiod.machine.spi.handles[0] = None

    with pytest.raises(BoardError, match=r"refused to read the ADC: .*\(-25\)"):
        board.sample_pilot(64)
    come_back(pi, board)


def test_a_dead_man_that_another_program_deleted_is_said_at_the_next_beat(
    pi: Rig, board: PigpioBoard
) -> None:
    pi.daemon.pigpiod.machine.scripts.slots[0] = None

    with pytest.raises(BoardError, match=r"\(-48\).*deleted the dead-man"):
        board.beat()
    come_back(pi, board)


# --------------------------------------------------------------------------------- the inputs


@pytest.mark.parametrize(
    ("gpio", "level", "field", "value"),
    [
        (5, 0, "contactor_feedback", (False,)),
        (5, 1, "contactor_feedback", (True,)),
        (6, 0, "ground_fault", False),
        (6, 1, "ground_fault", True),
        (6, None, "ground_fault", True),
        (16, 0, "emergency_stop", False),
        (16, 1, "emergency_stop", True),
        (16, None, "emergency_stop", True),
    ],
)
def test_inputs_pull_to_ground(
    pi: Rig, board: PigpioBoard, gpio: int, level: int | None, field: str, value: object
) -> None:
    pi.daemon.call(pi.wires.drive_input, gpio, level)

    assert getattr(board.read_inputs(), field) == value


def test_the_codes_of_proximity_and_current_come_with_the_other_inputs(board: PigpioBoard) -> None:
    assert board.read_inputs() == Inputs(
        contactor_feedback=(True,),
        ground_fault=True,
        emergency_stop=True,
        proximity_code=PROXIMITY_CODE,
        current_codes=(CURRENT_CODE,) * CONVERSIONS,
    )


def test_the_current_is_read_with_no_other_input_wired() -> None:
    with rig(inputs=InputsConfig(current_adc_channel=2)) as pi:
        found = pi.opened().read_inputs()

        assert found == Inputs(current_codes=(CURRENT_CODE,) * CONVERSIONS)


def test_the_self_test_of_the_ground_fault_device_is_switched(pi: Rig, board: PigpioBoard) -> None:
    board.set_ground_fault_test(True)
    assert pi.wires.level(20) == 1
    board.set_ground_fault_test(False)
    assert pi.wires.level(20) == 0


def test_closing_the_board_ends_a_self_test(pi: Rig, board: PigpioBoard) -> None:
    board.set_ground_fault_test(True)
    board.close()

    assert pi.wires.level(20) == 0


# --------------------------------------------------------------------------------- letting go


def test_closing_leaves_open_contactors_a_steady_pilot_and_nothing_in_pigpiod(
    pi: Rig, board: PigpioBoard
) -> None:
    board.close()

    assert pi.wires.level(23) == 0
    assert pi.duty() == 1.0
    assert (pi.scripts(), pi.spi_handles()) == (0, 0)
    wait_until(lambda: not pi.daemon.pigpiod.clients)


def test_closing_after_an_error_opens_the_contactor_over_a_new_connection(
    pi: Rig, board: PigpioBoard
) -> None:
    pi.crash()
    board.close()

    assert pi.wires.level(23) == 0
    assert pi.duty() == 1.0


def test_closing_a_board_whose_pigpiod_is_frozen_does_not_raise(pi: Rig) -> None:
    board = pi.opened(answer_s=0.1)
    pi.daemon.call(pi.daemon.pigpiod.freeze)
    board.close()

    assert not board.is_open
    pi.daemon.call(pi.daemon.pigpiod.thaw)
