# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a file: its form, its times, its columns, and the plan for its surplus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.batterymonitor import Log, is_log, is_summary, read_log
from evsed.sim.dayfiles.choice import Chooser
from evsed.sim.dayfiles.forms import (
    PLAIN,
    Form,
    find_form,
    find_headless,
    find_textual,
    first_match,
)
from evsed.sim.dayfiles.options import ReadOptions
from evsed.sim.dayfiles.plan import Plan, PlanPart
from evsed.sim.dayfiles.power import Curve, Points, by_option
from evsed.sim.dayfiles.quantity import Quantity
from evsed.sim.dayfiles.series import Series, all_series, classify, settle_decimals
from evsed.sim.dayfiles.sheet import Sheet, read_sheet
from evsed.sim.dayfiles.timecolumn import TimeColumns, find_times
from evsed.sim.dayfiles.timeline import Times
from evsed.sim.dayfiles.units import BY_NAME
from evsed.sim.dayfiles.wide import turned
from evsed.sim.dayfiles.words import Role
from evsed.sim.dayfiles.zone import check_hour_twice, find_zone, to_utc, zone_in

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN_MAX: Final = 3
_MOST_LOST: Final = 0.2


@dataclass(frozen=True, slots=True)
class Content:
    """The plan of a file, the zone of its clock, and notes."""

    plan: Plan
    form: Form
    zone: tzinfo | None
    times: str
    dated: bool
    notes: tuple[str, ...]


def read_content(text: str, file: str, options: ReadOptions, encoding: str) -> Content:
    """Read the text of a file. Raises DayError, AmbiguousDay where it has several readings."""
    content = (
        _log_content(text, file, options) if is_log(text) else _table_content(text, file, options)
    )
    if encoding not in ("utf-8", "ascii"):
        content = replace(content, notes=(f"text in {encoding}", *content.notes))
    return content


def _log_content(text: str, file: str, options: ReadOptions) -> Content:
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
    plan = Plan([PlanPart(Role.CHARGE, 1, (quantity,), note="what goes into the battery is spare")])
    return Content(plan, PLAIN, zone, "20260614050000", dated=True, notes=(log.words,))


def _table_content(text: str, file: str, options: ReadOptions) -> Content:
    """Any table."""
    if is_summary(text):
        raise DayError(
            f"{file} is a summary of BatteryMonitor's, which has sums but no power over the day; "
            "nothing was "
            "replayed. Give its log (logfile in battery.cfg)."
        )
    if (textual := find_textual(text)) is not None:
        raise DayError(f"{file} is {textual.name}: {textual.refusal}. Nothing was replayed.")
    sheet = turned(text) or read_sheet(text, file)
    form = _form_of(sheet)
    columns = find_times(
        sheet, _wanted_time(sheet, options.time, file), options.date_order or form.order, file
    )
    times, zone = _in_utc(sheet, columns, options, file)
    times = _check_lost(sheet, times, file)
    series = all_series(sheet, columns.used, times.seconds)
    _apply(form, series)
    settle_decimals(series, options.decimal, file)
    plan = Chooser(series, form, options, file, _offset_s(times, zone)).plan()
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
    return Content(plan, form, zone, name, dated=times.dated, notes=tuple(notes))


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
    sheet: Sheet, columns: TimeColumns, options: ReadOptions, file: str
) -> tuple[Times, tzinfo | None]:
    """Wall clock's times in the zone of the owner or of the header; else as they stand."""
    times = columns.times
    zone = find_zone(options.timezone) if options.timezone else None
    if not times.dated:
        return times, None
    if not times.wall:
        written = times.offset_s is not None and zone is None
        return times, timezone(timedelta(seconds=times.offset_s or 0.0)) if written else zone
    zone = zone or zone_in([columns.name, *sheet.preamble])
    if zone is None:
        _check_hour(times, file)
        return times, None
    return replace(times, seconds=to_utc(times.seconds, zone, file)), zone


def _offset_s(times: Times, zone: tzinfo | None) -> float | None:
    """The offset that makes local time of the moments; None where only UTC is known."""
    if zone is None or zone is UTC:
        return times.offset_s if zone is None else None
    first_s = next((value for value in times.seconds if value is not None), 0.0)
    offset = (_EPOCH + timedelta(seconds=first_s)).astimezone(zone).utcoffset()
    return offset.total_seconds() if offset is not None else None


def _check_hour(times: Times, file: str) -> None:
    """Look for an hour that comes twice where the file is in one piece."""
    known = [value for value in times.seconds if value is not None]
    falls = sum(1 for before, after in pairwise(known) if after < before)
    if falls > len(known) / 2:  # the newest row comes first
        known.reverse()
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
    if below and len(lost) <= max(_SHOWN_MAX, _MOST_LOST * len(sheet.rows)):
        sheet.notes.append(f"{len(lost)} lines below the table are left out")
        return times
    examples = [
        f"{file}, line {row.line}: {_short(row.cells)} has no time that fits the others"
        for row in lost[:10]
    ]
    more = [f"... and {len(lost) - 10} more rows"] if len(lost) > 10 else []
    raise DayError(
        "\n".join([*examples, *more])
        + "\nNothing was replayed. Correct these rows, or delete them."
    )


def _short(cells: Sequence[str]) -> str:
    """The beginning of a row."""
    text = ",".join(cells)
    return repr(text if len(text) <= 40 else text[:37] + "...")
