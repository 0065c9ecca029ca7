# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sentence that has to be translated, read from the source."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Final

from evsed.frontends.languages import Key
from evsed.settings.comments import comments

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
STATIC: Final = ROOT / "evsed/frontends/web/static"
OF_THE_LANGUAGE: Final = ("lang", "locale")
"""Keys of the page that name the language itself."""
COMMENTS: Final = "etc/evsed.toml"
HOME: Final = "evsed/core/text.py"


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its key, and the file that it is from."""

    key: Key
    file: str


class CollectError(Exception):
    """A sentence in the source that cannot be translated."""


def placeholders(template: str) -> set[tuple[str, str, str]]:
    """Return name, format and conversion of each value in *template*. Raises ValueError."""
    return {
        (name, spec or "", conversion or "")
        for _, name, spec, conversion in Formatter().parse(template)
        if name is not None
    }


def collect() -> list[Message]:
    """Return each message once, those of the daemon first, by file and place.

    Raises `CollectError`, which names all places that cannot be used.
    """
    found: dict[Key, Message] = {}
    wrong: list[str] = []
    for path in sorted((ROOT / "evsed").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for message in in_source(path.read_text(encoding="utf-8"), file, wrong):
            found.setdefault(message.key, message)
    for path in sorted(STATIC.glob("*.en.json")):
        file = path.relative_to(ROOT).as_posix()
        for key, english in json.loads(path.read_text(encoding="utf-8")).items():
            if key not in OF_THE_LANGUAGE:
                found.setdefault((key, english), Message((key, english), file))
    shipped = comments()
    for english in (*shipped.sections.values(), *shipped.keys.values()):
        if english:
            found.setdefault(("", english), Message(("", english), COMMENTS))
    if wrong:
        raise CollectError("\n".join(wrong))
    return list(found.values())


def in_source(source: str, file: str, wrong: list[str]) -> Iterator[Message]:
    """Yield the messages of the module *source*; what cannot be used is added to *wrong*."""
    tree = ast.parse(source)
    names = _names(tree, file)
    if not names:
        return
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        if isinstance(node.func, ast.Name) and node.func.id in names:
            trouble = _trouble(node)
            if trouble:
                wrong.append(f"{file}:{node.lineno}: {trouble}")
            else:
                template = node.args[0]
                assert isinstance(template, ast.Constant)
                yield Message(("", str(template.value)), file)


def _names(tree: ast.Module, file: str) -> set[str]:
    """Return the names under which a module knows `text()`."""
    names = {"text"} if file == HOME else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "evsed.core.text":
            names |= {each.asname or each.name for each in node.names if each.name == "text"}
    return names


def _trouble(call: ast.Call) -> str:
    """Return what is wrong with a *call* of `text()`; "" where nothing is."""
    template = call.args[0] if len(call.args) == 1 else None
    if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
        return "the template of text() is not a literal"
    if not template.value or template.value != template.value.strip():
        return "a sentence is not empty, and neither begins nor ends with a space"
    given = {each.arg for each in call.keywords}
    if None in given:
        return "the values of text() are named one by one"
    if not given:
        return ""
    try:
        wanted = {name for name, _, _ in placeholders(template.value)}
    except ValueError as error:
        return str(error)
    return "" if wanted == given else f"values {sorted(map(str, given))} for {sorted(wanted)}"
