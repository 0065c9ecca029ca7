# SPDX-License-Identifier: GPL-3.0-or-later
"""Each dead-man opens the contactor alone: the script in pigpiod, the charge pump, `evsed off`.

The bounds are those of the design: 150 ms after the last beat for the script, 200 ms for the pump
over all its tolerances.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, replace

from evsed.link import LIMIT_HOLDS_S
from tests.processes import stories
from tests.processes.rig import Rig, stop, wait_until
from tests.processes.timeline import Timeline

SCRIPT_S = 0.150
PUMP_S = 0.200
X1_S = 3.0 - 0.02
"""At least so long lasts the steady +12 V before a new offer; the two are put on the wire by two
ticks, of which the first may take longer than the second."""
CLOSE_AFTER_S = 0.5
"""At least so long the car asks before the contactor closes."""


@dataclass(frozen=True, slots=True)
class Struck:
    """The outcome of a blow at the moment `at`: all that happened, and the daemon's exit code."""

    at: float
    timeline: Timeline
    code: int
    contacts_closed: bool
    said: str = ""
    gone_at: float = 0.0
    """The kernel had ended the process by then; a busy machine takes its time to do so."""


def struck(rig: Rig, at: float) -> Struck:
    """Wait for the daemon's end and for the end of all that it started, and look."""
    daemon = rig.life()
    code = daemon.ended()
    rig.until_nothing_runs()
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    return Struck(at, timeline, code, rig.pi.order("state")["contacts_closed"], daemon.said())


# --- the control process dies, the daemon and pigpiod live -------------------------------------


def control_killed(rig: Rig) -> Struck:
    daemon = rig.charge()
    control = daemon.control_pid()
    at = rig.now()
    os.kill(control, signal.SIGKILL)
    return struck(rig, at)


@stories.of(control_killed)
def test_a_killed_control_process_leaves_the_contactor_closed_for_150_ms_at_most(
    outcome: Struck,
) -> None:
    opened = outcome.timeline.openings(outcome.at)[0]

    assert opened - outcome.timeline.last_beat(opened) <= SCRIPT_S
    assert outcome.timeline.longest_unattended_s(pump_fitted=False) <= SCRIPT_S
    assert not outcome.contacts_closed


@stories.of(control_killed)
def test_after_a_killed_control_process_the_pilot_is_steady_and_the_daemon_exits_70(
    outcome: Struck,
) -> None:
    assert outcome.timeline.duty_at(outcome.timeline.until) == 1.0
    assert outcome.code == 70
    assert "contactor open (GPIO 23 low)" in outcome.said


# --- the control process hangs ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hung:
    """A control process stopped `at` and let go on `on`, as pins and systemd saw it."""

    at: float
    on: float
    closed_again: float
    timeline: Timeline
    fed_while_stopped: int
    health: str
    words: str


def control_stopped(rig: Rig) -> Hung:
    rig.pi.order("pump", fitted=False)
    daemon = rig.charge()
    control = daemon.control_pid()
    at = stop(control)

    def gone_quiet() -> str | None:
        status = rig.status()
        return status["summary"] if status and not status["ticking"] else None

    wait_until("the contactor is opened", lambda: rig.pi.timeline().openings(at))
    words = wait_until("the daemon notices", gone_quiet) or ""
    fed = rig.systemd.count("WATCHDOG=1")
    # Time enough for two more meals, if there were any; too slow a machine only asks for less.
    rig.until(rig.now() + 2.5)
    fed_while_stopped = rig.systemd.count("WATCHDOG=1") - fed
    health = rig.get("/healthz")
    on = rig.now()
    os.kill(control, signal.SIGCONT)
    closed_again = rig.until_closed(on)
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    return Hung(at, on, closed_again, timeline, fed_while_stopped, health, words)


