# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/ocpp.md has a table of test cases: each that passes names a test, and each test exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/ocpp.md").read_text()
ROWS = re.findall(r"^\| (\d[\w, ]*) \| [^|]+ \| ([^|]+) \|([^|]*)\|$", TEXT, re.MULTILINE)
"""The cases, the result, the tests."""


def test_every_case_that_passes_names_tests_that_exist() -> None:
    assert len(ROWS) > 30
    for cases, result, tests in ROWS:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
        assert named or result.startswith("n.a."), cases
        for file, test in named:
            source = (ROOT / "tests" / file).read_text()
            assert re.search(rf"^(async )?def {test}\(", source, re.MULTILINE), test
