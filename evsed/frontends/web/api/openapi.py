# SPDX-License-Identifier: GPL-3.0-or-later
"""The API as an OpenAPI 3.1 document, from the table of operations.

The refusals of an operation follow from its row: its own, and those of its access rule, its query,
its path and its body.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evsed import __version__
from evsed.frontends.doc import JsonSchema
from evsed.frontends.serialization import VERSION
from evsed.frontends.web.api.operation import AuthRequirement, Operation, Reply
from evsed.frontends.web.api.serialization import body_schema, response_schemas, schema_name
from evsed.frontends.web.auth.authenticator import COOKIE
from evsed.frontends.web.http.parameters import Parameter
from evsed.frontends.web.http.request_parsing import BODY_MAX
from evsed.frontends.web.http.responses import EVENT_STREAM, JSON, PROBLEM

OPENAPI = "3.1.1"
DESCRIPTION = f"""\
Reading is open to the network. Whatever changes something needs a session (POST the password to \
`/api/v1/login`), the password by HTTP basic, for most orders a token as bearer, or the control \
socket of the Pi. Each JSON object has `api`, the \
version of this API. Units are suffixes of the keys (`_a` amperes, `_v` volts, `_w` watts, `_wh` \
watt-hours, `_s` seconds), and `x-unit` here. Times are ISO 8601 with their offset from UTC. Keys \
may be added; before 1.0 they are renamed only with a note in the changelog. Errors are problem \
details (RFC 9457). Sentences for people are English; with `lang=de`, `es` or `fr` in the query of \
any of these they are in that language. HEAD is answered wherever GET is. A body has {BODY_MAX} \
bytes at most."""

VERSION_KEY: JsonSchema = {"const": VERSION, "description": "the version of this API"}
NO_HOST = "Host is not this charger, or Origin is the page of another site"
TOO_MANY = "too many wrong passwords have come from this address: Retry-After says when again"
AUTH_REFUSALS: dict[AuthRequirement, dict[int, str]] = {
    AuthRequirement.OPEN: {},
    AuthRequirement.OWN_PAGE: {403: NO_HOST},
    AuthRequirement.PASSWORD: {
        403: f"no password is set (`sudo evsed password` sets one), or {NO_HOST}"
    },
    AuthRequirement.OWNER: {
        401: "there is no session, or the password is wrong",
        403: f"no password is set (`sudo evsed password` sets one), a token is shown, or {NO_HOST}",
        429: TOO_MANY,
    },
    AuthRequirement.CONTROL: {
        401: "there is no session, or password or token are wrong",
        403: "no password is set (`sudo evsed password` sets one), the token may only read, or "
        f"{NO_HOST}",
        429: TOO_MANY,
    },
}
BODY_REFUSALS = {
    400: "the body is no JSON object",
    408: "the body did not come in time",
    413: f"the body has more than {BODY_MAX} bytes",
    415: "the Content-Type of the body is not JSON",
}
QUERY_REFUSALS = {400: "a value of a parameter is not possible: `errors` names it and says why"}
PATH_REFUSALS = {404: "there is nothing at this address"}

PROBLEM_SCHEMA: JsonSchema = {
    "type": "object",
    "description": "problem details (RFC 9457)",
    "properties": {
        "api": VERSION_KEY,
        "type": {"const": "about:blank", "description": "the status is the whole type"},
        "title": {"type": "string", "description": "the status in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599,
                   "description": "the status again"},
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
    """Return the OpenAPI document of those *operations* that are listed."""
    listed = [operation for operation in operations if operation.listed]
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
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
            "schemas": {**schemas(listed), "Problem": PROBLEM_SCHEMA},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "given by POST /api/v1/login",
                },
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "any user, and the password",
                },
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "a token that may control, from `evsed token create`",
                },
            },
        },
    }


def schemas(operations: Iterable[Operation]) -> dict[str, JsonSchema]:
    """Return the schema of every model in a reply of *operations*, by name."""
    models = dict.fromkeys(model for operation in operations for model in operation.reply.models)
    return response_schemas(models)


def refusals(operation: Operation) -> dict[int, str]:
    """Return every error that *operation* may be answered with, by status."""
    found: dict[int, list[str]] = {}
    for some in (
        AUTH_REFUSALS[operation.auth],
        BODY_REFUSALS if operation.body else {},
        QUERY_REFUSALS if operation.query else {},
        PATH_REFUSALS if operation.path_parameter else {},
        operation.refusals,
    ):
        for status, text in some.items():
            found.setdefault(status, []).append(text)
    return {status: "; or ".join(found[status]) for status in sorted(found)}


def _operation(operation: Operation) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": operation.summary,
    }
    parameters = [_parameter(parameter, "query") for parameter in operation.query]
    if operation.path_parameter:
        parameters.append(_parameter(operation.path_parameter, "path"))
    if parameters:
        entry["parameters"] = parameters
    if operation.body:
        schema = body_schema(operation.body)
        entry["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if operation.upload:
        binary = {"type": "string", "format": "binary", "description": "the file"}
        entry["requestBody"] = {
            "required": True,
            "content": {operation.upload: {"schema": binary}},
        }
    entry["responses"] = {"200": _reply(operation.reply)} | {
        str(status): _refusal(status, text) for status, text in refusals(operation).items()
    }
    if operation.auth in (AuthRequirement.OWNER, AuthRequirement.CONTROL):
        entry["security"] = [{"session": []}, {"password": []}]
    if operation.auth is AuthRequirement.CONTROL:
        entry["security"].append({"token": []})
    return entry


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    default = {} if parameter.default is None else {"default": parameter.default}
    return {
        "name": parameter.name,
        "in": place,
        "required": place == "path" or parameter.required,
        "description": parameter.meaning,
        "schema": parameter.schema | default,
    }


def _reply(reply: Reply) -> dict[str, Any]:
    schema: JsonSchema = {"type": "string"}
    if reply.models:
        schema = {
            "type": "object",
            "properties": {"api": VERSION_KEY},
            "required": ["api"],
            "allOf": [
                {"$ref": f"#/components/schemas/{schema_name(model)}"} for model in reply.models
            ],
        }
    elif reply.content_type == JSON:
        schema = {"type": "object"}
    elif not reply.content_type.startswith("text/"):
        schema = {}  # bytes: OpenAPI 3.1 section 4.8.14.3
    if reply.content_type == EVENT_STREAM:  # the fields of one event, as OpenAPI 3.2 sees them
        line = {"type": "string", "contentMediaType": JSON, "contentSchema": schema}
        schema = {"type": "object", "properties": {"data": line}, "required": ["data"]}
    return {
        "description": reply.meaning,
        "content": {reply.content_type: {"schema": schema}},
    }


def _refusal(status: int, text: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "description": text,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        retry = {"description": "when to try again", "schema": {"type": "integer", "minimum": 1}}
        entry["headers"] = {"Retry-After": retry}
    return entry
