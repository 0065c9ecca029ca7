# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders: whatever changes something, by POST, PUT, PATCH or DELETE under `/api/v1/`.

They come over the network, through the gate, or by the control socket, whose door is the file's
mode. Who comes here has been let in, and the body has been read.
"""

from __future__ import annotations

from evsed.core.user.controls import Controls, ControlsError
from evsed.frontends.status import ControlsView
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import Outcome, Password
from evsed.frontends.web.api.operation import ApiRequest, AuthRequirement, Operation, Reply
from evsed.frontends.web.api.serialization import said
from evsed.frontends.web.http.responses import PreparedResponse, problem

LOGIN = "/api/v1/login"
CONTROLS = "/api/v1/controls"

PASSWORD_WANTED = problem(
    422,
    'logging in takes {"password": "..."}',
    errors=(("password", "it must be text, and nothing else may stand beside it"),),
)


async def acknowledge(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """Acknowledge latched faults."""
    return said(Outcome(await parts.hub.acknowledge(asked.who)))


async def change(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """Change the wishes that the body names."""
    try:
        outcome = await parts.hub.change(asked.who, asked.body)
    except ControlsError as error:
        return problem(422, f"{error}; nothing was changed", errors=error.problems)
    return said(parts.hub.status().controls, Outcome(outcome))


async def replace(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """Change all wishes: what the body does not name gets its default."""
    asked.body = {**Controls().to_json(), **asked.body}
    return await change(parts, asked)


async def log_in(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """Give a session to who knows the password."""
    password = asked.body.get("password")
    if not isinstance(password, str) or len(asked.body) > 1:
        return PASSWORD_WANTED
    cookie = await parts.gate.log_in(asked.request.remote or "", password)
    if isinstance(cookie, PreparedResponse):
        return cookie
    return said(Outcome("logged in"), extra={"Set-Cookie": cookie})


async def log_out(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """End the session."""
    cookie = parts.gate.log_out(asked.request)
    return said(Outcome("logged out"), extra={"Set-Cookie": cookie})


CHANGED = Reply("the wishes as they are now, and what came of it", (ControlsView, Outcome))
NOT_GRANTED = {422: "one of the wishes cannot be granted: `errors` says which and why"}

OPERATIONS = (
    Operation(
        "POST", "/api/v1/ack", "Acknowledge latched faults",
        acknowledge, Reply("what came of it", (Outcome,)), AuthRequirement.SESSION,
    ),
    Operation(
        "PUT", CONTROLS, "Set all wishes: what is not named gets its default",
        replace, CHANGED, AuthRequirement.SESSION, body=ControlsView, refusals=NOT_GRANTED,
    ),
    Operation(
        "PATCH", CONTROLS, "Change the wishes that are named; null takes one away",
        change, CHANGED, AuthRequirement.SESSION, body=ControlsView, refusals=NOT_GRANTED,
    ),
    Operation(
        "POST", LOGIN, "Log in: gives the session's cookie (HttpOnly, SameSite=Strict, 30 days)",
        log_in,
        Reply("the cookie of a session in Set-Cookie", (Outcome,)),
        AuthRequirement.PASSWORD,
        body=Password,
        refusals={
            401: "that is not the password",
            422: "the body is not a password and nothing else",
            429: "too many tries have failed from this address: Retry-After says when again",
        },
    ),
    Operation(
        "DELETE", LOGIN, "Log out: ends the session",
        log_out, Reply("the cookie's end in Set-Cookie", (Outcome,)), AuthRequirement.OWN_PAGE,
    ),
)  # fmt: skip
