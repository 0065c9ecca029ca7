# SPDX-License-Identifier: GPL-3.0-or-later
"""The central system's clock, kept on monotonic time; the Pi's own may be wrong by years at boot.

It serves stamps and the starts of schedules alone. Energy and deadlines are on monotonic time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH: Final = datetime.fromtimestamp(0, UTC)


def boot_id() -> str:
    """Return the kernel's name of this boot of the machine (random(4))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def read_time(text: object) -> float:
    """Return an ISO 8601 time in seconds since 1970; UTC if it has no zone. Raises ValueError."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH).total_seconds()


def iso(epoch: float) -> str:
    """Return seconds since 1970 as OCPP writes a time."""
    try:
        moment = EPOCH + timedelta(seconds=epoch)
    except OverflowError:
        moment = EPOCH
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class ClockStamp:
    """A moment: monotonic seconds of one boot of the machine, and its wall clock then."""

    at: float
    boot: str
    wall: float

    def to_json(self) -> list[Any]:
        """Return it in JSON's own types."""
        return [self.at, self.boot, self.wall]


class StationClock:
    """The central system's clock; the machine's own *wall* until `set()`."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        boot: str | None = None,
    ) -> None:
        self.now = monotonic
        self._wall = wall
        self._boot = boot_id() if boot is None else boot
        self._offset_s: float | None = None

    @property
    def known(self) -> bool:
        """Return True where the central system has given its time."""
        return self._offset_s is not None

    def set(self, epoch: float) -> None:
        """Use *epoch*, seconds since 1970, as the time of this moment."""
        self._offset_s = epoch - self.now()

    def epoch(self, at: float | None = None) -> float:
        """Return the monotonic moment *at*, or this one, in seconds since 1970."""
        now = self.now()
        offset_s = self._wall() - now if self._offset_s is None else self._offset_s
        return (now if at is None else at) + offset_s

    def stamp(self) -> ClockStamp:
        """Return this moment, in a form that can be kept."""
        return ClockStamp(self.now(), self._boot, self._wall())

    def epoch_of(self, stamp: ClockStamp) -> float:
        """Return the moment of *stamp* in seconds since 1970.

        One of this boot is as right as the clock is now, although that was wrong then.
        """
        return self.epoch(stamp.at) if stamp.boot == self._boot else stamp.wall

    def iso_of(self, stamp: ClockStamp) -> str:
        """Return the moment of *stamp* as OCPP writes it."""
        return iso(self.epoch_of(stamp))
