# SPDX-License-Identifier: GPL-3.0-or-later
"""A charge beside four busy loops, with and without real-time priority: what opens, and why.

    .venv/bin/python -m tests.benchmarks busy --minutes 60

Two chargers at once beside the same four loops, each with a car that goes on asking. Each has the
other beside it as well, so the figures are a little worse than those of one alone. The simulated
pigpiod keeps real-time priority where it is granted, because the real one has it. Aim: at most four
openings in an hour without the priority, each with its cause; none with it. A witness of the
highest priority on each processor tells the stalls of a virtual machine from those of evsed: an
opening at a moment when the witness stood still as well is not evsed's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from contextlib import ExitStack

from tests.benchmarks import rig, witness

LOOPS = 4
WORLDS_PRIORITY = 30
WITHOUT = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")


def charging(stack: ExitStack, before: tuple[str, ...]) -> rig.Charger:
    """Start a charger by *before*, and return it once its car charges."""
    charger = stack.enter_context(rig.charger(before=before))
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(charger.world.pid, os.SCHED_FIFO, os.sched_param(WORLDS_PRIORITY))
    charger.world.ask("plug", ask=True)
    charger.world.ask("until_charging", within_s=300.0)
    return charger


def witnesses(stack: ExitStack) -> dict[int, subprocess.Popen[str]]:
    """Start a witness on each processor; none where real-time priority is not granted."""
    started = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        process = subprocess.Popen(
            [sys.executable, "-m", witness.__name__, str(cpu)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        started[cpu] = process
    return started


def measure(minutes: float) -> None:
    """Charge twice for *minutes* beside the loops, and print what came of it."""
    with ExitStack() as stack:
        chargers = [charging(stack, WITHOUT), charging(stack, ())]
        watching = witnesses(stack)
        for _ in range(LOOPS):
            loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(loop.wait)
            stack.callback(loop.kill)
        before = [charger.status() for charger in chargers]
        time.sleep(minutes * 60)
        after = [charger.status() for charger in chargers]
        for charger, first, last in zip(chargers, before, after, strict=True):
            ticks, late = (last["tick"][key] - first["tick"][key] for key in ("count", "late"))
            closings = last["contactor_cycles"] - first["contactor_cycles"]
            how = "with" if charger.real_time else "without"
            print(f"{how} real-time priority, {minutes:g} minutes beside {LOOPS} busy loops:")
            print(f"  {late} of {ticks} bursts late, closed again {closings} times")
            for line in (charger.folder / "log/events.log").read_text().splitlines():
                print(f"  {line}")
        for cpu, process in watching.items():
            process.kill()
            stalls = process.communicate()[0].splitlines()
            print(f"processor {cpu} itself stood still {len(stalls)} times (when, ms):")
            for stall in stalls:
                print(f"  {stall}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    measure(parser.parse_args().minutes)


if __name__ == "__main__":
    main()
