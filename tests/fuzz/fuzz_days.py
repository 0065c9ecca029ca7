# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded days: any file is read as a day, or is a `DayError`; and within a bounded time."""

from __future__ import annotations

import math
import random
from pathlib import Path

from evsed.errors import DayError
from evsed.sim.dayfiles import AmbiguousDay, ReadOptions, RecordedDay
from evsed.sim.dayfiles.cut import MOST_DAYS
from evsed.sim.dayfiles.decode import decode
from tests.sim.dayfiles.text_days import days_of

FILES = sorted((Path(__file__).parents[1] / "sim" / "dayfiles" / "files").iterdir())

HEAD = 1500
"""Bytes of each file that are enough to know its form."""

_PIECES = (
    b",", b";", b"\t", b"\n", b"\r", b'"', b".", b"-", b":", b"/", b" ", b"#", b"{}", b"0", b"W",
    b"[kW]", b"kWh", b"null", b"nan", b"inf", b"1e308", b"-1e308", b"99999999999999999999",
    b"1.504", b"1,504",
    b"24:00", b"31/02/2026", b"2026-03-29 02:30", b"0001-01-01", b"9999-12-31T23:59:59", b"AM",
    b"time", b"grid", b"export", b"surplus_w", b"sep=;", b"\xff\xfe", b"\x00", b"\x1f\x8b",
    "Überschuss".encode(),
)  # fmt: skip
_OPTIONS = (
    ReadOptions(),
    ReadOptions(max_gap_s=1e9),
    ReadOptions(surplus="2", max_gap_s=1e9),
    ReadOptions(imports="2", unit="kWh-total", max_gap_s=1e9),
    ReadOptions(timezone="Europe/Vienna", date_order="mdy", decimal=",", max_gap_s=1e9),
)


def seeds() -> list[bytes]:
    """The beginning of a file of each form."""
    return [path.read_bytes()[:HEAD] for path in FILES]


def one_input(data: bytes) -> None:
    """Read *data* with one of the options, and follow the first choice that is offered."""
    options = _OPTIONS[sum(data[:200]) % len(_OPTIONS)]
    text, choice = "", None
    try:
        text, encoding = decode(data, "day.csv")
        _check(days_of(text, "day.csv", options, encoding))
    except AmbiguousDay as error:
        assert str(error)
        choice = error.choices[0] if error.choices else None
    except DayError as error:
        assert str(error)
    if choice is None:
        return
    try:
        _check(days_of(text, "day.csv", options.with_choice(choice)))
    except DayError as error:
        assert str(error)


def _check(days: list[RecordedDay | DayError]) -> None:
    """Require finite figures, and no day longer than a day and a half."""
    assert 1 <= len(days) <= MOST_DAYS + 2
    for day in days:
        if isinstance(day, RecordedDay):
            assert len(day.surplus_w) <= 37 * 3600
            assert all(map(math.isfinite, day.surplus_w))


def mutated(dice: random.Random) -> bytes:
    """A file with bytes changed, lost, doubled or moved, where there is no Atheris."""
    data = bytearray(dice.choice(_SEEDS))
    for _ in range(dice.choice((1, 1, 2, 4, 10))):
        at = dice.randrange(len(data) + 1)
        end = min(len(data), at + dice.choice((1, 2, 8, 40, 400)))
        what = dice.randrange(6)
        if what == 0:
            data[at:end] = b""
        elif what == 1:
            data[at:at] = dice.choice(_PIECES)
        elif what == 2:
            data[at:end] = dice.choice(_PIECES)
        elif what == 3:
            data[at:at] = data[at:end]
        elif what == 4 and at < len(data):
            data[at] = dice.randrange(256)
        else:
            data += dice.choice(_SEEDS)[at : at + 300]
    return bytes(data)


_SEEDS = seeds()
