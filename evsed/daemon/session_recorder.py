# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and totals, kept in the store and in files for people.

Events are counted here at once (`core.energy.sessions.Ledger`) and written by the store writer when
they are due. Latched faults (`fault_memory`) and orders (`orders`) are written with them; the
minutes of the trace recorder follow after everything else.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from evsed.core.energy.end_reasons import reason_for
from evsed.core.energy.sessions import (
    EndReason,
    Flow,
    Ledger,
    OpenSession,
    SessionRecord,
)
from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.core.text import text
from evsed.core.user.expected_end import usual_wh
from evsed.daemon.fault_memory import FaultMemory
from evsed.daemon.feed_memory import FeedMemory
from evsed.daemon.orders import Orders, OrdersInForce
from evsed.daemon.status import SessionTotals
from evsed.daemon.store_writer import StoreWriter
from evsed.daemon.stored_state import (
    FEED_NOTE,
    FRONT_END_NOTE,
    PAST_KEPT,
    read_identity,
    read_stored_state,
)
from evsed.daemon.trace_recorder import TraceRecorder
from evsed.errors import StoreError
from evsed.frontends.classic import EnergyFiles
from evsed.frontends.hub import SessionEnded, SessionEvent, SessionStarted
from evsed.link import Remember
from evsed.store import LastEnd, Store

if TYPE_CHECKING:
    from evsed.link import Snapshot

AFTER_CRASH_S = 10.0  # nothing closes for so long after a life that left the contactor closed
CRASHES_MAX = 3  # within an hour, then evsed stays off until acknowledged
BACK_WITHIN_S = 10.0  # a car that is back so soon was not unplugged: its contact is loose
UNPLUGGED_WITHIN_S = 2.0  # after the car let go: it did so because of the plug
CHARGE_LEAST_WH = 5.0  # less is shown as 0.00 kWh, and is no charge

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SessionRecorderConfig:
    """The places: the store's file, and the folder of the files for people.

    `calibration` names the front end's calibration: a proof of it holds for no other. `max_a` is
    the most current that the supply gives.
    """

    path: Path
    folder: Path
    calibration: str
    max_a: float


@dataclass(frozen=True, slots=True)
class _UnpluggedCar:
    """A car that was unplugged at the monotonic moment `at`, with what it had."""

    at: float
    orders: OrdersInForce
    energy_wh: float
    charge_s: float


