# SPDX-License-Identifier: GPL-3.0-or-later
"""A wall clock that is wrong, for a whole Python process: it is imported before anything else.

WRONG_CLOCK names a file with the seconds by which the clock is off; it is read at every look at
the clock, so the clock can jump. Monotonic time is as it is.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path
from typing import SupportsFloat, SupportsIndex

_FILE = Path(os.environ["WRONG_CLOCK"])
_true_time, _localtime, _gmtime = time.time, time.localtime, time.gmtime


def _wrong_time() -> float:
    return _true_time() + float(_FILE.read_text())


class _Datetime(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> _Datetime:
        return cls.fromtimestamp(_wrong_time(), tz)

    @classmethod
    def utcnow(cls) -> _Datetime:
        return cls.now(dt.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> _Datetime:
        return cls.now()


class _Date(dt.date):
    @classmethod
    def today(cls) -> _Date:
        return cls.fromtimestamp(_wrong_time())


def _at(seconds: SupportsFloat | SupportsIndex | None) -> float:
    return _wrong_time() if seconds is None else float(seconds)


time.time = _wrong_time
time.time_ns = lambda: int(_wrong_time() * 1e9)
time.localtime = lambda seconds=None: _localtime(_at(seconds))
time.gmtime = lambda seconds=None: _gmtime(_at(seconds))
dt.datetime = _Datetime  # type: ignore[misc]
dt.date = _Date  # type: ignore[misc]
