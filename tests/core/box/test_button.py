# SPDX-License-Identifier: GPL-3.0-or-later
"""The button on the box: presses of a person, and everything that is none."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from evsed.core.box.button import FLUTTERS, STUCK, BoxButton, Press

TICK_S = 0.02


class Finger:
    """Moves a button on simulated ticks, and keeps every press that came of it."""

    def __init__(self, *, released_s: float = 1.0) -> None:
        self.button = BoxButton()
        self.now = 50.0
        self.presses: list[Press] = []
        self.hold(released_s, pressed=False)

    def hold(self, seconds: float, *, pressed: bool | None) -> None:
        self.ticks([pressed] * round(seconds / TICK_S))

    def ticks(self, levels: Iterable[bool | None]) -> None:
        for level in levels:
            self.now += TICK_S
            press = self.button.update(self.now, level)
            if press is not None:
                self.presses.append(press)

    def press(self, seconds: float) -> None:
        self.hold(seconds, pressed=True)
        self.hold(0.5, pressed=False)


@pytest.mark.parametrize(
    ("seconds", "press"),
    [(0.1, Press.SHORT), (0.5, Press.SHORT), (1.4, Press.SHORT), (1.6, Press.LONG),
     (5.0, Press.LONG), (9.9, Press.LONG)],
)  # fmt: skip
def test_a_press_is_short_or_long_and_counts_once(seconds: float, press: Press) -> None:
    finger = Finger()
    finger.press(seconds)

    assert finger.presses == [press]
    assert not finger.button.trouble


def test_a_press_counts_when_the_button_is_released() -> None:
    finger = Finger()
    finger.hold(3.0, pressed=True)
    assert not finger.presses
    finger.hold(0.1, pressed=False)

    assert finger.presses == [Press.LONG]


@pytest.mark.parametrize("ticks", [1, 2])
def test_a_level_of_less_than_three_ticks_is_a_bounce(ticks: int) -> None:
    finger = Finger()
    finger.ticks([True] * ticks)
    finger.hold(1.0, pressed=False)

    assert not finger.presses


def test_bounces_at_both_ends_leave_one_press() -> None:
    finger = Finger()
    finger.ticks([True, False, True, True, False, True])
    finger.hold(0.3, pressed=True)
    finger.ticks([False, True, False, False, True])
    finger.hold(0.5, pressed=False)

    assert finger.presses == [Press.SHORT]


def test_a_button_that_is_stuck_is_a_trouble_with_a_name_and_orders_nothing() -> None:
    finger = Finger()
    finger.hold(10.2, pressed=True)
    assert finger.button.trouble == STUCK
    finger.hold(3600.0, pressed=True)
    assert finger.button.trouble == STUCK
    finger.hold(0.1, pressed=False)

    assert not finger.presses
    assert not finger.button.trouble
    finger.press(0.2)
    assert finger.presses == [Press.SHORT]


@pytest.mark.parametrize("seconds", [0.3, 3.0, 60.0])
def test_a_button_that_is_pressed_when_evsed_starts_orders_nothing(seconds: float) -> None:
    finger = Finger(released_s=0.0)
    finger.hold(seconds, pressed=True)
    finger.hold(0.5, pressed=False)
    assert not finger.presses

    finger.press(0.2)
    assert finger.presses == [Press.SHORT]


def test_a_button_that_flutters_orders_nothing_until_it_is_quiet() -> None:
    finger = Finger()
    for _ in range(100):
        finger.hold(0.1, pressed=True)
        finger.hold(0.1, pressed=False)
    assert finger.button.trouble == FLUTTERS
    assert len(finger.presses) == 6
    finger.hold(9.0, pressed=False)
    assert finger.button.trouble == FLUTTERS
    finger.hold(1.5, pressed=False)
    assert not finger.button.trouble

    finger.press(0.2)
    assert len(finger.presses) == 7


def test_presses_of_a_person_in_a_hurry_are_no_flutter() -> None:
    finger = Finger()
    for _ in range(30):
        finger.press(0.2)
        finger.hold(1.5, pressed=False)

    assert len(finger.presses) == 30
    assert not finger.button.trouble


def test_a_level_that_cannot_be_read_is_no_press_and_no_trouble() -> None:
    finger = Finger()
    finger.hold(60.0, pressed=None)
    finger.ticks([None, True, None, False] * 50)

    assert not finger.presses
    assert not finger.button.trouble


def test_a_press_survives_a_tick_that_could_not_be_read() -> None:
    finger = Finger()
    finger.hold(0.2, pressed=True)
    finger.hold(0.2, pressed=None)
    finger.hold(0.2, pressed=True)
    finger.hold(0.2, pressed=False)

    assert finger.presses == [Press.SHORT]
