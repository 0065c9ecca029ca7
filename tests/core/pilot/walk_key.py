# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that makes a moment of the walk a state: the fields that count, and those forgotten."""

from __future__ import annotations

from math import inf
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from evsed.core.pilot import (
    car_probe,
    contactor_state,
    fault_rules,
    j1772,
    phase_set,
    pilot_output,
    pilot_proof,
    presence,
)
from evsed.core.pilot import evse as machine
from evsed.core.pilot.closing_budget import ClosingBudget
from evsed.core.pilot.faults import Fault
from tests.core.pilot.walk_world import A, B, Memory

if TYPE_CHECKING:
    from evsed.core.pilot.evse import Evse
    from tests.core.pilot.rules import Wires

    Parts = tuple[dict[str, Any], ...]


PARTS: Final = (
    "presence",
    "output",
    "contactor",
    "proof",
    "state_f",
    "state_f.probe",
    "state_f.release",
    "phases",
    "fault_rules",
    "fault_rules.active",
    "fault_rules.stays",
)
# The parts that the rules of the faults and of state F read are the machine's own.
SHARED: Final = ("_presence", "_output", "_contactor", "_proof", "_fault_rules")
AGES: Final = (
    "_x1_at",
    "_raised_at",
    "_opened_at",
    "settled_at",
    "_present_at",
    "_well_at",
    "_duty_changed_at",
    "_b_at",
    "_stray_at",
    "_inconsistent_at",
    "_calm_at",
    "_rest_at",
    "_asked_at",
    "_cp_until_at",
)
ENDS: Final = ("hold_until_at", "_f_until_at")
PLAIN: Final = (
    "proved",
    "duty",
    "closed",
    "settled",
    "_before_loss",
    "plugged",
    "needs_b",
    "flinched",
    "_f_asked",
    "pause_s",
    "pauses",
    "_stopping",
    "outputs",
    "pending",
    "failures",
    "used",
)
# Memory where the machine needs B.
OF_B: Final = ("car_proved", "moved", "strayed", "b_moved", "confirmed", "left_live")
# Not memory: set in each step before it is read, never changed, or for showing only.
FORGOTTEN: Final = (
    *(part.rpartition(".")[2] for part in PARTS),
    "hold_reason",
    *SHARED,
    "_config",
    "_in_pauses",
    "_allow_ventilated",
    "_state_label",
    "withdrawn",
    "f_reason",
    "cycles",
    "_b_v",
    "_b_first_v",
    "_b_now_v",
    "_b_bursts",
    "_b_last_v",
    "_c_v",
    "_c_now_v",
    "_c_bursts",
    "_live",
    "_mean_v",
    "_mean_at",
    "_needs_b",
    "_rules",
    # The doubt of many stays only adds a fault; the walk does without it (`thaw`).
    "steady_s",
    "_ends",
    "_unoffered",
    "_of_offers",
    "_next_s",
    "from_b",
)
KNOWN: Final = {
    *AGES,
    *ENDS,
    *PLAIN,
    *OF_B,
    *FORGOTTEN,
    "_requests",
    "_details",
    "budget",
    "_a_v",
    "_f_ends_at",
    "_diode_faults",
}


class Moment(NamedTuple):
    """A moment of a story: the machine's memory, the wires, and how it came to it."""

    now: float
    memory: Memory
    live_since: float | None
    wires: Wires
    parent: int
    by: object
    wait_s: float

    def __str__(self) -> str:
        return f"{self.now:9.2f} s  {name(self.memory):12} after {self.wait_s:.2f} s of {self.by}"


_parts: Final = attrgetter(*PARTS)


def parts_of(evse: Evse) -> Parts:
    """The fields of the machine and of each of its parts."""
    return (vars(evse), *[vars(part) for part in _parts(evse)])


def frozen(parts: Parts) -> Memory:
    """The machine's memory: the fields of all its *parts* beside each other.

    It is the machine's until `thaw` gives the machine another one, which every step begins with.
    """
    memory: Memory = {}
    for fields in parts:
        memory.update(fields)
    return memory


