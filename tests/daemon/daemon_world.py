# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's parts without its processes: state, recorder, limits and hub, on any time."""

from __future__ import annotations

import io
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evsed.core.car.care import CarCare, CarCareConfig
from evsed.core.pilot import events as ev
from evsed.core.solar.allotment import AllotmentConfig
from evsed.daemon.charger_state import Charger, ChargerState, Installation
from evsed.daemon.feed_in_force import FeedTerms
from evsed.daemon.hub import ChargerHub
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.daemon.status import Now, build_status
from evsed.daemon.systemd import Notifier, Watchdog
from evsed.daemon.ticks import TickHandler
from evsed.feeds import FeedConfig
from evsed.link import DaemonLink
from evsed.logs import Logs, LogsConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from evsed.frontends.status import Status

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSTALLATION = Installation(
    version="0", mains_v=230.0, phases=1, feed_kind="fixed", max_a=32.0, started_at=0.0
)


def feed_terms(
    fixed_a: float | None,
    rules: AllotmentConfig | None = None,
    source: FeedConfig | None = None,
) -> FeedTerms:
    """The terms of a fixed current, or of a feed."""
    given = source or FeedConfig(url="http://192.0.2.1/excesspwr.php")
    if fixed_a is not None:
        given = FeedConfig(kind="fixed", current_a=fixed_a)
    return FeedTerms(rules or AllotmentConfig(), given)


@dataclass
class World:
    """One life of the daemon's parts; `folder` has the store and the logs."""

    folder: Path
    recorder: SessionRecorder
    charger: Charger
    hub: ChargerHub
    ticks: TickHandler
    link: DaemonLink
    logs: Logs

    def limits(
        self,
        fixed_a: float | None = 16.0,
        config: AllotmentConfig | None = None,
        source: FeedConfig | None = None,
    ) -> LimitCalculator:
        """Make the limits of a fixed current, or of a feed."""
        care = CarCare(CarCareConfig())
        terms = feed_terms(fixed_a, config or AllotmentConfig(), source)
        return LimitCalculator(terms, self.charger, self.recorder, care)

    def status(self, at: float | None = None) -> Status:
        """Build the status of the monotonic moment *at*: now, unless it is given."""
        moment = Now(time.monotonic() if at is None else at, NOON)
        return build_status(self.charger.state, self.recorder.totals, moment)

    def plug_in(self) -> None:
        self.recorder.on_event(ev.CarPluggedIn(0.0), NOON)

    def unplug(self) -> None:
        self.recorder.on_event(ev.CarUnplugged(9.0), NOON)

    async def write(self) -> None:
        """Write what is due, as the next second would."""
        await self.recorder.writer.write(self.recorder._write_due, patient=False)  # noqa: SLF001 - the loop's own call


def recorder_config(folder: Path) -> SessionRecorderConfig:
    return SessionRecorderConfig(folder / "evsed.db", folder, "as built", 32.0)


@asynccontextmanager
async def life(
    folder: Path, *, clean: bool = True, journal: io.StringIO | None = None
) -> AsyncIterator[World]:
    """One life in *folder*; not *clean*: it ends as by a crash, and writes nothing more.

    What systemd's journal would get is written to *journal*.
    """
    recorder = await SessionRecorder.open(recorder_config(folder))
    charger = Charger(ChargerState(installation=INSTALLATION))
    with Logs(LogsConfig(folder / "log"), stdout=journal or io.StringIO(), environ={}) as logs:
        care = CarCare(CarCareConfig())
        link = DaemonLink()
        hub = ChargerHub(charger, recorder, link, care, logs)
        ticks = TickHandler(charger, hub, recorder, care, Watchdog(Notifier("")))
        try:
            yield World(folder, recorder, charger, hub, ticks, link, logs)
        finally:
            if clean:
                await recorder.close(clean=True)
            else:
                await recorder.writer.close()
