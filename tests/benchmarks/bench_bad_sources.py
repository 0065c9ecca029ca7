# SPDX-License-Identifier: GPL-3.0-or-later
"""Beside a meter that hangs, floods, pours, lies or dies: late ticks, openings, CPU and memory.

A car charges at a fixed current while a meter of the car, read every second, is well or is not.
"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import rig

BAD_PAGES: Final = ("http", "hang", "pour", "lie", "die")
NUMBERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    **dict.fromkeys(BAD_PAGES, ("http", {"path": "a"})),
    "mqtt": ("mqtt", {"topic": "a"}),
    "flood": ("mqtt", {"topic": "a"}),
    "modbus": ("modbus", {"register": 6, "type": "float32"}),
}
WAYS: Final = ("none", "http", "mqtt", "modbus", "hang", "pour", "lie", "die", "flood")
CLOCK_HZ: Final = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """The processor time that *pid* has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_HZ


def memory_mb(pid: int) -> float:
    """The memory that *pid* has, resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def trial(how: str, seconds: float) -> str:
    """One charge beside a meter that is as *how* says; a row of the table."""
    with ExitStack() as stack:
        tables: dict[str, dict[str, Any]] = {"feed": {"kind": "fixed", "current_a": 10.0}}
        if how in NUMBERS:
            helper = "bad_source" if how in BAD_PAGES else "well_or_flooding"
            origin = stack.enter_context(rig.helper(helper, how, line=True))
            url = f"http://127.0.0.1:{origin}/" if helper == "bad_source" else origin
            kind, number = NUMBERS[how]
            meter = {"kind": kind, "url": url, "period_s": 1.0, "current_a": [number]}
            tables["meters.car"] = meter
        charger = stack.enter_context(rig.charger(tables))
        charger.world.ask("plug", ask=True)
        charger.world.ask("until_charging", within_s=60.0)
        before, cpu_before = charger.status(), cpu_s(charger.pid)
        time.sleep(seconds)
        after, cpu_after = charger.status(), cpu_s(charger.pid)
        late = after["tick"]["late"] - before["tick"]["late"]
        ticks = after["tick"]["count"] - before["tick"]["count"]
        opened = after["contactor_cycles"] - before["contactor_cycles"]
        closed = "yes" if after["contactor_closed"] and not opened else "NO"
        share = (cpu_after - cpu_before) / seconds
        memory = memory_mb(charger.pid)
    return f"| {how} | {late} of {ticks} | {closed} | {share:.1%} | {memory:.0f} MB |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    print("| meter | late ticks | stayed closed | CPU of the daemon | memory |")
    print("|---|---|---|---|---|")
    for how in WAYS:
        print(trial(how, seconds), flush=True)


if __name__ == "__main__":
    main()
