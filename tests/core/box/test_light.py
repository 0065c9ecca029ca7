# SPDX-License-Identifier: GPL-3.0-or-later
"""The light on the box: its table, and the state that matters most at each moment."""

from __future__ import annotations

from itertools import combinations, groupby

import pytest

from evsed.core.box.light import (
    LOOKS,
    Colour,
    Hint,
    LightState,
    Seen,
    choose,
    describe,
    levels,
)
from evsed.core.pilot import causes
from evsed.core.pilot.causes import Cause
from evsed.core.pilot.faults import Fault, Recovery

TICK_S = 0.02
MOVES = [state for state in LightState if LOOKS[state].rhythm.pattern_s]
LIVE = (LightState.CHARGING, LightState.CHARGING_LENT, LightState.LETTING_GO)


def shown(state: LightState, outputs: int, seconds: float = 12.0) -> list[tuple[bool, ...]]:
    return [levels(state, tick * TICK_S, outputs) for tick in range(round(seconds / TICK_S))]


def stretches(lit: list[bool]) -> list[tuple[bool, int]]:
    """The stretches lit and dark in turn, in ticks; the first is where the rhythm begins."""
    return [(on, len(list(ticks))) for on, ticks in groupby(lit)]


def seen(**changed: object) -> Seen:
    values = {"plugged": True, "offering": False, "closed": False, **changed}
    return Seen(**values)  # type: ignore[arg-type]  # each test names what it changes


def test_every_state_has_a_look_and_a_sentence() -> None:
    assert set(LOOKS) == set(LightState)
    for state in LightState:
        assert describe(state).startswith("the light is ")
    assert describe(LightState.WAITING_SUN) == (
        "the light is blue, blinking slowly: waiting for the sun"
    )


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize(
    ("first", "second"), list(combinations([*MOVES, LightState.FAULT_WAITS], 2))
)
def test_no_two_states_are_alike_even_to_a_person_who_sees_no_colours(
    first: LightState, second: LightState, outputs: int
) -> None:
    lit = [[any(on) for on in shown(state, outputs)] for state in (first, second)]

    assert stretches(lit[0]) != stretches(lit[1])


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_a_light_that_stands_still_never_means_that_the_plug_is_live(
    state: LightState, outputs: int
) -> None:
    """A dead evsed leaves the outputs at one of the levels that it drove last."""
    frozen = set(shown(state, outputs))

    assert len(frozen) == 2
    for other in LightState:
        if other not in LIVE:
            continue
        assert all(shown(other, outputs) != [still] * 600 for still in frozen)


@pytest.mark.parametrize("state", MOVES)
def test_every_stretch_lasts_at_least_ten_ticks(state: LightState) -> None:
    assert min(LOOKS[state].rhythm.pattern_s) >= 10 * TICK_S
    assert len(LOOKS[state].rhythm.pattern_s) % 2 == 0


def test_only_red_stands_still_while_evsed_runs() -> None:
    still = [state for state in LightState if not LOOKS[state].rhythm.pattern_s]

    assert still == [LightState.NOT_DRIVEN, LightState.FAULT_WAITS]
    assert LOOKS[LightState.FAULT_WAITS].colour is Colour.RED
    assert set(shown(LightState.NOT_DRIVEN, 3)) == {(False, False, False)}


@pytest.mark.parametrize(
    ("state", "on"),
    [
        (LightState.NO_CAR, {1: (True,), 2: (True, True), 3: (True, True, True)}),
        (LightState.WAITING_SUN, {1: (True,), 2: (True, True), 3: (False, False, True)}),
        (LightState.CHARGING, {1: (True,), 2: (False, True), 3: (False, True, False)}),
        (LightState.FAULT_WAITS, {1: (True,), 2: (True, False), 3: (True, False, False)}),
    ],
)
def test_the_colours_come_from_as_many_outputs_as_there_are(
    state: LightState, on: dict[int, tuple[bool, ...]]
) -> None:
    for outputs, expected in on.items():
        assert levels(state, 0.0, outputs) == expected


@pytest.mark.parametrize("fault", list(Fault))
def test_a_fault_comes_first_and_says_whether_it_waits_for_a_person(fault: Fault) -> None:
    found = choose(seen(closed=True, offering=True, off=True, faults=(fault,)))

    by_itself = fault.kind.recovery is Recovery.AUTO
    assert found is (LightState.FAULT_ENDS if by_itself else LightState.FAULT_WAITS)


def test_of_two_faults_the_one_that_waits_for_a_person_is_shown() -> None:
    found = choose(seen(faults=(Fault.METER, Fault.GROUND)))

    assert found is LightState.FAULT_WAITS


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"plugged": False}, LightState.NO_CAR),
        ({"plugged": False, "off": True}, LightState.OFF),
        ({"off": True}, LightState.OFF),
        ({"off": True, "closed": True}, LightState.LETTING_GO),
        ({}, LightState.CONNECTED),
        ({"offering": True}, LightState.OFFERED),
        ({"offering": True, "hint": Hint.ASLEEP}, LightState.CAR_ASLEEP),
        ({"offering": True, "closed": True}, LightState.CHARGING),
        ({"offering": True, "closed": True, "hint": Hint.ASLEEP}, LightState.CHARGING),
        ({"offering": True, "closed": True, "hint": Hint.FEED_LOST}, LightState.CHARGING),
        ({"offering": True, "closed": True, "hint": Hint.LENT}, LightState.CHARGING_LENT),
        ({"closed": True, "hint": Hint.LENT}, LightState.LETTING_GO),
        ({"cause": Cause.limit("feed")}, LightState.WAITING_SUN),
        ({"cause": Cause.limit("feed"), "hint": Hint.LENT}, LightState.WAITING_SUN),
        ({"cause": Cause.limit("feed"), "hint": Hint.FEED_LOST}, LightState.FEED_LOST),
        ({"cause": Cause.limit("schedule")}, LightState.WAITING_SCHEDULE),
        (
            {"cause": Cause.limit("schedule"), "hint": Hint.FEED_LOST},
            LightState.WAITING_SCHEDULE,
        ),
        ({"cause": Cause.limit("house"), "hint": Hint.FEED_LOST}, LightState.CONNECTED),
        ({"cause": causes.HOLD_OFF, "hint": Hint.FEED_LOST}, LightState.CONNECTED),
    ],
)
def test_the_light_shows_what_matters_most_at_the_box(
    changed: dict[str, object], state: LightState
) -> None:
    assert choose(seen(**changed)) is state
