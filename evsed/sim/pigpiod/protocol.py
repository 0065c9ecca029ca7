# SPDX-License-Identifier: GPL-3.0-or-later
"""The vocabulary of pigpiod's socket: command numbers, error numbers, frames, answers.

The numbers are those of pigpio v79's ``pigpio.h`` and of the PyPI client 1.78; every one that
``evsed`` meets was also recorded from the real daemon (``tests/golden``).

A request is 16 bytes, four little-endian ``uint32``: command, p1, p2 and the length of the
extension that follows. The answer echoes the first three and carries a signed result in the
fourth word; a few commands append that many bytes of data when the result is above 0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

REQUEST = struct.Struct("<IIII")
ANSWER = struct.Struct("<IIIi")
U32 = struct.Struct("<I")

EXTENSION_LIMIT = 65536
"""An extension this long or longer ends the connection without an answer."""

HANDLES = 32
"""Slots for notifications, for SPI and for scripts (32 each)."""

LAST_USER_GPIO = 31


class Cmd(IntEnum):
    """Command numbers, named as ``pigs`` names them."""

    MODES = 0
    MODEG = 1
    PUD = 2
    READ = 3
    WRITE = 4
    PWM = 5
    PRS = 6
    PFS = 7
    SERVO = 8
    WDOG = 9
    BR1 = 10
    BR2 = 11
    BC1 = 12
    BC2 = 13
    BS1 = 14
    BS2 = 15
    TICK = 16
    HWVER = 17
    NO = 18
    NB = 19
    NP = 20
    NC = 21
    PRG = 22
    PFG = 23
    PRRG = 24
    HELP = 25
    PIGPV = 26
    WVCLR = 27
    WVAG = 28
    WVAS = 29
    WVGO = 30
    WVGOR = 31
    WVBSY = 32
    WVHLT = 33
    WVSM = 34
    WVSP = 35
    WVSC = 36
    TRIG = 37
    PROC = 38
    PROCD = 39
    PROCR = 40
    PROCS = 41
    SLRO = 42
    SLR = 43
    SLRC = 44
    PROCP = 45
    MICS = 46
    MILS = 47
    PARSE = 48
    WVCRE = 49
    WVDEL = 50
    WVTX = 51
    WVTXR = 52
    WVNEW = 53
    I2CO = 54
    I2CC = 55
    SPIO = 71
    SPIC = 72
    SPIR = 73
    SPIW = 74
    SPIX = 75
    SERO = 76
    SERC = 77
    SERDA = 82
    GDC = 83
    GPW = 84
    HC = 85
    HP = 86
    CF1 = 87
    CF2 = 88
    WVCHA = 93
    SLRI = 94
    CGI = 95
    CSI = 96
    FG = 97
    FN = 98
    NOIB = 99
    WVTXM = 100
    WVTAT = 101
    PADS = 102
    PADG = 103
    FO = 104
    FC = 105
    FS = 108
    FL = 109
    SHELL = 110
    EVM = 115
    EVT = 116
    PROCU = 117
    WVCAP = 118


class Err(IntEnum):
    """Results below zero."""

    BAD_USER_GPIO = -2
    BAD_GPIO = -3
    BAD_MODE = -4
    BAD_LEVEL = -5
    BAD_PUD = -6
    BAD_PULSEWIDTH = -7
    BAD_DUTYCYCLE = -8
    BAD_WDOG_TIMEOUT = -15
    BAD_DUTYRANGE = -21
    BAD_PATHNAME = -23
    NO_HANDLE = -24
    BAD_HANDLE = -25
    TOO_MANY_PULSES = -36
    NOT_SERIAL_GPIO = -38
    NOT_PERMITTED = -41
    SOME_PERMITTED = -42
    BAD_WVSC_COMMAND = -43
    BAD_WVSM_COMMAND = -44
    BAD_WVSP_COMMAND = -45
    BAD_PULSELEN = -46
    BAD_SCRIPT_ID = -48
    DUP_TAG = -53
    TOO_MANY_TAGS = -54
    BAD_SCRIPT_CMD = -55
    NO_SCRIPT_ROOM = -57
    TOO_MANY_PARAM = -61
    SCRIPT_NOT_READY = -62
    BAD_TAG = -63
    BAD_MICS_DELAY = -64
    BAD_MILS_DELAY = -65
    BAD_WAVE_ID = -66
    EMPTY_WAVEFORM = -69
    NO_WAVEFORM_ID = -70
    SER_OPEN_FAILED = -72
    BAD_I2C_BUS = -74
    BAD_SPI_CHANNEL = -76
    BAD_FLAGS = -77
    BAD_SPI_SPEED = -78
    UNKNOWN_COMMAND = -88
    NOT_PWM_GPIO = -92
    NOT_SERVO_GPIO = -93
    NOT_HCLK_GPIO = -94
    NOT_HPWM_GPIO = -95
    BAD_HPWM_FREQ = -96
    BAD_HPWM_DUTY = -97
    BAD_HCLK_FREQ = -98
    BAD_HCLK_PASS = -99
    HPWM_ILLEGAL = -100
    BAD_CHAIN_CMD = -116
    BAD_FILTER = -125
    BAD_PAD = -126
    BAD_STRENGTH = -127
    NO_FILE_ACCESS = -137
    BAD_EVENT_ID = -143


class CommandReply(NamedTuple):
    """The outcome of a command, where a bare result is not enough.

    ``took_s`` is how long the command kept its connection (or its script) busy. ``p2`` replaces
    the echoed second parameter where the daemon clamps it.
    """

    result: int
    data: bytes = b""
    took_s: float = 0.0
    p2: int | None = None


Handler = Callable[[int, int, bytes, float], int | CommandReply]
"""A command: ``(p1, p2, extension, at_s) -> result``."""


def signed(value: int) -> int:
    """The low 32 bits of ``value`` read as a signed number, as C's ``int`` holds it."""
    return ((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def tick_at(at_s: float) -> int:
    """The system timer at a moment: whole microseconds, wrapping every 71.6 minutes."""
    return int(at_s * 1_000_000) & 0xFFFFFFFF
