# SPDX-License-Identifier: GPL-3.0-or-later
"""The API as an OpenAPI 3.1 document, from the table of operations.

What an operation can be answered with follows from its row: its own refusals, and those of its
door, its query, its path and its body.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evsed import __version__
from evsed.frontends.web.api.operation import AuthRequirement, Operation, Parameter, Reply, Schema
from evsed.frontends.web.api.serialization import name, parts_of, schema
from evsed.frontends.web.auth.authenticator import COOKIE
from evsed.frontends.web.http.request_parsing import BODY_MAX
from evsed.frontends.web.http.responses import EVENT_STREAM, JSON, PROBLEM, VERSION

OPENAPI = "3.1.1"
DESCRIPTION = f"""\
Reading is open to the network. Whatever changes something needs a session, or the control socket \
of the Pi; POST the password to `/api/v1/login` for one. Each JSON object has `api`, the version \
of this API. Units are suffixes of the keys (`_a` amperes, `_v` volts, `_w` watts, `_wh` \
watt-hours, `_s` seconds), and `x-unit` here. Times are ISO 8601 with their offset from UTC. Keys \
may be added, never renamed. Errors are problem details (RFC 9457). HEAD is answered wherever GET \
is. A body has {BODY_MAX} bytes at most."""

VERSION_KEY: Schema = {"const": VERSION, "description": "the version of this API"}
NO_HOST = "Host is not this charger, or Origin is the page of another site"
OF_DOOR: dict[AuthRequirement, dict[int, str]] = {
    AuthRequirement.OPEN: {},
    AuthRequirement.OWN_PAGE: {403: NO_HOST},
    AuthRequirement.PASSWORD: {
        403: f"no password is set (`sudo evsed password` sets one), or {NO_HOST}"
    },
    AuthRequirement.SESSION: {
        401: "there is no session: log in first",
        403: f"no password is set (`sudo evsed password` sets one), or {NO_HOST}",
    },
}
OF_BODY = {
    400: "the body is no JSON object",
    408: "the body did not come in time",
    413: f"the body has more than {BODY_MAX} bytes",
    415: "the body is not said to be JSON",
}
OF_QUERY = {400: "a parameter cannot be: `errors` says which and why"}
OF_PLACE = {404: "there is nothing at this address"}

PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "problem details (RFC 9457)",
    "properties": {
        "api": VERSION_KEY,
        "type": {"const": "about:blank", "description": "the status says it all"},
        "title": {"type": "string", "description": "the status in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599,
                   "description": "the status once more"},
        "detail": {"type": "string", "description": "what happened and what to do, for people"},
        "errors": {
            "type": "array",
            "description": "what is wrong with keys of the body or parameters of the query",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "a key of the body (RFC 6901)"},
                    "parameter": {"type": "string", "description": "a parameter of the query"},
                    "detail": {"type": "string", "description": "what it must be, for people"},
                },
                "required": ["detail"],
            },
        },
    },
    "required": ["api", "type", "title", "status", "detail"],
}  # fmt: skip


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The OpenAPI document of those *operations* that are listed."""
    listed = [one for one in operations if one.listed]
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "evsed",
            "summary": "Charges an electric car with spare solar power",
            "description": DESCRIPTION,
            "version": __version__,
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": {**_schemas(listed), "Problem": PROBLEM_SCHEMA},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "given by POST /api/v1/login",
                }
            },
        },
    }


def refusals(one: Operation) -> dict[int, str]:
    """Every error that *one* may be answered with, by status."""
    found: dict[int, list[str]] = {}
    for some in (
        OF_DOOR[one.door],
        OF_BODY if one.body else {},
        OF_QUERY if one.query else {},
        OF_PLACE if one.place else {},
        one.refusals,
    ):
        for status, text in some.items():
            found.setdefault(status, []).append(text)
    return {status: "; or ".join(found[status]) for status in sorted(found)}


def _operation(one: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": one.answer.__name__, "summary": one.summary}
    parameters = [_parameter(each, "query") for each in one.query]
    if one.place:
        parameters.append(_parameter(one.place, "path"))
    if parameters:
        made["parameters"] = parameters
    if one.body:
        wanted = schema(one.body, telling=False)
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": wanted}}}
    made["responses"] = {"200": _reply(one.reply)} | {
        str(status): _refusal(status, text) for status, text in refusals(one).items()
    }
    if one.door is AuthRequirement.SESSION:
        made["security"] = [{"session": []}]
    return made


def _parameter(each: Parameter, where: str) -> dict[str, Any]:
    usual = {} if each.default is None else {"default": each.default}
    return {
        "name": each.name,
        "in": where,
        "required": where == "path" or each.required,
        "description": each.meaning,
        "schema": each.schema | usual,
    }


def _reply(reply: Reply) -> dict[str, Any]:
    told: Schema = {"type": "string"}
    if reply.told:
        told = {
            "type": "object",
            "properties": {"api": VERSION_KEY},
            "required": ["api"],
            "allOf": [{"$ref": f"#/components/schemas/{name(kind)}"} for kind in reply.told],
        }
    elif reply.content_type == JSON:
        told = {"type": "object"}
    elif not reply.content_type.startswith("text/"):
        told = {}  # bytes: OpenAPI 3.1 section 4.8.14.3
    if reply.content_type == EVENT_STREAM:  # the fields of one event, as OpenAPI 3.2 sees them
        line = {"type": "string", "contentMediaType": JSON, "contentSchema": told}
        told = {"type": "object", "properties": {"data": line}, "required": ["data"]}
    return {
        "description": reply.meaning,
        "content": {reply.content_type: {"schema": told}},
    }


def _refusal(status: int, text: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": text,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        retry = {"description": "when to try again", "schema": {"type": "integer", "minimum": 1}}
        made["headers"] = {"Retry-After": retry}
    return made


def _schemas(operations: list[Operation]) -> dict[str, Schema]:
    kinds = {kind for one in operations for told in one.reply.told for kind in parts_of(told)}
    return {name(kind): schema(kind) for kind in sorted(kinds, key=name)}
