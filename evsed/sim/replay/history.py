# SPDX-License-Identifier: GPL-3.0-or-later
"""A day that evsed recorded itself, replayed with today's settings, and where the two differ."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from evsed.core.energy.history import MINUTE_S, TraceRow
from evsed.errors import DayError
from evsed.sim.dayfiles.day import RecordedDay
from evsed.sim.dayfiles.options import duration
from evsed.sim.dayfiles.power import Curve
from evsed.sim.dayfiles.surplus import sampled
from evsed.sim.replay.configuration import read_options, settings_of
from evsed.sim.replay.plant import DayCourse
from evsed.sim.replay.stretches import StoryLine

LEAST_S: Final = 120
"""A difference of less than two rows is a matter of where a minute begins."""

TAKES_W: Final = 100.0
"""A car that draws more than this is being charged; a meter's zero is less."""

_NO_CAR: Final = "A"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A day of evsed's own history: what was spare, and the rows as they were kept."""

    day: RecordedDay
    rows: tuple[TraceRow, ...]
    every_s: int


def recorded_days(options: argparse.Namespace, day: date) -> Recorded:
    """The recorded day of `day`. Raises DayError, or StoreError where the store cannot be read."""
    from evsed.store.reading import StoreReader  # noqa: PLC0415 - only --from-history needs the store

    path = settings_of(options).store.path
    if not path.exists():
        raise DayError(
            f"{path} is not there, so evsed has recorded nothing; nothing was replayed. Give the "
            "settings "
            "of the charger with --config, and run this where its store is."
        )
    reader = StoreReader(path)
    trace = reader.day(day, [])
    if trace is None:
        days = reader.days()
        known = (
            f"It has {len(days)} days from {days[0]} to {days[-1]}." if days else "It has none yet."
        )
        raise DayError(f"{path} has no record of {day}; nothing was replayed. {known}")
    known_rows = [row for row in trace.rows if row.available_w is not None]
    if len(known_rows) < 2:  # noqa: PLR2004 - a line has two ends
        raise DayError(
            f"on {day} evsed had no news of the feed, so what was spare is not known; nothing "
            "was replayed."
        )
    longest_s = max(read_options(options).max_gap_s, trace.every_s)
    for before, after in pairwise(known_rows):
        if after.at - before.at > longest_s:
            at = _local(before.at, trace.start)
            raise DayError(
                f"on {day} nothing was recorded for {duration(after.at - before.at)} from "
                f"{at:%H:%M} on; nothing was "
                f"replayed. --max-gap {duration(after.at - before.at)} bridges it."
            )
    return Recorded(_day(known_rows, trace.start, trace.every_s), trace.rows, trace.every_s)


def _day(rows: Sequence[TraceRow], start: datetime, every_s: int) -> RecordedDay:
    """The rows as a day of seconds: each is the mean of its time, and holds for it."""
    first, end_s = rows[0].at, rows[-1].at + every_s
    curve = Curve(
        [float(row.at) for row in rows],
        [float(row.available_w or 0) for row in rows],
        steps=True,
        end_s=end_s,
    )
    means = "means, which hide short clouds" if every_s > MINUTE_S else "no gaps"
    begins, ends = _local(first, start), _local(end_s, start)
    notes = (
        "evsed's own history: the power that was there for the car, before it took any",
        f"{begins:%Y-%m-%d %H:%M:%S} to {ends:%H:%M:%S}, a row every {duration(every_s)}; {means}",
    )
    started = _local(first, start)
    return RecordedDay(f"{start:%Y-%m-%d}", started, sampled(curve, first, end_s - first), notes)


def _local(at: float, start: datetime) -> datetime:
    """A moment with the offset of the day's beginning."""
    return datetime.fromtimestamp(at, tz=UTC).astimezone(start.tzinfo)


def differences(recorded: Recorded, trace: DayCourse, lines: Sequence[StoryLine]) -> Iterator[str]:
    """Yield where the recorded day and its replay differ: when each charged, and how much in all.

    Times without a car are left out: in the replay one is always there.
    """
    first = int(recorded.day.started.timestamp())
    was_wh = sum(row.power_w * row.covered_s for row in recorded.rows) / 3600
    would_wh = sum(trace.drawn_w) / 3600
    yield (
        f"recorded {was_wh / 1000:.2f} kWh to the car, with today's settings "
        f"{would_wh / 1000:.2f} kWh"
    )
    spans: list[tuple[int, int, bool]] = []
    absent = 0
    for row in recorded.rows:
        begins_s, ends_s = row.at - first, row.at - first + recorded.every_s
        if begins_s < 0 or ends_s > len(trace.drawn_a):
            continue
        if row.state == _NO_CAR:
            absent += recorded.every_s
            continue
        seconds = trace.contactor[begins_s:ends_s]
        would = sum(seconds) * 2 > len(seconds)
        was = row.power_w > TAKES_W
        if was is would:
            continue
        if spans and spans[-1][1] == begins_s and spans[-1][2] is would:
            spans[-1] = (spans[-1][0], ends_s, would)
        else:
            spans.append((begins_s, ends_s, would))
    for begins_s, ends_s, would in spans:
        if ends_s - begins_s < LEAST_S:
            continue
        begins, ends = (recorded.day.started + timedelta(seconds=at) for at in (begins_s, ends_s))
        difference = "not charged then, would charge" if would else "charged then, would not charge"
        yield f"{begins:%H:%M} - {ends:%H:%M}  {difference}: {_why(lines, begins, ends)}"
    if absent:
        yield f"for {duration(absent)} no car was plugged in; the replay has one all day"


def _why(lines: Sequence[StoryLine], begins: datetime, ends: datetime) -> str:
    """The replay's reason for most of a span of time."""
    best, most_s = "", 0.0
    for line in lines:
        shared_s = (min(line.to_at, ends) - max(line.from_at, begins)).total_seconds()
        if shared_s > most_s:
            best, most_s = line.text, shared_s
    return best
