# SPDX-License-Identifier: GPL-3.0-or-later
"""The fuzz targets without the fuzzer: a few hundred inputs each, so that none of them rots."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import fuzz_days
from tests.fuzz.__main__ import TARGETS, load


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_survived(name: str) -> None:
    module = load(name)
    for seed in module.seeds():
        module.one_input(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_survived(name: str) -> None:
    module, dice = load(name), random.Random(1)
    for _ in range(200):
        module.one_input(dice.randbytes(dice.randrange(100)))


def test_mutated_days_are_read_or_refused() -> None:
    """Without Atheris, too: bytes changed, lost, doubled and moved in files of every form."""
    dice = random.Random(2)
    for _ in range(300):
        fuzz_days.one_input(fuzz_days.mutated(dice))
