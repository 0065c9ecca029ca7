# SPDX-License-Identifier: GPL-3.0-or-later
"""No memory, no charge: a store that is locked, full, damaged or replaced, and what it costs.

On simulated time, with the real control tick, the link's encoding, recorder and store.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from evsed.control import Control
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.controls import Controls
from evsed.link import Acknowledge, ReportedFaults, SetLimits, Tick, decode, encode
from evsed.store import LatchedFault, Store
from tests.daemon.daemon_world import World, life
from tests.sim.bench import CONFIG, Bench
from tests.store import write_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK_S = 0.02
WELDED = LatchedFault(Fault.CONTACTOR.value, "welded", NOON, "service")


def remembered(folder: Path, *, off: bool = False) -> Path:
    """A store with a latched fault, or with the owner's `off`."""
    store = Store(folder / "evsed.db")
    if off:
        store.put("controls", {"mode": "off"})
    else:
        store.latch(WELDED)
    store.close()
    return folder / "evsed.db"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program has the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


class Evse:
    """A bench whose control process has the memory of *world*, and a car that asks."""

    def __init__(self, world: World) -> None:
        self.world = world
        config = replace(
            CONFIG,
            evse=EvseConfig(front_end_proved=True, hold_off_s=world.recorder.hold_off_s),
            latched=world.recorder.fault_memory.latched,
        )
        self.bench = Bench(Control, config=config)
        self.limits = world.limits(16.0)
        self.bench.car.ask()

    def run(self, seconds: float) -> None:
        for count in range(round(seconds / TICK_S)):
            if count % 50 == 0:
                now = self.bench.time.control()
                limits = self.limits.update(now, NOON)
                if self.world.recorder.late is not None:
                    self.bench.send(decode(encode(self.world.recorder.late)))
                    self.world.recorder.late = None
                self.bench.send(decode(encode(ReportedFaults(self.limits.faults(now)))))
                self.bench.send(decode(encode(SetLimits(limits))))
            told = len(self.bench.events)
            self.bench.run(TICK_S)
            events = tuple(timed.event for timed in self.bench.events[told:])
            if events or count % 10 == 0:
                tick = decode(encode(Tick(self.bench.snapshot, events)))
                assert isinstance(tick, Tick)
                self.world.ticks.handle(tick, NOON)

    def plug_in(self) -> None:
        self.run(1)
        self.bench.plug_in()
        self.run(9)

    @property
    def closed(self) -> bool:
        return self.bench.contactor_closed

    @property
    def faults(self) -> set[Fault]:
        return set(self.bench.snapshot.faults)


async def test_with_a_memory_without_faults_it_charges(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        evse = Evse(world)
        evse.plug_in()
        assert evse.closed


async def test_a_store_that_is_locked_is_waited_for_and_its_faults_arrive(tmp_path: Path) -> None:
    path = remembered(tmp_path)
    with capture_logs() as entries:
        with locked(path):
            async with life(tmp_path, clean=False) as world:
                evse = Evse(world)
                evse.plug_in()
                assert not evse.closed
                assert evse.faults == {Fault.STORE}
                assert world.status(evse.bench.time.control()).evse_status == "Faulted"
        async with life(tmp_path) as world:
            world.recorder._loaded = False  # noqa: SLF001 - as at a start that found it locked
            world.recorder.fault_memory.latched = {}
            evse = Evse(world)
            evse.plug_in()
            assert evse.faults == {Fault.STORE}
            await world.write()
            evse.run(3)
            assert evse.faults == {Fault.CONTACTOR}
            evse.run(9)
            assert not evse.closed
    assert [entry["log_level"] for entry in entries if "locked" in entry["event"]] == ["error"]


async def test_an_off_that_is_read_late_is_in_force_before_anything_closes(tmp_path: Path) -> None:
    path = remembered(tmp_path, off=True)
    with capture_logs(), locked(path):
        opening = life(tmp_path)
        world = await opening.__aenter__()
        evse = Evse(world)
        evse.plug_in()
        assert not evse.closed
    await world.write()
    evse.run(12)
    assert world.recorder.orders.controls == Controls(Mode.OFF)
    assert evse.faults == set()
    assert not evse.closed
    await opening.__aexit__(None, None, None)


async def test_a_pause_after_a_crash_that_is_read_late_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "evsed.db")
    store.note_contactor("another boot", closed=True)
    store.close()
    with capture_logs(), locked(tmp_path / "evsed.db"):
        opening = life(tmp_path)
        world = await opening.__aenter__()
        evse = Evse(world)
        evse.plug_in()
    with capture_logs():
        await world.write()
    evse.run(8)
    assert not evse.closed
    evse.run(8)
    assert evse.closed
    await opening.__aexit__(None, None, None)


