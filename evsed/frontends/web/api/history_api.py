# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations on the past: sessions, energy by period, the trace of a day, deleting, a backup.

Long answers are serialised in a thread, so that the event loop does not wait for them.
"""

from __future__ import annotations

import asyncio
import csv
import functools
import io
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from aiohttp import web

from evsed.core.energy.history import By
from evsed.core.text import text
from evsed.errors import StoreError
from evsed.frontends.money import rounded
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
)
from evsed.frontends.web.api.printable import month_page
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.connection_limits import LimitedConnection
from evsed.frontends.web.http.parameters import choice, day, moment, month, whole
from evsed.frontends.web.http.responses import NO_STORE, SECURITY, PreparedResponse, answer, problem

if TYPE_CHECKING:
    from evsed.core.energy.history import DayTrace
    from evsed.core.energy.sessions import SessionRecord

HTML: Final = "text/html; charset=utf-8"
CSV: Final = "text/csv; charset=utf-8"
SQLITE: Final = "application/vnd.sqlite3"
ALL: Final = 1_000_000
"""More sessions than are ever kept."""
PIECE: Final = 64 * 1024
"""Bytes of a backup that are sent at once."""
ONE_SECOND: Final = timedelta(seconds=1)
"""The same start, whatever is lost of its fraction on the way through the store."""
SENT_WITHIN_S: Final = 600.0
"""A backup that takes longer to send is given up: 20 MB in this time are 35 kB a second."""

UNDER_WAY = problem(
    503, text("another backup is being sent; try again when it has arrived"), {"Retry-After": "30"}
)
NO_DAY = problem(
    404, text("nothing is kept of that day; /api/v1/days lists the days that are kept")
)


def _from_store(
    handler: Callable[[AppContext, ApiRequest], Awaitable[PreparedResponse | web.StreamResponse]],
) -> Handler:
    """Decorate *handler*: it answers 503 where the store fails."""

    @functools.wraps(handler)
    async def guarded(
        context: AppContext, request: ApiRequest
    ) -> PreparedResponse | web.StreamResponse:
        try:
            return await handler(context, request)
        except StoreError as error:
            return problem(503, str(error), {"Retry-After": "10"})

    return guarded


@_from_store
async def sessions(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return a page of sessions."""
    query = request.query
    found = await _sessions(context, query["limit"], query["before"], query["month"])
    return await asyncio.to_thread(
        lambda: json_response(SessionsView(tuple(map(_past_session, _with_live(context, found)))))
    )


