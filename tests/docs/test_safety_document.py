# SPDX-License-Identifier: GPL-3.0-or-later
"""SAFETY.md names the tests that show each barrier: they have to exist, and so do its faults."""

from __future__ import annotations

import re
from pathlib import Path

from evsed.core.pilot.faults import Fault

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SAFETY.md").read_text()


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", TEXT)
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (path := ROOT / "tests" / file).is_file()
        or (test and not re.search(rf"^(async )?def {test}\(", path.read_text(), re.MULTILINE))
    ]

    assert len(named) > 40
    assert not missing


def test_every_fault_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)`", TEXT, re.MULTILINE)

    assert sorted(rows) == sorted(fault.value for fault in Fault)
