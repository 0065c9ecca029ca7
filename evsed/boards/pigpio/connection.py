# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP connection to pigpiod that always answers or fails in time.

pigpiod answers requests strictly in order, so many may be sent in one segment (recorded from the
real daemon). A request is four little-endian uint32: command, p1, p2 and the length of the
extension that follows; the answer echoes the first three, its fourth word is the result (negative:
refused), and SPIX and PROCP add as many bytes of data as the result says (command.h and
pigpio.c:7036-7152 of pigpio v79).

After any failure the connection is closed at once: reading on after a time-out would return the
answer to the request before.
"""

from __future__ import annotations

import socket
import struct
from enum import IntEnum
from itertools import takewhile
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

import pigpio

from evsed.core.text import text
from evsed.errors import BoardError, BoardGone, BoardTimeout

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_S: Final = 0.1
"""Longest wait for an answer. A car must lose power within 100 ms (IEC 61851-1 Table A.6)."""

LETS_GO: Final = text("evsed opens the contactor and connects again")

_HEAD: Final = struct.Struct("<IIIi")
_REQUEST: Final = struct.Struct("<IIII")
HEAD_BYTES: Final = _HEAD.size
_ECHO: Final = 12  # bytes of a request that its answer begins with
_ANY: Final = 0xFFFFFFFF

_SIP: Final = 76
"""Bytes to sleep for: four answers of 19. pigpiod writes header and data of each answer by
themselves, so a burst comes in 128 segments, and to wake for each costs five times the processor
time of all else. But to sleep for the whole burst costs 40 ms now and then: TCP sends 10 segments
without an acknowledgement (RFC 6928), and who does not read acknowledges late (RFC 1122, 4.2.3.2).
Both were measured; these are 8 segments."""


class Command(IntEnum):
    """Numbers of the requests that evsed sends by itself (command.h of pigpio v79)."""

    READ = 3
    WRITE = 4
    TICK = 16
    PROCD = 39
    PROCS = 41
    PROCP = 45
    SPIC = 72
    SPIX = 75
    GDC = 83
    HP = 86
    PROCU = 117


_WITH_DATA: Final = frozenset({Command.SPIX, Command.PROCP})
_MOST_DATA: Final = 1024  # bytes; a script's parameters, the most that is ever asked for, are 44


class Request(NamedTuple):
    """One request, and what its answer may be.

    `data` is the number of bytes the answer must carry, `free` has a 1 for every bit of the result
    that is data rather than an acknowledgement.
    """

    command: Command
    p1: int = 0
    p2: int = 0
    extension: bytes = b""
    data: int = 0
    free: int = 0

    @property
    def request(self) -> bytes:
        """The bytes to send."""
        head = _REQUEST.pack(self.command, self.p1, self.p2, len(self.extension))
        return head + self.extension


class Answer(NamedTuple):
    """The result of one request and the data that came with it."""

    result: int
    data: bytes


def tick() -> Request:
    """The system timer: here a filler that takes pigpiod about as long as a conversion's talk."""
    return Request(Command.TICK, free=_ANY)


def read(gpio: int) -> Request:
    """The level of *gpio*."""
    return Request(Command.READ, gpio, free=1)


def write(gpio: int, level: int) -> Request:
    """Drive *gpio* to *level*."""
    return Request(Command.WRITE, gpio, level)


def try_read(gpio: int) -> Request:
    """The level of *gpio*, of which a refusal is an answer, too."""
    return Request(Command.READ, gpio, free=_ANY)


def try_write(gpio: int, level: int) -> Request:
    """Drive *gpio* to *level*, of which a refusal is an answer, too."""
    return Request(Command.WRITE, gpio, level, free=_ANY)


def hardware_pwm(gpio: int, frequency_hz: int, duty_ppm: int) -> Request:
    """Hardware PWM of *duty_ppm* millionths on *gpio*."""
    return Request(Command.HP, gpio, frequency_hz, duty_ppm.to_bytes(4, "little"))


class Batch:
    """Requests that go out in one segment, and everything known beforehand about the answer.

    The answer is checked as one long number: `mask` has a 1 for every bit that must be as in
    `expected`. That takes a few microseconds where a loop over 64 headers takes a hundred.
    """

    def __init__(self, asks: Sequence[Request]) -> None:
        self.asks: Final = tuple(asks)
        self.request: Final = b"".join(ask.request for ask in asks)
        self.size: Final = sum(_HEAD.size + ask.data for ask in asks)
        ahead = len(list(takewhile(lambda ask: not ask.data, asks)))
        self._first_data_at: Final = ahead * _HEAD.size
        mask = expected = b""
        for ask in asks:
            mask += _REQUEST.pack(_ANY, _ANY, _ANY, _ANY ^ ask.free) + bytes(ask.data)
            expected += _REQUEST.pack(ask.command, ask.p1, ask.p2, ask.data) + bytes(ask.data)
        self._mask: Final = int.from_bytes(mask, "little")
        self._expected: Final = int.from_bytes(expected, "little") & self._mask

    def refused(self, part: memoryview) -> bool:
        """Return True where *part* of an answer is a refusal of data: the rest is shorter, too."""
        at = self._first_data_at
        return at + _HEAD.size <= len(part) and _HEAD.unpack_from(part, at)[-1] < 0

    def fits(self, answer: memoryview) -> bool:
        """Return True where *answer* has every bit that is known beforehand of this batch's."""
        return int.from_bytes(answer, "little") & self._mask == self._expected


