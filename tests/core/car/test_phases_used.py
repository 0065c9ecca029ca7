# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases that a car uses, as a meter on each of them shows it."""

from __future__ import annotations

import pytest

from evsed.core.car.care import CarCare, CarCareConfig
from evsed.core.car.phases_used import PhasesUsed
from evsed.core.pilot import events as ev


def read(used: PhasesUsed, currents_a: tuple[float, ...], for_s: int, now: float = 0.0) -> float:
    for _ in range(for_s):
        now += 1.0
        used.update(now, currents_a)
    return now


@pytest.mark.parametrize(
    ("currents_a", "phases"),
    [
        ((16.0, 0.0, 0.0), 1),
        ((0.0, 0.3, 6.0), 1),
        ((16.0, 0.9, 0.8), 1),
        ((10.2, 10.0, 0.1), 2),
        ((6.0, 5.9, 5.8), 3),
        ((16.0, 12.0, 9.0), 3),
    ],
)
def test_a_phase_is_used_that_carries_a_good_part_of_the_highest(
    currents_a: tuple[float, ...], phases: int
) -> None:
    used = PhasesUsed(3)
    read(used, currents_a, 25)

    assert used.phases == phases


def test_fewer_phases_have_to_be_seen_for_twenty_seconds_and_more_for_five() -> None:
    used = PhasesUsed(3)
    now = read(used, (8.0, 0.0, 0.0), 19)
    assert used.phases == 0
    now = read(used, (8.0, 0.0, 0.0), 3, now)
    assert used.phases == 1
    now = read(used, (8.0, 8.0, 8.0), 4, now)
    assert used.phases == 1
    read(used, (8.0, 8.0, 8.0), 3, now)
    assert used.phases == 3


def test_a_car_that_begins_on_one_phase_is_waited_for() -> None:
    used = PhasesUsed(3)
    now = read(used, (6.0, 0.0, 0.0), 15)
    read(used, (6.0, 6.0, 6.0), 30, now)

    assert used.phases == 3


@pytest.mark.parametrize("currents_a", [(), (8.0,), (8.0, 0.0), (2.0, 0.0, 0.0), (0.0, 0.0, 0.0)])
def test_what_shows_nothing_changes_nothing(currents_a: tuple[float, ...]) -> None:
    for known in (0, 1, 3):
        used = PhasesUsed(3, known)
        read(used, currents_a, 60)

        assert used.phases == known


def test_pauses_do_not_add_up_to_evidence() -> None:
    used = PhasesUsed(3)
    now = 0.0
    for _ in range(20):
        now = read(used, (8.0, 0.0, 0.0), 10, now)
        now = read(used, (0.0, 0.0, 0.0), 10, now)

    assert used.phases == 0


def test_the_owners_number_holds_until_the_meter_shows_more() -> None:
    used = PhasesUsed(3, 1)
    read(used, (8.0, 8.0, 8.0), 10)

    assert used.phases == 3


def test_the_owners_number_is_never_more_than_the_box_has() -> None:
    assert PhasesUsed(1, 3).phases == 1


def test_the_next_car_begins_again_and_the_page_hears_of_it() -> None:
    care = CarCare(CarCareConfig(supply_phases=3))
    one_phase = (8.0, 0.0, 0.0)
    for second in range(30):
        care.update(second, 8.0, plugged=True, asks=True, holds=True, currents_a=one_phase)
    answer = care.update(30.0, 8.0, plugged=True, asks=True, holds=True, currents_a=one_phase)
    assert answer.needs.phases == 1
    assert answer.note is not None
    assert answer.note.text == "this car uses 1 of the 3 phases"
    assert not answer.idle
    gone = care.update(31.0, 0.0, plugged=False, asks=False, holds=True)
    assert gone.needs.phases == 1  # what the feed still reports is that car's
    care.on_event(ev.CarPluggedIn(40.0))
    answer = care.update(41.0, 8.0, plugged=True, asks=True, holds=True)

    assert answer.needs.phases == 0


@pytest.mark.parametrize(("known", "found"), [(0, 2), (1, 1)])
def test_the_feed_is_believed_where_the_owner_has_set_nothing(known: int, found: int) -> None:
    used = PhasesUsed(3, known)
    used.on_feed(0)
    assert used.phases == known
    used.on_feed(2)

    assert used.phases == found


def test_a_meter_goes_before_the_feed() -> None:
    used = PhasesUsed(3)
    used.on_feed(1)
    read(used, (10.0, 10.0, 0.0), 30)
    used.on_feed(1)

    assert used.phases == 2
