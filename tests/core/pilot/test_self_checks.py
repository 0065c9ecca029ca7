# SPDX-License-Identifier: GPL-3.0-or-later
"""The generator before its resistor, and the coil's supply behind the safety loop."""

from __future__ import annotations

import pytest

from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import NOT_AVAILABLE, STEADY
from evsed.core.pilot.protection import Inputs, Moment, Protection, ProtectionResult
from evsed.core.pilot.self_checks import COIL_V_PER_CODE, GENERATOR_CONVERSIONS
from tests.core.pilot.bursts import Wire

TICK_S = 0.02
OFFER = 0.25  # duty of 15 A


class Board:
    """A protection with both channels of the board on made-up time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.protection = Protection(self.now, ground_testable=False)
        self.wire = Wire()
        self.high_v, self.low_v = 11.95, -11.95
        self.supply_v: float | None = None

    def run(
        self, for_s: float, *, duty: float = STEADY, closed: bool = False, closing: bool = False
    ) -> ProtectionResult:
        result = None
        for _ in range(round(for_s / TICK_S)):
            self.now += TICK_S
            codes = self.wire.burst(self.high_v, duty, self.low_v, count=GENERATOR_CONVERSIONS)
            supply_v = self.supply_v
            inputs = Inputs(
                generator_codes=tuple(codes),
                coil_supply_code=None if supply_v is None else round(supply_v / COIL_V_PER_CODE),
            )
            moment = Moment(closed=closed, closing=closing, plugged=True, offered_a=15.0, duty=duty)
            result = self.protection.update(self.now, inputs, moment)
        assert result is not None
        return result


# --- the generator ----------------------------------------------------


@pytest.mark.parametrize("duty", [STEADY, OFFER, 0.1, 0.96, NOT_AVAILABLE])
def test_a_generator_that_gives_both_sides_is_well_at_any_duty(duty: float) -> None:
    board = Board()

    assert not board.run(3, duty=duty).faults


@pytest.mark.parametrize("stuck_v", [11.95, -11.95])
def test_a_generator_that_stands_still_on_one_side_is_a_fault_while_it_should_switch(
    stuck_v: float,
) -> None:
    board = Board()
    board.high_v = board.low_v = stuck_v

    assert Fault.PILOT in board.run(1, duty=OFFER).faults


@pytest.mark.parametrize(
    ("high_v", "duty", "fault"),
    [
        (11.3, OFFER, False),
        (11.1, OFFER, True),
        (12.7, OFFER, False),
        (12.9, OFFER, True),
        (11.1, STEADY, True),
        (11.1, NOT_AVAILABLE, False),  # +12 V is not on the wire
    ],
)
def test_a_weak_or_high_positive_side_is_a_fault_where_it_is_on_the_wire(
    high_v: float,
    duty: float,
    fault: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    board = Board()
    board.high_v = high_v
    faults = board.run(1, duty=duty).faults

    assert (Fault.PILOT in faults) is fault
    if fault:
        assert f"{high_v:.1f}" in faults[Fault.PILOT]
        assert "where +12 V should be" in faults[Fault.PILOT]


@pytest.mark.parametrize(
    ("low_v", "duty", "fault"),
    [
        (-11.1, OFFER, True),
        (-12.9, OFFER, True),
        (-11.1, NOT_AVAILABLE, True),
        (-11.1, STEADY, False),  # -12 V is not on the wire
    ],
)
def test_a_weak_or_high_negative_side_is_a_fault_where_it_is_on_the_wire(
    low_v: float,
    duty: float,
    fault: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    board = Board()
    board.low_v = low_v
    faults = board.run(1, duty=duty).faults

    assert (Fault.PILOT in faults) is fault
    if fault:
        assert "where -12 V should be" in faults[Fault.PILOT]


def test_the_generator_is_judged_by_half_a_second_at_the_same_duty() -> None:
    board = Board()
    board.high_v = 10.0
    assert not board.run(0.5).faults  # the first tick only sets the duty
    assert Fault.PILOT in board.run(TICK_S).faults
    board.high_v = 11.95
    assert Fault.PILOT in board.run(0.48).faults

    assert not board.run(TICK_S).faults


def test_a_duty_that_changes_within_half_a_second_starts_the_judgement_again() -> None:
    board = Board()
    board.high_v = 10.0
    for duty in (0.25, 0.26, 0.27, 0.28):
        assert not board.run(0.4, duty=duty).faults

    assert Fault.PILOT in board.run(0.2, duty=0.28).faults


def test_a_board_that_is_back_has_its_generator_judged_afresh() -> None:
    board = Board()
    board.high_v = 10.0
    assert Fault.PILOT in board.run(1).faults
    board.protection.restart(board.now)
    assert not board.run(0.5).faults

    assert Fault.PILOT in board.run(TICK_S).faults


# --- the coil's supply ------------------------------------------------


def test_a_coil_without_a_supply_is_not_ready_and_no_fault_while_nothing_is_to_close() -> None:
    board = Board()
    board.supply_v = 0.0
    result = board.run(5)

    assert not result.ready
    assert not result.faults


@pytest.mark.parametrize(("closed", "closing"), [(True, False), (False, True)])
def test_a_coil_that_has_to_pull_without_its_supply_is_a_fault_after_two_readings(
    closed: bool,  # noqa: FBT001 - a parameter of the test
    closing: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    board = Board()
    board.supply_v = 12.0
    assert board.run(1, closed=closed, closing=closing).ready
    board.supply_v = 9.0
    first = board.run(TICK_S, closed=closed, closing=closing)
    assert not first.ready
    assert not first.faults

    second = board.run(TICK_S, closed=closed, closing=closing)
    assert "the coil's supply is 9.0 V" in second.faults[Fault.CONTACTOR_OPEN]


@pytest.mark.parametrize(("supply_v", "ready"), [(10.1, False), (10.3, True), (12.0, True)])
def test_a_closing_needs_10_2_v_at_the_coil(
    supply_v: float,
    ready: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    board = Board()
    board.supply_v = supply_v

    assert board.run(1).ready is ready


def test_a_supply_that_dips_for_one_reading_opens_nothing() -> None:
    board = Board()
    for supply_v in (12.0, 9.0, 12.0, 9.0, 12.0):
        board.supply_v = supply_v
        assert not board.run(TICK_S, closed=True).faults

    assert board.run(TICK_S, closed=True).ready
