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
