# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mutants belongs to the code and the tests that lie here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mutants.claims import CLAIMS, WITHOUT
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).parents[2]
ALL = (*MUTANTS, *CLAIMS)


@pytest.mark.source
def test_each_mutant_changes_one_place_and_names_a_test_that_exists() -> None:
    assert len(ALL) >= 60
    assert len({mutant.name for mutant in ALL}) == len(ALL)
    for mutant in ALL:
        text = (ROOT / "evsed" / mutant.file).read_text()
        assert text.count(mutant.old) == 1, mutant.name
        file, _, test = mutant.test.partition("::")
        assert f"def {test}" in (ROOT / "tests" / file).read_text(), mutant.name


@pytest.mark.source
def test_each_test_that_safety_md_names_has_a_mutant_or_a_reason_why_not() -> None:
    safety = (ROOT / "SAFETY.md").read_text()
    named = set(re.findall(r"`([\w/]+\.py::\w+)`", safety))
    assert len(named) > 100
    found = {mutant.test.partition("[")[0] for mutant in ALL} | set(WITHOUT)
    of_the_circuit = {test for test in named if test.startswith("hw/")}  # SPICE, not evsed

    assert named - of_the_circuit <= found
