# SPDX-License-Identifier: GPL-3.0-or-later
"""pigpiod's answers: what is not exactly the answer is a `BoardError`, and nothing more is sent.

A real connection on the loopback; the other end gives the right answer with some of its bytes
changed, lost, added or moved. "Nothing more is sent": after the error the connection is closed, and
what came out of it is the one request, so that no output can have changed.
"""

from __future__ import annotations

import atexit
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.burst import Burst, patterns
from evsed.boards.pigpio.connection import Batch, Command, Connection, Request, read, tick, write
from evsed.boards.pigpio.session import Client
from evsed.errors import BoardError
from tests.fuzz.source import Source

HEAD = struct.Struct("<IIII")
BURSTS = [*patterns(0, 0, 4), *patterns(3, 7, 12), *patterns(0, 0, 64)]
BEAT = Batch([write(24, 1), Request(Command.PROCU, 5, extension=bytes(4))])
INPUTS = Batch([read(25), read(16), read(26)])
BATCHES: list[Batch] = [*BURSTS, BEAT, INPUTS, Batch([tick()])]
ASKS = (
    (Request(Command.PROCP, 3),),
    (write(23, 0), write(24, 1), Request(Command.SPIC, 0)),
    (Request(Command.PROCS, 3), Request(Command.PROCD, 3)),
    tuple(Request(Command.PROCP, number) for number in range(32)),
)
# What the stock client is used for, and with what its answers must begin (command.h).
CALLS: tuple[Callable[[Client], int], ...] = (
    lambda client: client.read(23),
    lambda client: client.write(23, 0),
    lambda client: client.hardware_PWM(18, 1000, 1_000_000),
    lambda client: client.get_PWM_dutycycle(18),
    lambda client: client.get_PWM_frequency(18),
    lambda client: client.get_pigpio_version(),
    lambda client: client.set_mode(25, 0),
    lambda client: client.spi_open(0, 650_000, 0x40),
    lambda client: client.store_script(deadman.SCRIPT),
    lambda client: client.run_script(3, [0, 23, 23, 23, 18, 9, 0, 0, 0, 1]),
    lambda client: client.get_mode(23),
    lambda client: client.set_PWM_range(23, 1000),
    lambda client: client.set_PWM_frequency(23, 4000),
    lambda client: client.set_PWM_dutycycle(23, 800),
)
ECHOES = (
    (3, 23, 0), (4, 23, 0), (86, 18, 1000), (83, 18, 0), (23, 18, 0), (26, 0, 0), (0, 25, 0),
    (71, 0, 650_000), (38, 0, 0), (40, 3, 0), (1, 23, 0), (6, 23, 1000), (7, 23, 4000),
    (5, 23, 800),
)  # fmt: skip
WORDS = (0, 1, 3, 40, 44, 0x7FFFFFFF, 0x80000000, 0xFFFFFFE8, 0xFFFFFFC7, 0xFFFFFFFF)
KINDS = len(BATCHES) + len(ASKS) + len(CALLS) + 1
ANSWER_S = 5.0  # nothing here waits: what is missing ends with the stream

_listener = socket.create_server(("127.0.0.1", 0))


class _Line:
    """One connection, kept while all went well: most answers of a life are right."""

    pipe: Connection
    peer: socket.socket

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.pipe = Connection("127.0.0.1", _listener.getsockname()[1], ANSWER_S, ANSWER_S)
        self.peer, _ = _listener.accept()
        # Ends with a reset: a million connections must not leave a million waiting ports.
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        self.pipe.close()
        self.peer.close()

    def renew(self) -> None:
        self.close()
        self.open()


_line = _Line()
atexit.register(_listener.close)
atexit.register(_line.close)


def seeds() -> Iterator[bytes]:
    """Each kind of batch answered right, and a few ways to be wrong."""
    for number in range(KINDS):
        yield bytes([number]) + bytes(8)
        yield bytes([number]) + bytes(range(1, 60))


def one_input(data: bytes) -> None:
    """Ask once, answer as the input says."""
    source = Source(data)
    number = source.byte() % KINDS
    if number < len(BATCHES):
        _exchange(BATCHES[number], source)
    elif number < len(BATCHES) + len(ASKS):
        _ask(ASKS[number - len(BATCHES)], source)
    elif number < KINDS - 1:
        _call(number - len(BATCHES) - len(ASKS), source)
    else:
        _state(source)


