# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell every story of the matrix on both boards and print its tables: `make matrix`."""

from __future__ import annotations

import sys
import time
from itertools import product
from pathlib import Path

from tests.boards.single_parts.converter_faults import FAULTS, OF_THIS_CAR
from tests.boards.single_parts.pis import PIS
from tests.boards.single_parts.stories import (
    LIVE_WITHIN_S,
    MOMENTS,
    PARTS,
    converter_outcome,
    limit_s,
    outcome,
    table,
)

SAFETY = Path(__file__).parents[3] / "SAFETY.md"
BEGIN, END = "<!-- by make matrix -->\n", "<!-- end of the matrix -->"


def main() -> int:
    """Print each story and the table; 1 where one is live for too long or not found."""
    wrong = 0
    for pi, part, moment, mirror in product(PIS, PARTS, MOMENTS, (False, True)):
        began_at = time.monotonic()
        found = outcome(pi, part, moment, mirror=mirror)
        wanted = PARTS[part].with_mirror if mirror else PARTS[part].without
        bad = found.live_s > limit_s(part) or (wanted is not None and wanted not in found.faults)
        wrong += bad
        names = ", ".join(fault.value for fault in found.faults) or "nothing"
        sys.stdout.write(
            f"{'WRONG' if bad else 'well '} {pi:6} {PARTS[part].words:32} {moment:6} "
            f"{'mirror' if mirror else '-':6} empty and live {1000 * found.live_s:5.0f} ms, "
            f"found: {names} ({time.monotonic() - began_at:.1f} s)\n"
        )
        sys.stdout.flush()
    wrong += _converters()
    sys.stdout.write(f"\n{table()}\n")
    if "--write" in sys.argv:
        text = SAFETY.read_text()
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        SAFETY.write_text(f"{before}{BEGIN}{table()}\n{END}{after}")
    return 1 if wrong else 0


def _converters() -> int:
    """Print each story of a converter that fails; return how many are live for too long."""
    wrong = 0
    for pi, name, moment, channels in product(PIS, FAULTS, MOMENTS, (False, True)):
        found = converter_outcome(pi, name, moment, channels=channels)
        known = name == OF_THIS_CAR and moment == "during"
        bad = found.live_s > LIVE_WITHIN_S and not known
        wrong += bad
        names = ", ".join(fault.value for fault in found.faults) or "nothing"
        sys.stdout.write(
            f"{'WRONG' if bad else 'well '} {pi:6} {name:40} {moment:6} "
            f"{'channels' if channels else '-':8} empty and live {1000 * found.live_s:5.0f} ms, "
            f"found: {names}\n"
        )
        sys.stdout.flush()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
