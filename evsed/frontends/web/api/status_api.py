# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: what anybody on the network may know."""

from __future__ import annotations

from typing import cast

from aiohttp import web

from evsed.frontends.status import ControlsView, Status
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import LoginView, RecentView
from evsed.frontends.web.api.operation import ApiRequest, Operation, Reply
from evsed.frontends.web.api.serialization import said
from evsed.frontends.web.http.connection_limits import Connection, Stage
from evsed.frontends.web.http.responses import EVENT_STREAM, LEAVING, PreparedResponse, problem

STATUS = "/api/v1/status"

FULL = problem(
    503,
    "as many programs as evsed serves are listening to /api/v1/events already; "
    "read /api/v1/status every few seconds instead",
    {"Retry-After": "30"},
)


async def status(parts: AppContext, _: ApiRequest) -> PreparedResponse:
    """Everything that is shown, at this moment."""
    return parts.of_status(said)


async def events(parts: AppContext, asked: ApiRequest) -> PreparedResponse | web.StreamResponse:
    """The status again and again, for as long as the listener stays."""
    connection = cast("Connection", asked.request.protocol)
    if connection.leaving:
        return LEAVING
    if parts.stream.full:
        return FULL
    connection.busy(Stage.STREAM)
    return await parts.stream.serve(asked.request)


async def recent(parts: AppContext, _: ApiRequest) -> PreparedResponse:
    """The last hour."""
    return parts.recent.answer()


async def owner(parts: AppContext, _: ApiRequest) -> PreparedResponse:
    """What the owner wishes."""
    return parts.of_status(_owner)


async def login(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """Whether this browser is logged in, and whether it could be."""
    gate = parts.gate
    return said(LoginView(gate.password_set, gate.logged_in(asked.request)))


def _owner(status: Status) -> PreparedResponse:
    return said(status.controls)


OPERATIONS = (
    Operation(
        "GET", STATUS, "What is happening, why, and what evsed knows",
        status, Reply("the status at this moment", (Status,)),
    ),
    Operation(
        "GET", "/api/v1/events",
        "The status as server-sent events: at once, at each change, at most twice a second, at "
        "least every 2 s",
        events, Reply("`data:` lines, each the status then", (Status,), EVENT_STREAM),
        refusals={
            400: "the client has shut its side of the connection already",
            503: "too many listen: read the status every few seconds instead",
        },
    ),
    Operation(
        "GET", "/api/v1/recent", "The last hour for a chart; forgotten at a restart",
        recent, Reply("columns of equal length, the newest last", (RecentView,)),
    ),
    Operation(
        "GET", "/api/v1/controls", "What the owner wishes",
        owner, Reply("the wishes", (ControlsView,)),
    ),
    Operation(
        "GET", "/api/v1/login", "Whether one can log in, and is",
        login, Reply("whether this browser is logged in", (LoginView,)),
    ),
)  # fmt: skip
