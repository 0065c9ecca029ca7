# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations on the settings: for the owner alone, with the password again where it matters."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import structlog

from evsed.core.text import text
from evsed.errors import ChangeRefused, SettingsError
from evsed.frontends.settings import FeedCheckView, NotifyTrialView, SettingsView, UpdateView
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.models import (
    NewPassword,
    Outcome,
    PasswordAgain,
    SettingsChanges,
    SettingsOrder,
)
from evsed.frontends.web.api.operation import ApiRequest, AuthRequirement, Operation, Reply
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.auth.password import SHORT, keep
from evsed.frontends.web.http.responses import TEXT, PreparedResponse, answer, problem

SETTINGS = "/api/v1/settings"
PASSWORD_MOST = 1024
"""Characters of a password; scrypt would take more, and no one types them."""

AGAIN = problem(
    403,
    text("this needs the password once more, beside being logged in; nothing was changed"),
    errors=(("password", text("send it with the change")),),
)
NO_CHANGES = problem(
    422,
    text('a change takes {"changes": {"supply.max_current_a": 16}}; nothing was changed'),
    errors=(("changes", text("it must name one setting or more, dotted, each with its value")),),
)
NO_FIRST_PASSWORD = problem(
    403,
    text(
        "the first password can be set on the page only within ten minutes of "
        "the box being switched on, so that no one sets it from afar: switch the "
        "box off and on at its breaker, then try again. Or on the Pi: `sudo "
        "evsed password`"
    ),
)
NO_PASSWORD_FILE = problem(403, text("[web] password_file is not set, so there can be no password"))
NOT_A_PASSWORD = problem(
    422,
    text(
        'a password takes {"password": "...", "old": "..."}, old where there is '
        "one already; nothing was changed"
    ),
    errors=(
        (
            "password",
            text(
                "it must be text of {least} to {most} characters",
                least=SHORT,
                most=PASSWORD_MOST,
            ),
        ),
    ),
)

log = structlog.get_logger("evsed.web")


