# SPDX-License-Identifier: GPL-3.0-or-later
"""Restoring from a backup that the browser sends; it is checked before it replaces anything."""

from __future__ import annotations

import asyncio
import tempfile
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from aiohttp import ClientPayloadError
from aiohttp.http_exceptions import HttpProcessingError

from evsed.core.text import text
from evsed.errors import BackupError, StoreError
from evsed.frontends.web.api.models import Outcome
from evsed.frontends.web.api.operation import ApiRequest, AuthRequirement, Operation, Reply
from evsed.frontends.web.api.serialization import json_response
from evsed.frontends.web.http.responses import PreparedResponse, problem

if TYPE_CHECKING:
    from evsed.frontends.web.api.context import AppContext

ANY: Final = "application/octet-stream"
MOST_BYTES: Final = 64_000_000
"""Three times the largest store (docs/install.md)."""
SENT_WITHIN_S: Final = 600.0
"""As for the backup that is sent."""

NO_FILE = problem(
    415, text("a backup is sent as it is, with Content-Type: {kind}; nothing was changed", kind=ANY)
)
TOO_LARGE = problem(
    413,
    text(
        "a backup has {most_mb} MB at most; nothing was changed",
        most_mb=MOST_BYTES // 1000000,
    ),
)
CUT = problem(408, text("the backup did not come whole; nothing was changed"))
UNDER_WAY = problem(
    503, text("another backup is under way; nothing was changed"), {"Retry-After": "30"}
)


async def restore(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Check the backup that is the body, and put it in place when evsed begins again."""
    http = request.http
    if http.content_type != ANY:
        return NO_FILE
    if (http.content_length or 0) > MOST_BYTES:
        return TOO_LARGE
    if context.backup.locked():
        return UNDER_WAY
    async with context.backup:
        with tempfile.TemporaryFile() as file:
            refused = await _receive(request, cast("BinaryIO", file))
            if refused is not None:
                return refused
            try:
                done = await context.hub.history.restore(request.sender, cast("BinaryIO", file))
            except BackupError as error:
                return problem(422, str(error))
            except (StoreError, OSError) as error:
                return problem(
                    503,
                    text("{error}; nothing was changed", error=str(error)),
                    {"Retry-After": "10"},
                )
    return json_response(Outcome(done))


async def undo_restore(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Put back what there was before the last restore."""
    try:
        return json_response(Outcome(await context.hub.history.undo_restore(request.sender)))
    except BackupError as error:
        return problem(409, str(error))
    except (StoreError, OSError) as error:
        return problem(
            503, text("{error}; nothing was changed", error=str(error)), {"Retry-After": "10"}
        )


async def _receive(request: ApiRequest, file: BinaryIO) -> PreparedResponse | None:
    """Write the body of *request* into *file*; return the refusal where it does not come whole."""
    count = 0
    try:
        async with asyncio.timeout(SENT_WITHIN_S):
            while piece := await request.http.content.readany():
                count += len(piece)
                if count > MOST_BYTES:
                    return TOO_LARGE
                await asyncio.to_thread(file.write, piece)
    except (TimeoutError, HttpProcessingError, ClientPayloadError, ConnectionError):
        return CUT
    file.seek(0)
    return None


OPERATIONS = (
    Operation(
        "POST", "/api/v1/restore",
        "Restore charges, totals, history and controls from a backup; faults and settings stay",
        restore, Reply("the outcome", (Outcome,)), AuthRequirement.OWNER,
        upload=ANY,
        refusals={
            408: "the backup did not come whole",
            413: "the backup is too large",
            415: "it is not sent as a file",
            422: "it is no sound backup: `detail` says why",
            503: "another backup is under way, or there is no room on the disk",
        },
    ),
    Operation(
        "POST", "/api/v1/restore/undo", "Put back what there was before the last restore",
        undo_restore, Reply("the outcome", (Outcome,)), AuthRequirement.OWNER,
        refusals={409: "nothing was restored", 503: "the disk cannot be written"},
    ),
)  # fmt: skip
