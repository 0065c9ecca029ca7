# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that reads the OpenAPI document to people: plain HTML, made once, no script.

It knows the document only, so whatever a program learns there stands here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

Part = dict[str, Any]

SCHEMAS = "#/components/schemas/"


def page(document: Part, static: str) -> str:
    """The page of *document*; *static* is where the page's own files are."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    return "\n".join(
        [
            *_head(document["info"], static),
            '<nav class="card" aria-labelledby="contents"><h2 id="contents">Operations</h2><ul>',
            *(
                f'<li><a href="#op-{operation["operationId"]}"><code>{method} {escape(path)}</code>'
                f"</a> <span>{escape(operation['summary'])}</span></li>"
                for method, path, operation in operations
            ),
            "</ul></nav>",
            *(line for one in operations for line in _operation(*one)),
            *(line for name, schema in schemas.items() for line in _schema(name, schema)),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _head(info: Part, static: str) -> Iterator[str]:
    title = f"{info['title']} {info['version']}: the API"
    yield f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="{static}icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{static}page.css">
<link rel="stylesheet" href="{static}docs.css">
</head>
<body class="docs">
<a class="skip" href="#main">Skip to the content</a>
<header><p class="brand"><a href="/">{escape(info["title"])}</a></p></header>
<main id="main">
<section class="card">
<h1>{escape(title)}</h1>
<p>{_prose(info["description"])}</p>
<p>For programs: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
</section>"""


def _operation(method: str, path: str, operation: Part) -> Iterator[str]:
    identity = f"op-{operation['operationId']}"
    yield f'<section class="card" id="{identity}" aria-labelledby="{identity}_title">'
    yield f'<h2 id="{identity}_title"><code>{method} {escape(path)}</code></h2>'
    yield f"<p>{_prose(operation['summary'])}</p>"
    if operation.get("security"):
        yield '<p class="warning">Needs a session, or the control socket.</p>'
    if method == "GET" and "{" not in path:
        yield f'<p><a href="{path}">Try it</a></p>'
    parameters = operation.get("parameters", [])
    body = operation.get("requestBody")
    if parameters or body:
        yield "<h3>Takes</h3>"
    if parameters:
        yield "<dl>"
        for one in parameters:
            yield from _entry(one["name"], _kind(one["schema"]), one["description"])
        yield "</dl>"
    if body:
        for content_type, content in body["content"].items():
            yield f"<p>A body, <code>{content_type}</code>:</p><dl>"
            yield from _properties(content["schema"])
            yield "</dl>"
    yield "<h3>Answers</h3><dl>"
    for status, response in operation["responses"].items():
        kinds = ", ".join(
            f"<code>{content_type}</code>{_told(content['schema'])}"
            for content_type, content in response["content"].items()
        )
        yield from _entry(status, kinds, response["description"])
    yield "</dl></section>"


def _schema(name: str, schema: Part) -> Iterator[str]:
    yield f'<section class="card" id="schema-{name}" aria-labelledby="schema-{name}_title">'
    yield f'<h2 id="schema-{name}_title">{name}</h2><dl>'
    yield from _properties(schema)
    yield "</dl></section>"


def _properties(schema: Part) -> Iterator[str]:
    for key, one in schema["properties"].items():
        yield from _entry(key, _kind(one), one["description"])


def _entry(name: str, kind: str, meaning: str) -> Iterator[str]:
    """One name in a list of them; *kind* is HTML already."""
    yield f"<div><dt><code>{escape(name)}</code></dt><dd><i>{kind}</i> {_prose(meaning)}</dd></div>"


def _told(schema: Part) -> str:
    """Which schemas a body follows, as links."""
    if "contentSchema" in (line := schema.get("properties", {}).get("data", {})):
        schema = line["contentSchema"]  # an event is told by its data
    names = [one["$ref"].removeprefix(SCHEMAS) for one in schema.get("allOf", [schema])
             if "$ref" in one]  # fmt: skip
    links = " and ".join(f'<a href="#schema-{name}">{name}</a>' for name in names)
    return f": {links}" if links else ""


def _kind(schema: Part) -> str:
    """What a value may be, as HTML."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "const" in schema:
        return escape(str(schema["const"]))
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "array" in kinds:
        return f"list of {_kind(schema['items'])}"
    told = [" or ".join(str(schema.get("format", one)) for one in kinds if one != "null")]
    told += [schema["x-unit"]] if "x-unit" in schema else []
    if "enum" in schema:
        told.append(" | ".join(escape(str(one)) for one in schema["enum"] if one is not None))
    if "minimum" in schema and "maximum" in schema:
        told.append(f"{schema['minimum']:g} to {schema['maximum']:g}")
    if "default" in schema:
        told.append(f"else {escape(str(schema['default']))}")
    return ", ".join(told) + (" or null" if "null" in kinds else "")


def _prose(text: str) -> str:
    """*text* with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{one}</code>" if n % 2 else one for n, one in enumerate(parts))
