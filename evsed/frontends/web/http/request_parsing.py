# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the query and the body of a request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from evsed.core.text import text
from evsed.frontends.web.http.parameters import Parameter
from evsed.frontends.web.http.responses import PreparedResponse, problem

BODY_MAX = 4096  # bytes; the largest sensible order has 200
KINDS = ("application/json", "application/merge-patch+json")
TOO_LARGE = problem(
    413, text("an order has {most} bytes at most; nothing was changed", most=BODY_MAX)
)
TOO_SLOW = problem(408, text("the body of this order did not come; nothing was changed"))
NO_OBJECT = problem(400, text("an order is a JSON object; this is none, nothing was changed"))
NO_JSON = problem(
    415,
    text("an order is JSON: send it with Content-Type: {kind}; nothing was changed", kind=KINDS[0]),
)


def read_query(
    target: str, parameters: tuple[Parameter, ...]
) -> Mapping[str, object] | PreparedResponse:
    """Return the values of *parameters* in the query of *target*, or the refusal.

    Other parameters are ignored.
    """
    texts_of = parse_qs(target.partition("#")[0].partition("?")[2], keep_blank_values=True)
    values: dict[str, object] = {}
    errors = []
    for parameter in parameters:
        texts = texts_of.get(parameter.name, [])
        try:
            if len(texts) > 1 or (parameter.required and not texts):
                raise ValueError(text("it must be there once"))
            values[parameter.name] = parameter.read(texts[0]) if texts else parameter.default
        except ValueError as error:
            errors.append((parameter.name, str(error)))
    if errors:
        detail: str = text("nothing was changed")
        for name, trouble in reversed(errors):
            detail = text("{name}: {trouble}; {rest}", name=name, trouble=trouble, rest=detail)
        return problem(400, detail, parameters=tuple(errors))
    return values


def read_path_value(text: str, parameter: Parameter) -> object:
    """Return the value in the braces of a path. Raises ValueError where *text* is none."""
    return parameter.read(unquote(text))


async def read_json_object(
    request: web.BaseRequest, within_s: float
) -> dict[str, object] | PreparedResponse:
    """Return the JSON object that is the body of *request*, or the refusal."""
    if request.content_type not in KINDS:
        return NO_JSON
    body = await read_body(request, within_s)
    if isinstance(body, PreparedResponse):
        return body
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return NO_OBJECT
    return value if isinstance(value, dict) else NO_OBJECT


async def read_body(request: web.BaseRequest, within_s: float) -> bytes | PreparedResponse:
    """Return the body of *request*, or the refusal."""
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
