# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a hundred listeners to the event stream: processor, and the control tick.

    .venv/bin/python -m tests.benchmarks listeners

Daemon and control process are held on one processor, as on a Pi Zero, which has no other; the
simulated Pi and the listeners run wherever there is room. The car charges from the sun. Rounds
without and with listeners take turns, so that both meet the same moods of the machine; the means
of the rounds count. Beats are stamped at the simulated pigpiod; of what is late there, the
simulator's own stall is taken off.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import rig
from tests.benchmarks.bench_usage import use

LISTENERS = 100
ROUNDS = 3
ROUND_S = 20.0
SETTLE_S = 2.0
TICK_S = 0.020
LATE_S = 0.045  # a dead-man may have opened the contactor by then


@dataclass(frozen=True)
class Round:
    """The result of one round: shares of a processor, seconds between beats, events in a second."""

    daemon: float
    control: float
    beats_s: list[float]
    events_per_s: float


class Ear(threading.Thread):
    """One listener that counts; `heard` events so far."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.heard = 0
        self._stream = urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/events", timeout=10)

    def run(self) -> None:
        for line in self._stream:
            self.heard += line.startswith(b"data:")

    def close(self) -> None:
        """Stop listening."""
        self._stream.fp.raw._sock.shutdown(2)  # noqa: SLF001 - the reading thread holds the lock
        self.join()
        self._stream.close()


def one_processor(charger: rig.Charger) -> None:
    """Hold every thread of daemon and control process on the first processor that is ours."""
    where = {min(os.sched_getaffinity(0))}
    for pid in charger.pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), where)


def measure(charger: rig.Charger, ear: Ear | None) -> Round:
    """One round."""
    before, heard = [use(pid) for pid in charger.pids], ear.heard if ear else 0
    charger.world.ask("begin_beats")
    started = time.monotonic()
    time.sleep(ROUND_S)
    beats = charger.world.ask("beats")
    took_s = time.monotonic() - started
    after = [use(pid) for pid in charger.pids]
    daemon, control = (
        (later.cpu_s - first.cpu_s) / took_s for first, later in zip(before, after, strict=True)
    )
    events = (ear.heard - heard) / took_s if ear else 0.0
    return Round(daemon, control, [max(0.0, passed - late) for passed, late in beats], events)


def listened(charger: rig.Charger) -> Round:
    """One round with listeners."""
    with ExitStack() as stack:
        stack.enter_context(rig.helper("load", "listen", charger.port, LISTENERS - 1))
        ear = Ear(charger.port)
        ear.start()
        stack.callback(ear.close)
        time.sleep(SETTLE_S)
        return measure(charger, ear)


def show(name: str, rounds: list[Round]) -> None:
    """One line of the table."""
    beats = [beat for each in rounds for beat in each.beats_s]
    late = sum(beat > LATE_S for beat in beats)
    daemon = statistics.fmean(each.daemon for each in rounds)
    control = statistics.fmean(each.control for each in rounds)
    print(
        f"{name:14} daemon {daemon:6.2%}  control {control:6.2%}   "
        f"{rig.spread([abs(beat - TICK_S) for beat in beats])}   {late} of {len(beats)}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each kind")
    options = parser.parse_args()
    alone: list[Round] = []
    heard: list[Round] = []
    with rig.charger() as charger:
        one_processor(charger)
        charger.world.ask("plug", ask=True)
        charger.world.ask("until_charging", within_s=60.0)
        time.sleep(SETTLE_S)
        for _ in range(options.rounds):
            alone.append(measure(charger, None))
            heard.append(listened(charger))
            time.sleep(SETTLE_S)
        if not charger.real_time:
            print("(without real-time priority: it is not granted here)")
        status = charger.status()
    print(f"Processor, how far beats are off {TICK_S * 1000:.0f} ms (ms), beats over 45 ms apart:")
    show("no listener", alone)
    show(f"{LISTENERS} listeners", heard)
    pairs = list(zip(alone, heard, strict=True))
    more = statistics.fmean(two.daemon - first.daemon for first, two in pairs)
    events = statistics.fmean(each.events_per_s for each in heard)
    ratio = statistics.fmean(
        rig.percentile(sorted(two.beats_s), 99.0) / rig.percentile(sorted(first.beats_s), 99.0)
        for first, two in pairs
    )
    print(
        f"{events:.2f} events a second to each of {LISTENERS} cost {more:.2%} of this processor, "
        f"{more / events / LISTENERS * 1e6:.0f} us for an event and a listener; "
        f"the 99th percentile between two beats is {ratio:.3f} times that without them; "
        f"ticks that evsed itself counts as late: {status['tick']['late']}"
    )


if __name__ == "__main__":
    main()