def kept_of(parts: Parts, memory: Memory) -> Parts:
    """*memory* as the fields of each of *parts*, for `thaw`."""
    return tuple({name: memory[name] for name in fields} for fields in parts)


def _same(budget: ClosingBudget) -> ClosingBudget:
    """A copy; those of the module `copy` would take much of the walk's time."""
    other = ClosingBudget.__new__(ClosingBudget)
    vars(other).update(vars(budget))
    other._closings = budget._closings.copy()  # noqa: SLF001 - as the machine's own memory
    return other


def thaw(evse: Evse, parts: Parts, kept: Parts) -> None:
    """Make the machine with these *parts* remember a copy of what was *kept* of them."""
    for fields, values in zip(parts, kept, strict=True):
        fields.update(values)
    presence, active, contactor = evse.presence, evse.active, evse.contactor
    presence._requests = presence._requests.copy()  # noqa: SLF001 - the walk is the memory's other side
    contactor.budget = _same(contactor.budget)
    evse.fault_rules.stays._ends = evse.fault_rules.stays._unoffered = ()  # noqa: SLF001 - as above
    active._details = active._details.copy()  # noqa: SLF001 - as above


def _relevant(memory: Memory) -> dict[str, tuple[float, ...]]:
    """The moments whose age can still matter in this state, each with its thresholds in seconds."""
    closed = memory["closed"]
    ages: dict[str, tuple[float, ...]]
    ages = {"_x1_at": (j1772.X1_MIN_S, j1772.C1_S) if closed else (j1772.X1_MIN_S,)}
    parts_line = memory["_config"].cp_relay and memory["_x1_at"] is not None
    ages["_cp_until_at"] = (0.0, pilot_output.CP_SETTLES_S, j1772.X1_MIN_S) * parts_line
    if memory["_x1_at"] is None:
        ages["_raised_at"] = (j1772.RISE_EVERY_S,)
        if memory["settled"] in presence.LIVE:
            ages["_duty_changed_at"] = (presence.FLINCH_WITHIN_S,)
    if not closed:
        ages["_opened_at"] = (contactor_state.OPEN_MIN_S,)
    if memory["settled"] is A:
        moved_after = (pilot_proof.A_MOVED_S,) * memory["_needs_b"]
        ages["settled_at"] = (*moved_after, presence.UNPLUGGED_AFTER_S, pilot_proof.AFTER_S)
    if not memory["plugged"]:
        ages["_present_at"] = (presence.PLUGGED_AFTER_S,)
    if memory["_needs_b"] and memory["settled"] is B and not memory["car_proved"]:
        ages["_b_at"] = (pilot_proof.B_AFTER_S,)
    if memory["_needs_b"] and memory["settled"] in presence.LIVE and not memory["strayed"]:
        ages["_stray_at"] = (pilot_proof.STRAY_S,)
    rules = memory["_rules"]
    if rules.active and not closed:
        ages["_rest_at"] = (rules.rest_s,)
    if memory["pending"]:
        ages["_asked_at"] = (rules.rest_s + phase_set.GIVE_UP_S,)
    details = memory["_details"]
    if details and (Fault.PILOT in details or Fault.DIODE in details):
        ages["_well_at"] = (fault_rules.PILOT_WELL_S,)
    if details and not memory["_f_asked"]:
        ages["_calm_at"] = (car_probe.CALM_S, car_probe.CALM_AFTER_SHORT_S)
    return ages


def _probe_ends(memory: Memory) -> tuple[float, ...]:
    """The moment at which a probe for B, or the step before it, or a pause by F may be over."""
    if memory["pauses"]:
        return (memory["_f_until_at"] - pilot_output.PAUSE_F_S + j1772.WAKE_S,)
    if not memory["_needs_b"]:
        return ()
    if memory["_f_ends_at"] is not None:
        return (memory["_f_ends_at"] + car_probe.B_WITHIN_S,)
    if memory["closed"] or memory["_x1_at"] is None or memory["settled"] not in presence.LIVE:
        return ()
    if memory["_details"] or memory["confirmed"] or (memory["car_proved"] and memory["moved"]):
        return ()
    return (memory["_x1_at"] + car_probe.X1_FIRST_S,)