class Connection:
    """One connection to pigpiod; also stands in for the socket inside the stock client.

    An `exchange` may last *answer_s*, everything else until *within_s* is over (see `limit_time`).

    Raises `BoardGone` when pigpiod does not listen, `BoardTimeout` when it does not take the
    connection within *within_s* seconds.
    """

    def __init__(self, host: str, port: int, within_s: float, answer_s: float = ANSWER_S) -> None:
        self.answer_s: Final = answer_s
        self._where: Final = text("pigpiod on {host}:{port}", host=host, port=port)
        self._until = monotonic() + within_s
        self._buffer = bytearray(4096)
        self._low_water = 1
        self._sent = b""
        try:
            self._socket: Final = socket.create_connection((host, port), max(within_s, 0.01))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except TimeoutError as error:
            raise BoardTimeout(
                text(
                    "{where} did not take a connection; nothing is driven and evsed keeps "
                    "trying; see whether it runs: systemctl status pigpiod",
                    where=self._where,
                )
            ) from error
        except OSError as error:
            raise BoardGone(
                text(
                    "{where} cannot be reached ({error}); nothing is driven and evsed keeps "
                    "trying; start it (sudo systemctl start pigpiod) or correct host and "
                    "port in [board.pigpio]",
                    where=self._where,
                    error=error.strerror or str(error),
                )
            ) from error

    @property
    def broken(self) -> bool:
        """True once this connection was given up."""
        return self._socket.fileno() < 0

    def limit_time(self, within_s: float | None = None) -> None:
        """Allow *within_s* seconds (None: one answer's) for all requests from now on together."""
        self._until = monotonic() + (self.answer_s if within_s is None else within_s)

    def close(self) -> None:
        """End the connection; a second time does nothing."""
        self._socket.close()

    # ------------------------------------------------------------------ many requests at once

    def exchange(self, batch: Batch) -> memoryview:
        """Send *batch* and return its checked answer, good until the next call.

        Raises `BoardError` unless the answer is the expected one in full and in time.
        """
        if len(self._buffer) < batch.size:
            self._buffer = bytearray(batch.size)
        view = memoryview(self._buffer)[: batch.size]
        until = monotonic() + self.answer_s
        self._send(batch.request, self.answer_s)
        got = self._receive_into(view, min(batch.size, _SIP), until)
        while got < batch.size and not batch.refused(view[:got]):
            got += self._receive_into(view[got:], min(batch.size - got, _SIP), until)
        if got < batch.size or not batch.fits(view):
            raise self._unexpected(batch, view[:got])
        return view

    def ask(self, *asks: Request) -> list[Answer]:
        """Send *asks* in one segment; a refusal is an answer too (negative result).

        Raises `BoardError` when an answer is missing or belongs to something else.
        """
        self._send(b"".join(ask.request for ask in asks), self._left())
        answers = []
        for ask in asks:
            command, p1, p2, result = _HEAD.unpack(self._receive(_HEAD.size))
            if (command, p1, p2) != ask[:3]:
                raise self._strange(_named(ask), command, p1, p2, result)
            has_data = command in _WITH_DATA and result > 0
            if has_data and result > _MOST_DATA:  # believed, it would cost up to 2 GB of memory
                raise self._strange(_named(ask), command, p1, p2, result)
            answers.append(Answer(result, self._receive(result) if has_data else b""))
        return answers

    # --------------------------------------------------------- what the stock client calls

    def send(self, data: bytes) -> int:
        """Send all of *data*: the client does not look at what `send` returns."""
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send all of *data*, a request."""
        self._sent = bytes(data[:_ECHO])
        self._send(data, self._left())

    def recv(self, size: int) -> bytes:
        """Exactly *size* bytes: the client would spin for ever on the end of the stream.

        Nor does it look whether an answer belongs to what it asked; here that is looked at.
        """
        data = self._receive(size)
        if data[:_ECHO] != self._sent:
            sent = _REQUEST.unpack(self._sent.ljust(_REQUEST.size, b"\0"))[:3]
            raise self._strange(" ".join(map(str, sent)), *_HEAD.unpack(data[: _HEAD.size]))
        return data

    # ------------------------------------------------------------------------------ inside

    def _left(self) -> float:
        """Seconds left, but never 0, which would mean something else to a socket."""
        return max(self._until - monotonic(), 1e-6)

    def _send(self, data: bytes, within_s: float) -> None:
        try:
            self._socket.settimeout(within_s)
            self._socket.sendall(data)
        except OSError as error:
            raise self._fail(error) from error

    def _receive(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        got = 0
        while got < size:
            got += self._receive_into(view[got:], size - got, self._until)
        return bytes(data)

    def _receive_into(self, view: memoryview, low_water: int, until: float) -> int:
        """Wait for *low_water* bytes (fewer at the end of the stream), take what fits."""
        try:
            if low_water != self._low_water:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, low_water)
                self._low_water = low_water
            self._socket.settimeout(max(until - monotonic(), 1e-6))
            got = self._socket.recv_into(view)
        except OSError as error:
            raise self._fail(error) from error
        if not got:
            raise self._fail(None)
        return got

    def _fail(self, error: OSError | None) -> BoardError:
        broken = self.broken
        self.close()
        if isinstance(error, TimeoutError):
            return BoardTimeout(
                text(
                    "{where} did not answer in time; {lets_go}; see what holds it up: "
                    "systemctl status pigpiod",
                    where=self._where,
                    lets_go=LETS_GO,
                )
            )
        why = (
            text("evsed had given it up")
            if broken
            else error.strerror
            if error
            else text("end of the stream")
        )
        return BoardGone(
            text(
                "{where} ended the connection ({why}); {lets_go}; see why: journalctl -u pigpiod",
                where=self._where,
                why=why or "",
                lets_go=LETS_GO,
            )
        )

    def _unexpected(self, batch: Batch, answer: memoryview) -> BoardError:
        """Name the first answer of *batch* that is not what it should be."""
        at = 0
        for ask in batch.asks:
            if at + _HEAD.size > len(answer):
                break
            command, p1, p2, result = _HEAD.unpack_from(answer, at)
            if (command, p1, p2) != ask[:3]:
                return self._strange(_named(ask), command, p1, p2, result)
            if result < 0 and result & ~ask.free & _ANY:
                self.close()
                return refusal(_DOING.get(ask.command, f"do {ask.command.name}"), result)
            if (result ^ ask.data) & ~ask.free & _ANY:
                return self._strange(_named(ask), command, p1, p2, result)
            at += _HEAD.size + ask.data
        return self._fail(None)

    def _strange(self, request: str, *words: int) -> BoardError:
        self.close()
        return BoardError(
            f"{self._where} answered {words} to {request}, which is no answer to that; {LETS_GO}; "
            "if it goes on, see that pigpiod is version 79 and that nothing else listens there"
        )


def _named(ask: Request) -> str:
    return f"{ask.command.name} {ask.p1} {ask.p2}"


_DOING: Final = {
    Command.SPIX: "read the ADC",
    Command.READ: "read a GPIO",
    Command.WRITE: "drive a GPIO",
    Command.PROCU: "take the beat",
}

_ADVICE: Final = {
    pigpio.PI_NO_HANDLE: "other programs hold all 32 SPI handles of pigpiod and it cannot say who: "
    "sudo systemctl restart pigpiod",
    pigpio.PI_BAD_HANDLE: "another program closed the SPI handle of evsed: find and stop it",
    pigpio.PI_NOT_PERMITTED: "allow that GPIO in the -x mask on pigpiod's command line, or leave "
    "-x out",
    pigpio.PI_BAD_SCRIPT_ID: "another program deleted the dead-man script of evsed: find and stop "
    "it",
    pigpio.PI_NO_SCRIPT_ROOM: "other programs hold all 32 scripts of pigpiod: "
    "sudo systemctl restart pigpiod",
    pigpio.PI_NOT_HPWM_GPIO: "pilot_gpio must be 12, 13, 18 or 19, which have hardware PWM",
    pigpio.PI_HPWM_ILLEGAL: "pigpiod was started with -t 0, which takes hardware PWM for itself: "
    "remove -t 0 (sudo systemctl edit pigpiod) and restart it",
    pigpio.PI_UNKNOWN_COMMAND: "evsed needs pigpiod version 79",
}


def refusal(doing: str, code: int) -> BoardError:
    """The error for pigpiod's negative result *code* when evsed wanted to do *doing*."""
    advice = _ADVICE.get(code, "check [board.pigpio] in evsed.toml")
    return BoardError(
        f"pigpiod refused to {doing}: {pigpio.error_text(code)} ({code}); {LETS_GO}; {advice}"
    )


def checked(doing: str, result: int) -> int:
    """*result* of the stock client; `BoardError` when it means that pigpiod refused *doing*."""
    if result < 0:
        raise refusal(doing, result)
    return result
