# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that the state machine can reach keeps the rules, and none is a dead end."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from evsed.core.pilot import contactor_state, j1772
from evsed.core.pilot import evse as machine
from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import EvseConfig, Step
from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.phase_set import PhaseSet, Switching
from tests.core.pilot.walk import WORLDS, RuleBroken, Walk
from tests.core.pilot.walk_diagram import PAGE, drawn_in, mermaid
from tests.core.pilot.walk_world import ACKNOWLEDGE, IN_A, IN_B, IN_C, LOST, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.phase_set import PhaseWish
    from evsed.core.pilot.pilot_meter import PilotReading

SMALL = World(pilots=(IN_A, IN_B, IN_C), orders=())


@cache
def walked(words: str) -> Walk:
    """The walk through one of the worlds; it raises where a rule is broken."""
    return Walk(WORLDS[words]).run()


@pytest.mark.parametrize("words", WORLDS)
def test_every_reachable_state_keeps_every_rule(words: str) -> None:
    walk = walked(words)

    assert walk.closings > 10, "a world in which nothing closes shows nothing"
    assert len(walk.states) > 500


@pytest.mark.parametrize("words", [words for words in WORLDS if words != "an order to let go"])
def test_from_every_state_there_is_a_way_to_charge_again(words: str) -> None:
    walk = walked(words)

    assert walk.can_reach(walk.where("closed", True)) == set(range(len(walk.states)))  # noqa: FBT003 - a field's value


def test_every_fault_that_occurs_has_a_way_out() -> None:
    everywhere = [walked(words) for words in WORLDS]
    seen = {fault for walk in everywhere for fault in Fault if walk.having(fault)}
    assert seen >= {
        Fault.DIODE,
        Fault.PILOT,
        Fault.VENTILATION,
        Fault.GROUND,
        Fault.TEMPERATURE,
        Fault.PERMANENT,
    }
    for walk in everywhere:
        for fault in seen:
            active = walk.having(fault)
            assert active <= walk.can_reach(set(range(len(walk.states))) - active)


@pytest.mark.parametrize("fault", [Fault.GROUND, Fault.PERMANENT])
def test_what_waits_for_the_owner_is_latched_on_purpose(fault: Fault) -> None:
    """Without `acknowledge` there is no step from a state with the fault to one without."""
    assert fault.kind.recovery in (Recovery.ACKNOWLEDGE, Recovery.SERVICE)
    world = replace(
        World(pilots=(IN_A, IN_B, IN_C), limits=(16.0,)),
        reports=(None, fault),
        orders=(),
    )
    walk = Walk(world).run()
    active = walk.having(fault)

    assert active
    assert not [edge for edge in walk.edges if edge[0] in active and edge[1] not in active]
    acknowledged = Walk(replace(world, orders=(ACKNOWLEDGE,))).run()
    active = acknowledged.having(fault)
    assert [edge for edge in acknowledged.edges if edge[0] in active and edge[1] not in active]


def test_an_evse_that_lets_go_never_closes_again_and_is_always_through_in_the_end() -> None:
    walk = walked("an order to let go")
    leaving = walk.where("_stopping", True)  # noqa: FBT003 - a field's value
    closed = walk.where("closed", True)  # noqa: FBT003 - a field's value

    assert not [
        edge
        for edge in walk.edges
        if edge[0] in leaving and edge[0] not in closed and edge[1] in closed
    ]
    assert leaving <= walk.can_reach(leaving - closed)


def test_nothing_closes_while_the_front_end_is_unproved() -> None:
    walk = walked("the front end is unproved, and a crash was just now")
    unproved = walk.where("proved", False)  # noqa: FBT003 - a field's value
    closed = walk.where("closed", True)  # noqa: FBT003 - a field's value

    assert unproved
    assert not [edge for edge in walk.edges if edge[0] in unproved and edge[1] in closed]


# --- the walk would find it ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "constant", "wrong_s", "rule"),
    [
        (contactor_state, "OPEN_MIN_S", 0.5, "a second after it opened"),
        (machine, "CLOSE_AFTER_S", 0.3, "half a second of C"),
        (j1772, "C1_S", 6.6, "for 6 s at most"),
        (j1772, "X1_MIN_S", 2.0, "3 s of x1"),
        (j1772, "RISE_EVERY_S", 4.0, "5 s apart"),
    ],
)
def test_a_machine_with_a_wrong_time_is_found_out(
    monkeypatch: pytest.MonkeyPatch, where: object, constant: str, wrong_s: float, rule: str
) -> None:
    monkeypatch.setattr(where, constant, wrong_s)

    with pytest.raises(RuleBroken, match=rule):
        Walk(SMALL).run()


