# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP: what it costs off and on, and what a hostile central system does to the control tick.

    .venv/bin/python -m tests.benchmarks ocpp

The hostile one sends profiles of 4,000 periods, 100 KB each, as fast as they are read, brackets
without end, and messages of 10 MB.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.frontends.ocpp.central import CentralSystem
from tests.processes.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTLE_S, MEASURED_S = 8.0, 25.0
FLOODED_S = 20.0
HUNDREDTHS: int = os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """The memory of *pid* alone and its share of the rest (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(pid: int) -> float:
    """The processor time that *pid* has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HUNDREDTHS


def bad_messages() -> Iterator[str]:
    """Yield what no central system should send, without end."""
    periods = [{"startPeriod": n, "limit": 6.0} for n in range(4000)]
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }
    long = [2, "p", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}]
    while True:
        for _ in range(100):
            yield json.dumps(long)
            yield '[2,"q","GetConfiguration",{}]'
            yield "[" * 50_000
        yield json.dumps([2, "b", "DataTransfer", {"vendorId": "x" * 10_000_000}])


async def flood(central: CentralSystem) -> int:
    """Send bad messages; return how many were sent."""
    sent, until_at = 0, time.monotonic() + FLOODED_S
    for text in bad_messages():
        if time.monotonic() > until_at:
            break
        try:
            async with asyncio.timeout(1.0):
                await central.send_text(text)
            sent += 1
        except (OSError, TimeoutError, asyncio.CancelledError, RuntimeError):
            await asyncio.sleep(0.01)  # the connection was ended
    return sent


async def life(*, enabled: bool) -> None:
    """One life of evsed, with OCPP or without."""
    central = CentralSystem()
    await central.start()
    rig = Rig()
    try:
        if enabled:
            section = f'\n[ocpp]\nurl = "{central.url}"\n'
            rig.settings.write_text(rig.settings.read_text() + section)
        rig.start()
        if enabled:
            await central.seen("StatusNotification", 2)
        await asyncio.to_thread(rig.until_proved)
        await asyncio.sleep(SETTLE_S)
        pid = rig.life().pid
        before = cpu_s(pid)
        await asyncio.sleep(MEASURED_S)
        share = (cpu_s(pid) - before) / MEASURED_S
        name = "on " if enabled else "off"
        print(f"OCPP {name}: daemon {memory_mb(pid):.1f} MB, {100 * share:.2f} % of a core")
        if enabled:
            before = cpu_s(pid)
            sent = await flood(central)
            share = (cpu_s(pid) - before) / FLOODED_S
            status = await asyncio.to_thread(rig.status)
            tick: dict[str, Any] = status["tick"] if status else {}
            print(f"hostile : {sent} sent, {memory_mb(pid):.1f} MB, {100 * share:.1f} % of a core")
            print(f"          late ticks {tick['late']}, worst tick {tick['worst_ms']:.1f} ms")
    finally:
        rig.close()


def main() -> None:
    """Measure both."""
    for enabled in (False, True):
        asyncio.run(life(enabled=enabled))


if __name__ == "__main__":
    main()
