# SPDX-License-Identifier: GPL-3.0-or-later
"""A file in days: cut at midnight, checked for gaps, a value a second, and notes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain, pairwise
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.content import Content
from evsed.sim.dayfiles.day import RecordedDay
from evsed.sim.dayfiles.options import AmbiguousDay, Choice, ReadOptions, duration
from evsed.sim.dayfiles.plan import PlanPart
from evsed.sim.dayfiles.power import Curve, Points
from evsed.sim.dayfiles.surplus import gaps, missing, per_second, span, step_s
from evsed.sim.dayfiles.units import Kind

LONGEST_DAY_S: Final = 36 * 3600
"""A file of no more than this is one day; a longer one is cut at each midnight."""

STARTS_W: Final = 1380.0
"""The least power of a charge: 6 A at 230 V."""

MOST_DAYS: Final = 800
"""Two years and a bit; dates that span more are wrong ones."""

_DAY_S: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAMELESS: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a file, each made in its turn: a year of seconds at once needs 250 MB.

    An error stands in place of a day that cannot be read; not all of them are errors.
    """

    count: int
    each: Iterator[RecordedDay | DayError]


def cut(content: Content, file: str, options: ReadOptions) -> Days:
    """One day, or one for each date where the file is long. Raises DayError where none is one."""
    start_s, end_s = span(content.plan.parts)
    if end_s - start_s < 1:
        raise DayError(
            f"{file}: its columns have no time in common; nothing was replayed. Look at its times."
        )
    if end_s - start_s > MOST_DAYS * _DAY_S:
        first, last = (_EPOCH + timedelta(seconds=at) for at in (start_s, end_s))
        raise DayError(
            f"{file} goes from {first:%Y-%m-%d} to {last:%Y-%m-%d}; nothing was replayed. "
            f"Correct the dates (read as {content.times}), or split the file."
        )
    pieces = (
        [(start_s, end_s)]
        if end_s - start_s <= LONGEST_DAY_S
        else _midnights(start_s, end_s, content.zone)
    )
    each = _each(content, file, options, pieces)
    errors: list[DayError] = []
    for day in each:
        if isinstance(day, RecordedDay):
            return Days(len(pieces), chain(errors, (day,), each))
        errors.append(day)
    raise errors[0]


def _each(
    content: Content, file: str, options: ReadOptions, pieces: Sequence[tuple[float, float]]
) -> Iterator[RecordedDay | DayError]:
    """Each piece as a day, or its error."""
    for limits in pieces:
        try:
            yield _day(content, file, options, limits, several=len(pieces) > 1)
        except DayError as error:
            yield error


def _midnights(start_s: float, end_s: float, zone: tzinfo | None) -> list[tuple[float, float]]:
    """The days between two moments, by the clock of the file's zone."""
    pieces = []
    at_s = start_s
    while at_s < end_s:
        local = (_EPOCH + timedelta(seconds=at_s)).astimezone(zone or UTC)
        noon = local.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
        midnight = noon.replace(hour=0)
        to_s = (midnight.astimezone(UTC) - _EPOCH).total_seconds()
        pieces.append((at_s, min(to_s, end_s)))
        at_s = to_s
    return pieces


def _day(
    content: Content,
    file: str,
    options: ReadOptions,
    limits: tuple[float, float],
    *,
    several: bool,
) -> RecordedDay:
    """One piece of a file as a day. Raises AmbiguousDay where rows are too far apart."""
    parts = _within(content.plan.parts, limits, file) if several else content.plan.parts
    start_s, end_s = span(parts)
    started = _started(start_s, content)
    name = file.removesuffix(".gz").removesuffix(".csv")
    name = f"{name} {started:%Y-%m-%d}" if several else name
    _check_gaps(parts, options, name, content)
    _check_counter(parts, options, name)
    surplus = per_second(
        parts,
        start_s,
        end_s - (1 if end_s - start_s == _DAY_S and several else 0),
        changes=content.form.changes,
    )
    return RecordedDay(
        name, started, surplus, tuple(_notes(content, parts, started, len(surplus))), content.dated
    )


def _started(start_s: float, content: Content) -> datetime:
    """The first moment on the clock of the file."""
    if not content.dated:
        return _NAMELESS + timedelta(seconds=start_s)
    moment = _EPOCH + timedelta(seconds=start_s)
    return moment.astimezone(content.zone) if content.zone is not None else moment


