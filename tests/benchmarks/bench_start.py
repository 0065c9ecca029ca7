# SPDX-License-Identifier: GPL-3.0-or-later
"""From the start of `evsed run` to the first output on the pilot, stamped in the simulated world.

.venv/bin/python -m tests.benchmarks start
"""

from __future__ import annotations

import statistics

from tests.benchmarks import rig

STARTS = 5


def main() -> None:
    """Measure and print."""
    took_s = []
    for seed in range(STARTS):
        with rig.charger(seed=seed) as charger:
            took_s.append(charger.world.ask("first_pilot") - charger.started_at)
    print(
        f"start to first pilot output: median {statistics.median(took_s):.2f} s, "
        f"longest {max(took_s):.2f} s of {STARTS} starts"
    )


if __name__ == "__main__":
    main()
