# SPDX-License-Identifier: GPL-3.0-or-later
"""The worth of a feed's period and delay: the recorded days with a plain power feed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

DAYS: Final = sorted((Path(__file__).parents[1] / "days").glob("*.csv"))
PERIODS_S: Final = (1, 2, 5, 10, 30, 60, 300, 900)
LATENCIES_S: Final = (1, 5)


def replay(period_s: int, latency_s: int) -> list[dict[str, Any]]:
    """The figures of each day."""
    command = [sys.executable, "-m", "evsed", "replay", *map(str, DAYS), "--config", "/dev/null"]
    options = ["--json", "--semantics", "battery_power", "--max-current", "32"]
    answer = subprocess.run(
        [*command, *options, "--feed-period", str(period_s), "--feed-latency", str(latency_s)],
        capture_output=True,
        check=True,
        text=True,
    )
    lines = (line for line in answer.stdout.splitlines() if line.startswith("{"))
    return [json.loads(line) for line in lines]


def run() -> None:
    """Print the table of docs/feeds.md."""
    print("| period | delay | of what can be captured | lent by the battery a day | starts a day |")
    print("|---|---|---|---|---|")
    for period_s in PERIODS_S:
        for latency_s in LATENCIES_S:
            days = replay(period_s, latency_s)
            feasible_kwh = sum(day["feasible_kwh"] for day in days)
            captured = sum(day["captured_kwh"] for day in days) / feasible_kwh
            lent_kwh = sum(day["battery_kwh"] for day in days) / len(days)
            starts = sum(day["starts"] for day in days) / len(days)
            found = f"{captured:.1%} | {lent_kwh:.2f} kWh | {starts:.1f}"
            print(f"| {period_s} s | {latency_s} s | {found} |", flush=True)


if __name__ == "__main__":
    run()
