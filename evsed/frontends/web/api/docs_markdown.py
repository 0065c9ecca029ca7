# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/api.md, from the table of operations: `python -m evsed.frontends.web.api.docs_markdown`."""

from __future__ import annotations

import sys
import types
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import get_args, get_origin

from evsed.frontends.web.api.models import MEANINGS, TITLES
from evsed.frontends.web.api.operation import AuthRequirement, Operation
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.api.serialization import keys, parts_of
from evsed.frontends.web.http.responses import JSON

SPOKEN: dict[object, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    datetime: "time",
    date: "day",
}


def document(operations: tuple[Operation, ...] = OPERATIONS) -> str:
    """docs/api.md."""
    listed = [one for one in operations if one.listed]
    lines = [INTRODUCTION, *[_row(one) for one in listed], REST, "", CONVENTIONS]
    for kind in _kinds(listed):
        lines += [f"## {TITLES[kind]}", "", "| key | kind | meaning |", "|---|---|---|"]
        lines += [
            f"| `{key}` | {_spoken(hint)} | {MEANINGS[kind][key]} |"
            for key, hint in keys(kind).items()
        ]
        lines.append("")
    return "\n".join(lines)


def _row(one: Operation) -> str:
    """The line of an operation."""
    query = "&".join(f"{each.name}=" for each in one.query)
    address = f"`{one.method} {one.path}{'?' if query else ''}{query}`"
    told = [one.summary]
    for each in (*one.query, *((one.place,) if one.place else ())):
        usual = "" if each.default is None else f" (else {each.default})"
        told.append(f"`{each.name}`: {each.meaning}{usual}")
    if one.body is not None:
        told.append(f"takes {_link(one.body)}")
    if one.reply.told and one.reply.content_type == JSON:
        told.append("answers " + " and ".join(_link(kind) for kind in one.reply.told))
    elif one.reply.content_type != JSON:
        told.append(f"answers {one.reply.meaning} (`{one.reply.content_type}`)")
    told += [f"{status}: {text}" for status, text in one.refusals.items()]
    needs = "a session" if one.door is AuthRequirement.SESSION else ""
    return f"| {address} | {needs} | {'; '.join(told)} |"


def _link(kind: type) -> str:
    anchor = TITLES[kind].lower().replace(" ", "-").replace("'", "")
    return f"[{TITLES[kind].lower()}](#{anchor})"


def _kinds(operations: list[Operation]) -> list[type]:
    """Every dataclass that is told or taken, each once; the status first."""
    found: list[type] = []
    for one in operations:
        for kind in (*one.reply.told, *((one.body,) if one.body else ())):
            found += [inner for inner in parts_of(kind) if inner not in found]
    return found


def _spoken(hint: object) -> str:
    """A word for the type of a key."""
    inner = get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return TITLES[hint].partition(" ")[2] or TITLES[hint].lower()
    if get_origin(hint) is tuple:
        one, other, null = _spoken(inner[0]).partition(" or ")
        return f"list of {one}s{other}{null}"
    if isinstance(hint, types.UnionType):
        return " or ".join(_spoken(one) for one in inner)
    return "null" if hint is type(None) else SPOKEN[hint]


INTRODUCTION = """\
# evsed over HTTP

Printed from the code by `python -m evsed.frontends.web.api.docs_markdown`; a test compares.
A running evsed serves the same: at `/api/v1/docs` for people, at `/api/v1/openapi.json` for
programs (OpenAPI 3.1).

| address | needs | what it does |
|---|---|---|"""

REST = """\
| `GET /healthz` | | 200 while the control tick drives a board, else 503 |
| `GET /` | | the page to a browser (`Accept` names `text/html`), the classic line to all else |
| anything else under `/api/` | | 404, or 405 with `Allow` |
| anything else, any method | | the classic line, as text |"""

CONVENTIONS = """\
Reading is open to the network. Orders (POST, PUT, PATCH, DELETE under `/api/v1/`) are taken:

- by the control socket (`[web] socket`) from whoever may open it;
- over the network from whoever is logged in: 403 while no password is set (`sudo evsed password`),
  401 without a session, both before the body is looked at (`POST` and `DELETE /api/v1/login` need
  none). The Host must be an address, a name without dots, one that ends in .local, .lan,
  .home.arpa or .internal, or one in `[web] names`; an Origin must be that host: else 403.

Bodies are `application/json`, 4 KiB at most.

The connection is not encrypted: who can listen in on your network learns the password.

Every JSON object has `api`, the version of this API. Errors under `/api/` are problem details
(RFC 9457, `application/problem+json`); where a key of the body or a parameter of the query is
wrong, `errors` names it (`pointer` or `parameter`) and says why (`detail`), and nothing is changed.
HEAD is answered wherever GET is. Parameters that evsed does not know are ignored.

Units are suffixes: `_a` amperes, `_v` volts, `_w` watts, `_wh` watt-hours, `_kwh` kilowatt-hours,
`_s` seconds, `_h` hours, `_ms` milliseconds. Times are ISO 8601 with their offset from UTC. Keys
may be added, never renamed.

```sh
curl -s http://evsed.local/api/v1/status | python3 -m json.tool
curl -sN http://evsed.local/api/v1/events
curl -s --unix-socket /run/evsed/control.sock -X POST http://evsed/api/v1/ack
curl -s -c cookies -H 'Content-Type: application/json' -d '{"password": "..."}' \\
  http://evsed.local/api/v1/login
curl -s -b cookies -X PATCH -H 'Content-Type: application/json' -d '{"mode": "fast"}' \\
  http://evsed.local/api/v1/controls
```
"""

if __name__ == "__main__":
    sys.stdout.write(document())
