# SPDX-License-Identifier: GPL-3.0-or-later
"""The walks of ARCHITECTURE.md are walks through the modules that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POST_MOST = 13
"""Modules between an owner's POST and its limit: more would be hard to follow."""


def walks() -> dict[str, list[str]]:
    """The walks of the document: what happens, and the modules that it passes."""
    section = (ROOT / "ARCHITECTURE.md").read_text().split("## Four walks")[1].split("\n## ")[0]
    found = re.findall(r"^- \*\*(.+?)\*\*:(.*?)(?=^- |\Z)", section, re.MULTILINE | re.DOTALL)
    return {title: re.findall(r"`([^`]+)`", modules) for title, modules in found}


def imported(module: str) -> set[str]:
    """The modules of evsed that *module* imports, in the document's form."""
    names, path = set(), ROOT / "evsed" / module
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    own = {name for name in names if name.startswith("evsed.")}
    return {name.removeprefix("evsed.").replace(".", "/") for name in own}


@pytest.mark.source
@pytest.mark.parametrize("title", walks())
def test_each_module_of_a_walk_has_to_do_with_an_earlier_module_of_it(title: str) -> None:
    modules = walks()[title]

    for place, module in enumerate(modules[1:], start=1):
        earlier = modules[:place]
        knows = imported(module) & set(earlier)
        known = [before for before in earlier if module in imported(before)]
        # A protocol or a message lies between two modules that do not know each other.
        between = imported(module) & imported(earlier[-1]) - {"errors"}
        assert knows or known or between, module


@pytest.mark.source
def test_there_are_four_walks_and_a_post_passes_few_modules() -> None:
    assert len(walks()) == 4
    assert len(walks()["An owner's POST becomes a limit"]) <= POST_MOST