@stories.of(control_stopped)
def test_with_a_stopped_control_process_the_script_alone_opens_within_150_ms(outcome: Hung) -> None:
    opened = outcome.timeline.openings(outcome.at)[0]

    assert opened - outcome.timeline.last_beat(opened) <= SCRIPT_S
    assert outcome.timeline.duty_at(opened + 0.001) == 1.0
    assert (
        not outcome.timeline.closings(outcome.at)[:1]
        or outcome.timeline.closings(outcome.at)[0] > outcome.on
    )


@stories.of(control_stopped)
def test_the_watchdog_is_not_fed_while_the_control_process_is_stopped(outcome: Hung) -> None:
    assert outcome.fed_while_stopped == 0
    assert outcome.health.startswith("503")
    assert outcome.words == "The control process does not answer"


@stories.of(control_stopped)
def test_a_control_process_that_goes_on_sees_what_it_missed_and_closes_in_full(
    outcome: Hung,
) -> None:
    offered = outcome.timeline.offers(outcome.on)[0]

    assert offered - outcome.on >= X1_S
    assert outcome.closed_again - offered >= CLOSE_AFTER_S
    assert outcome.timeline.longest_unattended_s(pump_fitted=False) <= SCRIPT_S


# --- everything dies but one dead-man ---------------------------------------------------------


def kill_both(rig: Rig) -> float:
    """SIGKILL to daemon and control process; the moment before."""
    control = rig.life().control_pid()
    at = rig.now()
    rig.life().signal(signal.SIGKILL)
    os.kill(control, signal.SIGKILL)
    return at


def only_the_script_is_left(rig: Rig) -> Struck:
    rig.pi.order("pump", fitted=False)
    rig.charge()
    at = kill_both(rig)
    wait_until("the contactor is opened", lambda: rig.pi.timeline().openings(at))
    return struck(rig, at)


@stories.of(only_the_script_is_left)
def test_the_script_is_enough_without_evsed_and_without_the_pump(outcome: Struck) -> None:
    opened = outcome.timeline.openings(outcome.at)[0]

    assert opened - outcome.timeline.last_beat(opened) <= SCRIPT_S
    assert outcome.timeline.duty_at(outcome.timeline.until) == 1.0


def only_the_pump_is_left(rig: Rig) -> Struck:
    rig.charge()
    at = rig.now()
    rig.pi.order("freeze", scripts=True)
    kill_both(rig)
    wait_until("the contacts part", lambda: not rig.pi.order("state")["contacts_closed"])
    return struck(rig, at)


@stories.of(only_the_pump_is_left)
def test_the_pump_is_enough_without_evsed_and_with_pigpiod_and_its_script_stopped(
    outcome: Struck,
) -> None:
    last_beat = outcome.timeline.beats[-1]

    assert outcome.timeline.closed_at(outcome.timeline.until), "it was not the pump alone"
    assert outcome.timeline.energised()[-1].end - last_beat <= PUMP_S
    assert not outcome.contacts_closed


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """`evsed off` where nothing else opens: exit codes and words of two in a row."""

    before: int
    after: int
    duty: float
    codes: tuple[int, int]
    said: str


def only_evsed_off_is_left(rig: Rig) -> SwitchedOff:
    rig.pi.order("pump", fitted=False)
    rig.charge()
    rig.pi.order("kill")
    kill_both(rig)
    rig.life().ended()
    rig.pi.order("revive")
    before = rig.pi.order("state")["contactor_pin"]
    if not before:
        raise stories.StalledError("it had opened by itself")
    first = rig.evsed("off")
    second = rig.evsed("off")
    look = rig.pi.order("state")
    codes = (first.code, second.code)
    return SwitchedOff(before, look["contactor_pin"], look["duty"], codes, first.said())


@stories.of(only_evsed_off_is_left)
def test_evsed_off_is_enough_where_pigpiod_was_restarted_and_no_pump_is_fitted(
    outcome: SwitchedOff,
) -> None:
    assert (outcome.before, outcome.after) == (1, 0)
    assert outcome.duty == 1.0
    assert outcome.codes == (0, 0)
    assert outcome.said.startswith("contactor open (GPIO 23 low), pilot at steady +12 V (GPIO 18)")


