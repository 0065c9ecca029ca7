# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as values and back: sessions, moments, local days, sentences."""

from __future__ import annotations

import calendar
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from evsed.core.energy.sessions import EndReason, SessionRecord
from evsed.core.text import Text, from_plain, to_plain

SESSION: Final = (
    "SELECT id, started, ended, energy_wh, charge_s, peak_a, solar_wh, measured, reason, cost, "
    "savings"
)

_NO_SUCH = (OverflowError, OSError, ValueError)
"""Errors of a C library for a time that it cannot hold: where time_t has 32 bits, one past 2038."""


def session(row: Sequence[object]) -> SessionRecord:
    """The session in *row*, which `SESSION` asked for.

    Raises TypeError or ValueError where it holds what evsed did not write.
    """
    name, started, ended, energy_wh, charge_s, peak_a, solar_wh, measured, reason, *money = row
    cost, savings = (None if amount is None else _real(amount) for amount in money)
    return SessionRecord(
        id=str(name),
        started=moment(started),
        ended=None if ended is None else moment(ended),
        energy_wh=_real(energy_wh),
        charge_s=_real(charge_s),
        peak_a=_real(peak_a),
        solar_wh=None if solar_wh is None else _real(solar_wh),
        measured=bool(measured),
        reason=None if reason is None else EndReason(reason),
        cost=cost,
        savings=savings,
    )


def _real(value: object) -> float:
    if not isinstance(value, float):
        raise TypeError(f"{value!r} where a number should be")
    return value


def moment(value: object) -> datetime:
    """The moment that `text()` wrote. Raises ValueError where it is none."""
    return datetime.fromisoformat(str(value))


def text(at: datetime) -> str:
    """*at* as it is kept: UTC, ISO 8601, whole seconds; later sorts after earlier."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def day_of(at: int) -> date:
    """The local day of *at*, in seconds since 1970."""
    try:
        return date.fromtimestamp(at)  # noqa: DTZ012 - the local day is what is asked for
    except _NO_SUCH:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).date()


def begins_at(day: date) -> int:
    """The first moment of the local day *day*, in seconds since 1970."""
    try:
        at = int(datetime.combine(day, time()).timestamp())
    except _NO_SUCH:
        return calendar.timegm(day.timetuple())
    while day_of(at) < day:  # where the clocks are put forward at midnight
        at += 900
    return at


def beginning(day: date) -> datetime:
    """The same with its offset from UTC."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=begins_at(day))
    try:
        return at.astimezone()
    except _NO_SUCH:
        return at


def ends_at(day: date) -> int:
    """When the next one begins: 23, 24 or 25 hours later."""
    return begins_at(day + timedelta(days=1)) if day < date.max else begins_at(day) + 86_400


def kept_sentence(sentence: str) -> str:
    """*sentence* as it is kept: with its template and values where it has them, so as JSON."""
    return json.dumps(to_plain(sentence)) if isinstance(sentence, Text) else sentence


def sentence(kept: str) -> str:
    """The sentence that `kept_sentence()` wrote; as it stands where that is none of evsed's."""
    try:
        return from_plain(json.loads(kept))
    except (ValueError, TypeError, KeyError, RecursionError):
        return kept
