# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of operations: a new one is a row in its own file, a new file a line here."""

from __future__ import annotations

import json
from functools import cache

from evsed.frontends.web.api import (
    commands_api,
    docs_html,
    history_api,
    openapi,
    plan_api,
    programs_api,
    restore_api,
    settings_api,
    status_api,
)
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.operation import ApiRequest, Operation, Reply
from evsed.frontends.web.http.assets import Asset, asset
from evsed.frontends.web.http.responses import JSON, REVALIDATE, PreparedResponse

HTML = "text/html; charset=utf-8"


async def openapi_json(_: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the OpenAPI document."""
    return _document().response(request.encodings)


async def docs(context: AppContext, request: ApiRequest) -> PreparedResponse:
    """Return the same as a page."""
    return _page(context.assets.prefix).response(request.encodings)


DOCUMENTS = (
    Operation(
        "GET", "/api/v1/openapi.json", "This API as an OpenAPI 3.1 document",
        openapi_json, Reply("the document"),
    ),
    Operation(
        "GET", "/api/v1/docs", "This API as a page for people",
        docs, Reply("the page", content_type=HTML),
    ),
)  # fmt: skip

OPERATIONS: tuple[Operation, ...] = (
    *status_api.OPERATIONS,
    *plan_api.OPERATIONS,
    *history_api.OPERATIONS,
    *restore_api.OPERATIONS,
    *commands_api.OPERATIONS,
    *programs_api.OPERATIONS,
    *settings_api.OPERATIONS,
    *DOCUMENTS,
)


# Built when it is first asked for: it is not worth a moment of every start.
@cache
def _document() -> Asset:
    text = json.dumps(openapi.document(OPERATIONS), ensure_ascii=False)
    return asset(text.encode(), JSON, REVALIDATE, {})


@cache
def _page(prefix: str) -> Asset:
    text = docs_html.page(openapi.document(OPERATIONS), f"../..{prefix}")
    return asset(text.encode(), HTML, REVALIDATE, {})
