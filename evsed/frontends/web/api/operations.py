# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of operations: a new one is a row in its own file, a new file a line here."""

from __future__ import annotations

import json
from functools import cache

from evsed.frontends.web.api import commands_api as orders
from evsed.frontends.web.api import docs_html as docs_page
from evsed.frontends.web.api import history_api as history
from evsed.frontends.web.api import openapi
from evsed.frontends.web.api import status_api as reads
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.operation import ApiRequest, Operation, Reply
from evsed.frontends.web.http.assets import Asset, asset
from evsed.frontends.web.http.responses import JSON, REVALIDATE, PreparedResponse

HTML = "text/html; charset=utf-8"


async def openapi_json(_: AppContext, asked: ApiRequest) -> PreparedResponse:
    """This table, for programs."""
    return _document().answer(asked.encodings)


async def docs(parts: AppContext, asked: ApiRequest) -> PreparedResponse:
    """This table, for people."""
    return _page(parts.assets.prefix).answer(asked.encodings)


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
    *reads.OPERATIONS,
    *history.OPERATIONS,
    *orders.OPERATIONS,
    *DOCUMENTS,
)


# Made when somebody asks first: it is not worth a moment of every start.
@cache
def _document() -> Asset:
    made = json.dumps(openapi.document(OPERATIONS), ensure_ascii=False)
    return asset(made.encode(), JSON, REVALIDATE, {})


@cache
def _page(prefix: str) -> Asset:
    made = docs_page.page(openapi.document(OPERATIONS), prefix)
    return asset(made.encode(), HTML, REVALIDATE, {})
