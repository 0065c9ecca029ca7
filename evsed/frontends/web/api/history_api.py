# SPDX-License-Identifier: GPL-3.0-or-later
"""The past over HTTP: sessions, what days, months and years took, the trace of a day, a backup.

What may be long is put into bytes in a thread, so that the loop never waits for it.
"""

from __future__ import annotations

import asyncio
import csv
import functools
import io
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from aiohttp import web

from evsed.core.energy.history import By
from evsed.errors import StoreError
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import (
    DaysView,
    DayView,
    EnergyView,
    Outcome,
    PastSession,
    Period,
    SessionsView,
)
from evsed.frontends.web.api.operation import (
    ApiRequest,
    AuthRequirement,
    Handler,
    Operation,
    Reply,
    choice,
    day,
    moment,
    whole,
)
from evsed.frontends.web.api.serialization import said
from evsed.frontends.web.http.connection_limits import Connection
from evsed.frontends.web.http.responses import NO_STORE, SECURITY, PreparedResponse, answer, problem

if TYPE_CHECKING:
    from evsed.core.energy.history import DayTrace
    from evsed.core.energy.sessions import SessionRecord

CSV: Final = "text/csv; charset=utf-8"
SQLITE: Final = "application/vnd.sqlite3"
ALL: Final = 1_000_000
"""More sessions than are ever kept."""
PIECE: Final = 64 * 1024
"""Bytes of a backup that are sent at once."""
SENT_WITHIN_S: Final = 600.0
"""A backup that takes longer to send is given up: 20 MB in this time are 35 kB a second."""

UNDER_WAY = problem(
    503, "another backup is being sent; try again when it is there", {"Retry-After": "30"}
)
NO_DAY = problem(404, "nothing is kept of that day; /api/v1/days has those of which there is")


def _of_store(
    make: Callable[[AppContext, ApiRequest], Awaitable[PreparedResponse | web.StreamResponse]],
) -> Handler:
    """*make*, which answers 503 where the store does not."""

    @functools.wraps(make)
    async def made(parts: AppContext, asked: ApiRequest) -> PreparedResponse | web.StreamResponse:
        try:
            return await make(parts, asked)
        except StoreError as error:
            return problem(503, str(error), {"Retry-After": "10"})

    return made


