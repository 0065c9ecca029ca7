# SPDX-License-Identifier: GPL-3.0-or-later
"""One day in many units, languages, separators, clocks and encodings: right or refused."""

from __future__ import annotations

from functools import cache

import pytest

from tests.sim.dayfiles.variants import (
    Variant,
    by_bytes,
    by_chance,
    by_clocks,
    by_columns,
    outcome,
)

COLUMNS = [variant for number, variant in enumerate(by_columns()) if number % 9 == 0]
CLOCKS = [variant for variant in by_clocks() if " 1 min" not in variant.name]
BYTES = [variant for number, variant in enumerate(by_bytes()) if number % 9 == 0]
CHANCE = list(by_chance(60, 3))

outcome_of = cache(outcome)


@pytest.mark.parametrize(
    "variant", [*COLUMNS, *CLOCKS, *BYTES, *CHANCE], ids=lambda variant: variant.name
)
def test_no_variant_is_misread(variant: Variant) -> None:
    assert not outcome_of(variant).startswith("wrong")


@pytest.mark.parametrize("variants", [CLOCKS, BYTES], ids=["clocks", "bytes"])
def test_most_variants_are_read(variants: list[Variant]) -> None:
    """A reader that refuses everything is never wrong either."""
    right = sum(1 for variant in variants if outcome_of(variant) == "right")
    assert right >= 0.85 * len(variants)
