# SPDX-License-Identifier: GPL-3.0-or-later
"""The table in README.md names every scenario, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCENARIOS = range(1, 87)
UNTOLD = "*not told:*"


@cache
def rows() -> dict[int, str]:
    """The words of the table on each scenario."""
    found = {}
    for line in (HERE / "README.md").read_text().splitlines():
        if row := re.fullmatch(r"\| (\d+) \| [^|]+ \| ([^|]+) \|", line):
            number = int(row[1])
            assert number not in found, "a number stands twice"
            found[number] = row[2]
    return found


def named(cell: str) -> list[tuple[Path, str]]:
    """The tests that a line names: file and function."""
    found = re.findall(r"`([\w/]+\.py)::(\w+)`", cell)
    return [((HERE if "/" not in file else HERE.parent) / file, test) for file, test in found]


@cache
def functions_of(file: Path) -> dict[str, str]:
    """Each test of a file with its docstring."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name: ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, kinds) and node.name.startswith("test_")
    }


def test_all_86_scenarios_are_in_the_table_in_their_order() -> None:
    assert list(rows()) == list(SCENARIOS)


@pytest.mark.parametrize("number", SCENARIOS)
def test_a_scenario_has_a_test_that_exists_or_a_reason_why_not(number: int) -> None:
    cell = rows()[number]
    tests = named(cell)

    assert bool(tests) is not cell.startswith(UNTOLD)
    for file, test in tests:
        assert test in functions_of(file), f"{file.name} has no {test}"


def test_the_tests_here_say_the_numbers_under_which_the_table_names_them() -> None:
    in_table = {
        (file.name, test, number)
        for number, cell in rows().items()
        for file, test in named(cell)
        if file.parent == HERE
    }
    in_tests = {
        (file.name, test, int(number))
        for file in HERE.glob("test_*.py")
        for test, docstring in functions_of(file).items()
        for number in re.findall(r"#(\d+)", docstring.split("\n\n", maxsplit=1)[0])
    }

    assert in_table == in_tests
