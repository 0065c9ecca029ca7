# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses that are ready to send, and the headers that all of them carry."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from evsed.frontends.languages import ENGLISH, Language
from evsed.frontends.serialization import VERSION

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing but the page's own files, nothing inline, in no frame (W3C CSP level 3)."""


def framed_by(sites: tuple[str, ...]) -> str:
    """Return the policy of a page that *sites* may show in a frame."""
    allowed = " ".join(sites) or "'none'"
    return CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")


SECURITY: dict[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "evsed",  # set, because aiohttp would otherwise add its own name and version
}

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
PROBLEM = "application/problem+json"
"""RFC 9457."""

NO_STORE = "no-store"
REVALIDATE = "no-cache"
FOREVER = "public, max-age=31536000, immutable"
"""For files whose address changes with their content (RFC 8246)."""


@dataclass(frozen=True, slots=True)
class PreparedResponse:
    """Status, body and complete headers; built once, sent any number of times.

    `translate` makes the same in another language; None where it has no sentences.
    """

    status: int
    body: bytes
    headers: CIMultiDictProxy[str]
    translate: Callable[[Language], PreparedResponse] | None = None
    _translations: dict[str, PreparedResponse] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def in_language(self, language: Language) -> PreparedResponse:
        """Return the same in *language*; made once for each."""
        if self.translate is None or language.code == ENGLISH:
            return self
        found = self._translations.get(language.code)
        if found is None:
            found = self._translations[language.code] = self.translate(language)
        return found

    def response(self) -> web.Response:
        """Return it in the form in which aiohttp sends it, for one request."""
        return web.Response(status=self.status, body=self.body, headers=self.headers)


def answer(
    body: bytes,
    content_type: str,
    *,
    status: int = 200,
    cache: str = NO_STORE,
    extra: dict[str, str] | None = None,
    translate: Callable[[Language], PreparedResponse] | None = None,
) -> PreparedResponse:
    """Return a response with the headers that all responses share, and *extra*."""
    headers = CIMultiDict(SECURITY)
    headers["Content-Type"] = content_type
    headers["Cache-Control"] = cache
    headers.update(extra or {})
    return PreparedResponse(status, body, CIMultiDictProxy(headers), translate)


def problem(
    status: int,
    detail: str,
    extra: dict[str, str] | None = None,
    errors: tuple[tuple[str, str], ...] = (),
    parameters: tuple[tuple[str, str], ...] = (),
) -> PreparedResponse:
    """Return RFC 9457 problem details: *detail* says what happened and what to do.

    *errors* are pairs of a key of the body, which becomes a JSON pointer, and what is wrong with
    it; *parameters* are the same for the query.
    """
    details: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase,
                               "status": status, "detail": detail, "api": VERSION}  # fmt: skip
    if errors:
        details["errors"] = [{"pointer": _pointer(key), "detail": text} for key, text in errors]
    if parameters:
        details["errors"] = [{"parameter": name, "detail": text} for name, text in parameters]

    def translate(language: Language) -> PreparedResponse:
        to = language.translated
        return problem(status, to(detail), extra, to(errors), to(parameters))

    body = json.dumps(details).encode()
    return answer(body, PROBLEM, status=status, extra=extra, translate=translate)


def _pointer(key: str) -> str:
    """Return *key* as a JSON pointer in its form for URIs (RFC 6901 section 6)."""
    return "#/" + quote(key.replace("~", "~0").replace("/", "~1")) if key else "#"


def to_bytes(response: PreparedResponse) -> bytes:
    """Return *response* as bytes on the wire."""
    head = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    head += [f"{name}: {value}" for name, value in response.headers.items()]
    head += [f"Content-Length: {len(response.body)}", "Connection: close", "", ""]
    return "\r\n".join(head).encode() + response.body


REFUSED = to_bytes(
    problem(
        503,
        "evsed has too many connections and has not read this request; try again in a second",
        {"Retry-After": "1"},
    )
)
"""Sent when all connections are taken, before any byte is read."""

HALF_CLOSED = problem(400, "keep your side of the connection open to read a stream")
"""Sent instead of a stream to a client that has already closed its sending side."""
