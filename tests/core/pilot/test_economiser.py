# SPDX-License-Identifier: GPL-3.0-or-later
"""Full drive first, and again after anything that may have opened the contactor."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.contactors import CLOSED_WITHIN_S
from evsed.core.pilot.economiser import FULL_S, Economiser

TICK_S = 0.02


def holds_after_s(economiser: Economiser, began_at: float, for_s: float = 2.0) -> list[float]:
    """When the drive is reduced, with the contactor closed and the pump beaten."""
    return [
        round(tick * TICK_S, 2)
        for tick in range(round(for_s / TICK_S))
        if economiser.update(began_at + tick * TICK_S, closed=True, pump=True)
    ]


def test_the_drive_is_reduced_once_after_half_a_second() -> None:
    assert holds_after_s(Economiser(), 0.0) == [0.5]


def test_the_mirror_contacts_have_spoken_by_then() -> None:
    assert FULL_S >= CLOSED_WITHIN_S + 3 * TICK_S


def test_a_closing_after_one_tick_open_begins_with_full_drive() -> None:
    economiser = Economiser()
    holds_after_s(economiser, 0.0)
    assert not economiser.update(2.0, closed=False, pump=True)
    assert holds_after_s(economiser, 2.02) == [0.5]


def test_the_test_of_the_pump_is_no_drive() -> None:
    economiser = Economiser()
    for tick in range(20):
        assert not economiser.update(tick * TICK_S, closed=True, pump=False)
    assert holds_after_s(economiser, 0.4) == [0.5]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.0, 0.3)), max_size=60))
def test_half_a_second_of_full_drive_comes_before_every_reduction(
    ticks: list[tuple[bool, bool, float]],
) -> None:
    economiser = Economiser()
    now, driven_since, reduced = 0.0, None, False
    for closed, pump, passes_s in ticks:
        now += passes_s
        if not (closed and pump):
            driven_since, reduced = None, False
        elif driven_since is None:
            driven_since = now
        if economiser.update(now, closed=closed, pump=pump):
            assert driven_since is not None
            assert now - driven_since >= FULL_S
            assert not reduced
            reduced = True
