# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations for programs: their claim, and the tokens that they show instead of the password."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import structlog

from evsed.core.text import text
from evsed.core.user.controls import ControlsError
from evsed.frontends.claim_orders import read_claim
from evsed.frontends.status import Status
from evsed.frontends.views import ClaimView
from evsed.frontends.web.api.commands_api import NOT_GRANTED
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import (
    ClaimOrder,
    NewToken,
    Outcome,
    TokenOrder,
    TokensView,
    TokenView,
)
from evsed.frontends.web.api.operation import (
    PROGRAM,
    ApiRequest,
    AuthRequirement,
    Operation,
    Reply,
)
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.auth.tokens import NAME, Scope, TokenConflictError, TokenError
from evsed.frontends.web.http.parameters import text as of_form
from evsed.frontends.web.http.responses import PreparedResponse, problem

CLAIM = "/api/v1/claim"
TOKENS = "/api/v1/tokens"

NO_TOKEN = problem(
    422,
    text('a token takes {"name": "evcc", "scope": "control"}; nothing was changed'),
    errors=(("scope", text("it must be read or control")),),
)

log = structlog.get_logger("evsed.web")


def _claim_of(status: Status) -> ClaimView:
    """Return the claim over HTTP; one without an opinion where there is none."""
    none = ClaimView(PROGRAM, None, None, until_unplugged=False)
    return next((claim for claim in status.claims if claim.program == PROGRAM), none)


async def claim(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the claim."""
    return json_response(_claim_of(context.hub.status()))


async def place_claim(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Put the claim in the body in place of the one before."""
    try:
        found = read_claim(request.body, time.monotonic(), yields=True)
        outcome = await context.hub.place_claim(request.sender, PROGRAM, found)
    except ControlsError as error:
        return problem(
            422, text("{error}; nothing was changed", error=str(error)), errors=error.problems
        )
    except ValueError as error:
        return problem(
            422, text("{error}; nothing was changed", error=str(error)), errors=(("", str(error)),)
        )
    return json_response(_claim_of(context.hub.status()), Outcome(outcome))


async def change_claim(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Change the keys of the claim that the body names."""
    now = _claim_of(context.hub.status())
    kept = {
        "charging": now.charging,
        "max_current_a": now.max_current_a,
        "until_unplugged": now.until_unplugged,
        "for_s": now.left_s,
    }
    request.body = {**kept, **request.body}
    return await place_claim(context, request)


async def withdraw_claim(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Withdraw the claim."""
    return json_response(Outcome(await context.hub.withdraw_claim(request.sender, PROGRAM)))


async def tokens(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the tokens, without their texts, which are not kept."""
    try:
        kept = await asyncio.to_thread(context.tokens.all)
    except (OSError, TokenError) as error:
        return problem(503, str(error), {"Retry-After": "30"})
    views = tuple(TokenView(token.name, token.scope.value, token.created) for token in kept)
    return json_response(TokensView(views))


async def create_token(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Create a token, and show it this once."""
    name, scope = request.body.get("name"), request.body.get("scope", Scope.CONTROL.value)
    known = scope in (Scope.READ.value, Scope.CONTROL.value)
    if not isinstance(name, str) or not known or len(request.body.keys() - {"name", "scope"}):
        return NO_TOKEN
    try:
        made = await asyncio.to_thread(
            context.tokens.create, name, Scope(scope), datetime.now(tz=UTC)
        )
    except TokenConflictError as error:
        return problem(409, str(error))
    except TokenError as error:
        return problem(422, str(error), errors=(("name", str(error)),))
    except OSError as error:
        return _not_kept(error)
    log.info("a token was created", name=name, scope=scope, by=request.sender)
    return json_response(
        NewToken(made, name, str(scope)), Outcome(text("the token {name} is created", name=name))
    )


async def revoke_token(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Revoke a token: whoever shows it is refused from now on."""
    name = str(request.path_value)
    try:
        await asyncio.to_thread(context.tokens.revoke, name)
    except TokenError as error:
        return problem(404, str(error))
    except OSError as error:
        return _not_kept(error)
    log.info("a token was revoked", name=name, by=request.sender)
    return json_response(Outcome(text("the token {name} is revoked", name=name)))


def _not_kept(error: OSError) -> PreparedResponse:
    return problem(
        503,
        text(
            "the tokens cannot be written ({strerror}); nothing was changed",
            strerror=error.strerror or "",
        ),
        {"Retry-After": "30"},
    )


PLACED = Reply("the claim as it is now, and the outcome", (ClaimView, Outcome))
NOT_NOW = {503: "the tokens cannot be read or written now"}

OPERATIONS = (
    Operation(
        "GET", CLAIM, "The claim of programs over HTTP: what they ask for, beside the controls",
        claim, Reply("the claim; with no opinion where there is none", (ClaimView,)),
    ),
    Operation(
        "PUT", CLAIM, "Claim: charge or not, and a most current; in place of the claim before",
        place_claim, PLACED, AuthRequirement.CONTROL, body=ClaimOrder, refusals=NOT_GRANTED,
    ),
    Operation(
        "PATCH", CLAIM, "Change the keys of the claim that are named",
        change_claim, PLACED, AuthRequirement.CONTROL, body=ClaimOrder, refusals=NOT_GRANTED,
    ),
    Operation(
        "DELETE", CLAIM, "Withdraw the claim: the owner's controls alone decide again",
        withdraw_claim, Reply("the outcome", (Outcome,)), AuthRequirement.CONTROL,
    ),
    Operation(
        "GET", TOKENS, "The tokens of programs, without their texts",
        tokens, Reply("the tokens", (TokensView,)), AuthRequirement.OWNER, refusals=NOT_NOW,
    ),
    Operation(
        "POST", TOKENS, "Create a token for a program",
        create_token, Reply("the token, shown this once", (NewToken, Outcome)),
        AuthRequirement.OWNER,
        body=TokenOrder,
        refusals={409: "the name is taken, or there are too many", **NOT_GRANTED, **NOT_NOW},
    ),
    Operation(
        "DELETE", f"{TOKENS}/{{name}}", "Revoke a token",
        revoke_token, Reply("the outcome", (Outcome,)), AuthRequirement.OWNER,
        path_parameter=of_form("name", "the token's name", NAME), refusals=NOT_NOW,
    ),
)  # fmt: skip
