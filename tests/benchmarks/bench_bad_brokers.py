# SPDX-License-Identifier: GPL-3.0-or-later
"""MQTT beside a broker that is down, silent or floods: late ticks, CPU, memory, lines of the log.

.venv/bin/python -m tests.benchmarks bad_brokers --seconds 15

Each load runs twice in one go: beside an evsed without MQTT, and beside one that takes orders.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from typing import Any, Final

from tests.benchmarks import rig
from tests.benchmarks.bench_bad_sources import cpu_s, memory_mb

WAYS: Final = ("well", "down", "silent", "orders", "large", "topics")


def trial(how: str, seconds: float, *, client: bool) -> str:
    """One charge beside such a broker, with evsed's *client* or without; a row of the table."""
    with ExitStack() as stack:
        url = stack.enter_context(rig.helper("bad_broker", how, line=True))
        tables: dict[str, dict[str, Any]] = {"feed": {"kind": "fixed", "current_a": 10.0}}
        if client:
            tables["mqtt"] = {"broker": url, "orders": True}
        charger = stack.enter_context(rig.charger(tables))
        charger.world.ask("plug", ask=True)
        charger.world.ask("until_charging", within_s=60.0)
        before, cpu_before, began_at = charger.status(), cpu_s(charger.pid), time.monotonic()
        time.sleep(seconds)
        after, cpu_after = charger.status(), cpu_s(charger.pid)
        share = (cpu_after - cpu_before) / (time.monotonic() - began_at)
        late = after["tick"]["late"] - before["tick"]["late"]
        ticks = after["tick"]["count"] - before["tick"]["count"]
        opened = after["contactor_cycles"] - before["contactor_cycles"]
        closed = "yes" if after["contactor_closed"] and not opened else "NO"
        text = (charger.folder / "log" / "log.log").read_text(errors="replace")
        lines = sum("MQTT is silent" in line or "is back" in line for line in text.splitlines())
        memory = memory_mb(charger.pid)
    with_it = "with" if client else "without"
    row = f"{late} of {ticks} | {closed} | {share:.1%} | {memory:.0f} MB | {lines}"
    return f"| {how} | {with_it} | {row} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15.0)
    seconds = parser.parse_args().seconds
    print("| broker | evsed's client | late ticks | stayed closed | CPU | memory | log lines |")
    print("|---|---|---|---|---|---|---|")
    for how in WAYS:
        for client in (False, True):
            print(trial(how, seconds, client=client), flush=True)


if __name__ == "__main__":
    main()
