# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM and Ctrl-C while a car charges: the car is let go, the contactor opens, evsed ends."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from tests.processes import stories
from tests.processes.rig import Rig, stop, wait_until
from tests.processes.timeline import Timeline

C1_S = 6.0
"""So long the car has for it (IEC 61851-1 Table A.6, seq. 10.2)."""
ENDED_WITHIN_S = 10.0
HUNG_UP = 129
"""No success, and not the 78 of wrong settings: `Restart=on-failure` starts evsed again."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """An order to stop at the moment `at`, and the end of evsed, `took_s` after that."""

    at: float
    timeline: Timeline
    code: int
    took_s: float
    stopping: int


def stopped(rig: Rig, at: float) -> Stopped:
    """Wait for the end of daemon and control process, and look."""
    daemon = rig.life()
    code = daemon.ended()
    took_s = daemon.ended_at - at - daemon.waited_s
    rig.until_nothing_runs()
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    return Stopped(at, timeline, code, took_s, rig.systemd.count("STOPPING=1"))


def let_go(outcome: Stopped) -> None:
    """The car saw +12 V, stopped, and only then the contactor opened; evsed ended well."""
    timeline = outcome.timeline
    ended = timeline.offer_ends(outcome.at)[0]
    car_stopped = next(at for at, closed in timeline.s2 if at > ended and not closed)
    opened = timeline.openings(outcome.at)[0]

    assert car_stopped <= opened <= ended + C1_S
    assert timeline.duty_at(timeline.until) == 1.0
    assert outcome.code == 0
    assert outcome.took_s < ENDED_WITHIN_S


def terminated(rig: Rig) -> Stopped:
    return stopped(rig, rig.charge().signal(signal.SIGTERM))


@stories.of(terminated)
def test_sigterm_gives_the_car_12_v_waits_for_it_opens_and_exits_0(outcome: Stopped) -> None:
    let_go(outcome)


@stories.of(terminated)
def test_systemd_is_told_of_the_stop_once(outcome: Stopped) -> None:
    assert outcome.stopping == 1


def interrupted_as_a_group(rig: Rig) -> Stopped:
    daemon = rig.charge()
    at = rig.now()
    os.killpg(daemon.pid, signal.SIGINT)
    return stopped(rig, at)


@stories.of(interrupted_as_a_group)
def test_ctrl_c_reaches_both_processes_and_ends_them_the_same_way(outcome: Stopped) -> None:
    let_go(outcome)


def terminated_as_a_group(rig: Rig) -> Stopped:
    daemon = rig.charge()
    at = rig.now()
    os.killpg(daemon.pid, signal.SIGTERM)
    return stopped(rig, at)


@stories.of(terminated_as_a_group)
def test_sigterm_to_the_whole_group_ends_it_the_same_way(outcome: Stopped) -> None:
    let_go(outcome)


def terminated_with_a_car_that_goes_on(rig: Rig) -> Stopped:
    daemon = rig.charge()
    rig.pi.order("car", ignores_pilot=True)
    return stopped(rig, daemon.signal(signal.SIGTERM))


@stories.of(terminated_with_a_car_that_goes_on)
def test_a_car_that_goes_on_has_six_seconds_before_the_contactor_opens(outcome: Stopped) -> None:
    ended = outcome.timeline.offer_ends(outcome.at)[0]
    opened = outcome.timeline.openings(outcome.at)[0]

    assert C1_S - 0.02 <= opened - ended <= C1_S + 0.5
    assert outcome.code == 0
    assert outcome.took_s < ENDED_WITHIN_S


def terminated_twice(rig: Rig) -> tuple[float, Stopped]:
    daemon = rig.charge()
    rig.pi.order("car", ignores_pilot=True)
    first = daemon.signal(signal.SIGTERM)
    wait_until("the offer has ended", lambda: rig.pi.timeline().offer_ends(first))
    second = daemon.signal(signal.SIGTERM)
    return second, stopped(rig, first)


@stories.of(terminated_twice)
def test_a_second_sigterm_opens_at_once(outcome: tuple[float, Stopped]) -> None:
    second, end = outcome
    opened = end.timeline.openings(end.at)[0]

    assert opened > second
    assert sum(second < beat < opened for beat in end.timeline.beats) <= 3
    assert opened - end.timeline.offer_ends(end.at)[0] < C1_S - 1
    assert end.code == 0


def terminated_with_a_hanging_control(rig: Rig) -> Stopped:
    daemon = rig.charge()
    stop(daemon.control_pid())
    return stopped(rig, daemon.signal(signal.SIGTERM))


@stories.of(terminated_with_a_hanging_control)
def test_sigterm_ends_also_a_control_process_that_hangs(outcome: Stopped) -> None:
    assert not outcome.timeline.closed_at(outcome.timeline.until)
    assert outcome.code == 70
    assert outcome.took_s < ENDED_WITHIN_S


def terminated_without_a_board(rig: Rig) -> Stopped:
    daemon = rig.charge()
    rig.pi.order("freeze", scripts=True)
    wait_until("the board is lost", lambda: (rig.status() or {}).get("state") == "-")
    at = daemon.signal(signal.SIGTERM)
    return stopped(rig, at)


@stories.of(terminated_without_a_board)
def test_sigterm_with_a_hung_pigpiod_ends_in_time_too(outcome: Stopped) -> None:
    assert outcome.took_s < ENDED_WITHIN_S
    assert outcome.code == 0
    assert outcome.timeline.energised()[-1].end - outcome.timeline.beats[-1] <= 0.200


def told_to_stop_while_starting(rig: Rig) -> list[int]:
    """SIGTERM and SIGINT, each as soon as there is a control process."""
    codes = []
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = rig.start()
        daemon.control_pid()
        os.killpg(daemon.pid, number)
        codes.append(daemon.ended())
        rig.until_nothing_runs()
    return codes


@stories.of(told_to_stop_while_starting)
def test_evsed_ends_cleanly_when_it_is_told_to_while_it_starts(outcome: list[int]) -> None:
    assert outcome == [0, 0]


def hung_up(rig: Rig) -> tuple[str, Stopped]:
    """SIGHUP with settings that are wrong, and again when they are mended."""
    daemon = rig.charge()
    settings = rig.settings.read_text()
    rig.settings.write_text(settings.replace("max_current_a = 32.0", "max_current_a = 5.0"))
    at = daemon.signal(signal.SIGHUP)
    wait_until("it says so", lambda: "are not read again" in daemon.said())
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    assert timeline.openings(at) == []
    said = daemon.said()
    rig.settings.write_text(settings)
    return said, stopped(rig, daemon.signal(signal.SIGHUP))


@stories.of(hung_up)
def test_sighup_lets_the_car_go_and_ends_so_that_systemd_starts_evsed_again(
    outcome: tuple[str, Stopped],
) -> None:
    said, end = outcome
    assert "supply.max_current_a = 5.0" in said
    opened = end.timeline.openings(end.at)[0]
    assert opened > end.timeline.offer_ends(end.at)[0]
    assert end.code == HUNG_UP
    assert end.took_s < ENDED_WITHIN_S
