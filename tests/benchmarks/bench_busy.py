# SPDX-License-Identifier: GPL-3.0-or-later
"""A charge beside four busy loops, with and without real-time priority: what opens, and why.

    .venv/bin/python -m tests.benchmarks busy --minutes 60

Two chargers after each other, each with a car that goes on asking. The simulated pigpiod keeps
real-time priority where it is granted, because the real one has it. Aim: at most four openings in
an hour without the priority, each with its cause; none with it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from contextlib import ExitStack

from tests.benchmarks import rig

LOOPS = 4
WORLDS_PRIORITY = 30
WITHOUT = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")


def charge(minutes: float, before: tuple[str, ...]) -> None:
    """Charge for *minutes* beside the loops, and print what came of it."""
    with ExitStack() as stack:
        charger = stack.enter_context(rig.charger(before=before))
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(charger.world.pid, os.SCHED_FIFO, os.sched_param(WORLDS_PRIORITY))
        charger.world.ask("plug", ask=True)
        charger.world.ask("until_charging", within_s=300.0)
        for _ in range(LOOPS):
            loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(loop.wait)
            stack.callback(loop.kill)
        first = charger.status()
        time.sleep(minutes * 60)
        last = charger.status()
        ticks, late = (last["tick"][key] - first["tick"][key] for key in ("count", "late"))
        closings = last["contactor_cycles"] - first["contactor_cycles"]
        how = "with" if charger.real_time else "without"
        print(f"{how} real-time priority, {minutes:g} minutes beside {LOOPS} busy loops:")
        print(f"  {late} of {ticks} bursts late, closed again {closings} times")
        told = (charger.folder / "log/events.log").read_text().splitlines()
        for line in told:
            print(f"  {line}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    charge(options.minutes, WITHOUT)
    charge(options.minutes, ())


if __name__ == "__main__":
    main()
