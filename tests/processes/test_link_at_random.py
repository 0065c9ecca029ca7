# SPDX-License-Identifier: GPL-3.0-or-later
"""Either side of the link killed or stopped at any moment: nothing live, and nothing left running.

The charge pump is not fitted here, so all that opens is evsed itself and its script in pigpiod.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from dataclasses import dataclass
from functools import partial

import pytest

from tests.processes import stories
from tests.processes.rig import Rig, stop
from tests.processes.timeline import Timeline

SCRIPT_S = 0.150
ROUNDS = 4
STARTING_S = 5.0
"""Every other blow falls at a random moment of so many seconds from the start, the others within a
second after the contactor has closed."""
SEEDS = (3, 74)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Some rounds of one seed: what was done when, and all that happened on the wires."""

    done: tuple[str, ...]
    timeline: Timeline
    pilots: tuple[float, ...]


def kill_control(rig: Rig) -> None:
    os.kill(rig.life().control_pid(), signal.SIGKILL)


def kill_daemon(rig: Rig) -> None:
    rig.life().signal(signal.SIGKILL)


def stop_control_for_good(rig: Rig) -> None:
    """... and end what is left as systemd does: SIGTERM to the daemon."""
    stop(rig.life().control_pid())
    rig.life().signal(signal.SIGTERM)


def stop_control_for_a_moment(rig: Rig) -> None:
    control = rig.life().control_pid()
    stop(control)
    os.kill(control, signal.SIGCONT)
    rig.life().signal(signal.SIGTERM)


def stop_daemon_and_kill_control(rig: Rig) -> None:
    control = rig.life().control_pid()
    stop(rig.life().pid)
    os.kill(control, signal.SIGKILL)
    rig.life().signal(signal.SIGCONT)


def stop_control_and_kill_daemon(rig: Rig) -> None:
    control = rig.life().control_pid()
    stop(control)
    rig.life().signal(signal.SIGKILL)
    os.kill(control, signal.SIGCONT)


BLOWS = (
    kill_control,
    kill_daemon,
    stop_control_for_good,
    stop_control_for_a_moment,
    stop_daemon_and_kill_control,
    stop_control_and_kill_daemon,
)


def rounds(seed: int, rig: Rig) -> Rounds:
    chance = random.Random(seed)
    blows = chance.sample(BLOWS, ROUNDS)
    rig.pi.order("pump", fitted=False)
    books = prove_the_front_end(rig)
    rig.pi.order("plug")
    done, pilots = [], []
    for number, blow in enumerate(blows):
        shutil.copy(books, rig.folder / "evsed.db")  # as if nothing had ever crashed
        daemon = rig.start()
        at = daemon.started_at + chance.uniform(0.0, STARTING_S)
        if number % 2:
            at = rig.until_closed(daemon.started_at) + chance.uniform(0.0, 1.0)
        rig.until(at)
        blow(rig)
        daemon.ended()
        rig.until_nothing_runs()
        rig.evsed("off")  # ExecStopPost
        done.append(blow.__name__)
        pilots.append(rig.pi.order("state")["duty"])
        for old in rig.folder.glob("evsed.db*"):
            old.unlink()
    return Rounds(tuple(done), rig.pi.timeline(), tuple(pilots))


def prove_the_front_end(rig: Rig) -> str:
    """A short life without a car; a copy of what it has written."""
    daemon = rig.start()
    rig.until_proved()
    daemon.signal(signal.SIGTERM)
    daemon.ended()
    copy = rig.folder / "proved.db"
    shutil.copy(rig.folder / "evsed.db", copy)
    return str(copy)


every_seed = pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=stories.of(partial(rounds, seed)), id=str(seed)) for seed in SEEDS],
)


@every_seed
def test_the_contactor_is_never_closed_for_longer_than_150_ms_without_a_beat(
    seed: int, outcome: Rounds
) -> None:
    assert outcome.timeline.longest_unattended_s(pump_fitted=False) <= SCRIPT_S, (
        seed,
        outcome.done,
    )


@every_seed
def test_it_ends_open_and_with_a_steady_pilot(seed: int, outcome: Rounds) -> None:
    assert len(outcome.timeline.closings()) >= ROUNDS // 2
    assert outcome.timeline.contactor[-1][1] == 0, (seed, outcome.done)
    assert set(outcome.pilots) == {1.0}
