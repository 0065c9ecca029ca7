# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot in words: OCPP's name, a sentence, and the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.core.car.care import CarNote
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pilot_proof import B_NOT_STEADY
from evsed.daemon.summary import describe
from evsed.link import Snapshot

NO_CAR = Snapshot(
    at=0.0,
    board_ok=True,
    board_why="",
    state="A",
    plugged=False,
    high_v=11.9,
    low_v=None,
    drawn_a=None,
    duty=1.0,
    closed=0,
    limits=(Limit("feed", 9.4, why="following the sun"), Limit("supply", 32.0)),
    blocked="no car",
    wait_s=0.0,
    faults={},
    front_end_proved=True,
    cycles=0,
    ticks=1,
    worst_tick_s=0.0,
    late=0,
)
WAITING = replace(NO_CAR, state="B1", plugged=True, blocked="waiting for 1.38 kW: 0.9 kW spare")
OFFERED = replace(NO_CAR, state="B2", plugged=True, duty=0.2, blocked="")
ASKING = replace(OFFERED, state="C2", high_v=5.97)
CHARGING = replace(ASKING, closed=1)


@pytest.mark.parametrize(
    ("snapshot", "has_charged", "status", "words"),
    [
        (NO_CAR, False, "Available", "No car"),
        (WAITING, False, "Preparing", "Car connected, nothing on offer"),
        (WAITING, True, "SuspendedEVSE", "Car connected, nothing on offer"),
        (OFFERED, False, "Preparing", "Car connected; 12.0 A on offer"),
        (OFFERED, True, "SuspendedEV", "The car has stopped; it may go on when it likes"),
        (ASKING, False, "Preparing", "The car asks; making sure before the contactor closes"),
        (
            replace(ASKING, high_v=7.22),
            False,
            "SuspendedEVSE",
            "The car's answer on the pilot is out of range",
        ),
        (
            replace(WAITING, blocked=B_NOT_STEADY, high_v=7.8),
            False,
            "SuspendedEVSE",
            "The car's answer on the pilot is out of range",
        ),
        (
            replace(WAITING, blocked=B_NOT_STEADY, high_v=8.9),
            False,
            "Preparing",
            "Car connected, nothing on offer",
        ),
        (
            replace(WAITING, state="D1", faults={Fault.VENTILATION: "-"}, high_v=4.4),
            False,
            "Faulted",
            "The car's answer on the pilot is out of range",
        ),
        (
            replace(WAITING, state="D1", faults={Fault.VENTILATION: "-"}, high_v=3.0),
            False,
            "Faulted",
            "The car asks for ventilation",
        ),
        (replace(WAITING, state="C1"), False, "SuspendedEVSE", "The car asks and has to wait"),
        (CHARGING, True, "Charging", "Charging, 12.0 A"),
        (replace(CHARGING, drawn_a=9.7), True, "Charging", "Charging, 9.7 A"),
        (
            replace(CHARGING, duty=1.0),
            True,
            "SuspendedEVSE",
            "Stopping: the car is given time to let go",
        ),
    ],
)
def test_each_state_has_its_name_and_its_sentence(
    snapshot: Snapshot, *, has_charged: bool, status: str, words: str
) -> None:
    said = describe(snapshot, has_charged=has_charged)

    assert (said.evse_status, said.summary) == (status, words)


def test_the_reason_is_the_limits_while_nothing_blocks() -> None:
    assert describe(CHARGING, has_charged=True).reason == "following the sun"


def test_a_limit_without_words_is_its_owners() -> None:
    assert (
        describe(replace(CHARGING, limits=(Limit("feed", 9.4),)), has_charged=True).reason
        == "the feed's limit"
    )


def test_what_blocks_is_the_reason_and_says_for_how_long() -> None:
    snapshot = replace(WAITING, blocked="waiting after a fault or a restart", wait_s=24.4)

    assert (
        describe(snapshot, has_charged=False).reason
        == "waiting after a fault or a restart (24 s left)"
    )


def test_a_board_that_is_lost_comes_before_everything() -> None:
    snapshot = replace(CHARGING, board_ok=False, board_why="pigpiod does not answer")

    said = describe(snapshot, has_charged=True)

    assert said.evse_status == "Faulted"
    assert said.reason == "pigpiod does not answer"


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_words(fault: Fault) -> None:
    said = describe(replace(WAITING, faults={fault: "as measured"}), has_charged=False)

    assert said.evse_status == "Faulted"
    assert said.summary


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (
            replace(WAITING, blocked=B_NOT_STEADY, high_v=10.21),
            "it reads 10.21 V, and evsed offers current at 8 to 10.05 V only: clean",
        ),
        (
            replace(WAITING, state="D1", faults={Fault.VENTILATION: "-"}, high_v=4.4),
            "it reads 4.40 V, and evsed closes at 4.8 V and more only: clean",
        ),
    ],
)
def test_volts_beside_a_window_are_named_with_what_to_do(snapshot: Snapshot, words: str) -> None:
    reason = describe(snapshot, has_charged=False).reason
    assert reason.startswith(words)
    assert "have the car's inlet looked at" in reason


def test_what_is_known_of_the_car_is_told_while_it_waits_for_the_sun_too() -> None:
    waits = replace(
        WAITING,
        blocked="waiting for 1.84 kW",
        limits=(Limit("feed", 0.0, why="waiting for 1.84 kW"),),
    )
    note = CarNote("this car charges from 8.0 A on")
    assert describe(waits, has_charged=False, note=note).reason == (
        "waiting for 1.84 kW; this car charges from 8.0 A on"
    )
    elsewhere = replace(waits, blocked="the contactor closed 9 times within an hour")
    assert "8.0 A" not in describe(elsewhere, has_charged=False, note=note).reason
