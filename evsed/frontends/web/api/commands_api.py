# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders: operations that change something, by POST, PUT, PATCH or DELETE under `/api/v1/`.

They come over the network with a session, or by the control socket. When a handler runs, access has
been checked and the body has been read.
"""

from __future__ import annotations

from evsed.core.text import text
from evsed.core.user.controls import Controls, ControlsError
from evsed.frontends.views import ControlsView
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import Outcome, Password
from evsed.frontends.web.api.operation import ApiRequest, AuthRequirement, Operation, Reply
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.responses import PreparedResponse, problem

LOGIN = "/api/v1/login"
CONTROLS = "/api/v1/controls"

PASSWORD_WANTED = problem(
    422,
    text('logging in takes {"password": "..."}'),
    errors=(("password", text("it must be text, and nothing else may stand beside it")),),
)


async def acknowledge(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Acknowledge latched faults; a program none that waits for somebody at the box."""
    waiting = [fault.name for fault in context.hub.status().faults if fault.for_people]
    if request.program and waiting:
        return problem(
            403,
            text(
                "{names} waits for somebody who has looked at the box: acknowledge it on the page "
                "or with `evsed ack`; nothing was changed",
                names=", ".join(waiting),
            ),
        )
    return json_response(Outcome(await context.hub.acknowledge(request.sender)))


async def wake(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Wake a car that leaves its offer untaken."""
    return json_response(Outcome(await context.hub.wake(request.sender)))


async def change(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Change the controls that the body names."""
    try:
        outcome = await context.hub.update_controls(
            request.sender, request.body, program=request.program
        )
    except ControlsError as error:
        return problem(
            422, text("{error}; nothing was changed", error=str(error)), errors=error.problems
        )
    return json_response(context.hub.status().controls, Outcome(outcome))


async def replace(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Set all controls: one that the body does not name gets its default."""
    request.body = {**Controls().to_json(), **request.body}
    return await change(context, request)


async def log_in(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Begin a session, if the password is right."""
    password = request.body.get("password")
    if not isinstance(password, str) or len(request.body) > 1:
        return PASSWORD_WANTED
    cookie = await context.authenticator.log_in(
        request.http.remote or "", password, secure=request.http.secure
    )
    if isinstance(cookie, PreparedResponse):
        return cookie
    return json_response(Outcome(text("logged in")), extra={"Set-Cookie": cookie})


async def log_out(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """End the session."""
    cookie = context.authenticator.log_out(request.http)
    return json_response(Outcome(text("logged out")), extra={"Set-Cookie": cookie})


CHANGED = Reply("the controls as they are now, and the outcome", (ControlsView, Outcome))
NOT_GRANTED = {422: "a value is not possible: `errors` names it and says why"}

OPERATIONS = (
    Operation(
        "POST", "/api/v1/ack", "Acknowledge latched faults",
        acknowledge, Reply("the outcome", (Outcome,)), AuthRequirement.CONTROL,
    ),
    Operation(
        "POST", "/api/v1/wake", "Wake a car that leaves its offer untaken: state F for 4 s",
        wake, Reply("the outcome", (Outcome,)), AuthRequirement.CONTROL,
    ),
    Operation(
        "PUT", CONTROLS, "Set all controls: one that is not named gets its default",
        replace, CHANGED, AuthRequirement.CONTROL, body=ControlsView, refusals=NOT_GRANTED,
    ),
    Operation(
        "PATCH", CONTROLS, "Change the controls that are named; null ends a limit",
        change, CHANGED, AuthRequirement.CONTROL, body=ControlsView, refusals=NOT_GRANTED,
    ),
    Operation(
        "POST", LOGIN, "Log in: gives the session's cookie (HttpOnly, SameSite=Strict, 30 days)",
        log_in,
        Reply("the cookie of a session in Set-Cookie", (Outcome,)),
        AuthRequirement.PASSWORD,
        body=Password,
        refusals={
            401: "the password is wrong",
            422: "the body is not a password and nothing else",
            429: "too many attempts have failed from this address: Retry-After says when again",
        },
    ),
    Operation(
        "DELETE", LOGIN, "Log out: ends the session",
        log_out, Reply("the cookie's end in Set-Cookie", (Outcome,)), AuthRequirement.OWN_PAGE,
    ),
)  # fmt: skip
