# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy per session, per day and over a lifetime.

A session is plug-in to unplug. Energy is power times *monotonic* time, so a wall clock that jumps
loses none of it; the wall clock only names the day to which a share belongs, and the start and end
that are shown. Without a meter the power is an estimate from the current offered, marked as such.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Final

from evsed.core.text import text

GAP_S: Final = 5.0
"""A power counts for this long after it was reported. Snapshots come five times a second; after
three seconds without the daemon the offer ends by itself, so a longer gap is no charging."""

SAVE_AFTER_S: Final = 40.0
"""Energy is saved this long after it began to flow. A power cut may cost 60 s of it; the other 20 s
are for a save that has to wait or to be repeated."""


def sun_text(energy_wh: float, solar_wh: float | None) -> str:
    """Return the solar share of an energy, "94 % sun"; "" where it is not known."""
    if not energy_wh or solar_wh is None:
        return ""
    share = min(1.0, max(0.0, solar_wh / energy_wh))
    return text("{percent:.0f} % sun", percent=100 * share)


class EndReason(Enum):
    """The reason why the current last stopped before the session ended."""

    UNPLUGGED = "unplugged"  # while it flowed, or it never did
    CAR = "car stopped"
    FEED = "feed"
    SCHEDULE = "schedule"
    SESSION = "session limit"
    PLAN = "plan"
    OWNER = "owner"
    OPENEVSE = "openevse"
    MQTT = "mqtt"
    OCPP = "ocpp"
    BUTTON = "button"  # on the box
    HTTP = "http"
    HOUSE = "house"  # the main fuse of the house
    CABLE = "cable"
    TEMPERATURE = "temperature"
    LIMIT = "other limit"  # of the installation: its supply, wear, phases, ...
    FAULT = "fault"
    BOARD_LOST = "board lost"
    DAEMON = "no limits"  # the daemon did not repeat its limits in time
    SHUTDOWN = "evsed stopped"
    POWER_CUT = "power cut"  # or a crash: the reason is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Power and current to the car at one moment.

    `power_w` is over all phases, `current_a` per phase. `measured` is True where a meter gave them.
    `solar_w` is the part of the power that the solar surplus covers, None where it is not known.
    `price` is what an imported kWh costs, None where that is not known.

    Raises ValueError for a figure that is not finite, or is below 0 and no price.
    """

    power_w: float = 0.0
    current_a: float = 0.0
    measured: bool = False
    solar_w: float | None = None
    price: float | None = None

    def __post_init__(self) -> None:
        """Refuse a figure that would spoil the totals for good."""
        for name in ("power_w", "current_a", "solar_w"):
            value: float | None = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; it must be a finite number, 0 or more")
        if self.price is not None and not math.isfinite(self.price):
            raise ValueError(f"price is {self.price}; it must be a finite number")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One session, under way (`ended` None) or over.

    `id` never changes. `started` and `ended` are wall-clock times with a zone. Energies are
    Wh; `solar_wh` is the part known to be solar, None where it was never known. `charge_s` is the
    time during which power flowed, `peak_a` the highest current per phase. `measured` is False
    where any of the energy is an estimate. `reason` is the reason why the current last stopped,
    None while it flows and before it first did. `cost` is what the imported part of the energy
    cost, and `savings` what the solar part would have cost more; both are None where no price was
    ever known. Energy of which the solar part is not known counts as imported.
    """

    id: str
    started: datetime
    ended: datetime | None = None
    energy_wh: float = 0.0
    charge_s: float = 0.0
    peak_a: float = 0.0
    solar_wh: float | None = None
    measured: bool = False
    reason: EndReason | None = None
    cost: float | None = None
    savings: float | None = None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Totals of one local day: Wh, seconds during which power flowed, Wh known to be solar.

    `solar_wh` is None where it was never known. `cost` and `savings` are as those of a session.
    """

    day: date
    energy_wh: float = 0.0
    charge_s: float = 0.0
    solar_wh: float | None = None
    cost: float | None = None
    savings: float | None = None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that was under way when an earlier life ended; saved last at `saved`.

    Where a car is still plugged in, the session goes on under its own id; a change of cars while
    evsed was not running cannot be seen. Where the car is gone, `closed()` ends it.
    """

    record: SessionRecord
    saved: datetime

    def closed(self) -> SessionRecord:
        """Return the session as ended when it was saved last, with its energy."""
        reason = self.record.reason or EndReason.POWER_CUT
        return replace(self.record, ended=self.saved, reason=reason)


