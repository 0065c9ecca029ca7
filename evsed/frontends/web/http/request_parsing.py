# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a request says beside its method and path: its query and its body."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from evsed.frontends.web.api.operation import Parameter
from evsed.frontends.web.http.responses import PreparedResponse, problem

BODY_MAX = 4096  # bytes; the largest sensible order has 200
KINDS = ("application/json", "application/merge-patch+json")
TOO_LARGE = problem(413, f"an order has {BODY_MAX} bytes at most; nothing was changed")
TOO_SLOW = problem(408, "the body of this order did not come; nothing was changed")
NO_OBJECT = problem(400, "an order is a JSON object; this is none, nothing was changed")
NO_JSON = problem(
    415, f"an order is JSON: send it with Content-Type: {KINDS[0]}; nothing was changed"
)


def query(target: str, wanted: tuple[Parameter, ...]) -> Mapping[str, object] | PreparedResponse:
    """The parameters *wanted* in the query of *target*, or what is wrong with them.

    Others are no concern of evsed's, as ever.
    """
    given = parse_qs(target.partition("#")[0].partition("?")[2], keep_blank_values=True)
    found: dict[str, object] = {}
    wrong = []
    for one in wanted:
        texts = given.get(one.name, [])
        try:
            if len(texts) > 1 or (one.required and not texts):
                raise ValueError("it must be there once")
            found[one.name] = one.read(texts[0]) if texts else one.default
        except ValueError as error:
            wrong.append((one.name, str(error)))
    if wrong:
        told = "; ".join(f"{name}: {text}" for name, text in wrong)
        return problem(400, f"{told}; nothing was changed", parameters=tuple(wrong))
    return found


def place(text: str, wanted: Parameter) -> object:
    """What stands in the braces of a path. Raises ValueError where that cannot be."""
    return wanted.read(unquote(text))


async def json_object(
    request: web.BaseRequest, within_s: float
) -> dict[str, object] | PreparedResponse:
    """The JSON object that is the body of *request*, or what is wrong with it."""
    if request.content_type not in KINDS:
        return NO_JSON
    body = await content(request, within_s)
    if isinstance(body, PreparedResponse):
        return body
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return NO_OBJECT
    return told if isinstance(told, dict) else NO_OBJECT


async def content(request: web.BaseRequest, within_s: float) -> bytes | PreparedResponse:
    """The body of *request*, or what is wrong with it."""
    if (request.content_length or 0) > BODY_MAX:
        return TOO_LARGE
    body = b""
    try:
        async with asyncio.timeout(within_s):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > BODY_MAX:
                    return TOO_LARGE
    except TimeoutError:
        return TOO_SLOW
    except (HttpProcessingError, ClientPayloadError, ConnectionError):
        return NO_OBJECT
    return body
