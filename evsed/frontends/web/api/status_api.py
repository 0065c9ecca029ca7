# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations that read the present; they are open to the network."""

from __future__ import annotations

from typing import cast

from aiohttp import web

from evsed.frontends.status import Status
from evsed.frontends.views import ControlsView
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import LoginView, RecentView
from evsed.frontends.web.api.operation import ApiRequest, Operation, Reply
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.connection_limits import LimitedConnection, Stage
from evsed.frontends.web.http.responses import (
    EVENT_STREAM,
    HALF_CLOSED,
    PreparedResponse,
    problem,
)

STATUS = "/api/v1/status"

FULL = problem(
    503,
    "as many programs as evsed serves are listening to /api/v1/events already; "
    "read /api/v1/status every few seconds instead",
    {"Retry-After": "30"},
)


async def status(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the status."""
    return context.status_response(json_response)


async def events(context: AppContext, request: ApiRequest) -> PreparedResponse | web.StreamResponse:
    """Send the status again and again, for as long as the client stays."""
    connection = cast("LimitedConnection", request.http.protocol)
    if connection.half_closed:
        return HALF_CLOSED
    if context.stream.full:
        return FULL
    connection.busy(Stage.STREAM)
    return await context.stream.serve(request.http, request.language)


async def recent(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the last hour."""
    return context.recent.response()


async def controls(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the owner's controls."""
    return context.status_response(_controls)


async def login(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the login of this browser."""
    authenticator = context.authenticator
    return json_response(
        LoginView(
            authenticator.password_set,
            authenticator.logged_in(request.http),
            context.hub.settings.setup_s(),
        )
    )


def _controls(status: Status) -> PreparedResponse:
    return json_response(status.controls)


OPERATIONS = (
    Operation(
        "GET", STATUS, "The state, the reason for it, and everything that evsed measures",
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
        "GET", "/api/v1/recent", "The last hour for a chart; lost at a restart",
        recent, Reply("columns of equal length, the newest last", (RecentView,)),
    ),
    Operation(
        "GET", "/api/v1/controls", "The owner's controls",
        controls, Reply("the controls", (ControlsView,)),
    ),
    Operation(
        "GET", "/api/v1/login", "The login of this browser",
        login, Reply("the login", (LoginView,)),
    ),
)  # fmt: skip
