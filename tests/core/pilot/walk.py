# SPDX-License-Identifier: GPL-3.0-or-later
"""A walk through every state that the state machine can reach: `python -m tests.core.pilot.walk`.

The real `Evse.step` is called with every input from every state, until no new state turns up.

What is quantised, and what that means:

* A state is what the machine remembers, each of its moments reduced to which of its thresholds have
  gone by (`walk_key.key`). Of the stories that lead to equal states the first is followed on, or
  the first few. So merging loses stories and never invents one: each state was reached by real
  steps, and a broken rule is reported with the inputs that led there.
* Time passes by one tick, or up to the next threshold: in between, with the same input, nothing
  can change.
* The pilot's readings are those that `PilotMeter` can give: any settled state after any other,
  bursts that stray or cannot be read, what is anomalous. `live_for_s` is counted as there.
* The limit is 0, 6 or 16 A. A step that does not read the limit would be the same with every other:
  it is made once, and judged against the lowest.

A machine that remembers something new has to be given its thresholds: the walk refuses it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Final

from evsed.core.pilot import causes
from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import SAFE, EvseConfig, Outputs
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from evsed.core.pilot.pilot_meter import PilotReading
from tests.core.pilot.rules import Wires, broken
from tests.core.pilot.walk_key import (
    KNOWN,
    Moment,
    ahead_of,
    frozen,
    kept_of,
    key,
    name,
    parts_of,
    thaw,
    waits,
)
from tests.core.pilot.walk_world import (
    ACKNOWLEDGE,
    IN_A,
    IN_B,
    IN_C,
    IN_D,
    LET_GO,
    LOST,
    LOST_BOARD,
    MISREAD,
    OPENED,
    PROVED,
    SHORT,
    STEPPED,
    WAKE,
    Given,
    WatchedLimit,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.core.pilot.walk_key import Parts

TICK_S: Final = 0.02
WOKEN_S: Final = 4.0
A_BIT_S: Final = 1e-6  # past a threshold, so that a sum of floats is past it, too


class RuleBroken(AssertionError):
    """A rule does not hold; the message is the rule and the story that broke it."""


@dataclass(slots=True)
class Walk:
    """All that was visited: `states` by key, `moments` that were followed on, `edges` of states."""

    world: World
    stories: int = 1
    make: Callable[[EvseConfig, float], Evse] = Evse
    states: dict[tuple[object, ...], int] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    state_of: list[int] = field(default_factory=list)
    edges: set[tuple[int, int]] = field(default_factory=set)
    transitions: int = 0
    closings: int = 0
    took_s: float = 0.0
    _kept: Counter[int] = field(default_factory=Counter)
    _parts: Parts = ()
    _kept_here: Parts = ()  # of the moment that is being left
    _back: dict[int, list[int]] = field(default_factory=dict)  # once the walk is over
    _limit: WatchedLimit = field(default_factory=WatchedLimit)

    def run(self) -> Walk:
        """Walk until the frontier is empty. Raises `RuleBroken` with the story that did it."""
        began_s = time.process_time()
        evse = self.make(self.world.config, 0.0)
        self._parts = parts_of(evse)
        if unknown := set(frozen(self._parts)) ^ KNOWN:
            raise LookupError(f"the machine's memory and what the walk knows differ in {unknown}")
        evse.restore(dict.fromkeys(self.world.restored, "of an earlier life"))
        wires = Wires(held_until=self.world.config.hold_off_s)
        self._visit(Moment(0.0, frozen(self._parts), None, wires, -1, "nothing", 0.0))
        place = 0
        while place < len(self.moments):
            self._leave(evse, place)
            place += 1
        self.took_s = time.process_time() - began_s
        return self

    def _visit(self, moment: Moment) -> int:
        state = self.states.setdefault(key(moment), len(self.states))
        if self._kept[state] < self.stories:
            self._kept[state] += 1
            self.state_of.append(state)
            self.moments.append(moment)
        return state

    def _leave(self, evse: Evse, place: int) -> None:
        """Every step from one moment on."""
        moment = self.moments[place]
        self._kept_here = kept_of(self._parts, moment.memory)
        ahead = [wait_s for wait_s in waits(moment, ahead_of(moment)) if wait_s > TICK_S]
        times = [TICK_S, min(ahead) + A_BIT_S] if ahead else [TICK_S]
        for alike in self.world.inputs(moment.memory):
            for wait_s in times:
                for given in alike:
                    self.arrive(place, self._step(evse, place, given, wait_s))
                    if not self._limit.was_read:
                        break
        for order in self.world.orders:
            self.arrive(place, self._order(evse, place, order))

    def arrive(self, place: int, after: Moment) -> None:
        """Note a step from one moment to another."""
        self.transitions += 1
        self.edges.add((self.state_of[place], self._visit(after)))

    def _step(self, evse: Evse, place: int, given: Given, wait_s: float) -> Moment:
        before = self.moments[place]
        now = before.now + wait_s
        pilot, was = given.pilot, before.wires
        live = pilot.good and was.pwm
        live_since = (now if before.live_since is None else before.live_since) if live else None
        reading = PilotReading(
            at=now,
            state=pilot.state,
            settled=pilot.settled,
            high_v=pilot.high_v,
            low_v=-11.94 if live else None,
            live_for_s=0.0 if live_since is None else now - live_since,
            anomaly=pilot.anomaly,
            lost=pilot.lost,
        )
        reported = {given.reported: "reported"} if given.reported else {}
        thaw(evse, self._parts, self._kept_here)
        self._limit.set(given.limit_a)
        step = evse.step(
            now,
            reading,
            self._limit,
            reported,
            wish=PhaseWish(given.wish, inf) if given.wish else None,
            proved_open=given.proved_open and not was.closed,
        )
        wires = was.at(now, step.outputs, step.events, reading)
        if self.world.config.switch.active:
            wires = wires.with_phases(now, was, reading, proved_open=given.proved_open)
        after = Moment(now, frozen(self._parts), live_since, wires, place, given, wait_s)
        self.closings += wires.closed and not was.closed
        if rule := broken(self.world.config, was, wires, reading, given.limit_a, step):
            raise RuleBroken(f"{rule}\n{self.story(place)}\n{after}")
        return after

    def _order(self, evse: Evse, place: int, order: str) -> Moment:
        before = self.moments[place]
        now, wires, live_since = before.now, before.wires, before.live_since
        thaw(evse, self._parts, self._kept_here)
        if order == ACKNOWLEDGE:
            confirms = Fault.PILOT_NOT_PROVED in before.memory["_details"]
            wires = replace(wires, confirmed=wires.confirmed or confirms)
            evse.acknowledge(now)
        elif order == OPENED:
            evse.opened_elsewhere(now, causes.LATE, order)
            wires = replace(wires.at(now, Outputs(wires.duty, 0)), rest_at=None)
        elif order == LOST_BOARD:  # the meter forgets, and the board sets the wires again
            evse.restart(now)
            wires = replace(wires.at(now, SAFE), pwm_ended_at=now, rest_at=None, hidden_until=now)
            live_since = None
        elif order == WAKE:
            if evse.wake(now, WOKEN_S):
                wires = replace(wires, woken_at=now)
                if self.world.config.cp_relay:
                    wires = replace(wires, hidden_until=now + WOKEN_S, moved=False)
        else:
            evse.stop()
        return Moment(now, frozen(self._parts), live_since, wires, place, order, 0.0)

    # -- what was found ----------------------------------------------------------------------------

    def story(self, place: int) -> str:
        """The steps that led to a moment."""
        lines = []
        while place >= 0:
            moment = self.moments[place]
            lines.append(str(moment))
            place = moment.parent
        return "\n".join(reversed(lines))

    def where(self, field_name: str, *values: object) -> set[int]:
        """The states in which the machine remembers one of *values* there."""
        visited = zip(self.moments, self.state_of, strict=True)
        return {state for moment, state in visited if moment.memory[field_name] in values}

    def having(self, fault: Fault) -> set[int]:
        """The states in which *fault* is active."""
        visited = zip(self.moments, self.state_of, strict=True)
        return {state for moment, state in visited if fault in moment.memory["_details"]}

    def can_reach(self, goals: Iterable[int]) -> set[int]:
        """The states from which one of *goals* can be reached, step by step."""
        back = self._back
        if not back:  # a million edges in the largest world, asked for by each fault
            for before, after in self.edges:
                back.setdefault(after, []).append(before)
        reached = set(goals)
        todo = list(reached)
        while todo:
            for before in back.get(todo.pop(), ()):
                if before not in reached:
                    reached.add(before)
                    todo.append(before)
        return reached

    def __str__(self) -> str:
        names = Counter(name(moment.memory) for moment in self.moments)
        shares = ", ".join(f"{place} {count}" for place, count in sorted(names.items()))
        return (
            f"{len(self.states)} states, {self.transitions} transitions, {len(self.edges)} edges, "
            f"{self.closings} closings, {self.took_s:.1f} s; by name: {shares}"
        )


# -- the worlds ------------------------------------------------------------------------------------

_FEW: Final = (IN_A, IN_B, IN_C, LOST, SHORT)
VENTILATED: Final = EvseConfig(allow_ventilated=True, front_end_proved=True, needs_b=False)
PAUSE_F: Final = EvseConfig(front_end_proved=True, pause_f=True)
UNPROVED: Final = EvseConfig(hold_off_s=10.0, needs_b=False)
WORLDS: Final = {
    "a car that may do anything": World(limits=(0.0, 16.0), orders=(OPENED,)),
    "ventilation is allowed": World(
        config=VENTILATED,
        pilots=(IN_A, IN_B, IN_C, IN_D, LOST),
        limits=(0.0, 16.0),
        orders=(LOST_BOARD,),
    ),
    "faults are reported": World(
        pilots=_FEW[:-1],
        limits=(0.0, 16.0),
        reports=(None, Fault.GROUND, Fault.TEMPERATURE),
        orders=(ACKNOWLEDGE,),
    ),
    "an order to let go": World(pilots=_FEW, limits=(0.0, 16.0), orders=(LET_GO,)),
    "the front end is unproved, and a crash was just now": World(
        config=UNPROVED, pilots=(*_FEW[:-1], MISREAD), orders=(OPENED,)
    ),
    "a car has to show B": World(
        config=EvseConfig(front_end_proved=True),
        pilots=(IN_A, IN_B, IN_C, STEPPED, LOST),
        limits=(0.0, 16.0),
        orders=(ACKNOWLEDGE, OPENED),
    ),
    "F is shown in a pause": World(
        config=PAUSE_F, pilots=(IN_A, IN_B, IN_C, LOST), limits=(0.0, 16.0), orders=()
    ),
    "the pilot's line is opened": World(
        config=EvseConfig(front_end_proved=True, cp_relay=True),
        pilots=(IN_A, IN_B, IN_C, LOST),
        limits=(0.0, 16.0),
        orders=(WAKE,),
    ),
    "a latched fault of an earlier life": World(
        pilots=_FEW, limits=(0.0, 16.0), orders=(ACKNOWLEDGE,), restored=(Fault.PERMANENT,)
    ),
    "phases are switched": World(
        config=replace(PROVED, switch=SwitchRules(Switching.DOWN, 3, mirrored=True)),
        pilots=(IN_A, IN_B, IN_C),
        limits=(16.0,),
        orders=(OPENED,),
        wishes=(1, 3),
        proofs=(True, False),
    ),
}
# Many minutes more, for whoever changes the state machine: `make walk`.
LARGER: Final = {
    "a car that may do anything, under every limit and order": World(),
    "ventilation is allowed, under every limit and order": World(
        config=VENTILATED, pilots=(IN_A, IN_B, IN_C, IN_D, LOST)
    ),
    "the front end is unproved, under every limit and order": World(
        config=UNPROVED, pilots=(*_FEW, MISREAD)
    ),
    "F is shown in a pause, under the orders": World(
        config=PAUSE_F,
        pilots=(IN_A, IN_B, IN_C, LOST),
        limits=(0.0, 16.0),
        orders=(ACKNOWLEDGE, OPENED),
    ),
    **{
        f"phases are switched: {switching.value}, and boards are lost": World(
            config=replace(PROVED, switch=SwitchRules(switching, 3, mirrored=True)),
            pilots=(IN_A, IN_B, IN_C, LOST),
            limits=(0.0, 16.0),
            orders=(OPENED, LOST_BOARD),
            wishes=(0, 1, 3),
            proofs=(True, False),
        )
        for switching in (Switching.UNPLUGGED, Switching.DOWN, Switching.AUTO)
    },
}


def main() -> int:
    """Walk every world and print what was visited."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.core.pilot.walk", description=main.__doc__
    )
    parser.add_argument("--mermaid", action="store_true", help="only print the state diagram")
    parser.add_argument("--redraw", action="store_true", help="put it into ARCHITECTURE.md")
    parser.add_argument("--stories", type=int, default=1, help="stories to follow for each state")
    arguments = parser.parse_args()
    if arguments.mermaid or arguments.redraw:
        from tests.core.pilot import walk_diagram  # noqa: PLC0415 - it imports this file

        if arguments.redraw:
            walk_diagram.redraw()
        else:
            sys.stdout.write(walk_diagram.mermaid())
        return 0
    for words, world in {**WORLDS, **LARGER}.items():
        sys.stdout.write(f"{words}: {Walk(world, stories=arguments.stories).run()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