@dataclass(frozen=True, slots=True)
class SavedTotals:
    """Totals and open sessions of earlier runs of evsed, the newest session last."""

    days: tuple[DayTotal, ...] = ()
    total_wh: float = 0.0
    cycles: int = 0
    left_open: tuple[OpenSession, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that has changed since the last save, as whole values: saving it twice does no harm."""

    sessions: tuple[SessionRecord, ...]
    days: tuple[DayTotal, ...]
    total_wh: float
    cycles: int
    revision: int


class Ledger:
    """Counts energy into the session under way, the day and the lifetime.

    Call `load()` with the totals of earlier runs, and `resume()` as soon as the pilot shows whether
    a car is there. Nothing is due to be saved before the load, because totals are saved whole.

    Call `add()` at least once a second, and with a flow of 0 when it stops. A power counts until
    the next one, which is exact for a current that changes in steps, as an offered one does.
    `checkpoint()` returns the values to save; call `saved()` after they have been saved.
    """

    def __init__(self) -> None:
        self._days: dict[date, DayTotal] = {}
        self._total_wh = 0.0
        self._cycles = 0
        self._loaded = False
        self._session: SessionRecord | None = None
        self._ended: dict[str, SessionRecord] = {}
        self._changed_days: dict[date, int] = {}
        self._flow = Flow()
        self._at: float | None = None
        self._revision = 0
        self._urgent_revision = 0
        self._saved_revision = 0
        self._unsaved_since: float | None = None

    # ------------------------------------------------------------------------- state

    @property
    def session(self) -> SessionRecord | None:
        """The session under way, None with no car."""
        return self._session

    @property
    def total_wh(self) -> float:
        """The energy of a lifetime, Wh."""
        return self._total_wh

    @property
    def cycles(self) -> int:
        """The number of closings of the contactor in its lifetime."""
        return self._cycles

    def day(self, day: date) -> DayTotal:
        """Return the total of *day*, 0 where nothing was charged."""
        return self._days.get(day, DayTotal(day))

    # -------------------------------------------------------------------------- input

    def load(self, history: SavedTotals) -> None:
        """Add the totals of earlier runs, once; a locked store may be read late."""
        for total in history.days:
            self._days[total.day] = _sum(total, self.day(total.day))
        self._total_wh += history.total_wh
        self._cycles += history.cycles
        self._loaded = True

    def resume(self, left_open: Sequence[OpenSession], *, plugged: bool) -> None:
        """Go on with the newest of *left_open* where a car is *plugged*, and end the others."""
        for left in left_open:
            if plugged and self._session is None and left is left_open[-1]:
                self._session = left.record
            else:
                self._end(left.closed())

    def plug_in(self, session_id: str, started: datetime) -> None:
        """Begin the session *session_id* of a car that was plugged in at *started*.

        A session that is still under way has ended unnoticed, and ends now.
        """
        self.unplug(started)
        self._session = SessionRecord(id=session_id, started=started)
        self._changed(urgent=True)

    def add(self, now: float, day: date, flow: Flow) -> None:
        """Count the energy since the last call; *flow* holds from *now* (monotonic seconds) on.

        The energy is added to *day*, the local date by the wall clock.
        """
        then, before = self._at, self._flow
        self._at, self._flow = now, flow
        if then is not None and before.power_w > 0:
            self._count(then, min(max(now - then, 0.0), GAP_S), day, before)

    def _count(self, then: float, elapsed_s: float, day: date, flow: Flow) -> None:
        energy_wh = flow.power_w * elapsed_s / 3600
        solar_wh = (
            None if flow.solar_w is None else min(flow.solar_w, flow.power_w) * elapsed_s / 3600
        )
        cost = savings = None
        if flow.price is not None:
            savings = flow.price * (solar_wh or 0.0) / 1000
            cost = flow.price * energy_wh / 1000 - savings
        self._total_wh += energy_wh
        share = DayTotal(day, energy_wh, elapsed_s, solar_wh, cost, savings)
        self._days[day] = _sum(self.day(day), share)
        if (session := self._session) is not None:
            self._session = replace(
                session,
                energy_wh=session.energy_wh + energy_wh,
                charge_s=session.charge_s + elapsed_s,
                peak_a=max(session.peak_a, flow.current_a),
                solar_wh=_known(session.solar_wh, solar_wh),
                measured=flow.measured and (session.measured or session.energy_wh == 0),
                reason=None,
                cost=_known(session.cost, cost),
                savings=_known(session.savings, savings),
            )
        self._changed()
        self._changed_days[day] = self._revision
        if self._unsaved_since is None:
            self._unsaved_since = then

    def closed_contactor(self) -> None:
        """Count one more closing of the contactor."""
        self._cycles += 1
        self._changed(urgent=True)

    def stopped(self, reason: EndReason) -> None:
        """Note that the current stopped for *reason*. The last reason before the end is kept."""
        if self._session is not None and self._session.reason is not reason:
            self._session = replace(self._session, reason=reason)
            self._changed(urgent=True)

    def unplug(self, ended: datetime) -> SessionRecord | None:
        """End the session at *ended* and return it; None when there was none."""
        if self._session is None:
            return None
        reason = self._session.reason or EndReason.UNPLUGGED
        record = replace(self._session, ended=ended, reason=reason)
        self._session = None
        self._end(record)
        return record

    def _end(self, record: SessionRecord) -> None:
        self._ended[record.id] = record
        self._changed(urgent=True)

    # ------------------------------------------------------------------------------- saving

    def save_due(self, now: float) -> bool:
        """Return True where an event, or energy older than `SAVE_AFTER_S`, is to be saved at *now*.

        An idle EVSE writes nothing.
        """
        return self._loaded and (
            self._urgent_revision > self._saved_revision
            or (self._unsaved_since is not None and now - self._unsaved_since >= SAVE_AFTER_S)
        )

    def checkpoint(self) -> Checkpoint:
        """Return all that has changed since the last successful save."""
        under_way = () if self._session is None else (self._session,)
        return Checkpoint(
            sessions=(*self._ended.values(), *under_way),
            days=tuple(self._days[day] for day in self._changed_days),
            total_wh=self._total_wh,
            cycles=self._cycles,
            revision=self._revision,
        )

    def saved(self, checkpoint: Checkpoint, now: float) -> None:
        """Note that *checkpoint* is saved. Changes between it and *now* are still to be saved."""
        for record in checkpoint.sessions:
            if self._ended.get(record.id) is record:  # else it ended while it was being saved
                del self._ended[record.id]
        for day, revision in list(self._changed_days.items()):
            if revision <= checkpoint.revision:
                del self._changed_days[day]
        self._saved_revision = checkpoint.revision
        self._unsaved_since = None if self._revision == checkpoint.revision else now

    def _changed(self, *, urgent: bool = False) -> None:
        self._revision += 1
        if urgent:
            self._urgent_revision = self._revision


def _sum(first: DayTotal, second: DayTotal) -> DayTotal:
    return DayTotal(
        first.day,
        first.energy_wh + second.energy_wh,
        first.charge_s + second.charge_s,
        _known(first.solar_wh, second.solar_wh),
        _known(first.cost, second.cost),
        _known(first.savings, second.savings),
    )


def _known(first: float | None, second: float | None) -> float | None:
    """Return the sum of the known values, None where both are unknown."""
    return first if second is None else (first or 0.0) + second
