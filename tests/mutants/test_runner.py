# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner tells a test that goes red from one that stays green and one that does not end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutant import Mutant
from tests.mutants.runner import Runner

CODE = "limit = 1\nover = False\n"
TESTS = """
import time
from evsed.code import limit, over

def test_limit():
    assert limit == 1

def test_blind():
    assert True

def test_end():
    while over:
        time.sleep(0.01)
"""
ENOUGH_S = 300.0


def mutant(old: str, new: str, test: str) -> Mutant:
    return Mutant(f"{old}-{test}", "code.py", old, new, f"test_code.py::test_{test}")


RED = mutant("limit = 1", "limit = 2", "limit")
GREEN = mutant("limit = 1", "limit = 2", "blind")
ENDLESS = mutant("over = False", "over = True", "end")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder, name, text in (
        ("evsed", "__init__.py", ""),
        ("evsed", "code.py", CODE),
        ("tests", "test_code.py", TESTS),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(text)
    return tmp_path


def test_a_test_that_goes_red_has_found_the_mutant(tree: Path) -> None:
    said: list[str] = []

    assert Runner(tree, said.append).run([RED], ENOUGH_S) == 0
    assert [line.split()[0] for line in said] == ["found", "0", "0"]


def test_a_test_that_stays_green_is_a_survivor(tree: Path) -> None:
    said: list[str] = []

    assert Runner(tree, said.append).run([RED, GREEN], ENOUGH_S) == 1
    assert [line.split()[0] for line in said] == ["found", "SURVIVES", "1", "0"]
    assert GREEN.name in said[2]
    assert (tree / "evsed" / "code.py").read_text() == CODE


def test_a_test_that_does_not_end_has_found_nothing_and_is_run_again_and_listed(
    tree: Path,
) -> None:
    said: list[str] = []

    assert Runner(tree, said.append).run([ENDLESS], 1.0) == 1
    assert [line.split()[0] for line in said] == ["CUT", "CUT", "0", "1"]
    assert ENDLESS.name in said[3]
    assert (tree / "evsed" / "code.py").read_text() == CODE


def test_a_test_that_does_not_exist_ends_the_run(tree: Path) -> None:
    with pytest.raises(SystemExit, match="limit = 1"):
        Runner(tree, str).run([mutant("limit = 1", "limit = 2", "nowhere")], ENOUGH_S)