class Ahead(NamedTuple):
    """The part of a moment that both `key` and `waits` need."""

    relevant: dict[str, tuple[float, ...]]
    probe_ends: tuple[float, ...]
    wires: tuple[tuple[float, float], ...]
    pause_s: float  # until the budget allows a closing


def ahead_of(moment: Moment) -> Ahead:
    """The thresholds ahead of this moment."""
    memory = moment.memory
    return Ahead(
        _relevant(memory),
        _probe_ends(memory),
        moment.wires.thresholds(),
        memory["budget"].left_s(moment.now),
    )


def waits(moment: Moment, ahead: Ahead) -> list[float]:
    """Seconds from this moment to each threshold; negative for those that have gone by."""
    memory, now = moment.memory, moment.now
    found: list[float] = []
    for field, thresholds in ahead.relevant.items():
        since = memory[field]
        if since is not None:
            found += [since + threshold - now for threshold in thresholds]
    found += [memory[field] - now for field in ENDS]
    found.append(ahead.pause_s or -1.0)
    found += [at - now for at in ahead.probe_ends]
    found += [at + presence.CHATTER_WITHIN_S - now for at in memory["_requests"]]
    if moment.live_since is not None and not memory["closed"]:
        found.append(moment.live_since + machine.CLOSE_AFTER_S - now)
    found += [since + threshold - now for since, threshold in ahead.wires]
    return found


_plain: Final = itemgetter(*PLAIN)


def key(moment: Moment) -> tuple[object, ...]:
    """All of this moment that decides what can happen, and what may; equal keys are one state."""
    memory, now = moment.memory, moment.now
    ahead = ahead_of(moment)
    details = memory["_details"]
    classes: list[object] = [*_plain(memory)]
    for field, thresholds in ahead.relevant.items():
        since = memory[field]
        if since is None:
            classes.append(None)
        else:
            classes.append(sum([now - since >= threshold for threshold in thresholds]))
    classes += [memory[field] > now for field in ENDS]
    classes.append(ahead.pause_s > 0.0)
    if memory["_needs_b"]:
        classes += [memory[field] for field in OF_B]
        classes.append(memory["_a_v"] is None and not memory["car_proved"])
    classes.append(tuple([at > now for at in ahead.probe_ends]))
    recent = sum([now - at <= presence.CHATTER_WITHIN_S for at in memory["_requests"]])
    # While something is wrong it only counts whether the next asking is one too many.
    if details:
        recent = recent == presence.CHATTER_REQUESTS - 1
    classes += [recent, frozenset(details)]
    # The tries before the last one are alike.
    spent = memory["_diode_faults"] > fault_rules.DIODE_TRIES
    classes.append(spent and Fault.DIODE in details)
    if not memory["closed"]:
        live = moment.live_since
        classes.append(None if live is None else now - live >= machine.CLOSE_AFTER_S)
    classes += [now - since >= threshold for since, threshold in ahead.wires]
    if memory["_rules"].active:
        wires = moment.wires
        classes += [wires.set_outputs, wires.least_outputs, wires.rested, wires.rest_at is None]
    # What is going to happen first; with a fault only for as long as F has to end.
    if not details or memory["_f_until_at"] > now:
        to_come = [wait_s if wait_s > 0.0 else inf for wait_s in waits(moment, ahead)]
        classes.append(to_come.index(min(to_come)))
    return tuple(classes)


def name(memory: Memory) -> str:
    """A state as people call it."""
    settled, closed, duty = memory["settled"], memory["closed"], memory["duty"]
    if memory["_details"] or duty == j1772.NOT_AVAILABLE:
        shown = "F" if duty == j1772.NOT_AVAILABLE else "x1"
        return f"fault {shown}{' closed' if closed else ''}"
    if settled is None:
        return "start"
    if settled not in presence.PRESENT:
        return str(settled.value)
    suffix = "2" if duty < 1.0 else "1"
    contactor = (" closed" if closed else " open") if settled in presence.LIVE else ""
    return f"{settled.value}{suffix}{contactor}"
