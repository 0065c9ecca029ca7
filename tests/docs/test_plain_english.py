# SPDX-License-Identifier: GPL-3.0-or-later
"""Docstrings, comments, names and documents are written in plain English."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("evsed", "deb", "tests") for path in (ROOT / top).rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NOUN_CLAUSE = re.compile(r"(What|Whether|Who|Whose|Where|How|Why)\b")
"""A docstring begins with a verb in the imperative or with a noun, not with one of these."""
MANNERED = re.compile(
    r"\b(anew|nobody|told|heed|hearken|wishes|(is|are|be|been|was|were|not|no longer) said)\b",
    re.IGNORECASE,
)
"""Words that stand for a plainer one: again, no one or a named part, given, obey, reported ..."""
METHODS = frozenset(("hear", "take", "look", "say", "tell", "drew", "obey", "heed", "wish", "told"))
"""Everyday verbs that do not say what the method does."""
VARIABLES = frozenset({"one"})
RIDDLE = re.compile(r"\w+\.$|Tell (a|an|the) [a-z]+ (that|of|without|which)\b")
"""The docstring of a function is a sentence: no single word, and no "Tell a row of figures." """


def documented(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The docstrings of *tree* with their lines, those below a constant or a field included."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, inspect.cleandoc(text)
            case _:
                pass


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts of *tree* for people: string literals of one line with a space, no docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docs:
                if " " in text and "\n" not in text:
                    yield node.lineno, text
            case _:
                pass


def comments(source: str) -> Iterator[tuple[int, str]]:
    """The comments of *source* with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Methods and variables of *tree* whose names say nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.strip("_") in METHODS:
                yield node.lineno, f"def {node.name}"
            for argument in (*node.args.args, *node.args.kwonlyargs):
                if argument.arg in VARIABLES:
                    yield node.lineno, f"argument {argument.arg}"
        elif (
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VARIABLES
        ):
            yield node.lineno, f"variable {node.id}"


def complaints(path: Path) -> list[str]:
    """Everything in *path* that is not plain English."""
    source = path.read_text()
    tree = ast.parse(source)
    found: list[tuple[int, str]] = list(names(tree))
    if path.is_relative_to(ROOT / "evsed"):
        texts = list(sentences(tree))
        found += [
            (line, f"{word[0]!r} in a text")
            for line, text in texts
            for word in MANNERED.finditer(text)
        ]
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if RIDDLE.match(ast.get_docstring(node) or ""):
                    found.append((node.lineno, f"the docstring of {node.name} is no sentence"))
            case _:
                pass
    for line, text in documented(tree):
        if NOUN_CLAUSE.match(text):
            found.append((line, f"the docstring begins with {text.split()[0]!r}"))
        found += [(line, f"{word[0]!r} in a docstring") for word in MANNERED.finditer(text)]
    for line, text in comments(source):
        found += [(line, f"{word[0]!r} in a comment") for word in MANNERED.finditer(text)]
    place = path.relative_to(ROOT)
    return [f"{place}:{line}: {what}" for line, what in sorted(found)]


@pytest.mark.source
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_is_written_in_plain_english(path: Path) -> None:
    assert not complaints(path)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_is_written_in_plain_english(path: Path) -> None:
    text = path.read_text()

    assert not [
        f"{path.name}:{text.count(chr(10), 0, word.start()) + 1}: {word[0]!r}"
        for word in MANNERED.finditer(text)
    ]


@pytest.mark.source
def test_no_two_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path in (ROOT / "evsed").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
