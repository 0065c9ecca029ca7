# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon: everything that waits for the world, around a control process that does not.

::

    __init__.py   `run()`: the tasks, and how they end together
    child.py      the control process: started, spoken with, waited for
    steer.py      the limits, once a second: feed, session, owner
    books.py      sessions, totals, latched faults, and the files for people
    recorder.py   the minutes of the trace
    clerk.py      the thread that writes for both of them
    archive.py    what frontends ask of the past
    desk.py       everything together for frontends (the `Hub`)
    words.py      a snapshot in words
    announce.py   multicast DNS, where it is wanted
    notify.py     systemd
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from evsed import __version__
from evsed.boards import make_safe
from evsed.core.pilot import events as ev
from evsed.daemon.control_process import ControlProcess
from evsed.daemon.history import HistoryService
from evsed.daemon.hub import Desk, DeskConfig
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.mdns import announce
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.daemon.systemd import Notifier
from evsed.daemon.thermometer import Thermometer
from evsed.errors import BoardError, LinkError
from evsed.feeds import FixedFeed, open_feed
from evsed.frontends.web.server import WebFrontend, handed_sockets
from evsed.link import (
    LIMIT_HOLDS_S,
    Acknowledge,
    Configure,
    OpenNow,
    ReportedFaults,
    SetLimits,
    Snapshot,
    StopCharging,
    Tick,
)
from evsed.logs import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from evsed.core.user.controls import Controls
    from evsed.settings import Settings

STEER_EVERY_S = 1.0
FED_EVERY_S = 1.0  # the watchdog's 5 s leave room for four lost
START_EXTENDED_S = 30  # by so much at a time while the board is not reached yet
STOPS_WITHIN_S = 7.5  # the 6 s of C1 and the board's own time-outs; then the control is killed
OPENS_WITHIN_S = 1.0  # the same when it was told to open at once
CONTROL_ENDED = 70  # EX_SOFTWARE: systemd starts both anew

log = structlog.get_logger()


def run(settings: Settings, say: Callable[[str], None] | None = None) -> int:
    """Drive the EVSE until told to stop; the exit code. *say* is told the page's address.

    Raises `EvsedError` when it cannot start.
    """
    with Logs(settings.logs_config()) as logs:
        return asyncio.run(_Daemon(settings, logs, say).run())


def _books_config(settings: Settings) -> SessionRecorderConfig:
    front_end = settings.board.front_end
    return SessionRecorderConfig(
        path=settings.store.path,
        folder=settings.logs.dir,
        calibration=f"{front_end.volts_at_code_0:g} V + {front_end.volts_per_code:g} V a code",
    )


