# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed demo` from its start to Ctrl-C, as `make demo` runs it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from tests.processes import stories
from tests.processes.rig import Daemon, Rig, wait_until

ENDED_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Demo:
    """Its output, its end, and the seconds from Ctrl-C to it."""

    said: str
    code: int
    took_s: float
    processes: int


def demo(rig: Rig) -> Demo:
    rig.daemon = item = Daemon(rig, rig.environ(), ("demo", "--port", "0"))
    wait_until("a charge has begun", lambda: "contactor closed, charging" in item.said())
    processes = len(rig.running())
    at = rig.now()
    os.killpg(item.pid, signal.SIGINT)
    code = item.ended()
    took_s = item.ended_at - at - item.waited_s
    rig.until_nothing_runs()
    return Demo(item.said(), code, took_s, processes)


@stories.of(demo)
def test_the_demo_prints_both_addresses_and_charges(outcome: Demo) -> None:
    assert "garage  http://localhost:" in outcome.said
    assert "page    http://localhost:" in outcome.said
    assert "car plugged in" in outcome.said


@stories.of(demo)
def test_ctrl_c_ends_all_three_processes_of_the_demo_within_ten_seconds(outcome: Demo) -> None:
    assert outcome.processes == 3
    assert outcome.code == 0
    assert outcome.took_s < ENDED_WITHIN_S
    assert "contactor opened" in outcome.said
    assert "Traceback" not in outcome.said
