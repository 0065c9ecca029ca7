# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for the current at which a car begins that leaves a smaller offer."""

from __future__ import annotations

import math

from evsed.core.car.least_search import (
    AFTER_S,
    AGAIN_S,
    HELD_S,
    MOST_A,
    RESUMES_S,
    STEP_S,
    LeastSearch,
)


class Watched:
    """A search, and a clock of seconds."""

    def __init__(self) -> None:
        self.search = LeastSearch()
        self.now = 0.0

    def show(
        self, offered_a: float, for_s: float, *, asks: bool = False, works_a: float = math.inf
    ) -> float:
        """Offer *offered_a*, or what the search asks for, for so long; the offer at the end."""
        for _ in range(int(for_s)):
            shown_a = max(offered_a, self.search.offer_a) if offered_a and not asks else offered_a
            self.search.update(self.now, shown_a, asks=asks, works_a=works_a)
            self.now += 1.0
        return self.search.offer_a


def test_an_offer_left_for_five_minutes_rises_by_an_ampere_in_forty_seconds() -> None:
    watched = Watched()
    assert watched.show(6.0, AFTER_S) == 0.0
    assert watched.show(6.0, 2) == 7.0
    assert watched.show(6.0, STEP_S) == 8.0
    assert watched.show(6.0, 5 * STEP_S) == 13.0


def test_it_ends_at_fourteen_amperes_and_is_made_again_after_an_hour() -> None:
    watched = Watched()
    watched.show(6.0, AFTER_S + STEP_S * (MOST_A - 6.0))
    assert watched.show(6.0, 2) == 0.0
    assert watched.show(6.0, AGAIN_S - 10) == 0.0
    assert watched.show(6.0, 20) == 7.0


def test_time_without_an_offer_counts_for_nothing() -> None:
    watched = Watched()
    watched.show(6.0, 100)
    watched.show(0.0, 1000)
    assert watched.show(6.0, AFTER_S - 100) == 0.0
    assert watched.show(6.0, 2) == 7.0


def test_the_offer_that_a_car_takes_stands_until_current_flows() -> None:
    watched = Watched()
    watched.show(6.0, AFTER_S + 2)
    assert watched.show(7.0, HELD_S, asks=True) == 7.0
    assert watched.show(7.0, 2, asks=True) == 0.0
    assert watched.show(6.0, AFTER_S - 5) == 0.0


def test_a_car_that_was_called_after_a_search_is_searched_for_soon() -> None:
    watched = Watched()
    watched.show(6.0, 100)
    watched.search.on_woken()  # there was no search yet
    assert watched.show(6.0, AFTER_S - 110) == 0.0
    watched.show(6.0, STEP_S * (MOST_A - 6.0) + 20)
    assert watched.search.offer_a == 0.0
    watched.search.on_woken()
    assert watched.show(6.0, RESUMES_S - 5) == 0.0
    assert watched.show(6.0, 10) == 7.0


def test_a_search_goes_on_through_a_call_and_begins_again_after_an_end_of_the_offer() -> None:
    watched = Watched()
    watched.show(6.0, AFTER_S + STEP_S + 2)
    assert watched.show(0.0, 7) == 8.0
    assert watched.show(6.0, STEP_S) == 9.0
    assert watched.show(0.0, 60) == 0.0
    assert watched.show(6.0, RESUMES_S - 5) == 0.0
    assert watched.show(6.0, 10) == 7.0


def test_a_car_that_is_known_to_charge_at_the_offer_is_not_searched_for() -> None:
    watched = Watched()
    assert watched.show(6.0, AFTER_S + 60, works_a=6.0) == 0.0
    assert watched.show(7.0, AFTER_S + 3, works_a=11.0) == 8.0
