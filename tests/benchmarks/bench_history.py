# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten years of history: the size of the file, what is written a day, how long questions take.

    .venv/bin/python -m tests.benchmarks history

Every minute of ten years and a hundred days goes the way it goes in life: 1440 rows a day into the
store, and once a day thinned. Two sessions a day. Then a day without a car and a day that charges
around the clock, as the books write them; the bytes are `write_bytes` of /proc/self/io. Last, how
long a save takes alone, and while a thread asks for everything and makes backups.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from evsed.core.energy.history import By, TraceRow
from evsed.core.energy.sessions import Checkpoint, DayTotal, EndReason, Flow, Ledger, SessionRecord
from evsed.store import Store
from evsed.store.reading import StoreReader

MB: Final = 1e6
BEGIN: Final = date(2026, 1, 1)
DAYS: Final = 3653 + 100
IDLE_AIM_MB: Final = 2.0
SAVES: Final = 200


def minutes(day: date, chance: random.Random, *, charging: bool) -> list[TraceRow]:
    """A day's rows: a sun with clouds, a car that follows it; *charging*: around the clock."""
    begins_at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    rows = []
    for minute in range(1440):
        height = math.sin((minute - 360) / 720 * math.pi)
        available_w = round(max(-300.0, 7000 * height) * chance.uniform(0.3, 1.0))
        charges = charging or available_w > 1380
        power_w = round(min(max(available_w, 1380), 7360)) if charges else 0
        battery_loan_wh = chance.randrange(320) if charges else 0
        state = "C2" if charges else "B1"
        at = begins_at + 60 * minute
        rows.append(TraceRow(at, 60, available_w, power_w, power_w, battery_loan_wh, state))
    return rows


def sessions(day: date) -> Checkpoint:
    """Two sessions of *day*, and its total."""
    begins = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    records = tuple(
        SessionRecord(
            id=f"{random.getrandbits(128):032x}",
            started=begins + timedelta(hours=6 * n),
            ended=begins + timedelta(hours=6 * n + 5),
            energy_wh=12_345.678 + n,
            charge_s=14_321.5,
            peak_a=31.26,
            solar_wh=11_111.1,
            reason=EndReason.FEED,
        )
        for n in range(2)
    )
    return Checkpoint(records, (DayTotal(day, 24_691.4, 28_643.0, 22_222.2),), 1e6, 1000, 1)


def fill(store: Store, days: int) -> None:
    """*days* days, each as it would have come."""
    chance, began = random.Random(1), time.perf_counter()
    for number in range(days):
        day = BEGIN + timedelta(days=number)
        taken = sessions(day)
        store.save(taken, datetime(day.year, day.month, day.day, tzinfo=UTC))
        for record in taken.sessions:
            store.mark_logged(record.id)
        store.trace.add(minutes(day, chance, charging=False))
        while store.trace.thin():
            pass
    print(f"   {days} days filled in {time.perf_counter() - began:.0f} s")


def written() -> int:
    """Bytes that this process has given to the disk."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def a_day(store: Store, day: date, flow: Flow, *, plugged: bool) -> float:
    """Live through *day*, a second at a time; the MB written."""
    ledger = Ledger()
    ledger.load(store.load())
    if plugged:
        ledger.plug_in(f"{day}", datetime.now(UTC))
    rows = minutes(day, random.Random(2), charging=plugged)
    os.sync()
    before = written()
    for second in range(86_400):
        ledger.add(float(second), day, flow)
        if ledger.save_due(second):
            taken = ledger.checkpoint()
            store.save(taken, datetime.now(UTC))
            ledger.saved(taken, second)
        if second % 900 == 899:
            store.trace.add(rows[second // 60 - 14 : second // 60 + 1])
    store.trace.thin()
    return (written() - before) / MB


def timed(question: Callable[[], object]) -> float:
    """Milliseconds that *question* takes, the best of three."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        question()
        took.append(time.perf_counter() - began)
    return min(took) * 1000


def saves(store: Store, day: date) -> Iterator[float]:
    """Milliseconds of each of some saves."""
    for n in range(SAVES):
        taken = Checkpoint((), (DayTotal(day, float(n)),), float(n), n, n)
        began = time.perf_counter()
        store.save(taken, datetime.now(UTC))
        yield (time.perf_counter() - began) * 1000
        time.sleep(0.01)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    days = parser.parse_args().days
    last = BEGIN + timedelta(days=days)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evsed.db"
        store, reader = Store(path), StoreReader(path)
        store.load()
        empty_mb = a_day(store, BEGIN - timedelta(days=9), Flow(), plugged=False)
        fill(store, days)
        idle_mb = a_day(store, last, Flow(), plugged=False)
        flow = Flow(power_w=7360.0, current_a=32.0, solar_w=5000.0)
        charging_mb = a_day(store, last + timedelta(days=1), flow, plugged=True)
        store.close()
        print(f"   the file after ten years and a hundred days: {path.stat().st_size / MB:.1f} MB")
        print(f"   written on a day without a car: {idle_mb:.2f} MB (a new file: {empty_mb:.2f}); "
              f"aim: under {IDLE_AIM_MB:.0f}")  # fmt: skip
        print(f"   written on a day that charges around the clock: {charging_mb:.1f} MB")
        began = time.perf_counter()
        store.load()
        print(f"   opened and checked in {(time.perf_counter() - began) * 1000:.0f} ms")
        old, new = BEGIN + timedelta(days=30), last - timedelta(days=2)
        questions: dict[str, Callable[[], object]] = {
            "a day of minutes": lambda: reader.day(new, []),
            "a day ten years ago": lambda: reader.day(old, []),
            "which days there are": reader.days,
            "ten years by day": lambda: reader.energy(By.DAY, date.min, date.max),
            "ten years by year": lambda: reader.energy(By.YEAR, date.min, date.max),
            "100 sessions": reader.sessions,
            "all sessions": lambda: reader.sessions(1_000_000),
            "a backup": lambda: reader.backup().close(),
        }
        for name, question in questions.items():
            print(f"   {name}: {timed(question):.1f} ms")
        alone = list(saves(store, last))
        over = threading.Event()

        def ask_on() -> None:
            while not over.is_set():
                for question in questions.values():
                    question()

        asking = threading.Thread(target=ask_on)
        asking.start()
        beside = list(saves(store, last))
        over.set()
        asking.join()
        for name, took in (("alone", alone), ("beside all questions", beside)):
            print(f"   a save {name}: median {statistics.median(took):.1f} ms, "
                  f"worst of {SAVES} {max(took):.0f} ms")  # fmt: skip
        began, pieces = time.perf_counter(), []
        while True:
            piece = time.perf_counter()
            if not any(store.trace.delete(date.max)):
                break
            pieces.append((time.perf_counter() - piece) * 1000)
        print(f"   deleting all of it: {time.perf_counter() - began:.1f} s, a piece at most "
              f"{max(pieces):.0f} ms")  # fmt: skip
        store.close()


if __name__ == "__main__":
    main()
