# SPDX-License-Identifier: GPL-3.0-or-later
"""The least current of a car, learned from what it refuses and what it takes."""

from __future__ import annotations

import pytest

from evsed.core.car.least_current import LeastCurrent


class Watched:
    """A learner, and a clock of seconds."""

    def __init__(self) -> None:
        self.learner = LeastCurrent()
        self.now = 0

    def show(self, offered_a: float, for_s: int, *, asks: bool) -> float | None:
        """Let *for_s* seconds pass; the least current that is known then."""
        for _ in range(for_s):
            self.learner.update(float(self.now), offered_a, asks=asks)
            self.now += 1
        return self.learner.least_a


def test_an_ordinary_car_shows_no_least_current() -> None:
    car = Watched()
    for _ in range(5):
        car.show(6.0, 2, asks=False)
        car.show(6.0, 40, asks=True)
        assert car.show(12.0, 100, asks=True) is None
        car.show(0.0, 60, asks=False)


def test_a_car_that_takes_the_higher_offer_twice_has_refused_the_lower() -> None:
    car = Watched()
    for _ in range(2):
        car.show(6.0, 60, asks=False)
        car.show(9.0, 2, asks=False)
        car.show(9.0, 70, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(8.0)


def test_a_refused_current_close_to_one_that_works_leaves_the_one_that_works() -> None:
    car = Watched()
    for _ in range(2):
        car.show(7.5, 60, asks=False)
        car.show(8.1, 2, asks=False)
        car.show(8.1, 70, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(8.1)


def test_a_car_that_drops_out_after_a_fall_twice_has_refused_that() -> None:
    car = Watched()
    for _ in range(2):
        car.show(10.0, 70, asks=True)
        car.show(7.0, 3, asks=True)
        car.show(7.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(9.0)


def test_a_single_refusal_is_chance() -> None:
    car = Watched()
    car.show(10.0, 70, asks=True)
    car.show(7.0, 3, asks=True)
    assert car.show(7.0, 60, asks=False) is None


def test_a_car_that_charges_at_a_refused_current_refutes_it() -> None:
    car = Watched()
    for _ in range(2):
        car.show(10.0, 70, asks=True)
        car.show(7.0, 3, asks=True)
        car.show(7.0, 60, asks=False)
    assert car.learner.least_a is not None
    car.show(7.0, 5, asks=False)
    assert car.show(7.0, 70, asks=True) is None


def test_a_slow_car_refuses_nothing() -> None:
    car = Watched()
    for _ in range(3):
        car.show(6.0, 60, asks=False)
        car.show(9.0, 30, asks=False)
        car.show(9.0, 70, asks=True)
        assert car.show(0.0, 60, asks=False) is None


def test_a_car_that_tries_and_gives_up_is_offered_more() -> None:
    car = Watched()
    car.show(6.0, 15, asks=False)
    for _ in range(2):
        car.show(6.0, 4, asks=True)
        car.show(6.0, 15, asks=False)
    assert car.learner.least_a == pytest.approx(8.0)


def test_a_car_that_tries_for_half_a_minute_is_offered_more_too() -> None:
    car = Watched()
    for _ in range(2):
        car.show(6.0, 35, asks=True)
        car.show(6.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(8.0)


def test_a_car_that_ends_every_charge_at_once_has_no_least_current() -> None:
    """The on-board charger of an e-Golf that stops at any current (OpenEVSE/OpenEVSE_PLUS#13)."""
    car = Watched()
    offers_a = [6.0]
    for _ in range(6):
        car.show(offers_a[-1], 10, asks=True)
        offers_a.append(car.show(offers_a[-1], 20, asks=False) or 6.0)
    assert offers_a == pytest.approx([6.0, 6.0, 8.0, 10.0, 12.0, 14.0, 6.0])
    assert car.learner.refuses_all


def test_a_car_that_begins_once_the_offer_has_risen_charges_from_there_on() -> None:
    watched = Watched()
    watched.show(6.0, 60, asks=False)
    watched.show(10.0, 40, asks=False)
    watched.show(11.0, 2, asks=False)
    assert watched.show(11.0, 40, asks=True) is None
    watched.show(6.0, 2, asks=True)
    assert watched.show(6.0, 2, asks=False) == 11.0
    assert watched.learner.begun


def test_a_car_that_stops_while_the_offer_slides_to_what_it_refused_has_refused_it_again() -> None:
    watched = Watched()
    watched.show(7.0, 60, asks=False)
    watched.show(8.0, 300, asks=True)
    for step in range(1, 7):
        watched.show(8.0 - 0.1 * step, 60, asks=True)
    assert watched.show(7.4, 2, asks=False) == pytest.approx(7.8, abs=0.3)


def test_a_car_that_ends_its_charge_at_a_current_at_which_it_works_refuses_nothing() -> None:
    watched = Watched()
    watched.show(7.0, 60, asks=False)
    watched.show(8.0, 300, asks=True)
    assert watched.show(8.0, 60, asks=False) is None


def test_a_car_begins_only_above_what_it_goes_on_at() -> None:
    """It begins at 8 A and goes on at 7.4 A: it is offered no less than 7.9 A to begin."""
    car = Watched()
    for _ in range(2):
        car.show(6.0, 60, asks=False)
        car.show(8.0, 2, asks=False)
        car.show(8.0, 70, asks=True)
        car.show(7.4, 70, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(6.0 + 1.9 * 2 / 3)
    for _ in range(2):
        car.show(7.3, 60, asks=False)
        car.show(8.5, 2, asks=False)
        car.show(8.5, 30, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(7.9)


def test_a_current_at_which_it_goes_on_and_begins_not_is_no_longer_offered() -> None:
    car = Watched()
    for _ in range(2):
        car.show(6.0, 60, asks=False)
        car.show(7.0, 2, asks=False)
        car.show(7.0, 70, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(7.0)
    for _ in range(2):
        car.show(7.0, 60, asks=False)
        car.show(8.0, 2, asks=False)
        car.show(8.0, 30, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(8.0)


def test_a_car_that_rests_now_and_then_has_refused_nothing() -> None:
    """Its rests of half a minute end just after a rise of the offer now and then."""
    car = Watched()
    car.show(9.0, 120, asks=True)
    car.show(9.0, 30, asks=False)
    car.show(9.0, 120, asks=True)
    for _ in range(4):
        car.show(12.0, 300, asks=True)
        car.show(12.0, 35, asks=False)
        car.show(15.0, 3, asks=False)
        assert car.show(15.0, 90, asks=True) is None


def test_an_offer_that_moves_all_the_time_shows_at_what_the_car_works() -> None:
    car = Watched()
    for tenths in range(40):
        car.show(8.0 + tenths % 10 / 3, 5, asks=True)
    assert car.learner.works_a == pytest.approx(11.0)


def test_a_car_that_breaks_off_a_high_begin_teaches_no_least_current() -> None:
    car = Watched()
    car.show(13.0, 15, asks=False)
    for _ in range(3):
        car.show(13.0, 4, asks=True)
        assert car.show(13.0, 15, asks=False) is None


def test_what_a_sleeping_car_refused_before_it_was_woken_proves_nothing() -> None:
    car = Watched()
    for _ in range(3):
        car.show(6.0, 60, asks=False)
        car.learner.forget_wait()
        car.show(13.0, 2, asks=False)
        car.learner.forget_wait()
        car.show(13.0, 60, asks=True)
        assert car.show(0.0, 60, asks=False) is None


def test_a_rise_of_some_amperes_that_takes_a_second_or_two_shows_the_refusal_too() -> None:
    car = Watched()
    for _ in range(2):
        car.show(6.0, 60, asks=False)
        car.show(8.6, 1, asks=False)
        car.show(11.2, 1, asks=False)
        car.show(11.5, 2, asks=False)
        car.show(11.5, 70, asks=True)
        car.show(0.0, 60, asks=False)
    assert car.learner.least_a == pytest.approx(6.0 + 5.5 * 2 / 3)


def test_an_offer_that_fell_again_before_the_car_began_shows_no_refusal() -> None:
    car = Watched()
    for _ in range(3):
        car.show(8.0, 60, asks=False)
        car.show(10.0, 1, asks=False)
        car.show(7.0, 2, asks=False)
        car.show(7.0, 70, asks=True)
        assert car.show(0.0, 60, asks=False) is None


def test_a_car_that_takes_a_minute_begins_before_the_second_rise_and_has_refused_nothing() -> None:
    car = Watched()
    assert car.learner.rises_after_s == 60.0
    car.show(6.0, 60, asks=False)
    car.show(11.0, 3, asks=False)
    car.show(11.0, 70, asks=True)
    assert car.learner.rises_after_s == 90.0
    car.show(0.0, 60, asks=False)
    car.show(6.0, 63, asks=False)
    car.show(6.0, 70, asks=True)
    for _ in range(3):
        car.show(11.0, 70, asks=True)
        car.show(0.0, 60, asks=False)
        car.show(6.0, 60, asks=False)
        car.show(11.0, 3, asks=False)
        assert car.show(11.0, 70, asks=True) is None