@_of_store
async def sessions(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """The sessions, a page at a time."""
    found = await parts.hub.history.sessions(asked.query["limit"], asked.query["before"])
    return await asyncio.to_thread(lambda: said(SessionsView(tuple(map(_past, found)))))


@_of_store
async def sessions_csv(parts: AppContext, _: ApiRequest) -> PreparedResponse:
    """All sessions for a spreadsheet."""
    found = await parts.hub.history.sessions(ALL)
    return await asyncio.to_thread(_csv, found)


@_of_store
async def energy(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """What days, months or years took."""
    by = By(asked.query["by"])
    first, last = asked.query["from"] or date.min, asked.query["to"] or date.max
    found = await parts.hub.history.energy(by, first, last)
    periods = tuple(
        Period(one.start, one.energy_wh, one.sun_wh, round(one.charge_s, 1)) for one in found
    )
    return await asyncio.to_thread(said, EnergyView(by.value, periods))


@_of_store
async def days(parts: AppContext, _: ApiRequest) -> PreparedResponse:
    """The days of which there is a trace."""
    return said(DaysView(tuple(await parts.hub.history.days())))


@_of_store
async def one_day(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """The trace of a day."""
    found = await parts.hub.history.day(cast("date", asked.place))
    return NO_DAY if found is None else await asyncio.to_thread(lambda: said(_day(found)))


@_of_store
async def delete(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """Delete what is older than a day."""
    return said(Outcome(await parts.hub.history.delete(asked.who, asked.query["before"])))


@_of_store
async def backup(parts: AppContext, asked: ApiRequest) -> PreparedResponse | web.StreamResponse:
    """Send a copy of the store, one at a time."""
    if parts.backup.locked():
        return UNDER_WAY
    response = web.StreamResponse(
        headers={**SECURITY, "Content-Type": SQLITE, "Cache-Control": NO_STORE}
    )
    try:
        async with parts.backup:
            with await parts.hub.history.backup(asked.who) as file:
                name = f"evsed-{parts.hub.status().at:%Y%m%d-%H%M%S}.db"
                response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
                response.content_length = os.fstat(file.fileno()).st_size
                async with asyncio.timeout(SENT_WITHIN_S):
                    last = await _send_but_the_last(asked.request, response, file)
        # Whoever has the last byte may ask for the next copy: this one is put away by then.
        await response.write(last)
    except (ConnectionError, TimeoutError):  # it left, or it reads on purpose as slowly as it can
        cast("Connection", asked.request.protocol).cut()
    return response


async def _send_but_the_last(
    request: web.BaseRequest, response: web.StreamResponse, file: BinaryIO
) -> bytes:
    """Send *file* but for its last piece, which is given back."""
    await response.prepare(request)
    piece = await asyncio.to_thread(file.read, PIECE)
    while following := await asyncio.to_thread(file.read, PIECE):
        await response.write(piece)
        piece = following
    return piece


def _past(record: SessionRecord) -> PastSession:
    return PastSession(
        id=record.id,
        started=record.started,
        ended=record.ended,
        energy_wh=round(record.energy_wh, 1),
        solar_wh=None if record.sun_wh is None else round(record.sun_wh, 1),
        peak_a=round(record.peak_a, 2),
        charge_s=round(record.charge_s, 1),
        energy_measured=record.measured,
        reason=record.reason.value if record.reason else None,
    )


def _csv(records: Iterable[SessionRecord]) -> PreparedResponse:
    """The columns of the JSON, with the newest last; nothing where JSON has null (RFC 4180)."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([one.name for one in fields(PastSession)])
    for record in reversed([_past(one) for one in records]):
        lines.writerow(
            [
                record.id,
                record.started.astimezone().isoformat(),
                record.ended.astimezone().isoformat() if record.ended else "",
                record.energy_wh,
                record.solar_wh,
                record.peak_a,
                record.charge_s,
                str(record.energy_measured).lower(),
                record.reason,
            ]
        )
    disposition = {"Content-Disposition": 'attachment; filename="evsed-sessions.csv"'}
    return answer(text.getvalue().encode(), CSV, extra=disposition)


def _day(trace: DayTrace) -> DayView:
    began_at, rows = round(trace.start.timestamp()), trace.rows
    return DayView(
        day=trace.day,
        start=trace.start,
        every_s=trace.every_s,
        at_s=tuple(row.at - began_at for row in rows),
        covered_s=tuple(row.covered_s for row in rows),
        available_w=tuple(row.available_w for row in rows),
        offered_w=tuple(row.offered_w for row in rows),
        power_w=tuple(row.power_w for row in rows),
        battery_loan_wh=tuple(row.lent_wh for row in rows),
        state=tuple(row.state for row in rows),
    )


NOT_READ = {503: "the store cannot be read now, or too many ask at once: Retry-After says when"}

OPERATIONS = (
    Operation(
        "GET", "/api/v1/sessions", "The sessions, the newest first",
        sessions, Reply("one page of them", (SessionsView,)),
        query=(
            whole("limit", "how many", least=1, most=1000, default=100),
            moment("before", "only those that started before: `started` of the last one shown"),
        ),
        refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/sessions.csv", "All sessions for a spreadsheet, the newest last",
        sessions_csv, Reply("a line of headings and a line for each session", content_type=CSV),
        refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/energy", "What days, months or years took, the oldest first",
        energy, Reply("the periods on which anything was charged", (EnergyView,)),
        query=(
            choice("by", "how long a period is: day, month or year", "day", "month", "year"),
            day("from", "the first day that counts"),
            day("to", "the last one"),
        ),
        refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/days", "The local days of which there is a chart",
        days, Reply("the days, the oldest first", (DaysView,)), refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/days/{day}", "The chart of a local day, up to this moment",
        one_day, Reply("columns of equal length, the newest last", (DayView,)),
        place=day("day", "the day, such as 2026-11-24"),
        refusals={404: "nothing is kept of that day", **NOT_READ},
    ),
    Operation(
        "DELETE", "/api/v1/history",
        "Delete charts and sessions older than a day; the totals of days and the lifetime stay",
        delete, Reply("what came of it", (Outcome,)), AuthRequirement.SESSION,
        query=(day("before", "the first day that stays", required=True),),
        refusals={503: "the store cannot be written"},
    ),
    Operation(
        "POST", "/api/v1/backup", "A copy of the whole store as it is now, for download",
        backup, Reply("an SQLite file; docs/install.md says how to restore it",
                      content_type=SQLITE),
        AuthRequirement.SESSION,
        refusals={503: "no room on the disk for the copy, or another is being sent"},
    ),
)  # fmt: skip
