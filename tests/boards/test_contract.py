# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of every board, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from evsed.boards import Board, InputsConfig
from evsed.core.pilot.protection import Inputs
from evsed.errors import BoardError
from tests.boards.kernel.kernel_rig import kernel_rig
from tests.boards.pigpio.pigpio_rig import rig, wait_until


@contextmanager
def pigpio_over_the_simulator(inputs: InputsConfig | None = None) -> Iterator[Board]:
    with rig(contactors=(23, 25), inputs=inputs) as its_rig:
        yield its_rig.board()


@contextmanager
def kernel_over_a_linux_on_a_folder(inputs: InputsConfig | None = None) -> Iterator[Board]:
    with kernel_rig(contactors=(23, 25), inputs=inputs) as its_rig:
        yield its_rig.board()


BOARDS: list[Callable[[InputsConfig | None], AbstractContextManager[Board]]] = [
    pigpio_over_the_simulator,
    kernel_over_a_linux_on_a_folder,
]
"""Each gives a closed board with two contactors, and the optional inputs that are named to it."""


@pytest.fixture(params=BOARDS, ids=lambda make: make.__name__)
def closed_board(request: pytest.FixtureRequest) -> Iterator[Board]:
    with request.param(None) as board:
        yield board


@pytest.fixture
def board(closed_board: Board) -> Board:
    wait_until(closed_board.open)
    return closed_board


def test_a_new_board_holds_no_wires(closed_board: Board) -> None:
    assert not closed_board.is_open


def test_an_opened_board_is_open_and_says_so_again(board: Board) -> None:
    assert board.is_open
    assert board.open()


def test_a_board_opens_with_contactors_open_pilot_steady_and_dead_man_armed(board: Board) -> None:
    found = board.read_back()

    assert found.contactors == (False, False)
    assert found.duty == 1.0
    assert found.dead_man_armed


@pytest.mark.parametrize("count", [1, 64, 128])
def test_a_burst_has_as_many_codes_as_were_asked_for(board: Board, count: int) -> None:
    codes = board.sample_pilot(count)

    assert len(codes) == count
    assert all(0 <= code <= 1023 for code in codes)


@pytest.mark.parametrize("duty", [0.0, 0.1, 0.16666666, 0.5333333, 0.96, 1.0])
def test_the_pilot_never_carries_more_duty_than_it_was_told(board: Board, duty: float) -> None:
    board.set_pilot(duty)

    assert duty - 2e-6 <= board.read_back().duty <= duty


@pytest.mark.parametrize("duty", [-0.1, 1.1, float("nan")])
def test_a_duty_that_is_none_is_a_mistake_of_the_caller(board: Board, duty: float) -> None:
    with pytest.raises(ValueError, match="duty"):
        board.set_pilot(duty)


def test_contactors_close_in_their_order_and_open_from_the_last(board: Board) -> None:
    levels = []
    for closed in (1, 2, 1, 0):
        board.beat()
        board.set_contactors(closed)
        levels.append(board.read_back().contactors)

    assert levels == [(True, False), (True, True), (True, False), (False, False)]


def test_beats_keep_the_dead_man_armed(board: Board) -> None:
    for _ in range(200):
        board.beat()

    assert board.read_back().dead_man_armed


def test_inputs_that_are_not_wired_are_not_made_up(board: Board) -> None:
    board.set_ground_fault_test(True)

    assert board.read_inputs() == Inputs()


@pytest.mark.parametrize("make", BOARDS, ids=lambda make: make.__name__)
def test_a_wire_that_is_broken_is_a_fault_on_every_input(
    make: Callable[[InputsConfig | None], AbstractContextManager[Board]],
) -> None:
    wired = InputsConfig(
        contactor_feedback_gpios=(5, 6), ground_fault_gpio=16, emergency_stop_gpio=26
    )
    with make(wired) as board:
        wait_until(board.open)
        found = board.read_inputs()

    assert found.contactor_feedback == (True, True)  # as if they were welded
    assert found.ground_fault
    assert found.emergency_stop


def test_a_closed_board_says_so_whatever_is_asked(board: Board) -> None:
    board.close()

    assert not board.is_open
    asked: list[Callable[[], object]] = [
        lambda: board.sample_pilot(64),
        lambda: board.set_pilot(0.5),
        lambda: board.set_contactors(1),
        board.beat,
        board.read_back,
        board.read_inputs,
    ]
    for ask in asked:
        with pytest.raises(BoardError):
            ask()


def test_closing_twice_or_unopened_does_no_harm(closed_board: Board) -> None:
    closed_board.close()
    wait_until(closed_board.open)
    closed_board.close()
    closed_board.close()

    assert not closed_board.is_open


def test_a_board_that_is_opened_again_starts_from_open_contactors(board: Board) -> None:
    board.beat()
    board.set_pilot(0.5)
    board.set_contactors(2)
    board.read_back()
    board.close()
    wait_until(board.open)

    found = board.read_back()
    assert found.contactors == (False, False)
    assert found.duty == 1.0
    assert found.dead_man_armed