class SessionRecorder:
    """Records sessions, days and the lifetime; made by `open()`."""

    def __init__(self, config: SessionRecorderConfig, *, boot: str) -> None:
        self._config = config
        self._boot = boot
        self._store = Store(config.path)
        self._files = EnergyFiles(config.folder)
        self._ledger = Ledger()
        self.writer = StoreWriter(self._store)
        self.fault_memory = FaultMemory(self._store, self.writer)
        self.orders = Orders(self._store, self.writer, config.max_a)
        self.trace = TraceRecorder()
        self._left_open: tuple[OpenSession, ...] = ()
        self._loaded = False
        self._past: tuple[SessionRecord, ...] = ()  # ended, the newest first
        self.habit_wh: float | None = None  # of a usual charge
        self._left: _UnpluggedCar | None = None  # the car that was unplugged last, with what it had
        self.carried_wh = self.carried_s = 0.0  # of earlier sessions of the same stay
        self._let_go_at = float("-inf")  # when the car itself ended the current
        self._stats_for: date | None = None
        self.front_end_proved = False
        self.feed_memory: FeedMemory | None = None
        """The memory of the feed; None while that cannot be read."""
        self.hold_off_s = 0.0
        self.power_was_cut = False  # the machine was started again since the last life
        self.late: Remember | None = None  # a memory that came after the start, to be sent
        self._started = False

    @classmethod
    async def open(cls, config: SessionRecorderConfig) -> SessionRecorder:
        """Open the record of earlier lives; what cannot be read is reported and done without."""
        recorder = cls(config, boot=_boot_id())
        await recorder._remember()
        recorder._started = True
        return recorder

    async def _remember(self) -> None:
        """Restore what earlier lives have kept; where it cannot be read, try again later."""
        try:
            stored = await self.writer.run(lambda: read_stored_state(self._store, self._boot))
        except StoreError as error:
            self.writer.report(error)  # and nothing closes: see `faults()`
            return
        self._loaded = True
        self._ledger.load(stored.history)
        self._left_open = stored.history.left_open
        self._add_past(*stored.past)
        self.front_end_proved = stored.front_end == self._config.calibration
        self.feed_memory = FeedMemory.from_json(stored.feed)
        self.fault_memory.restore(stored.latched)
        self.orders.restore(stored.controls, stored.claims, stored.off_by, stored.plan_progress)
        self.fault_memory.look_for_damage()
        self.power_was_cut = stored.boot not in (None, self._boot)
        beginning = stored.beginning
        if beginning.last_end is not LastEnd.CLEAN:
            self.hold_off_s = AFTER_CRASH_S
            log.warning("the last life ended while charging", how=beginning.last_end.value)
        if beginning.crashes >= CRASHES_MAX:
            detail = text(
                "{crashes} crashes within an hour with the contactor closed",
                crashes=beginning.crashes,
            )
            self.fault_memory.find(Fault.PERMANENT, detail)
        if self._started:
            self.late = Remember(self.fault_memory.latched, self.front_end_proved, self.hold_off_s)

    def faults(self) -> dict[Fault, str]:
        """Return the faults of the memory itself: what it found, once, and that it cannot be used.

        Without a memory nothing closes: latched faults, the owner's `off` and the pause after a
        crash are not known.
        """
        found = self.fault_memory.pop_found()
        trouble = self.writer.trouble
        if not self._loaded or trouble.lasts:
            found[Fault.STORE] = trouble.text or text(
                "the memory of earlier lives was not read yet"
            )
        return found

    async def identity(self) -> str:
        """Return the name of this evsed; see `frontends.hub.Hub`. Raises `StoreError`."""
        return await self.writer.run(lambda: read_identity(self._store))

    # --- what is known ------------------------------------------------------------------------

    @property
    def totals(self) -> SessionTotals:
        """The sessions and totals as they are shown now."""
        return SessionTotals(
            session=self._ledger.session or self._waiting_session or self._last_charge,
            active=self._ledger.session is not None,
            day=self._ledger.day(_today()),
            total_wh=self._ledger.total_wh,
            cycles=self._ledger.cycles,
            controls=self.orders.controls,
            claims=self.orders.claims,
        )

    @property
    def _waiting_session(self) -> SessionRecord | None:
        """The session of an earlier life until the pilot shows whether its car is still there.

        A reader that saw 0 Wh meanwhile would count the session's energy twice.
        """
        return self._left_open[-1].record if self._left_open else None

    @property
    def _last_charge(self) -> SessionRecord | None:
        """The last session with energy: a car that was only plugged in does not replace it."""
        charges = (session for session in self._past if session.energy_wh >= CHARGE_LEAST_WH)
        return next(charges, None)

    def _add_past(self, *ended: SessionRecord) -> None:
        """Add sessions that have ended, and learn the habit again."""
        known = {session.id: session for session in (*self._past, *ended)}
        newest = sorted(known.values(), key=lambda session: session.started, reverse=True)
        self._past = tuple(newest[:PAST_KEPT])
        self.habit_wh = usual_wh(self._past)

    # --- what happens -------------------------------------------------------------------------

    def on_snapshot(self, snapshot: Snapshot, flow: Flow) -> tuple[SessionEvent, ...]:
        """Count *flow* from the moment of *snapshot* on; return the sessions that ended."""
        self._ledger.add(snapshot.at, _today(), flow)
        if snapshot.front_end_proved != self.front_end_proved:
            self.front_end_proved = snapshot.front_end_proved
            note = self._config.calibration if snapshot.front_end_proved else None
            self.writer.submit(lambda: self._store.put(FRONT_END_NOTE, note))
        return self._resume(plugged=False) if snapshot.state == "A" else ()

    def keep_feed(self, memory: FeedMemory) -> None:
        """Keep *memory* of the feed for the next life."""
        if self.feed_memory != memory:
            self.feed_memory = memory
            self.writer.submit(lambda: self._store.put(FEED_NOTE, memory.to_json()))

    def on_event(self, event: ev.Event, at: datetime) -> tuple[SessionEvent, ...]:
        """Record *event*, arrived at the wall-clock time *at*; return sessions begun and ended."""
        match event:
            case ev.CarPluggedIn():
                self._take_back(event.at)
                return self._plug_in(at)
            case ev.CarUnplugged():
                return self._unplug(event, at)
            case ev.FaultRaised(fault=name, detail=detail):
                self.fault_memory.on_raised(Fault(name), detail)
            case ev.FaultCleared(fault=name):
                self.fault_memory.on_cleared(Fault(name))
            case ev.ContactorClosed():
                self._ledger.closed_contactor()
                self._note_contactor(closed=True)
            case ev.ContactorOpened(cause=cause):
                self._note_contactor(closed=False)
                # The energy up to here first: what flows afterwards would take the reason away.
                self._ledger.add(event.at, _today(), Flow())
                reason = reason_for(cause)
                self._let_go_at = event.at if reason is EndReason.CAR else float("-inf")
                self._ledger.stopped(reason)
            case _:
                pass
        return ()

    def _plug_in(self, at: datetime) -> tuple[SessionEvent, ...]:
        """Begin a session, or go on with the one that an earlier life left open with this car."""
        events = self._resume(plugged=True)
        if self._ledger.session is None:
            self._ledger.plug_in(uuid.uuid4().hex, at)
        session = self._ledger.session
        return events if session is None else (*events, SessionStarted(session))

    def _resume(self, *, plugged: bool) -> tuple[SessionEvent, ...]:
        """Go on with sessions of earlier lives, or end them; return those that ended."""
        left_open, self._left_open = self._left_open, ()
        if not left_open:
            return ()
        if not plugged:  # the car left in between
            self.orders.on_unplugged()
        self._ledger.resume(left_open, plugged=plugged)
        ended = [left.closed() for left in (left_open[:-1] if plugged else left_open)]
        self._add_past(*ended)
        return tuple(SessionEnded(session) for session in ended)

    def _unplug(self, event: ev.CarUnplugged, at: datetime) -> tuple[SessionEvent, ...]:
        if event.at - self._let_go_at < UNPLUGGED_WITHIN_S:
            self._ledger.stopped(EndReason.UNPLUGGED)
        ended = self._ledger.unplug(at)
        energy_wh, charge_s = (ended.energy_wh, ended.charge_s) if ended else (0.0, 0.0)
        self._left = _UnpluggedCar(
            event.at,
            self.orders.in_force,
            self.carried_wh + energy_wh,
            self.carried_s + charge_s,
        )
        self.carried_wh = self.carried_s = 0.0
        if ended:
            self._add_past(ended)
        self.orders.on_unplugged()
        return (SessionEnded(ended),) if ended else ()

    def _take_back(self, now: float) -> None:
        """Give a car that is back within seconds its limits, and the energy that counts to them."""
        left, self._left = self._left, None
        if left is None or now - left.at > BACK_WITHIN_S:
            return
        self.carried_wh, self.carried_s = left.energy_wh, left.charge_s
        self.orders.take_back(left.orders)

    def _note_contactor(self, *, closed: bool) -> None:
        # Urgent: a crash in the next second counts, too.
        boot = self._boot
        self.writer.submit(lambda: self._store.note_contactor(boot, closed=closed), urgent=True)

    # --- writing ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what is due, without end."""
        await self.writer.run_forever(self._write_due)

    async def _write_due(self) -> None:
        """Write what is due now; raises `StoreError` where something could not be written."""
        now = time.monotonic()
        if not self._loaded:
            await self._remember()
        self.fault_memory.look_for_damage()
        await self.writer.flush()  # only now: `_read` must not meet what this life has to note
        if self._ledger.save_due(now):
            checkpoint = self._ledger.checkpoint()
            await self.writer.run(lambda: self._store.save(checkpoint, datetime.now().astimezone()))
            self._ledger.saved(checkpoint, now)
            await self.writer.run(self._write_files)
        elif self._stats_for != _today():
            await self.writer.run(self._write_files)
        await self.trace.write(self.writer)

    def _write_files(self) -> None:
        """Sessions that have ended to energy.log; EnergyStats after them, and at midnight."""
        unlogged = self._store.unlogged()
        for record in unlogged:
            ended = record.ended or record.started
            if record.energy_wh > 0:
                self._files.append(record, ended.astimezone())
            self._store.mark_logged(record.id)
        if unlogged or self._stats_for != _today():
            self._files.write_stats(datetime.now().astimezone())
            self._stats_for = _today()

    async def close(self, *, clean: bool) -> None:
        """Write everything; *clean*: the contactor is known to be open."""
        if clean:
            self._note_contactor(closed=False)
        if self._loaded:  # else the totals of earlier lives are not in it
            checkpoint = self._ledger.checkpoint()
            self.writer.submit(lambda: self._store.save(checkpoint, datetime.now().astimezone()))
        await self.writer.write(self._write_last, patient=False)
        await self.writer.close()

    async def _write_last(self) -> None:
        await self._write_due()
        await self.trace.write(self.writer, all_of_it=True)


def _today() -> date:
    return datetime.now().astimezone().date()


def _boot_id() -> str:
    """Return the kernel's name of this boot of the machine (random(4))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"