# --- the daemon dies or hangs, the control process lives -----------------------------------------


def daemon_killed(rig: Rig) -> Struck:
    daemon = rig.charge()
    at = daemon.signal(signal.SIGKILL)
    os.waitid(os.P_PID, daemon.pid, os.WEXITED | os.WNOWAIT)
    gone_at = time.monotonic()
    outcome = struck(rig, at)
    return replace(outcome, gone_at=gone_at)


@stories.of(daemon_killed)
def test_without_its_daemon_the_control_process_withdraws_the_offer_within_three_ticks(
    outcome: Struck,
) -> None:
    ended = outcome.timeline.offer_ends(outcome.at)[0]

    assert sum(outcome.gone_at < beat < ended for beat in outcome.timeline.beats) <= 3


@stories.of(daemon_killed)
def test_without_its_daemon_the_control_process_opens_when_the_car_lets_go_and_exits(
    outcome: Struck,
) -> None:
    ended = outcome.timeline.offer_ends(outcome.at)[0]
    let_go = next(at for at, closed in outcome.timeline.s2 if at > ended and not closed)
    opened = outcome.timeline.openings(outcome.at)[0]

    assert let_go <= opened
    assert opened - ended <= 6.0
    assert outcome.timeline.duty_at(outcome.timeline.until) == 1.0
    assert outcome.code == -signal.SIGKILL


def daemon_stopped(rig: Rig) -> Hung:
    daemon = rig.charge()
    at = stop(daemon.pid)
    wait_until("the contactor is opened", lambda: rig.pi.timeline().openings(at))
    on = daemon.signal(signal.SIGCONT)
    closed_again = rig.until_closed(on)
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    return Hung(at, on, closed_again, timeline, 0, "", "")


@stories.of(daemon_stopped)
def test_a_stopped_daemons_limit_runs_out_after_3_s_and_the_car_is_let_go(outcome: Hung) -> None:
    ended = outcome.timeline.offer_ends(outcome.at)[0]
    opened = outcome.timeline.openings(outcome.at)[0]
    let_go = next(at for at, closed in outcome.timeline.s2 if at > ended and not closed)
    too_late = [
        beat for beat in outcome.timeline.beats if outcome.at + LIMIT_HOLDS_S < beat < ended
    ]

    # A tick that began before the limit ended may beat after it; the next one must not.
    assert len(too_late) <= 1
    assert let_go <= opened
    assert opened - ended <= 6.0


@stories.of(daemon_stopped)
def test_a_daemon_that_goes_on_charges_again_after_3_s_of_steady_pilot(outcome: Hung) -> None:
    ended = outcome.timeline.offer_ends(outcome.at)[0]
    offered = outcome.timeline.offers(ended)[0]

    assert offered - ended >= X1_S
    assert offered > outcome.on
    assert outcome.closed_again > offered


@dataclass(frozen=True, slots=True)
class Blocked:
    """A daemon that was stopped from `at` to `on`."""

    at: float
    on: float
    timeline: Timeline


def event_loop_blocked(rig: Rig) -> Blocked:
    daemon = rig.charge()
    at = stop(daemon.pid)
    beats = 25  # half a second of ticks
    rig.until_beats(beats, at)
    on = daemon.signal(signal.SIGCONT)
    rig.until_beats(beats, on)
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    if on - at > LIMIT_HOLDS_S - 1:
        raise stories.StalledError(f"half a second became {on - at:.1f} s")
    return Blocked(at, on, timeline)


@stories.of(event_loop_blocked)
def test_a_daemon_blocked_for_half_a_second_changes_nothing_on_the_wires(outcome: Blocked) -> None:
    assert outcome.timeline.openings(outcome.at) == []
    assert outcome.timeline.offer_ends(outcome.at) == []