async def settings(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return all settings."""
    try:
        return json_response(await context.hub.settings.view())
    except (SettingsError, ChangeRefused) as error:
        return _refused(error, wrong=409)


async def change_settings(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Set what the body names."""
    changes = _changes(request.body)
    if changes is None:
        return NO_CHANGES
    return await _change(context, request, changes)


async def undo_settings(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Undo the last change."""
    return await _change(context, request, None)


async def apply_settings(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Begin again now."""
    try:
        return json_response(Outcome(await context.hub.settings.apply(request.sender)))
    except (SettingsError, ChangeRefused) as error:
        return _refused(error, wrong=409)


async def check_feed(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Read the feed once, as it would be with the changes in the body."""
    changes = request.body.get("changes", {})
    if not isinstance(changes, dict):
        return NO_CHANGES
    try:
        return json_response(await context.hub.settings.check_feed(changes))
    except (SettingsError, ChangeRefused) as error:
        return _refused(error)


async def try_notify(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Send a message to each address of the notifications."""
    try:
        return json_response(await context.hub.settings.try_notify())
    except (SettingsError, ChangeRefused) as error:
        return _refused(error, wrong=409)


async def report(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the report, to be kept as a file."""
    try:
        text = await context.hub.settings.report()
    except SettingsError as error:
        return _refused(error, wrong=409)
    named = {"Content-Disposition": 'attachment; filename="evsed-report.txt"'}
    return answer(text.encode(), TEXT, extra=named)


async def update(context: AppContext, _: ApiRequest) -> PreparedResponse:
    """Return the version, and what apt knows."""
    return json_response(await context.hub.settings.update())


async def set_password(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Set the first password, or another one, and log in."""
    password, old = request.body.get("password"), request.body.get("old", "")
    fits = isinstance(password, str) and SHORT <= len(password) <= PASSWORD_MOST
    if not fits or not isinstance(password, str) or not isinstance(old, str):
        return NOT_A_PASSWORD
    authenticator = context.authenticator
    address = request.http.remote or ""
    if not authenticator.file:
        return NO_PASSWORD_FILE
    if authenticator.password_set:
        if not request.local and (refused := await authenticator.verify(address, old)):
            return refused
    elif not request.local and not context.hub.settings.setup_s():
        return NO_FIRST_PASSWORD
    try:
        await asyncio.to_thread(keep, Path(authenticator.file), password)
    except OSError as error:
        return problem(
            503,
            text(
                "the password cannot be kept ({strerror}); nothing was changed",
                strerror=error.strerror or "",
            ),
            {"Retry-After": "30"},
        )
    log.warning("the password was set on the page", by=request.sender)
    cookie = await authenticator.log_in(address, password, secure=request.http.secure)
    extra = {} if isinstance(cookie, PreparedResponse) else {"Set-Cookie": cookie}
    return json_response(Outcome(text("the password is set, and you are logged in")), extra=extra)


async def _change(
    context: AppContext, request: ApiRequest, changes: Mapping[str, object] | None
) -> PreparedResponse:
    """Make *changes* (None: undo the last); the password is asked for again where they need it."""
    service = context.hub.settings
    password = request.body.get("password", "")
    try:
        if not request.local and await service.guarded(changes):
            if not isinstance(password, str) or not password:
                return AGAIN
            refused = await context.authenticator.verify(request.http.remote or "", password)
            if refused is not None:
                return refused
        outcome = await service.change(request.sender, changes, at_the_box=request.local)
        return json_response(await service.view(), Outcome(outcome))
    except (SettingsError, ChangeRefused) as error:
        return _refused(error)


def _changes(body: Mapping[str, object]) -> dict[str, object] | None:
    changes = body.get("changes")
    return changes if isinstance(changes, dict) and changes else None


def _refused(error: SettingsError | ChangeRefused, wrong: int = 422) -> PreparedResponse:
    """Return the refusal; its status is *wrong* where the files are, and nothing was asked."""
    if isinstance(error, ChangeRefused):
        status = 403 if error.late else wrong
        return problem(status, str(error), errors=tuple((key, str(error)) for key in error.keys))
    found = tuple(zip(error.keys, error.problems, strict=True))
    return problem(wrong, _unchanged(error.problems), errors=found)


def _unchanged(problems: tuple[str, ...]) -> str:
    """Return *problems* in one sentence that ends with their effect: none."""
    whole: str = text("nothing was changed")
    for trouble in reversed(problems):
        whole = text("{first}; {rest}", first=trouble, rest=whole)
    return whole


NOT_POSSIBLE = {
    403: "it needs the password, or that the box has just been switched on",
    422: "a value is not possible: `errors` names it and says why",
    429: "too many wrong passwords: Retry-After says when to try again",
}
CHANGED = Reply("the settings as they are now, and the outcome", (SettingsView, Outcome))

OPERATIONS = (
    Operation(
        "GET", SETTINGS, "Every setting: its value, its origin, its range",
        settings, Reply("the settings", (SettingsView,)), AuthRequirement.OWNER,
        refusals={409: "the files of settings are wrong: the answer says where"},
    ),
    Operation(
        "PATCH", SETTINGS,
        "Set the settings that are named, in the page's own file; null takes one back out of it",
        change_settings, CHANGED, AuthRequirement.OWNER, body=SettingsOrder, refusals=NOT_POSSIBLE,
    ),
    Operation(
        "POST", f"{SETTINGS}/undo", "Undo the last change of the settings",
        undo_settings, CHANGED, AuthRequirement.OWNER, body=PasswordAgain, refusals=NOT_POSSIBLE,
    ),
    Operation(
        "POST", f"{SETTINGS}/apply",
        "Take over the settings that wait now, though it interrupts a charge for some seconds",
        apply_settings, Reply("the outcome", (Outcome,)), AuthRequirement.OWNER,
        refusals={409: "the files of settings are wrong: the answer says where"},
    ),
    Operation(
        "POST", f"{SETTINGS}/check-feed",
        "Read feed and meters once, as they would be with the changes; nothing is changed",
        check_feed, Reply("what each number is taken for", (FeedCheckView,)), AuthRequirement.OWNER,
        body=SettingsChanges, refusals={422: NOT_POSSIBLE[422]},
    ),
    Operation(
        "POST", f"{SETTINGS}/try-notify",
        "Send a message to each address of the notifications that are set",
        try_notify, Reply("which of them took it", (NotifyTrialView,)), AuthRequirement.OWNER,
        refusals={409: "another trial runs, or the files of settings are wrong"},
    ),
    Operation(
        "GET", "/api/v1/report",
        "A report for whoever helps you: versions, settings without secrets, the last log lines",
        report, Reply("the report", content_type=TEXT), AuthRequirement.OWNER,
        refusals={409: "the files of settings are wrong: the answer says where"},
    ),
    Operation(
        "GET", "/api/v1/update", "The version, and whether apt on this machine knows a newer one",
        update, Reply("the versions", (UpdateView,)), AuthRequirement.OWNER,
    ),
    Operation(
        "POST", "/api/v1/password",
        "Set the first password, within ten minutes of the box being switched on; or another one",
        set_password, Reply("the cookie of a session in Set-Cookie", (Outcome,)),
        AuthRequirement.OWN_PAGE, body=NewPassword,
        refusals={
            401: "the old password is wrong",
            403: "the box was not just switched on, or there can be no password",
            422: "it is no password",
            429: NOT_POSSIBLE[429],
            503: "it cannot be written now",
        },
    ),
)  # fmt: skip
