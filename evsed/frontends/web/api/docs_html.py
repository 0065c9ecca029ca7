# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document as a page: plain HTML, built once, without a script.

It is made from the document alone, so that people and programs read the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

Part = dict[str, Any]

SCHEMAS = "#/components/schemas/"


def page(document: Part, static: str) -> str:
    """Return the page of *document*; *static* is the address of the page's own files."""
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
            *(line for operation in operations for line in _operation(*operation)),
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
<header><p class="brand"><a href="../../">{escape(info["title"])}</a></p></header>
<main id="main">
<section class="card">
<h1>{escape(title)}</h1>
<p>{_prose(info["description"])}</p>
<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
</section>"""


def _operation(method: str, path: str, operation: Part) -> Iterator[str]:
    identity = f"op-{operation['operationId']}"
    yield f'<section class="card" id="{identity}" aria-labelledby="{identity}_title">'
    yield f'<h2 id="{identity}_title"><code>{method} {escape(path)}</code></h2>'
    yield f"<p>{_prose(operation['summary'])}</p>"
    if operation.get("security"):
        yield '<p class="warning">Needs the owner or a token, or the control socket.</p>'
    if method == "GET" and "{" not in path:
        yield f'<p><a href="../..{path}">Try it</a></p>'
    parameters = operation.get("parameters", [])
    body = operation.get("requestBody")
    if parameters or body:
        yield "<h3>Request</h3>"
    if parameters:
        yield "<dl>"
        for parameter in parameters:
            yield from _entry(
                parameter["name"], _kind(parameter["schema"]), parameter["description"]
            )
        yield "</dl>"
    if body:
        for content_type, content in body["content"].items():
            if "properties" not in content["schema"]:
                yield f"<p>A body, <code>{content_type}</code>: the file.</p>"
                continue
            yield f"<p>A body, <code>{content_type}</code>:</p><dl>"
            yield from _properties(content["schema"])
            yield "</dl>"
    yield "<h3>Answers</h3><dl>"
    for status, response in operation["responses"].items():
        kinds = ", ".join(
            f"<code>{content_type}</code>{_links(content['schema'])}"
            for content_type, content in response["content"].items()
        )
        yield from _entry(status, kinds, response["description"])
    yield "</dl></section>"


def _schema(name: str, schema: Part) -> Iterator[str]:
    yield f'<section class="card" id="schema-{name}" aria-labelledby="schema-{name}_title">'
    yield f'<h2 id="schema-{name}_title">{name}</h2><p>{_prose(schema["description"])}</p><dl>'
    yield from _properties(schema)
    yield "</dl></section>"


def _properties(schema: Part) -> Iterator[str]:
    for key, value in schema["properties"].items():
        yield from _entry(key, _kind(value), value["description"])


def _entry(name: str, kind: str, meaning: str) -> Iterator[str]:
    """Yield one name of a list; *kind* is HTML already."""
    yield f"<div><dt><code>{escape(name)}</code></dt><dd><i>{kind}</i> {_prose(meaning)}</dd></div>"


def _links(schema: Part) -> str:
    """Return links to the schemas of a body."""
    if "contentSchema" in (line := schema.get("properties", {}).get("data", {})):
        schema = line["contentSchema"]  # the data of an event
    names = [part["$ref"].removeprefix(SCHEMAS) for part in schema.get("allOf", [schema])
             if "$ref" in part]  # fmt: skip
    links = " and ".join(f'<a href="#schema-{name}">{name}</a>' for name in names)
    return f": {links}" if links else ""


def _kind(schema: Part) -> str:
    """Return the kind of a value, its unit and its range, as HTML."""
    words = [_type(schema)]
    words += [schema["x-unit"]] if "x-unit" in schema else []
    if "enum" in schema:
        choices = [str(choice) for choice in schema["enum"] if choice is not None]
        words.append(escape(" | ".join(choices)))
    if "minimum" in schema and "maximum" in schema:
        words.append(f"{schema['minimum']:g} to {schema['maximum']:g}")
    if "default" in schema:
        words.append(f"default {escape(str(schema['default']))}")
    return ", ".join(words)


def _type(schema: Part) -> str:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(SCHEMAS)
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(choice) for choice in schema["anyOf"])
    if "const" in schema:
        return escape(str(schema["const"]))
    if "type" not in schema:
        return "any value"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    return escape(str(schema.get("format", schema["type"])))


def _prose(text: str) -> str:
    """Return *text* as HTML, with the parts between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))