def _within(parts: Sequence[PlanPart], limits: tuple[float, float], file: str) -> list[PlanPart]:
    """The parts between two moments."""
    from_s, to_s = limits
    cut = []
    for part in parts:
        quantities = []
        for each in part.quantities:
            first, end = (bisect_left(each.points.at_s, limit) for limit in limits)
            if end - first < 2:
                moment = _EPOCH + timedelta(seconds=from_s)
                raise DayError(
                    f"{file}: {moment:%Y-%m-%d} has fewer than two rows; this day was not replayed."
                )
            points = Points(each.points.at_s[first:end], each.points.values[first:end])
            curve = _curve_within(each.curve, from_s, min(to_s, each.curve.end_s))
            quantities.append(replace(each, points=points, curve=curve))
        cut.append(replace(part, quantities=tuple(quantities)))
    return cut


def _curve_within(curve: Curve, from_s: float, to_s: float) -> Curve:
    """A curve between two moments; one that holds begins with what held before."""
    first, end = bisect_left(curve.at_s, from_s), bisect_left(curve.at_s, to_s)
    at_s, watts = curve.at_s[first:end], curve.watts[first:end]
    if curve.steps and first > 0 and (not at_s or at_s[0] > from_s):
        at_s.insert(0, from_s)
        watts.insert(0, curve.watts[first - 1])
    if not at_s:
        at_s, watts = [from_s], [0.0]
    return Curve(at_s, watts, curve.steps, to_s if curve.steps else at_s[-1])


def _check_gaps(
    parts: Sequence[PlanPart], options: ReadOptions, name: str, content: Content
) -> None:
    """Raise AmbiguousDay where too little is known."""
    found = gaps(parts, options.max_gap_s, changes=content.form.changes)
    if not found:
        return
    longest = max(gap.length_s for gap in found)
    choice = Choice(
        "straight lines lead over it, and what clouds did there is not known",
        (("max_gap_s", float(math.ceil(longest))),),
    )
    step = step_s(parts)
    if step > options.max_gap_s:
        raise AmbiguousDay(
            f"{name} has a row every {duration(step)}: too coarse to show what clouds do to a "
            "charge; nothing was "
            f"replayed. Rows up to {duration(options.max_gap_s)} apart are taken; to replay it "
            "all the same, with results "
            "that are better than a real day's:",
            [choice],
        )
    first = _started(found[0].from_s, content)
    last = _started(found[0].to_s, content)
    others = f", and {len(found) - 1} more such gaps" if len(found) > 1 else ""
    raise AmbiguousDay(
        f"{name} has no rows from {first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S} "
        f"({duration(found[0].length_s)}){others}; nothing "
        f"was replayed. Gaps up to {duration(options.max_gap_s)} are taken. If the clocks were "
        "changed then, give --timezone. "
        "To bridge the gap:",
        [choice],
    )


def _step_wh(part: PlanPart) -> float:
    """The smallest step of a running total, in Wh; 0 for anything else."""
    steps = [
        (after - before) * each.reading.factor
        for each in part.quantities
        if each.reading.kind is Kind.TOTAL
        for before, after in pairwise(each.points.values)
        if after > before
    ]
    return min(steps, default=0.0)


def _check_counter(parts: Sequence[PlanPart], options: ReadOptions, name: str) -> None:
    """Raise AmbiguousDay where a meter counts in steps that are too large to show clouds."""
    for part in parts:
        step_wh = _step_wh(part)
        between_s = step_wh / STARTS_W * 3600
        if between_s > options.max_gap_s:
            raise AmbiguousDay(
                f"{name}: {part.quantities[0].series.name!r} counts in steps of {step_wh:g} Wh, so "
                f"at {STARTS_W / 1000:g} kW it moves every {duration(between_s)}: too coarse to "
                "show what clouds do to a charge; nothing was replayed. To replay it all the same:",
                [Choice("clouds are blurred", (("max_gap_s", float(math.ceil(between_s))),))],
            )


def _notes(
    content: Content, parts: Sequence[PlanPart], started: datetime, seconds: int
) -> list[str]:
    """Lines on what each column was taken for, for the owner to check."""
    lines = []
    for part in parts:
        names = " + ".join(repr(each.series.name) for each in part.quantities)
        words = part.quantities[0].words()
        counts = "added" if part.sign > 0 else "taken off"
        note = f"; {part.note}" if part.note else ""
        lines.append(f"{names}: {part.role.value}, {words}, {counts}{note}")
    zone = str(content.zone) if content.zone is not None else "no time zone named"
    lines.append(f"time {content.times}; {zone}")
    ended = started + timedelta(seconds=max(0, seconds - 1))
    date = f"{started:%Y-%m-%d} " if content.dated else ""
    lost = missing(parts)
    holes = f"; {lost} rows are missing and bridged" if lost else "; no gaps"
    lines.append(
        f"{date}{started:%H:%M:%S} to {ended:%H:%M:%S}, a row every "
        f"{duration(step_s(parts))}{holes}"
    )
    lines.extend(content.plan.notes)
    lines.extend(content.notes)
    return lines
