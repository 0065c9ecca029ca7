# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to its days: decode, find form, times and columns, settle doubts, cut at midnight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.batterymonitor import Log, is_log, is_summary, read_log
from evsed.sim.dayfiles.choice import Chooser
from evsed.sim.dayfiles.day import RecordedDay
from evsed.sim.dayfiles.decode import read_text
from evsed.sim.dayfiles.forms import PLAIN, Form, find_form, find_headless, first_match
from evsed.sim.dayfiles.options import AmbiguousDay, Choice, ReadOptions, duration
from evsed.sim.dayfiles.plan import Part, Plan
from evsed.sim.dayfiles.power import Curve, Points, by_option
from evsed.sim.dayfiles.quantity import Quantity
from evsed.sim.dayfiles.series import Series, all_series, classify, settle_decimals
from evsed.sim.dayfiles.sheet import Sheet, read_sheet
from evsed.sim.dayfiles.surplus import gaps, missing, per_second, span, step_s
from evsed.sim.dayfiles.timecolumn import find_times
from evsed.sim.dayfiles.timeline import Times
from evsed.sim.dayfiles.units import BY_NAME
from evsed.sim.dayfiles.wide import turned
from evsed.sim.dayfiles.words import Role
from evsed.sim.dayfiles.zone import check_hour_twice, find_zone, to_utc, zone_in

LONGEST_DAY_S: Final = 36 * 3600
"""A file of no more than this is one day; a longer one is cut at each midnight."""

MOST_DAYS: Final = 800
"""Two years and a bit; dates that span more are wrong ones."""

