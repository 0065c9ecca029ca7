# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue on the disk: bounded, and through power cuts at every write, whole and without twins.

The real charge point does the work of some charges; every write of SQLite is recorded. The log is
cut at each point, with and without what was not synced yet, and a new charge point goes on from it.
"""

from __future__ import annotations

import shutil
import tempfile
from itertools import count
from pathlib import Path
from random import Random

import pytest

from evsed.core.ocpp.profiles import ChargingProfile, ProfileKind, Purpose, Schedule, SchedulePeriod
from evsed.frontends.ocpp import OcppConfig, memory
from evsed.frontends.ocpp.clock import StationClock
from evsed.frontends.ocpp.memory import Item, Memory, NewItem
from evsed.frontends.ocpp.readings import View
from evsed.frontends.ocpp.station import Station
from tests.store import write_log

CHARGES = 8
CUTS_LEAST = 1000
PROFILE = ChargingProfile(
    1, 0, Purpose.TX_DEFAULT, ProfileKind.RELATIVE, Schedule("A", (SchedulePeriod(0, 8.0),))
)


class Clock:
    """Monotonic seconds that the test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def station(path: Path, clock: Clock) -> Station:
    numbers = count(int(clock.at * 1000))
    made = StationClock(clock, lambda: 1.8e9 + clock.at, boot="b")
    config = OcppConfig(url="ws://x", path=path)
    return Station(config, Memory(path), made, lambda: f"k{next(numbers)}")


def work(path: Path, log: write_log.Log) -> None:
    """A life with charges, of which the central system takes some; promises are marked."""
    clock = Clock()
    made = station(path, clock)
    made.place(PROFILE)
    log.mark("profile")
    register_wh = 0.0
    for n in range(CHARGES):
        view = View(session=f"s{n}", evse_status="Charging", register_wh=register_wh)
        made.update(view)
        log.mark(f"started s{n}")
        for _ in range(3):
            clock.at += 60.0
            register_wh += 100.0
            made.update(View(session=f"s{n}", evse_status="Charging", register_wh=register_wh))
        clock.at += 1.0
        made.update(View(register_wh=register_wh))
        log.mark(f"stopped s{n}")
        for _ in range(3):
            item = made.memory.first()
            assert item is not None
            # The central system has it, whether or not the machine remembers that.
            log.mark(f"taken {item.message_id}")
            made.memory.commit({"ids": {item.body["tx"]: n}}, done=item)
            log.mark(f"done {item.message_id}")
    made.memory.close()


def waiting(made: Memory) -> list[Item]:
    """Take everything out of the queue."""
    found = []
    while (item := made.first()) is not None:
        found.append(item)
        made.commit(done=item)
    return found


def check(folder: Path, promised: list[str], taken: set[str]) -> None:
    """Go on from the files in *folder*, with no car, and compare with what was promised."""
    clock = Clock()
    clock.at = 1e6
    made = station(folder / "ocpp.db", clock)
    assert not list(folder.glob("*damaged*"))
    if "profile" in promised:
        assert made.stack.profiles == (PROFILE,)
    made.update(View(register_wh=0.0))  # the car is gone, the register lost some watt-hours
    items = waiting(made.memory)
    made.memory.close()
    ids = [item.message_id for item in items]
    assert len(ids) == len(set(ids))
    done = {name.split()[1] for name in promised if name.startswith("done")}
    assert not done & set(ids)  # nothing twice
    assert len(taken & set(ids)) <= 1  # one answer at most is not remembered; its id is the same
    starts = {item.body["session"]: item.body for item in items if item.kind == "start"}
    stops = {item.body["tx"]: item.body for item in items if item.kind == "stop"}
    running = {item.body["tx"] for item in items}
    for key in running:  # every transaction that is still reported is reported to its end, in order
        kinds = [item.kind for item in items if item.body["tx"] == key]
        assert kinds[-1] == "stop"
        assert kinds.count("start") + kinds.count("stop") <= 2
    for name in promised:
        what, session = name.split()[0], name.split()[-1]
        if what == "stopped" and session in starts:
            body = starts[session]
            assert stops[body["tx"]]["register_wh"] - body["register_wh"] == 300
    for item in items:
        if item.kind == "stop" and item.body["tx"] in {b["tx"] for b in starts.values()}:
            begun = next(b for b in starts.values() if b["tx"] == item.body["tx"])
            assert item.body["register_wh"] >= begun["register_wh"]
    seqs = [item.seq for item in items]
    assert seqs == sorted(seqs)


@pytest.mark.skipif(not write_log.available(), reason="this Python has an SQLite of its own")
def test_a_power_cut_at_any_write_loses_no_message_and_doubles_none(tmp_path: Path) -> None:
    with write_log.record() as log:
        work(tmp_path / "ocpp.db", log)
    random = Random(20261127)
    cuts = 0
    shared = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else tmp_path))
    # The file is made in one step; before that there is nothing to lose.
    points = random.sample(range(1, len(log.steps) + 1), min(CUTS_LEAST // 2, len(log.steps)))
    for point in points:
        promised = log.promised(point)
        taken = {name.split()[1] for name in promised if name.startswith("taken")}
        for n, chance in enumerate((None, random)):
            folder = place / f"cut-{point}-{n}"
            log.cut(point, folder, chance)
            check(folder, promised, taken)
            cuts += 1
            shutil.rmtree(folder)
    place.rmdir()
    assert cuts >= CUTS_LEAST


def test_samples_give_way_when_too_many_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_SAMPLES", 5)
    made = Memory(tmp_path / "ocpp.db")
    made.commit(add=[NewItem("start", "start", {"tx": "a"})])
    for n in range(20):
        made.commit(add=[NewItem(f"m{n}", "meter", {"tx": "a"})])
    made.commit(add=[NewItem("stop", "stop", {"tx": "a"})])
    ids = [item.message_id for item in waiting(made)]
    assert ids == ["start", "m15", "m16", "m17", "m18", "m19", "stop"]
    made.close()


def test_when_nothing_else_helps_the_oldest_transaction_goes_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_ITEMS", 4)
    made = Memory(tmp_path / "ocpp.db")
    for tx in "abc":
        for kind in ("start", "stop"):
            made.commit(add=[NewItem(f"{kind} {tx}", kind, {"tx": tx})])
    assert [item.message_id for item in waiting(made)] == ["start b", "stop b", "start c", "stop c"]
    made.close()


def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "ocpp.db"
    path.write_bytes(b"no database at all" * 1000)
    made = Memory(path)
    assert made.first() is None
    assert (tmp_path / "ocpp.db.damaged").exists()
    made.close()


def test_a_stamp_from_before_the_clock_was_known_is_set_right_when_it_is_sent() -> None:
    clock = Clock()
    wrong = StationClock(clock, lambda: 0.0, boot="b")
    stamp = wrong.stamp()
    clock.at += 100.0
    assert wrong.iso_of(stamp).startswith("1969-12-31T23:58:20")
    wrong.set(1_800_000_000.0)
    assert wrong.epoch_of(stamp) == pytest.approx(1_800_000_000.0 - 100.0)
    assert wrong.known
    another_boot = StationClock(clock, lambda: 0.0, boot="c")
    another_boot.set(1_800_000_000.0)
    assert another_boot.epoch_of(stamp) == stamp.wall