@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize("damage", ["garbage", "empty", "gone", "cut", "page"])
async def test_a_damaged_store_forgets_no_fault_and_no_off_and_waits_for_the_owner(
    tmp_path: Path,
    damage: str,
    off: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    path = remembered(tmp_path, off=off)
    whole = path.read_bytes()
    match damage:
        case "garbage":
            path.write_bytes(b"no database at all " * 1000)
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case "cut":
            path.write_bytes(whole[: len(whole) // 2])
        case _:
            path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with capture_logs():
        async with life(tmp_path) as world:
            evse = Evse(world)
            evse.plug_in()
            assert Fault.STORE_DAMAGED in evse.faults
            assert (Fault.CONTACTOR in evse.faults) is not off
            assert (world.recorder.orders.controls.mode is Mode.OFF) is off
            assert not evse.closed
            await world.write()
        async with life(tmp_path) as world:  # it waits through a restart, too
            evse = Evse(world)
            evse.plug_in()
            assert Fault.STORE_DAMAGED in evse.faults
            evse.bench.send(Acknowledge())
            evse.run(12)
            assert evse.faults == set()
            assert evse.closed is not off


async def test_a_latched_fault_of_another_version_waits_for_the_owner_as_well(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "evsed.db")
    store.latch(LatchedFault("FaultOfTomorrow", "the flux is out", NOON, "service"))
    store.close()
    for _ in range(2):  # it waits through a restart, too
        async with life(tmp_path) as world:
            evse = Evse(world)
            evse.plug_in()
            assert "FaultOfTomorrow" in evse.bench.snapshot.faults[Fault.STORE_DAMAGED]
            assert not evse.closed
            await world.write()
    async with life(tmp_path) as world:
        evse = Evse(world)
        evse.plug_in()
        evse.bench.send(Acknowledge())
        evse.run(12)
        assert evse.closed
        await world.write()
    async with life(tmp_path) as world:
        assert world.recorder.fault_memory.latched == {}


async def test_a_store_that_is_damaged_while_it_runs_is_a_fault_that_waits(tmp_path: Path) -> None:
    remembered(tmp_path, off=True)
    with capture_logs():
        async with life(tmp_path) as world:
            evse = Evse(world)
            evse.plug_in()
            world.recorder._store.close()  # noqa: SLF001 - what SQLite has in memory would hide it
            (tmp_path / "evsed.db").write_bytes(b"no database at all " * 1000)
            world.recorder.on_event(ev.ContactorOpened(1.0, Cause.limit("feed"), ""), NOON)
            await world.write()
            await world.write()
            evse.run(3)
            assert Fault.STORE_DAMAGED in evse.faults
        store = Store(tmp_path / "evsed.db")
        assert store.get("controls") == {"mode": "off"}
        assert [fault.name for fault in store.latched()] == [Fault.STORE_DAMAGED.value]
        store.close()


async def test_a_disk_that_is_full_at_the_start_is_a_fault_that_ends_by_itself(
    tmp_path: Path,
) -> None:
    remembered(tmp_path)
    with capture_logs():
        async with life(tmp_path, clean=False) as world:
            store = world.recorder._store  # noqa: SLF001 - its disk is to be full
            world.recorder._loaded = False  # noqa: SLF001 - as at a start that found it full
            world.recorder.fault_memory.latched = {}
            store.load()
            store._file._database.execute("PRAGMA max_page_count = 1")  # type: ignore[union-attr]  # noqa: SLF001 - the disk is full
            world.recorder.on_event(ev.ContactorClosed(1.0, 1), NOON)
            evse = Evse(world)
            evse.plug_in()
            assert evse.faults == {Fault.STORE}
            assert not evse.closed
            store.close()  # room again
            await world.write()
            evse.run(3)
            assert evse.faults == {Fault.CONTACTOR}


@pytest.mark.skipif(not write_log.available(), reason="this Python has an SQLite of its own")
async def test_a_disk_that_fills_in_a_charge_is_a_fault_after_30_s_and_ends_with_the_first_write(
    tmp_path: Path,
) -> None:
    controls = Controls(max_current_a=13.0)
    with capture_logs(), write_log.record() as log:
        async with life(tmp_path) as world:
            evse = Evse(world)
            evse.plug_in()
            log.full_from = 0
            world.recorder.orders.set_controls(controls)
            await world.write()
            evse.run(2)
            assert evse.faults == set()
            assert evse.closed
            world.recorder.writer._failing_since -= 30.0  # noqa: SLF001 - half a minute goes by
            await world.write()
            evse.run(8)
            assert evse.faults == {Fault.STORE}
            assert not evse.closed
            log.full_from = None
            await world.write()
            evse.run(12)
            assert evse.faults == set()
            assert evse.closed
        async with life(tmp_path) as world:
            assert world.recorder.orders.controls == controls
