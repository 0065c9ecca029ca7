# SPDX-License-Identifier: GPL-3.0-or-later
"""The desk: where what is known comes together, and where frontends ask (the `Hub`)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from evsed.core.energy.history import Sample
from evsed.core.energy.sessions import Flow
from evsed.core.pilot import j1772
from evsed.core.pilot.faults import Fault
from evsed.daemon import summary as words
from evsed.frontends.status import (
    ControlsView,
    EventView,
    FaultView,
    LimitView,
    OverrideView,
    SessionView,
    Status,
    TickView,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from evsed.core.pilot.limits import Limit
    from evsed.core.solar.allotment import AllotmentResult
    from evsed.core.user.controls import Controls
    from evsed.core.user.user_limits import Left
    from evsed.daemon.session_recorder import SessionRecorder
    from evsed.frontends.hub import History
    from evsed.link import Snapshot

SPOKEN_WITHIN_S = 1.0  # snapshots come five times a second; older ones mean that nobody ticks
REBUILT_EVERY_S = 0.5
EVENTS_KEPT = 50
WORST_OF_S = 60.0  # the worst tick that is shown is of the last minute


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """What the desk tells and does not learn: version, mains, and the kind of feed."""

    version: str
    mains_v: float
    phases: int
    feed_kind: str
    supply_max_a: float


class Desk:
    """Everything that frontends may know, gathered from the daemon's tasks.

    The tasks write the public attributes and call `touch()`; frontends read `status()`.
    """

    def __init__(
        self,
        config: DeskConfig,
        books: SessionRecorder,
        history: History,
        acknowledge: Callable[[str], Awaitable[str]],
        alter: Callable[[str, Callable[[Controls], Controls]], str],
    ) -> None:
        self._config = config
        self._books = books
        self._history = history
        self._acknowledge = acknowledge
        self._alter = alter
        self._started_at = time.monotonic()
        self._status: Status | None = None
        self._built_at = float("-inf")
        self._urgent = True
        self._changed = asyncio.Event()
        self._fault_since: dict[Fault, datetime] = {}
        self._events: deque[EventView] = deque(maxlen=EVENTS_KEPT)
        self._worst_ticks: deque[tuple[float, float]] = deque()
        self.snapshot: Snapshot | None = None
        self.limits: tuple[Limit, ...] = ()
        self.allotted: AllotmentResult | None = None
        self.feed_error: str | None = None
        self.window_opens_in_s: float | None = None
        self.session_left: Left | None = None

    # --- the daemon's side --------------------------------------------------------------------

    def take(self, snapshot: Snapshot) -> None:
        """Take in a snapshot of the control process."""
        self.snapshot = snapshot
        now = datetime.now().astimezone()
        self._fault_since = {fault: self._fault_since.get(fault, now) for fault in snapshot.faults}
        self._worst_ticks.append((snapshot.at, snapshot.worst_tick_s))
        while snapshot.at - self._worst_ticks[0][0] > WORST_OF_S:
            self._worst_ticks.popleft()
        self.touch()

    def note(self, text: str, level: str = "info") -> None:
        """Add a line to the recent past."""
        self._events.append(EventView(datetime.now().astimezone(), text, level))
        self._urgent = True
        self.touch()

    @property
    def flow(self) -> Flow:
        """What goes to the car now, and as far as the feed tells, how much of it from the sun.

        From the sun is what the surplus in the feed's last news covers, as long as that is fresh;
        the rest is the battery's, the grid's, or nobody knows whose.
        """
        sun_w = self.allotted.sun_w if self.allotted else None
        return Flow(
            power_w=self.power_w,
            current_a=self.drawn_a,
            measured=self.drawn_measured,
            sun_w=None if sun_w is None else min(sun_w, self.power_w),
        )

    @property
    def sample(self) -> Sample:
        """What the history keeps of this moment; news that is no longer fresh is none."""
        driven, allotted = self._driven, self.allotted
        known = allotted is not None and allotted.sun_w is not None
        return Sample(
            available_w=allotted.available_w if allotted and known else None,
            offered_w=self._watts(j1772.current_for_duty(driven.duty)) if driven else 0.0,
            power_w=self.power_w,
            lent_wh=allotted.lent_wh if allotted else None,
            state=driven.state if driven else "-",
        )

    @property
    def _driven(self) -> Snapshot | None:
        """The snapshot of this moment; None where nobody ticks or the wires do not answer."""
        snapshot = self.snapshot
        return snapshot if snapshot is not None and snapshot.board_ok and self.ticking else None

    def _watts(self, current_a: float) -> float:
        return current_a * self._config.mains_v * self._config.phases

    @property
    def _has_charged(self) -> bool:
        session = self._books.session
        return self._books.session_active and session is not None and session.energy_wh > 0

    def touch(self) -> None:
        """Say that something has changed."""
        self._changed.set()

    @property
    def ticking(self) -> bool:
        """Whether the control process has spoken within the last second."""
        snapshot = self.snapshot
        return snapshot is not None and time.monotonic() - snapshot.at < SPOKEN_WITHIN_S

    @property
    def drawn_a(self) -> float:
        """What the car takes, amperes per phase: without a meter, what it is offered."""
        snapshot = self.snapshot
        if snapshot is None or not snapshot.closed or not self.ticking:
            return 0.0
        if snapshot.drawn_a is not None:
            return snapshot.drawn_a
        return j1772.current_for_duty(snapshot.duty)

    @property
    def charging(self) -> bool:
        """Whether the contactor is closed and current is offered."""
        snapshot = self.snapshot
        closed = snapshot is not None and snapshot.closed > 0 and self.ticking
        return closed and snapshot is not None and j1772.current_for_duty(snapshot.duty) > 0

    @property
    def drawn_measured(self) -> bool:
        """Whether a meter says so."""
        return self.snapshot is not None and self.snapshot.drawn_a is not None and self.ticking

    @property
    def power_w(self) -> float:
        """The power of `drawn_a` on all phases, watts."""
        return self._watts(self.drawn_a)

    # --- the frontends' side: Hub ---------------------------------------------------------------

    @property
    def history(self) -> History:
        """The past."""
        return self._history

    def status(self) -> Status:
        """The status now; built anew at most twice a second, and at every event."""
        now = time.monotonic()
        if self._status is None or self._urgent or now - self._built_at >= REBUILT_EVERY_S:
            self._status = self._build()
            self._built_at = now
            self._urgent = False
        return self._status

    async def changes(self) -> AsyncIterator[Status]:
        """The status now and at each change, at most twice a second, without end."""
        while True:
            yield self.status()
            self._changed.clear()
            await asyncio.sleep(REBUILT_EVERY_S)
            await self._changed.wait()

    async def acknowledge(self, who: str) -> str:
        """Acknowledge latched faults for *who*; what came of it, in words."""
        return await self._acknowledge(who)

    async def change(self, who: str, patch: Mapping[str, object]) -> str:
        """Change the owner's wishes for *who*; what came of it, in words. Raises `WishesError`."""
        return self._alter(who, lambda wishes: wishes.changed(patch))

    async def alter(self, who: str, how: Callable[[Controls], Controls]) -> str:
        """Make of the wishes what *how* does, for *who*; see `change()`."""
        return self._alter(who, how)

    def _build(self) -> Status:
        snapshot, books, config = self.snapshot, self._books, self._config
        ticking = self.ticking
        said = words.NOT_TICKING
        if snapshot is not None and ticking:
            said = words.describe(snapshot, has_charged=self._has_charged)
        driven = self._driven
        duty = driven.duty if driven else j1772.STEADY
        allotted = self.allotted
        return Status(
            at=datetime.now().astimezone(),
            version=config.version,
            state=driven.state if driven else "-",
            evse_status=said.evse_status,
            summary=said.words,
            reason=said.why,
            board_ok=driven is not None,
            ticking=ticking,
            high_v=driven.high_v if driven else None,
            low_v=driven.low_v if driven else None,
            duty=duty,
            contactor_closed=driven is not None and driven.closed > 0,
            offered_a=j1772.current_for_duty(duty),
            drawn_a=self.drawn_a,
            drawn_measured=self.drawn_measured,
            power_w=self.power_w,
            mains_v=config.mains_v,
            phases=config.phases,
            excess_w=allotted.excess_w if allotted else None,
            available_w=allotted.available_w if allotted else None,
            feed_kind=config.feed_kind,
            feed_age_s=allotted.age_s if allotted else None,
            feed_error=self.feed_error,
            limits=self._limit_views(),
            limited_by=snapshot.lowest.owner if snapshot is not None else "nobody",
            session=self._session_view(),
            day_wh=books.day.energy_wh,
            total_wh=books.total_wh,
            contactor_cycles=books.contactor_cycles,
            faults=self._fault_views(snapshot.faults if snapshot else {}),
            events=tuple(reversed(self._events)),
            tick=TickView(
                count=snapshot.ticks if snapshot else 0,
                worst_ms=max((worst for _, worst in self._worst_ticks), default=0.0) * 1000,
                late=snapshot.late if snapshot else 0,
            ),
            uptime_s=time.monotonic() - self._started_at,
            controls=ControlsView.of(books.wishes),
            override=OverrideView.of(books.wishes.override),
            solar_w=self.flow.sun_w,
            day_solar_wh=books.day.sun_wh,
            battery_loan_wh=allotted.lent_wh if allotted else None,
        )

    def _session_view(self) -> SessionView:
        session = self._books.session
        if session is None:
            return SessionView(active=False, energy_wh=0.0, charge_s=0.0, peak_a=0.0, started=None)
        return SessionView(
            active=self._books.session_active,
            energy_wh=session.energy_wh,
            charge_s=session.charge_s,
            peak_a=session.peak_a,
            started=session.started,
            energy_measured=session.measured,
            solar_wh=session.sun_wh,
        )

    def _limit_views(self) -> tuple[LimitView, ...]:
        left_s = {
            "feed": self.allotted.until_s if self.allotted else None,
            "schedule": self.window_opens_in_s,
        }
        limits = self.limits if self.snapshot is None else self.snapshot.limits
        views = tuple(
            LimitView(limit.owner, limit.max_a, limit.why, left_s.get(limit.owner))
            for limit in limits
        )
        left = self.session_left
        if left is None:
            return views
        return (*views, LimitView("session", self._config.supply_max_a, left.why, left.left_s))

    def _fault_views(self, faults: Mapping[Fault, str]) -> tuple[FaultView, ...]:
        return tuple(
            FaultView(
                name=fault.value,
                what=detail,
                done=fault.kind.done,
                todo=fault.kind.todo,
                recovery=fault.kind.recovery.value,
                since=self._fault_since.get(fault, datetime.now().astimezone()),
            )
            for fault, detail in faults.items()
        )
