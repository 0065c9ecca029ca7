# SPDX-License-Identifier: GPL-3.0-or-later
"""A witness of the machine's own stalls: it waits at the highest priority, and does nothing else.

`python -m tests.benchmarks.witness CPU` prints a line for each wait of 5 ms on that processor that
lasted over 20 ms: its end as local time, and its length in milliseconds. What stops this process
stops every other one, whatever its priority: the host of a virtual machine that has taken the
processor away.
"""

from __future__ import annotations

import os
import sys
import time

PERIOD_S = 0.005
STALL_S = 0.02
HIGHEST = 99  # of SCHED_FIFO, sched(7)


def main(cpu: int) -> None:
    """Watch processor *cpu* until the process is ended."""
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(HIGHEST))
    last = time.monotonic()
    while True:
        time.sleep(PERIOD_S)
        now = time.monotonic()
        if now - last > STALL_S:
            print(time.strftime("%Y%m%d%H%M%S"), f"{(now - last) * 1000:.0f}", flush=True)
        last = now


if __name__ == "__main__":
    main(int(sys.argv[1]))