class Deaf(Evse):
    """Does not hear what the limit is."""

    def step(
        self,
        now: float,
        pilot: PilotReading,
        limit: Limit,
        reported: Mapping[Fault, str] | None = None,
        *,
        ready: bool = True,
        wish: PhaseWish | None = None,
        proved_open: bool = False,
    ) -> Step:
        return super().step(
            now,
            pilot,
            replace(limit, max_a=16.0),
            reported,
            ready=ready,
            wish=wish,
            proved_open=proved_open,
        )


class Blind(Evse):
    """Takes a pilot that is lost for one that is well."""

    def step(
        self,
        now: float,
        pilot: PilotReading,
        limit: Limit,
        reported: Mapping[Fault, str] | None = None,
        *,
        ready: bool = True,
        wish: PhaseWish | None = None,
        proved_open: bool = False,
    ) -> Step:
        return super().step(
            now,
            replace(pilot, lost=False),
            limit,
            reported,
            ready=ready,
            wish=wish,
            proved_open=proved_open,
        )


class Trusting(Evse):
    """Does not ask for the diode."""

    def step(
        self,
        now: float,
        pilot: PilotReading,
        limit: Limit,
        reported: Mapping[Fault, str] | None = None,
        *,
        ready: bool = True,
        wish: PhaseWish | None = None,
        proved_open: bool = False,
    ) -> Step:
        return super().step(
            now,
            replace(pilot, live_for_s=9.0),
            limit,
            reported,
            ready=ready,
            wish=wish,
            proved_open=proved_open,
        )


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (Deaf, "never over the lowest limit"),
        (Blind, "the pilot can be read"),
        (Trusting, "the diode seen"),
    ],
)
def test_a_machine_that_does_not_update_is_found_out(make: type[Evse], rule: str) -> None:
    world = replace(SMALL, pilots=(*SMALL.pilots, LOST))

    with pytest.raises(RuleBroken, match=rule):
        Walk(world, make=make).run()


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ("rest", "only after 15 s"),
        ("proof", "only after 15 s"),
        ("up", "more of them under a car"),
        ("live", "never another set while something is closed"),
    ],
)
def test_a_machine_with_a_short_cut_between_two_sets_is_found_out(
    monkeypatch: pytest.MonkeyPatch, broken: str, rule: str
) -> None:
    world = replace(WORLDS["phases are switched"], orders=())
    if broken == "rest":
        rules = replace(world.config.switch, rest_s=14.0)
        world = replace(world, config=replace(world.config, switch=rules))
    elif broken == "proof":
        rules = replace(world.config.switch, switching=Switching.UNPLUGGED, mirrored=False)
        world = replace(world, config=replace(world.config, switch=rules))
    elif broken == "up":
        monkeypatch.setattr(PhaseSet, "_may", lambda *_: True)
    else:
        monkeypatch.setattr(PhaseSet, "outputs", Restless(), raising=False)

    with pytest.raises(RuleBroken, match=rule):
        Walk(world).run()


class Restless:
    """A set that is another at each look."""

    def __init__(self) -> None:
        self._looks = 0

    def __get__(self, owner: object, kind: type) -> int:
        self._looks += 1
        return 1 if self._looks % 2 else 3

    def __set__(self, owner: object, value: int) -> None:
        vars(owner)["outputs"] = value


def test_a_machine_that_remembers_more_is_refused_until_the_walk_knows_it() -> None:
    def forgetful(config: EvseConfig, now: float) -> Evse:
        evse = Evse(config, now)
        vars(evse)["_since_yesterday"] = now
        return evse

    with pytest.raises(LookupError, match="_since_yesterday"):
        Walk(SMALL, make=forgetful).run()


def test_what_breaks_a_rule_is_told_as_a_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(j1772, "C1_S", 7.0)

    with pytest.raises(RuleBroken) as raised:
        Walk(SMALL).run()

    lines = str(raised.value).splitlines()
    assert lines[0] == "closed without an offer: for 6 s at most"
    assert "C2 closed" in lines[-2] or "C1 closed" in lines[-2]
    assert "C1 closed" in lines[-1]


# --- the diagram -----------------------------------------------------------------------------


def test_the_diagram_in_the_architecture_is_the_one_the_code_draws() -> None:
    """Else: `make diagram`."""
    assert drawn_in(PAGE.read_text()) == mermaid()
