# SPDX-License-Identifier: GPL-3.0-or-later
"""Processor time, memory and bytes written, of daemon and control process, idle and charging.

    .venv/bin/python -m tests.benchmarks usage

From /proc: utime and stime of `stat`, the proportional set size of `smaps_rollup`, `write_bytes`
of `io`. What is printed for the journal goes to a file here, so it is among the bytes. Idle is no
car and a feed with news every 60 s; charging is 16 A with the feed followed. The history is written
once in a quarter of an hour: what that adds in a day is in the benchmark `history`.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import rig

CPU_AIM = 0.05
MEMORY_AIM_MB = 90.0
BYTES_AIM_MB = 2.0
DAY_S = 86_400.0


@dataclass(frozen=True)
class Use:
    """The use of one process so far: seconds of processor, bytes given to the disk."""

    cpu_s: float
    written: int


def use(pid: int) -> Use:
    """The use of process *pid* so far."""
    # The name, in brackets, may hold spaces; utime and stime are fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    io = Path(f"/proc/{pid}/io").read_text()
    found = re.search(r"^write_bytes: (\d+)", io, re.MULTILINE)
    assert found is not None
    return Use(ticks / os.sysconf("SC_CLK_TCK"), int(found[1]))


def memory_mb(pid: int) -> float:
    """The proportional set size of process *pid*, 10^6 bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss: +(\d+) kB", rollup, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def measure(name: str, charger: rig.Charger, seconds: float) -> None:
    """Watch both processes for *seconds* and print."""
    before = [use(pid) for pid in charger.pids]
    started = time.monotonic()
    time.sleep(seconds)
    took_s = time.monotonic() - started
    after = [use(pid) for pid in charger.pids]
    pairs = list(zip(before, after, strict=True))
    daemon, control = ((later.cpu_s - first.cpu_s) / took_s for first, later in pairs)
    written = sum(later.written - first.written for first, later in pairs)
    memory = [memory_mb(pid) for pid in charger.pids]
    both, all_mb = daemon + control, sum(memory)
    print(f"{name}, {took_s:.0f} s:")
    print(
        f"  processor: daemon {daemon:.1%} + control {control:.1%} = {both:.1%} of a core "
        f"(aim: under {CPU_AIM:.0%}: {rig.kept(both < CPU_AIM)})"
    )
    print(
        f"  memory: daemon {memory[0]:.1f} + control {memory[1]:.1f} = {all_mb:.1f} MB "
        f"proportional (aim: under {MEMORY_AIM_MB:.0f} MB: {rig.kept(all_mb < MEMORY_AIM_MB)})"
    )
    day_mb = written * DAY_S / took_s / 1e6
    verdict = f" (aim: under {BYTES_AIM_MB:.0f} MB: {rig.kept(day_mb < BYTES_AIM_MB)})"
    print(
        f"  written: {written} bytes, {day_mb:.2f} MB a day at this rate"
        f"{verdict if name == 'idle' else ''}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="idle, and charging, each")
    options = parser.parse_args()
    seconds = options.minutes * 60
    with rig.charger({"feed": {"period_s": 60.0}}) as charger:
        time.sleep(5.0)  # what a start writes is no daily matter
        print(f"a start has written {sum(use(pid).written for pid in charger.pids)} bytes")
        measure("idle", charger, seconds)
    with rig.charger({"feed": {"kind": "fixed", "current_a": 16.0}}) as charger:
        charger.world.ask("plug", ask=True)
        charger.world.ask("until_charging", within_s=30.0)
        measure("charging", charger, seconds)


if __name__ == "__main__":
    main()
