# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers on pigpiod's port that fit no question: never believed, and never costly."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.connection import Command, Connection, Request
from evsed.boards.pigpio.session import Client
from evsed.errors import BoardError

HEAD = struct.Struct("<IIII")


@pytest.fixture
def line() -> Iterator[tuple[Connection, socket.socket]]:
    """A connection of evsed's, and the other end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pipe = Connection("127.0.0.1", listener.getsockname()[1], 5.0, 5.0)
        peer, _ = listener.accept()
        with peer:
            yield pipe, peer
    pipe.close()


def test_an_answer_that_promises_two_gigabytes_is_refused_before_they_are_set_aside(
    line: tuple[Connection, socket.socket],
) -> None:
    pipe, peer = line
    peer.sendall(HEAD.pack(Command.PROCP, 3, 0, 0x7FFFFFFF))
    with pytest.raises(BoardError, match="no answer to that"):
        pipe.ask(Request(Command.PROCP, 3))
    assert pipe.broken


def test_a_script_of_another_length_is_a_board_error(
    line: tuple[Connection, socket.socket],
) -> None:
    pipe, peer = line
    peer.sendall(HEAD.pack(Command.PROCP, 3, 0, 8) + bytes(8))
    with pytest.raises(BoardError, match="dead-man script"):
        deadman.state(pipe, 3)


def test_the_stock_client_is_given_no_answer_to_another_question(
    line: tuple[Connection, socket.socket],
) -> None:
    pipe, peer = line
    peer.sendall(HEAD.pack(Command.READ, 24, 0, 1))
    with pytest.raises(BoardError, match="no answer to that"):
        Client(pipe).read(23)
    assert pipe.broken
