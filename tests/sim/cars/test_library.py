# SPDX-License-Identifier: GPL-3.0-or-later
"""Every car of the library does what its report says, on made-up time and without evsed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evsed.sim.cars.car import Car
from evsed.sim.cars.habit import NOTHING, Habit, SeenPilot, Signal
from evsed.sim.cars.library import LIBRARY, build_car, parse_car

OFFER_6 = SeenPilot(Signal.PWM, 6.0)
OFFER_16 = SeenPilot(Signal.PWM, 16.0)
STEADY = SeenPilot(Signal.STEADY)
STATE_F = SeenPilot(Signal.NOT_AVAILABLE)


class Post:
    """A station that closes its contactor whenever the car shows C and is offered something."""

    def __init__(self, car: Car) -> None:
        self.car = car
        self.now = 0.0
        self.seen = STEADY
        car.plug_in(0.0)
        car.ask()

    def show(self, seen: SeenPilot, for_s: float) -> str:
        """Show *seen* for so long, in steps of 50 ms; what the car shows at the end."""
        self.seen = seen
        end = self.now + for_s
        while self.now < end - 1e-6:
            closed = self.car.shows == "C" and seen.offer_a > 0
            self.car.move(self.now, seen, int(closed))
            self.now = round(self.now + 0.05, 6)
        return self.car.shows

    def until(self, seen: SeenPilot, condition: Callable[[], bool], within_s: float) -> float:
        """Show *seen* until *condition* holds; the seconds it took."""
        start = self.now
        while not condition():
            assert self.now - start <= within_s, f"not within {within_s} s"
            self.show(seen, 0.05)
        return self.now - start


@pytest.mark.parametrize("name", LIBRARY)
def test_every_car_says_where_it_is_reported_and_what_is_assumed(name: str) -> None:
    entry = LIBRARY[name]
    assert entry.title
    assert entry.source
    assert entry.fact
    assert entry.assumed


@pytest.mark.parametrize("name", LIBRARY)
def test_a_car_that_is_plugged_in_again_has_forgotten_everything(name: str) -> None:
    post = Post(build_car(name))
    post.show(OFFER_16, 10.0)
    for _ in range(12):
        post.show(STEADY, 4.0)
        post.show(OFFER_16, 4.0)
    post.car.unplug()
    post.show(NOTHING, 1.0)
    afresh, again = Post(build_car(name)), Post(post.car)
    again.now = post.now
    again.car.plug_in(post.now)
    shown = [(afresh.show(OFFER_16, 1.0), again.show(OFFER_16, 1.0)) for _ in range(30)]
    assert [first for first, _ in shown] == [second for _, second in shown]


def test_an_ordinary_car_has_no_habits() -> None:
    assert build_car("ordinary").habits == ()
    post = Post(Car(habits=(Habit(),)))
    assert post.show(OFFER_16, 10.0) == "C"
    assert post.car.drawn_a == pytest.approx(16.0)


def test_a_car_with_a_least_current_leaves_s2_open_below_it() -> None:
    post = Post(build_car("min-8", least_a=9.0))
    assert post.show(SeenPilot(Signal.PWM, 8.5), 60.0) == "B"
    assert post.show(SeenPilot(Signal.PWM, 9.0), 5.0) == "C"


def test_a_car_that_tries_gives_up_and_tries_again() -> None:
    post = Post(build_car("min-8-tries", tries_s=3.0, again_s=10.0))
    post.until(OFFER_6, lambda: post.car.shows == "C", 2.0)
    assert post.until(OFFER_6, lambda: post.car.shows == "B", 8.0) == pytest.approx(5.0, abs=0.3)
    assert post.until(OFFER_6, lambda: post.car.shows == "C", 12.0) > 7.0


def test_a_car_that_begins_late_begins_late_at_every_offer() -> None:
    post = Post(build_car("late-60s", after_s=45.0))
    for _ in range(2):
        assert post.show(OFFER_16, 44.0) == "B"
        assert post.show(OFFER_16, 4.0) == "C"
        post.show(STEADY, 5.0)


@pytest.mark.parametrize(
    ("name", "signal", "wakes"),
    [
        ("asleep-2h", STATE_F, True),
        ("asleep-2h", STEADY, False),
        ("asleep-2h", NOTHING, False),
        ("wants-open", NOTHING, True),
        ("wants-open", STATE_F, False),
        ("wants-key", STATE_F, False),
    ],
)
def test_a_sleeper_wakes_on_its_own_signal_only(
    name: str, signal: SeenPilot, *, wakes: bool
) -> None:
    post = Post(build_car(name, after_s=120.0))
    post.show(STEADY, 121.0)
    assert post.show(OFFER_16, 30.0) == "B"
    post.show(signal, 4.0)
    post.show(STEADY, 1.0)
    assert post.show(OFFER_16, 5.0) == ("C" if wakes else "B")


def test_a_heavy_sleeper_has_to_be_called_twice() -> None:
    post = Post(build_car("asleep-4h", after_s=120.0))
    post.show(STEADY, 121.0)
    post.show(STATE_F, 4.0)
    assert post.show(OFFER_16, 5.0) == "B"
    post.show(STATE_F, 4.0)
    assert post.show(OFFER_16, 5.0) == "C"


def test_a_car_gives_up_after_so_many_interruptions() -> None:
    post = Post(build_car("gives-up-2", after=3))
    for _ in range(3):
        assert post.show(OFFER_16, 10.0) == "C"
        post.show(STEADY, 60.0)
    assert post.show(OFFER_16, 60.0) == "B"


def test_a_car_that_hates_short_pauses_bears_longer_ones() -> None:
    post = Post(build_car("short-pause", least_s=40.0))
    post.show(OFFER_16, 10.0)
    post.show(STEADY, 45.0)
    assert post.show(OFFER_16, 10.0) == "C"
    post.show(STEADY, 30.0)
    assert post.show(OFFER_16, 60.0) == "B"


def test_a_car_flinches_after_a_change_of_the_offer() -> None:
    post = Post(build_car("bmw", after_s=0.3, for_s=0.2))
    post.show(OFFER_16, 10.0)
    assert post.show(OFFER_6, 0.25) == "C"
    assert post.show(OFFER_6, 0.2) == "B"
    assert post.show(OFFER_6, 0.3) == "C"


def test_a_car_that_holds_on_lets_go_at_f() -> None:
    post = Post(build_car("holds-on"))
    post.show(OFFER_16, 10.0)
    assert post.show(STEADY, 600.0) == "C"
    assert post.show(STATE_F, 0.5) == "B"


def test_a_car_that_holds_on_does_so_for_a_time() -> None:
    post = Post(build_car("leaf-holds-on", for_s=100.0))
    post.show(OFFER_16, 10.0)
    assert post.show(STEADY, 90.0) == "C"
    assert post.show(STEADY, 20.0) == "B"


def test_a_car_that_must_not_begin_high_begins_low_and_goes_on_high() -> None:
    post = Post(build_car("hot-zoe"))
    assert post.show(OFFER_16, 10.0) == "B"
    post.show(STEADY, 60.0)
    assert post.show(OFFER_6, 10.0) == "C"
    assert post.show(OFFER_16, 30.0) == "C"


def test_a_car_with_s2_closed_may_take_nothing() -> None:
    post = Post(build_car("kona-nothing"))
    assert post.show(OFFER_16, 60.0) == "C"
    assert post.car.drawn_a == 0.0


def test_a_spike_is_seen_by_the_station_and_not_by_the_car() -> None:
    post = Post(build_car("spike", for_s=0.2))
    post.until(OFFER_16, lambda: post.car.s2_closed, 2.0)
    assert post.show(OFFER_16, 0.1) == "A"
    assert post.car.s2_closed
    assert post.show(OFFER_16, 0.3) == "C"


def test_a_car_can_be_named_with_other_values() -> None:
    car = parse_car("late-60s,after_s=5,max_a=10")
    assert car.model.max_a == 10.0
    assert Post(car).show(OFFER_16, 8.0) == "C"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tesla", "there is no car 'tesla'"),
        ("bmw,after_s=soon", "'after_s=soon' is not"),
        ("bmw,wings=2", "has not all of wings; it has after_s, for_s, least_a, max_a"),
    ],
)
def test_a_car_that_cannot_be_made_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_car(text)
