# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mutants belongs to the code and the tests that lie here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.source
def test_each_mutant_changes_one_place_and_names_a_test_that_exists() -> None:
    assert len(MUTANTS) >= 60
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        text = (ROOT / "evsed" / mutant.file).read_text()
        assert text.count(mutant.old) == 1, mutant.name
        file, _, test = mutant.test.partition("::")
        assert f"def {test}" in (ROOT / "tests" / file).read_text(), mutant.name
