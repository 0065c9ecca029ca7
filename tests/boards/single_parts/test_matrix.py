# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of the contactor's drive that fails in a charge, on both real boards.

What is left out here to save time (the other moments, the rest of the kernel board's) is covered by
`make matrix`; on the bench all of it is in `control/test_single_faults.py`.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from evsed.cli.barriers import LINES
from tests.boards.single_parts.stories import PARTS, limit_s, outcome

BOTH = (False, True)
STORIES = [*product(["pigpio"], PARTS, BOTH), *product(["kernel"], ["q401", "gpio"], BOTH)]
FOUND_AS = {part.with_mirror for part in PARTS.values()}


@pytest.mark.parametrize(("pi", "part", "mirror"), STORIES)
def test_a_part_that_fails_in_a_charge_leaves_no_empty_plug_live_for_300_ms_on_either_board(
    pi: str,
    part: str,
    mirror: bool,  # noqa: FBT001 - of the table
) -> None:
    story = outcome(pi, part, "during", mirror=mirror)
    wanted = PARTS[part].with_mirror if mirror else PARTS[part].without

    assert story.live_s <= limit_s(part)
    assert story.live_at_end is (part == "weld")
    assert FOUND_AS & set(story.faults) == ({wanted} if wanted else set())
    if wanted:
        assert "switch the breaker off" in wanted.kind.todo


@pytest.mark.parametrize("key", PARTS)
def test_what_only_a_mirror_contact_shows_is_named_by_evsed_check(key: str) -> None:
    part = PARTS[key]
    if part.without is None:
        assert part.named
        assert part.named in LINES["contactor_feedback_gpios"]


@pytest.mark.source
def test_safety_md_has_a_row_for_each_part_with_what_finds_it() -> None:
    text = (Path(__file__).parents[3] / "SAFETY.md").read_text()
    for part, mirror in product(PARTS.values(), BOTH):
        wanted = part.with_mirror if mirror else part.without
        begin = f"| {part.words} | {'yes' if mirror else 'no'} |"
        (row,) = [line for line in text.splitlines() if line.startswith(begin)]
        assert (f"`{wanted.value}`" if wanted else "not found") in row