_DAY_S: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAMELESS: Final = datetime(2000, 1, 1, tzinfo=UTC)
_SHOWN: Final = 3
_MOST_LOST: Final = 0.2


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file says: the plan, in which zone its clock runs, and notes."""

    plan: Plan
    form: Form
    zone: tzinfo | None
    times: str
    dated: bool
    notes: tuple[str, ...]


def read_days(path: Path, options: ReadOptions) -> list[RecordedDay | DayError]:
    """The days of a file; an error in place of a day that cannot be read. Raises DayError.

    AmbiguousDay is raised where the file has several readings.
    """
    text, encoding = read_text(path)
    return days_of(text, path.name, options, encoding)


def read_day(path: Path) -> RecordedDay:
    """The one day of a file that leaves no doubt. Raises DayError."""
    first = read_days(path, ReadOptions())[0]
    if isinstance(first, DayError):
        raise first
    return first


def days_of(
    text: str, file: str, options: ReadOptions, encoding: str = "utf-8"
) -> list[RecordedDay | DayError]:
    """The same for text that is at hand."""
    content = (
        _log_content(text, file, options) if is_log(text) else _table_content(text, file, options)
    )
    if encoding not in ("utf-8", "ascii"):
        content = replace(content, notes=(f"text in {encoding}", *content.notes))
    return _cut(content, file, options)


# -- what the file says ----------------------------------------------------------------------------


def _log_content(text: str, file: str, options: ReadOptions) -> _Content:
    """BatteryMonitor's log."""
    log: Log = read_log(text, file)
    zone = find_zone(options.timezone) if options.timezone else None
    if zone is None:
        check_hour_twice(log.wall_s, file)
        moments = list(log.wall_s)
    else:
        moments = [value for value in to_utc(log.wall_s, zone, file) if value is not None]
    pairs = sorted(zip(moments, log.watts, strict=True))
    points = Points([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    series = Series("the battery's power", 0, BY_NAME["W"], [], [], [], role=Role.CHARGE)
    curve = Curve(list(points.at_s), list(points.values), steps=False, end_s=points.at_s[-1])
    quantity = Quantity(series, by_option("W"), points, curve, by_size=False)
    plan = Plan([Part(Role.CHARGE, 1, (quantity,), note="what goes into the battery is spare")])
    return _Content(plan, PLAIN, zone, "20260614050000", dated=True, notes=(log.words,))


def _table_content(text: str, file: str, options: ReadOptions) -> _Content:
    """Any table."""
    if is_summary(text):
        raise DayError(
            f"{file} is a summary of BatteryMonitor's, which has sums but no power over the day; "
            "nothing was "
            "replayed. Give its log (logfile in battery.cfg)."
        )
    sheet = turned(text) or read_sheet(text, file)
    form = _form_of(sheet)
    columns = find_times(
        sheet, _wanted_time(sheet, options.time, file), options.date_order or form.order, file
    )
    times, zone = _in_utc(sheet, columns.times, options, file)
    times = _check_lost(sheet, times, file)
    series = all_series(sheet, columns.used, times.seconds)
    _apply(form, series)
    settle_decimals(series, options.decimal, file)
    plan = Chooser(series, form, options, file).plan()
    notes = list(sheet.notes)
    if form is not PLAIN:
        notes.insert(0, f"the form of {form.name}")
    used = {id(each.series) for part in plan.parts for each in part.quantities}
    names = {each.series.name for part in plan.parts for each in part.quantities}
    idle = [each for each in series if id(each) not in used and each.name not in names]
    if idle:
        notes.append(
            "not used: " + ", ".join(f"{each.name!r} ({each.role.value})" for each in idle[:8])
        )
    name = f"{columns.name!r}: {times.words}" if columns.name else times.words
    return _Content(plan, form, zone, name, dated=times.dated, notes=tuple(notes))


def _form_of(sheet: Sheet) -> Form:
    """The form of the table; a file without a header gets its names from it."""
    if not sheet.headed:
        form = find_headless(sheet.rows[0].cells) if sheet.rows else None
        if form is not None:
            sheet.names = list(form.names)
            sheet.units = [None] * len(form.names)
            return form
    return find_form(sheet.names)


def _apply(form: Form, series: Sequence[Series]) -> None:
    """Classify, and give the columns of a known form what only the form knows."""
    classify(series)
    for each in series:
        if each.unit is None and (pattern := first_match(form.units, each.name)) is not None:
            each.unit = BY_NAME[form.units[pattern]]
        if (pattern := first_match(form.columns, each.name)) is not None:
            each.role = form.columns[pattern]


def _wanted_time(sheet: Sheet, name: str | None, file: str) -> int | None:
    """The column of --time."""
    if name is None:
        return None
    for at, label in enumerate(sheet.names):
        if label.casefold() == name.casefold() or (name.isdigit() and at + 1 == int(name)):
            return at
    raise DayError(f"{file} has no column {name!r}; nothing was replayed. Correct --time.")


def _in_utc(
    sheet: Sheet, times: Times, options: ReadOptions, file: str
) -> tuple[Times, tzinfo | None]:
    """Wall clock's times in the zone of the owner or of the header; else as they stand."""
    zone = find_zone(options.timezone) if options.timezone else None
    if not times.wall or not times.dated:
        return times, zone if times.dated else None
    zone = zone or zone_in([*sheet.names, *sheet.preamble])
    if zone is None:
        _check_hour(times, file)
        return times, None
    return replace(times, seconds=to_utc(times.seconds, zone, file)), zone


def _check_hour(times: Times, file: str) -> None:
    """Look for an hour that comes twice where the file is in one piece."""
    known = [value for value in times.seconds if value is not None]
    falls = sum(1 for before, after in pairwise(known) if after < before)
    if falls == 1:
        check_hour_twice(known, file)


def _check_lost(sheet: Sheet, times: Times, file: str) -> Times:
    """Rows without a time: sums below the table are left out, anything else is an error."""
    lost = [row for row, at_s in zip(sheet.rows, times.seconds, strict=True) if at_s is None]
    if not lost:
        return times
    last = max((at for at, value in enumerate(times.seconds) if value is not None), default=-1)
    below = all(value is not None for value in times.seconds[: last + 1])
    if below and len(lost) <= max(_SHOWN, _MOST_LOST * len(sheet.rows)):
        sheet.notes.append(f"{len(lost)} lines below the table are left out")
        return times
    shown = [
        f"{file}, line {row.line}: {_short(row.cells)} has no time that fits the others"
        for row in lost[:10]
    ]
    more = [f"... and {len(lost) - 10} more rows"] if len(lost) > 10 else []
    raise DayError(
        "\n".join([*shown, *more]) + "\nNothing was replayed. Correct these rows, or delete them."
    )


def _short(cells: Sequence[str]) -> str:
    """The beginning of a row."""
    text = ",".join(cells)
    return repr(text if len(text) <= 40 else text[:37] + "...")


# -- to days ---------------------------------------------------------------------------------------


def _cut(content: _Content, file: str, options: ReadOptions) -> list[RecordedDay | DayError]:
    """One day, or one for each date where the file is long. Raises DayError."""
    start_s, end_s = span(content.plan.parts)
    if end_s - start_s < 1:
        raise DayError(
            f"{file}: its columns have no time in common; nothing was replayed. Look at its times."
        )
    if end_s - start_s > MOST_DAYS * _DAY_S:
        first, last = (_EPOCH + timedelta(seconds=at) for at in (start_s, end_s))
        raise DayError(
            f"{file} goes from {first:%Y-%m-%d} to {last:%Y-%m-%d}; nothing was replayed. "
            "Correct the dates "
            f"(read as {content.times}), or split the file."
        )
    pieces = (
        [(start_s, end_s)]
        if end_s - start_s <= LONGEST_DAY_S
        else _midnights(start_s, end_s, content.zone)
    )
    days: list[RecordedDay | DayError] = []
    for from_s, to_s in pieces:
        try:
            days.append(_day(content, file, options, (from_s, to_s), several=len(pieces) > 1))
        except DayError as error:
            if len(pieces) == 1:
                raise
            days.append(error)
    if all(isinstance(day, DayError) for day in days):
        raise next(day for day in days if isinstance(day, DayError))
    return days


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
    content: _Content,
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
    surplus = per_second(
        parts,
        start_s,
        end_s - (1 if end_s - start_s == _DAY_S and several else 0),
        changes=content.form.changes,
    )
    return RecordedDay(
        name, started, surplus, tuple(_notes(content, parts, started, len(surplus))), content.dated
    )


def _started(start_s: float, content: _Content) -> datetime:
    """The first moment on the clock of the file."""
    if not content.dated:
        return _NAMELESS + timedelta(seconds=start_s)
    moment = _EPOCH + timedelta(seconds=start_s)
    return moment.astimezone(content.zone) if content.zone is not None else moment


def _within(parts: Sequence[Part], limits: tuple[float, float], file: str) -> list[Part]:
    """The parts between two moments."""
    from_s, to_s = limits
    cut = []
    for part in parts:
        quantities = []
        for each in part.quantities:
            at = [place for place, moment in enumerate(each.points.at_s) if from_s <= moment < to_s]
            curve_at = [
                place for place, moment in enumerate(each.curve.at_s) if from_s <= moment < to_s
            ]
            if len(at) < 2:
                moment = _EPOCH + timedelta(seconds=from_s)
                raise DayError(
                    f"{file}: {moment:%Y-%m-%d} has fewer than two rows; this day was not replayed."
                )
            points = Points(
                each.points.at_s[at[0] : at[-1] + 1], each.points.values[at[0] : at[-1] + 1]
            )
            curve = _curve_within(each.curve, curve_at, from_s, min(to_s, each.curve.end_s))
            quantities.append(replace(each, points=points, curve=curve))
        cut.append(replace(part, quantities=tuple(quantities)))
    return cut


def _curve_within(curve: Curve, at: Sequence[int], from_s: float, to_s: float) -> Curve:
    """A curve between two moments; one that holds begins with what held before."""
    at_s = [curve.at_s[place] for place in at]
    watts = [curve.watts[place] for place in at]
    if curve.steps and (not at or curve.at_s[at[0]] > from_s):
        place = max(
            (place for place, moment in enumerate(curve.at_s) if moment < from_s), default=None
        )
        if place is not None:
            at_s.insert(0, from_s)
            watts.insert(0, curve.watts[place])
    if not at_s:
        at_s, watts = [from_s], [0.0]
    return Curve(at_s, watts, curve.steps, to_s if curve.steps else at_s[-1])


def _check_gaps(parts: Sequence[Part], options: ReadOptions, name: str, content: _Content) -> None:
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


def _notes(content: _Content, parts: Sequence[Part], started: datetime, seconds: int) -> list[str]:
    """What was taken for what, for the owner to check."""
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