def _exchange(batch: Batch, source: Source) -> None:
    answer = _changed(b"".join(_right(ask, source) for ask in batch.asks), source)
    _give(answer, end=len(answer) < batch.size)
    try:
        view = _line.pipe.exchange(batch)
    except BoardError as error:
        assert str(error)
        assert not _fits(batch, answer), "a good answer was refused"
        _gone(batch.request)
        return
    assert _fits(batch, answer), "a wrong answer was believed"
    assert bytes(view) == answer[: batch.size]
    if isinstance(batch, Burst):
        codes = batch.codes(view)
        assert all(0 <= code <= 1023 for code in codes)
        assert len(codes) == sum(ask.command is Command.SPIX for ask in batch.asks)
    assert _line.peer.recv(65536) == batch.request
    if len(answer) != batch.size:  # what is left over would be taken for the next answer
        _line.renew()


def _ask(asks: tuple[Request, ...], source: Source) -> None:
    right = b"".join(
        HEAD.pack(*ask[:3], 40) + bytes(40)
        if ask.command is Command.PROCP
        else HEAD.pack(*ask[:3], source.choice(WORDS))
        for ask in asks
    )
    _give(_changed(right, source), end=True)  # evsed does not wait for what is missing
    _line.pipe.limit_time(ANSWER_S)
    request = b"".join(ask.request for ask in asks)
    try:
        answers = _line.pipe.ask(*asks)
    except BoardError as error:
        assert str(error)
        _gone(request)
        return
    assert len(answers) == len(asks)
    for ask, answer in zip(asks, answers, strict=True):
        carries = ask.command is Command.PROCP and answer.result > 0
        assert len(answer.data) == (answer.result if carries else 0)
    assert _line.peer.recv(65536) == request
    _line.renew()


def _call(number: int, source: Source) -> None:
    """A call of the stock client's."""
    answer = _changed(HEAD.pack(*ECHOES[number], source.choice(WORDS)), source)
    _give(answer, end=True)
    _line.pipe.limit_time(ANSWER_S)
    try:
        result = CALLS[number](Client(_line.pipe))
    except BoardError as error:
        assert str(error)
        assert len(answer) < HEAD.size or HEAD.unpack_from(answer)[:3] != ECHOES[number]
        assert _line.pipe.broken
    else:
        assert HEAD.unpack_from(answer)[:3] == ECHOES[number], "another's answer was believed"
        assert result & 0xFFFFFFFF == HEAD.unpack_from(answer)[3]
    _line.renew()


def _state(source: Source) -> None:
    """The state of the dead-man's script."""
    right = HEAD.pack(Command.PROCP, 3, 0, source.choice((44, *WORDS))) + source.chunk(44)
    _give(_changed(right, source), end=True)
    _line.pipe.limit_time(ANSWER_S)
    with suppress(BoardError):
        deadman.state(_line.pipe, 3)
    _line.renew()


def _right(ask: Request, source: Source) -> bytes:
    """The answer that is expected, with whatever is news in it; floating bits among the data."""
    result = ask.data | int.from_bytes(source.chunk(4), "little") & ask.free
    return HEAD.pack(*ask[:3], result) + source.chunk(ask.data).ljust(ask.data, b"\xff")


def _changed(answer: bytes, source: Source) -> bytes:
    """*answer* with up to three things done to it; the end of the input leaves it as it is."""
    made = bytearray(answer)
    for _ in range(source.byte() % 4):
        place = source.below(max(1, len(made)))
        match source.byte() % 6:
            case 0:
                made[place : place + 1] = bytes([made[place] ^ source.byte() if made else 0])
            case 1:
                del made[place:]
            case 2:
                del made[place : place + source.byte()]
            case 3:
                made[place:place] = source.chunk(source.byte())
            case 4:
                start = place // 4 * 4
                made[start : start + 4] = struct.pack("<I", source.choice(WORDS))
            case _:
                other = source.below(max(1, len(made)))
                made[place : place + 19], made[other : other + 19] = (
                    made[other : other + 19],
                    made[place : place + 19],
                )
    return bytes(made)


def _give(answer: bytes, *, end: bool) -> None:
    """Put *answer* on the line before it is asked for, and the *end* of the stream behind it."""
    _line.peer.sendall(answer)
    if end:
        _line.peer.shutdown(socket.SHUT_WR)


def _gone(request: bytes) -> None:
    assert _line.pipe.broken, "a connection that cannot be trusted is still open"
    assert _line.peer.recv(65536) == request, "something was said beyond the request"
    _line.renew()


def _fits(batch: Batch, answer: bytes) -> bool:
    """True where *answer* begins with an answer to *batch*, judged one request after the other."""
    if len(answer) < batch.size:
        return False
    at = 0
    for ask in batch.asks:
        command, p1, p2, result = HEAD.unpack_from(answer, at)
        if (command, p1, p2) != tuple(ask[:3]) or (result ^ ask.data) & ~ask.free & 0xFFFFFFFF:
            return False
        at += HEAD.size + ask.data
    return True
