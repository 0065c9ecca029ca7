# SPDX-License-Identifier: GPL-3.0-or-later
"""One evsed for one board, however the settings spell where it is."""

from __future__ import annotations

import random

import pytest

from evsed.boards import lock_board
from evsed.boards.board import BoardConfig, PigpioConfig
from evsed.errors import BoardError


def at(host: str, port: int) -> BoardConfig:
    return BoardConfig(pigpio=PigpioConfig(host=host, port=port))


@pytest.fixture
def port() -> int:
    """A number that no other test locks: nothing listens there."""
    return random.SystemRandom().randrange(100_000, 1_000_000_000)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "127.0.0.2", ""])
def test_a_board_of_this_machine_is_one_board_in_every_spelling(host: str, port: int) -> None:
    held = lock_board(at("127.0.0.1", port))
    with held, pytest.raises(BoardError, match="another evsed has the board"):
        lock_board(at(host, port))


def test_a_board_that_was_let_go_can_be_held_again(port: int) -> None:
    lock_board(at("localhost", port)).close()

    lock_board(at("localhost", port)).close()


def test_a_board_of_another_machine_or_port_is_another_board(port: int) -> None:
    with (
        lock_board(at("localhost", port)),
        lock_board(at("localhost", port + 1)),
        lock_board(at("192.0.2.7", port)),  # RFC 5737: no machine has it
    ):
        pass


def test_a_board_of_this_machine_is_one_header_whether_linux_or_pigpiod_drives_it() -> None:
    kernel, pigpio = BoardConfig(kind="kernel"), at("localhost", 8888)
    for first, second in ((kernel, pigpio), (pigpio, kernel), (at("127.1", 9999), pigpio)):
        with lock_board(first), pytest.raises(BoardError, match="has the board"):
            lock_board(second)

    with lock_board(kernel), lock_board(at("192.0.2.7", 8888)):
        pass


def test_where_a_name_of_the_board_is_taken_none_of_the_others_stays_taken() -> None:
    header_of_pigpiod = at("localhost", 8888)
    with lock_board(BoardConfig(kind="kernel")), pytest.raises(BoardError, match="has the board"):
        lock_board(header_of_pigpiod)

    lock_board(header_of_pigpiod).close()


def test_a_simulated_pigpiod_stands_beside_the_board_of_this_machine() -> None:
    # pigpiod -p takes 1024 to 32000; a port that Linux chooses is over that.
    with lock_board(BoardConfig(kind="kernel")), lock_board(at("localhost", 32001)):
        pass


def test_a_pigpiod_whose_host_has_no_known_address_is_not_driven_and_the_reason_is_said(
    port: int,
) -> None:
    with pytest.raises(BoardError) as refused:
        lock_board(at("no-such-machine.invalid", port))  # RFC 6761: no name ends so

    assert "no-such-machine.invalid has no address that is known here" in str(refused.value)
    assert "nothing was touched" in str(refused.value)