class _Daemon:
    def __init__(self, settings: Settings, logs: Logs, say: Callable[[str], None] | None) -> None:
        self._settings = settings
        self._logs = logs
        self._say = say
        self._notifier = Notifier()
        self._ready = False
        self._running = False
        self._stops = 0
        self._fed_at = float("-inf")
        self._ticks = -1
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        self._listen_for_signals()
        settings = self._settings
        self._books = await SessionRecorder.open(_books_config(settings))
        archive = HistoryService(settings.store.path, self._books, self._note_order)
        self._desk = Desk(
            DeskConfig(
                version=__version__,
                mains_v=settings.supply.mains_v,
                phases=settings.supply.phases,
                feed_kind=settings.feed.kind,
                supply_max_a=settings.supply.max_current_a,
            ),
            self._books,
            archive,
            self._acknowledge,
            self._alter,
        )
        if self._books.found is not None:
            self._say_event(self._books.found, datetime.now().astimezone())
        feed = open_feed(settings.feed_config())
        self._steer = LimitCalculator(settings.allotment_config(), feed, self._desk, self._books)
        sensor = settings.safety.temperature_sensor
        self._thermometer = Thermometer(sensor, settings.supply.max_current_a) if sensor else None
        web = WebFrontend(settings.web_config(), handed=handed_sockets(os.environ, os.getpid()))
        try:
            port = await web.start(self._desk)
            if self._say is not None:
                self._say(f"page    http://localhost:{port}/")
            self._child = await ControlProcess.start(
                Configure(
                    board=settings.board_config(),
                    front_end=settings.front_end(),
                    evse=settings.evse_config(
                        front_end_proved=self._books.front_end_proved,
                        hold_off_s=max(self._books.hold_off_s, self._restart_delay_s()),
                    ),
                    supply_max_a=settings.supply.max_current_a,
                    latched=self._books.latched,
                )
            )
            self._running = True
            if self._thermometer is not None:
                self._thermometer.start()
            if self._stops:  # while it started
                self._tell_to_stop()
            async with asyncio.TaskGroup() as tasks:
                others: list[Coroutine[Any, Any, None]] = [
                    self._steer_on(),
                    web.run(self._desk),
                    self._books.run(),
                ]
                if settings.openevse.enabled and settings.openevse.announce and port:
                    others.append(announce(port))
                if not isinstance(feed, FixedFeed):
                    others.append(self._steer.follow(feed))
                running = [tasks.create_task(one) for one in others]
                try:
                    await self._listen()
                finally:
                    for task in running:
                        task.cancel()
            return await self._after_control()
        finally:
            if self._thermometer is not None:
                self._thermometer.stop()
            await web.stop()
            archive.close()
            await feed.close()
            await self._books.close(clean=self._stops > 0)

    def _restart_delay_s(self) -> float:
        """After a power cut, a random delay: a street of cars must not come back all at once."""
        most_s = self._settings.safety.restart_delay_max_s
        return random.uniform(0.0, most_s) if self._books.power_was_cut else 0.0  # noqa: S311 - spread, not secrecy

    # --- the control process ------------------------------------------------------------------

    async def _listen(self) -> None:
        """Take in what the control process says, until it ends."""
        try:
            async for message in self._child.messages():
                match message:
                    case Tick(snapshot, events):
                        for event in events:  # they come before what the snapshot shows
                            self._tell(event)
                        self._take(snapshot)
                    case _:
                        raise LinkError(f"{type(message).__name__} is not the control's to send")
        except LinkError as error:
            log.error("the control process cannot be understood; it is ended", why=str(error))
            self._child.close()

    def _take(self, snapshot: Snapshot) -> None:
        self._desk.take(snapshot)
        self._books.take(snapshot, self._desk.flow)
        self._books.recorder.take(snapshot.at, self._desk.sample)
        if snapshot.board_ok and not self._ready:
            self._ready = True
            self._notifier.say("READY=1")
            log.info("the pilot is driven", state=snapshot.state)
        now = time.monotonic()
        if snapshot.ticks != self._ticks and now - self._fed_at >= FED_EVERY_S:
            self._fed_at, self._ticks = now, snapshot.ticks
            # Without a board there is a page already that says so: starting may take as long.
            wait = [] if self._ready else [f"EXTEND_TIMEOUT_USEC={START_EXTENDED_S * 1_000_000}"]
            self._notifier.say("WATCHDOG=1", f"STATUS={self._desk.status().summary}", *wait)

    def _tell(self, event: ev.Event) -> None:
        """An event: to the logs, the page and the books, each once."""
        at = datetime.now().astimezone()
        if isinstance(event, ev.StateChanged):
            log.debug(str(event))
        else:
            self._say_event(event, at)
        self._books.event(event, at)

    def _say_event(self, event: ev.Event, at: datetime) -> None:
        self._logs.event(event, at)
        self._desk.note(str(event), "error" if isinstance(event, ev.FaultRaised) else "info")

    async def _after_control(self) -> int:
        """The control process has ended: make sure of the wires, say why."""
        self._child.close()
        code = await self._child.ended()
        if self._stops and code == 0:
            log.info("stopped; the contactor is open")
            return 0
        try:
            done = await asyncio.to_thread(make_safe, self._settings.board_config())
        except BoardError as error:
            done = str(error)
        self._logs.trouble(
            f"the control process ended (exit code {code})",
            done,
            "evsed exits, systemd starts it anew; journalctl -u evsed shows what came before",
        )
        return CONTROL_ENDED

    # --- steering ------------------------------------------------------------------------------

    async def _steer_on(self) -> None:
        """Every second: what the car draws, what the feed allots, the limits."""
        while True:
            now = time.monotonic()
            limits = self._steer.limits(now)
            if self._thermometer is not None:
                limits = (*limits, self._thermometer.limit(now + LIMIT_HOLDS_S))
                await self._child.send(ReportedFaults(self._thermometer.faults(now)))
            self._desk.limits = limits
            await self._child.send(SetLimits(limits))
            self._desk.touch()
            await asyncio.sleep(STEER_EVERY_S - time.monotonic() % STEER_EVERY_S)

    async def _acknowledge(self, who: str) -> str:
        waiting = tuple(self._books.latched)
        await self._child.send(Acknowledge())
        self._note_order(who, "acknowledge faults")
        if not waiting:
            return "no fault was waiting for an acknowledgement"
        names = ", ".join(fault.value for fault in waiting)
        return f"acknowledged: {names}; a fault whose cause remains comes back at once"

    def _alter(self, who: str, how: Callable[[Controls], Controls]) -> str:
        before = self._books.wishes
        wishes = how(before)
        news = wishes.news(before)
        if not news:
            return "nothing changed: it was so already"
        self._books.wish(wishes)
        self._note_order(who, news)
        return news

    def _note_order(self, who: str, what: str) -> None:
        self._tell(ev.OwnerAsked(time.monotonic(), who, what))

    # --- the end ---------------------------------------------------------------------------------

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop)

    def _asked_to_stop(self) -> None:
        self._stops += 1
        if self._stops == 1:
            log.info("stopping: letting the car go, 6 s at most")
            self._notifier.say("STOPPING=1")
        if self._running:
            self._tell_to_stop()

    def _tell_to_stop(self) -> None:
        """The first time let the car go, up to 6 s; the second time open at once."""
        message = StopCharging() if self._stops == 1 else OpenNow()
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._child.send(message))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        # One that hangs hears neither: the dead-men have opened by then what it left closed.
        loop.call_later(STOPS_WITHIN_S if self._stops == 1 else OPENS_WITHIN_S, self._child.kill)
