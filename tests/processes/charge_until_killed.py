# SPDX-License-Identifier: GPL-3.0-or-later
"""A life that charges on made-up time as fast as it can; for test_store_kill, which ends it.

Arguments: the database. It goes on with what it finds there, tells each second of made-up time on
standard output as the energy it has counted (8 bytes, Wh), and never ends by itself.
"""

import itertools
import os
import struct
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from evsed.core.energy.sessions import Flow, Ledger
from evsed.store import Store

WH_A_SECOND = Flow(power_w=3600.0, current_a=15.7)
START = datetime(2026, 11, 22, 20, tzinfo=UTC)


def main() -> None:
    store, ledger = Store(Path(sys.argv[1])), Ledger()
    history = store.load()
    ledger.load(history)
    ledger.resume(history.left_open, plugged=True)
    if ledger.session is None:
        ledger.plug_in("only", START)
    for second in itertools.count():
        wall = START + timedelta(seconds=second)
        ledger.add(float(second), date(wall.year, wall.month, wall.day), WH_A_SECOND)
        os.write(1, struct.pack("d", ledger.total_wh))
        if ledger.save_due(second):
            checkpoint = ledger.checkpoint()
            store.save(checkpoint, wall)
            ledger.saved(checkpoint, second)


main()