@_from_store
async def sessions_csv(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return all sessions, or those of a month, for a spreadsheet."""
    first = request.query["month"]
    found = await _sessions(context, ALL, None, first)
    name = f"evsed-sessions-{first:%Y-%m}.csv" if first else "evsed-sessions.csv"
    return await asyncio.to_thread(_csv, _with_live(context, found), name)


@_from_store
async def sessions_html(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the charges of a month as a page to print."""
    first = request.query["month"] or context.hub.status().at.astimezone().date().replace(day=1)
    found = await _sessions(context, ALL, None, first)
    prices = context.hub.status().prices
    currency = prices.currency if prices else ""
    records = _with_live(context, found)
    static = f"../..{context.assets.prefix}"
    page = month_page(records, first, static, currency, request.language)
    return answer(page.encode(), HTML)


async def _sessions(
    context: AppContext, limit: int, before: datetime | None, first: date | None
) -> list[SessionRecord]:
    """The newest sessions that began before a moment, and in the local month of *first*."""
    if first is None:
        return await context.hub.history.sessions(limit, before)
    begins, ends = (
        # Without a zone it is the charger's own clock.
        datetime(day.year, day.month, 1).astimezone()
        for day in (first, first + timedelta(days=31))
    )
    found = await context.hub.history.sessions(limit, min(ends, before) if before else ends)
    return [record for record in found if record.started >= begins]


@_from_store
async def energy(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the energy of days, months or years."""
    by = By(request.query["by"])
    first, last = request.query["from"] or date.min, request.query["to"] or date.max
    found = await context.hub.history.energy(by, first, last)
    periods = tuple(
        Period(
            total.start,
            total.energy_wh,
            total.solar_wh,
            round(total.charge_s, 1),
            rounded(total.cost),
            rounded(total.savings),
        )
        for total in found
    )
    return await asyncio.to_thread(json_response, EnergyView(by.value, periods))


@_from_store
async def days(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the days that have a trace."""
    return json_response(DaysView(tuple(await context.hub.history.days())))


@_from_store
async def one_day(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the trace of a day."""
    found = await context.hub.history.day(cast("date", request.path_value))
    return NO_DAY if found is None else await asyncio.to_thread(lambda: json_response(_day(found)))


@_from_store
async def delete(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Delete everything older than a day."""
    return json_response(
        Outcome(await context.hub.history.delete(request.sender, request.query["before"]))
    )


@_from_store
async def backup(context: AppContext, request: ApiRequest) -> PreparedResponse | web.StreamResponse:
    """Send a copy of the store, one at a time."""
    if context.backup.locked():
        return UNDER_WAY
    response = web.StreamResponse(
        headers={**SECURITY, "Content-Type": SQLITE, "Cache-Control": NO_STORE}
    )
    try:
        async with context.backup:
            with await context.hub.history.backup(request.sender) as file:
                name = f"evsed-{context.hub.status().at:%Y%m%d-%H%M%S}.db"
                response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
                response.content_length = os.fstat(file.fileno()).st_size
                async with asyncio.timeout(SENT_WITHIN_S):
                    last = await _send_all_but_last(request.http, response, file)
        # A client that has the last byte may ask for the next backup: this one is closed by then.
        await response.write(last)
    except (ConnectionError, TimeoutError):  # the client left, or reads too slowly on purpose
        cast("LimitedConnection", request.http.protocol).cut()
    return response


async def _send_all_but_last(
    request: web.BaseRequest, response: web.StreamResponse, file: BinaryIO
) -> bytes:
    """Send *file* but for its last piece, and return that."""
    await response.prepare(request)
    piece = await asyncio.to_thread(file.read, PIECE)
    while following := await asyncio.to_thread(file.read, PIECE):
        await response.write(piece)
        piece = following
    return piece


def _with_live(context: AppContext, records: list[SessionRecord]) -> list[SessionRecord]:
    """Return *records* with the live figures of the session under way; the store lags a minute."""
    live = context.hub.status().session
    if not live.active or live.started is None:
        return records
    started = live.started
    return [
        replace(
            record,
            energy_wh=live.energy_wh,
            solar_wh=live.solar_wh,
            peak_a=live.peak_a,
            charge_s=live.charge_s,
            measured=live.energy_measured,
            cost=live.cost,
            savings=live.savings,
        )
        if record.ended is None and abs(record.started - started) < ONE_SECOND
        else record
        for record in records
    ]


def _past_session(record: SessionRecord) -> PastSession:
    return PastSession(
        id=record.id,
        started=record.started,
        ended=record.ended,
        energy_wh=round(record.energy_wh, 1),
        solar_wh=None if record.solar_wh is None else round(record.solar_wh, 1),
        peak_a=round(record.peak_a, 2),
        charge_s=round(record.charge_s, 1),
        energy_measured=record.measured,
        reason=record.reason.value if record.reason else None,
        cost=rounded(record.cost),
        savings=rounded(record.savings),
    )


def _csv(records: Iterable[SessionRecord], name: str = "evsed-sessions.csv") -> PreparedResponse:
    """Return the columns of the JSON, the newest last; empty where JSON has null (RFC 4180)."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([field.name for field in fields(PastSession)])
    for record in reversed([_past_session(each) for each in records]):
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
                record.cost,
                record.savings,
            ]
        )
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
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
        battery_loan_wh=tuple(row.battery_loan_wh for row in rows),
        state=tuple(row.state for row in rows),
    )


NOT_READ = {503: "the store cannot be read now, or too many ask at once: Retry-After says when"}

MONTH = month("month", "only those that began in this month of the charger's calendar: 2026-11")

OPERATIONS = (
    Operation(
        "GET", "/api/v1/sessions", "The sessions, the newest first",
        sessions, Reply("one page of them", (SessionsView,)),
        query=(
            whole("limit", "how many", least=1, most=1000, default=100),
            moment("before", "only those that started before: `started` of the last session shown"),
            MONTH,
        ),
        refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/sessions.csv", "All sessions for a spreadsheet, the newest last",
        sessions_csv, Reply("a line of headings and a line for each session", content_type=CSV),
        query=(MONTH,), refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/sessions.html", "The charges of a month as a page to print",
        sessions_html, Reply("the page; without a month, that of now", content_type=HTML),
        query=(MONTH,), refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/energy", "The energy of days, months or years, the oldest first",
        energy, Reply("the periods on which energy was charged", (EnergyView,)),
        query=(
            choice("by", "the length of a period: day, month or year", "day", "month", "year"),
            day("from", "the first day that counts"),
            day("to", "the last one"),
        ),
        refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/days", "The local days that have a chart",
        days, Reply("the days, the oldest first", (DaysView,)), refusals=NOT_READ,
    ),
    Operation(
        "GET", "/api/v1/days/{day}", "The chart of a local day, up to this moment",
        one_day, Reply("columns of equal length, the newest last", (DayView,)),
        path_parameter=day("day", "the day, such as 2026-11-24"),
        refusals={404: "nothing is kept of that day", **NOT_READ},
    ),
    Operation(
        "DELETE", "/api/v1/history",
        "Delete charts and sessions older than a day; the totals of days and the lifetime are kept",
        delete, Reply("the outcome", (Outcome,)), AuthRequirement.OWNER,
        query=(day("before", "the first day that is kept", required=True),),
        refusals={503: "the store cannot be written"},
    ),
    Operation(
        "POST", "/api/v1/backup", "A copy of the whole store as it is now, for download",
        backup, Reply("an SQLite file; docs/install.md says how to restore it",
                      content_type=SQLITE),
        AuthRequirement.OWNER,
        refusals={503: "no room on the disk for the copy, or another is being sent"},
    ),
)  # fmt: skip
