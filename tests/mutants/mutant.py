# SPDX-License-Identifier: GPL-3.0-or-later
"""A barrier that is taken away, and the test that finds it."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """In *file* (under evsed/) *old* becomes *new*; *test* (under tests/) finds it."""

    name: str
    file: str
    old: str
    new: str
    test: str
