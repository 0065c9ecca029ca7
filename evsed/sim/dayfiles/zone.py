# SPDX-License-Identifier: GPL-3.0-or-later
"""Local times to moments, also through the nights in which the clocks change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evsed.errors import DayError
from evsed.sim.dayfiles.options import AmbiguousDay

_HOUR_S: Final = 3600
_MINUTE_S: Final = 60
_NAME: Final = re.compile(
    r"\b((?:Europe|America|Asia|Australia|Africa|Pacific|Atlantic|Indian|Etc)/[A-Za-z_/+\-0-9]+)"
)
_UTC: Final = re.compile(r"\b(utc|gmt|zulu)\b(?![+-])", re.IGNORECASE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def find_zone(name: str) -> tzinfo:
    """The time zone called `name`. Raises DayError."""
    if name.casefold() in ("utc", "z", "gmt"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DayError(
            f"no time zone is called {name!r}; nothing was replayed. "
            "--timezone takes names such as Europe/Vienna or UTC."
        ) from error


def zone_in(texts: Sequence[str]) -> tzinfo | None:
    """A time zone that header or title name."""
    for text in texts:
        found = _NAME.search(text)
        if found is not None:
            try:
                return ZoneInfo(found[1])
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
        if _UTC.search(text):
            return UTC
    return None


def to_utc(wall_s: Sequence[float | None], zone: tzinfo, file: str) -> list[float | None]:
    """Seconds of a wall clock in `zone` as seconds since 1970. Raises DayError.

    In the hour that comes twice, rows after a step back belong to its second occurrence.
    """
    newest_first = _falls(wall_s)
    moments: list[float | None] = []
    offsets: dict[float, tuple[float, float]] = {}  # by minute: clocks change at whole ones
    last_s: float | None = None
    rows = list(reversed(wall_s)) if newest_first else list(wall_s)
    for now_s in rows:
        if now_s is None:
            moments.append(None)
            continue
        minute_s = now_s - now_s % _MINUTE_S
        if minute_s not in offsets:
            offsets[minute_s] = _offsets(minute_s, zone, file)
        first_s, second_s = (now_s + offset_s for offset_s in offsets[minute_s])
        moment_s = first_s
        if second_s != first_s and last_s is not None and first_s <= last_s < second_s:
            moment_s = second_s
        moments.append(moment_s)
        last_s = moment_s
    return list(reversed(moments)) if newest_first else moments


def _offsets(wall_s: float, zone: tzinfo, file: str) -> tuple[float, float]:
    """The seconds from a wall clock's time to the one or two moments that it stands for."""
    wall = _EPOCH.replace(tzinfo=None) + timedelta(seconds=wall_s)
    moments = []
    for fold in (0, 1):
        local = wall.replace(tzinfo=zone, fold=fold)
        moment = local.astimezone(UTC)
        moments.append((moment - _EPOCH).total_seconds())
    back = (_EPOCH + timedelta(seconds=moments[0])).astimezone(zone).replace(tzinfo=None)
    if back != wall:
        raise DayError(
            f"{file}: {wall:%Y-%m-%d %H:%M} does not exist in {zone}, whose clocks went forward "
            "then; "
            "nothing was replayed. Correct --timezone."
        )
    return moments[0] - wall_s, moments[1] - wall_s


def _falls(values: Sequence[float | None]) -> bool:
    """Return True for a list whose newest row comes first."""
    known = [value for value in values if value is not None]
    return len(known) > 1 and sum(1 for a, b in pairwise(known) if b < a) > len(known) / 2


def check_hour_twice(wall_s: Sequence[float], file: str) -> None:
    """Raise AmbiguousDay where local times step back by about an hour, as when clocks change."""
    for before, after in pairwise(wall_s):
        if -_HOUR_S <= after - before < 0 and before - after > _HOUR_S / 2:
            moment = _EPOCH + timedelta(seconds=before)
            raise AmbiguousDay(
                f"{file}: after {moment:%Y-%m-%d %H:%M} the times step back by an hour, as when "
                "clocks "
                "are set back; nothing was replayed. Name the time zone, e.g. --timezone "
                "Europe/Vienna."
            )
