# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/api.md, from the table of operations: `python -m evsed.frontends.web.api.docs_markdown`."""

from __future__ import annotations

import re
import sys

from evsed.frontends.doc import JsonSchema
from evsed.frontends.web.api.openapi import schemas
from evsed.frontends.web.api.operation import AuthRequirement, Operation
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.api.serialization import REFERENCE, body_schema, schema_name
from evsed.frontends.web.http.responses import JSON

KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "date-time": "time",
    "date": "day",
    "null": "null",
    "object": "object",
}


def document(operations: tuple[Operation, ...] = OPERATIONS) -> str:
    """Return docs/api.md."""
    listed = [operation for operation in operations if operation.listed]
    lines = [INTRODUCTION, *[_row(operation) for operation in listed], REST, "", CONVENTIONS]
    bodies = {schema_name(each.body): body_schema(each.body) for each in listed if each.body}
    found = {**bodies, **schemas(listed)}
    for name in sorted(found, key=lambda name: (name != "Status", name)):
        schema = found[name]
        lines += [f"## {name}", "", schema["description"], ""]
        lines += ["| key | kind | meaning |", "|---|---|---|"]
        lines += [
            f"| `{key}` | {describe(each)} | {each['description']} |"
            for key, each in schema["properties"].items()
        ]
        lines.append("")
    return "\n".join(lines)


def describe(schema: JsonSchema) -> str:
    """Return the kind of a value in words: its type, unit and range."""
    words = _kind(schema)
    if "x-unit" in schema:
        words += f", {schema['x-unit']}"
    if "minimum" in schema and "maximum" in schema:
        words += f", {schema['minimum']:g} to {schema['maximum']:g}"
    return words


def _kind(schema: JsonSchema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE.format(model=""))
        return _link(name)
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "type" not in schema:
        return "any value"
    if schema["type"] == "array":
        return f"list of: {_kind(schema['items'])}"
    return KINDS[str(schema.get("format", schema["type"]))]


NEEDS = {
    AuthRequirement.OWNER: "the owner",
    AuthRequirement.CONTROL: "the owner, or a token that may control",
}


def _row(operation: Operation) -> str:
    query = "&".join(f"{parameter.name}=" for parameter in operation.query)
    address = f"`{operation.method} {operation.path}{'?' if query else ''}{query}`"
    words = [operation.summary]
    path_parameters = (operation.path_parameter,) if operation.path_parameter else ()
    for parameter in (*operation.query, *path_parameters):
        default = "" if parameter.default is None else f" (default {parameter.default})"
        words.append(f"`{parameter.name}`: {parameter.meaning}{default}")
    if operation.body is not None:
        words.append(f"body: {_link(schema_name(operation.body))}")
    if operation.upload:
        words.append(f"body: the file (`{operation.upload}`)")
    reply = operation.reply
    if reply.models and reply.content_type == JSON:
        words.append("answer: " + " and ".join(_link(schema_name(model)) for model in reply.models))
    elif reply.content_type != JSON:
        words.append(f"answer: {reply.meaning} (`{reply.content_type}`)")
    words += [f"{status}: {text}" for status, text in operation.refusals.items()]
    needs = NEEDS.get(operation.auth, "")
    return f"| {address} | {needs} | {'; '.join(words)} |"


def _link(name: str) -> str:
    return f"[{re.sub('(?<=[a-z])(?=[A-Z])', ' ', name).lower()}](#{name.lower()})"


INTRODUCTION = """\
# evsed over HTTP

Printed from the code by `python -m evsed.frontends.web.api.docs_markdown`; a test compares.
A running evsed serves the same: at `/api/v1/docs` for people, at `/api/v1/openapi.json` for
programs (OpenAPI 3.1).

| address | needs | what it does |
|---|---|---|"""

REST = """\
| `GET /healthz` | | 200 while the control tick drives a board, else 503 |
| `GET /metrics` | | the same for Prometheus, in its text format |
| `GET /` | | the page to a browser (`Accept` names `text/html`), the classic line to programs |
| other paths under `/api/` | | 404, or 405 with `Allow` |
| any other path, any method | | the classic line, as text |"""

CONVENTIONS = """\
Reading is open to the network. Orders (POST, PUT, PATCH, DELETE under `/api/v1/`) are accepted:

- by the control socket (`[web] socket`) from everybody who may open it;
- over the network from the owner: who is logged in (`POST` and `DELETE /api/v1/login` need no
  session), or sends the password by HTTP basic, with any user name;
- over the network from a program with a token, as `Authorization: Bearer evsed_...` or in the place
  of the password. `sudo evsed token create NAME` makes one, and so does the page. A token gives no
  order that only the owner may give, and ends no `off` that the owner has set.

403 while no password is set (`sudo evsed password`), 401 without any of these, both before the body
is read. The Host must be an address, a name without dots, one that ends
in .local, .lan, .home.arpa or .internal, or one in `[web] names`; an Origin must be that host: else
403. docs/programs.md has recipes for curl, evcc, Home Assistant, Node-RED, Telegraf and Prometheus.

Bodies are `application/json`, 4 KiB at most.

The connection is not encrypted: anybody who can listen in on your network learns the password.

Every JSON object has `api`, the version of this API. Errors under `/api/` are problem details
(RFC 9457, `application/problem+json`); where a key of the body or a parameter of the query is
wrong, `errors` names it (`pointer` or `parameter`) and says why (`detail`), and nothing is changed.
HEAD is answered wherever GET is. Parameters that evsed does not know are ignored.

Sentences for people are English, whatever the client accepts. With `lang=de` in the query they are
in that language, where evsed has it; names, keys and times stay as they are.

Units are suffixes: `_a` amperes, `_v` volts, `_w` watts, `_wh` watt-hours, `_kwh` kilowatt-hours,
`_s` seconds, `_h` hours, `_ms` milliseconds. Times are ISO 8601 with their offset from UTC. Keys
may be added; before 1.0 they are renamed only with a note in CHANGELOG.md.

```sh
curl -s http://evsed.local/api/v1/status | python3 -m json.tool
curl -sN http://evsed.local/api/v1/events
curl -s --unix-socket /run/evsed/control.sock -X POST http://evsed/api/v1/ack
curl -s -c cookies -H 'Content-Type: application/json' -d '{"password": "..."}' \\
  http://evsed.local/api/v1/login
curl -s -H 'Authorization: Bearer evsed_...' -X PATCH -H 'Content-Type: application/json' \\
  -d '{"max_current_a": 13.5}' http://evsed.local/api/v1/controls
curl -s -b cookies -X PATCH -H 'Content-Type: application/json' -d '{"mode": "fast"}' \\
  http://evsed.local/api/v1/controls
```
"""

if __name__ == "__main__":
    sys.stdout.write(document())
