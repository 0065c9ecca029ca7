# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor: runs frontends, feed and meters beside the charging, each in a thread of its own.

A part that ends, raises, blocks its loop, lets its tasks grow or floods the daemon with orders is
logged, shown in the status and started again after a pause. It never ends or delays a charge: the
limits are made in the daemon's own loop, which no part can reach.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.text import text
from evsed.frontends.views import PartView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable
    from typing import Any

    from evsed.daemon.charger_state import Charger

CHECKED_EVERY_S: Final = 1.0
STUCK_AFTER_S: Final = 5.0  # without a turn of its loop
TASKS_MAX: Final = 5000  # the web's 500 connections need about five each
REFUSED_MAX: Final = 100  # orders refused between two checks
PAUSE_FIRST_S: Final = 1.0  # before it is started again; doubled each time
PAUSE_MAX_S: Final = 60.0
GOOD_AFTER_S: Final = 300.0  # a part that ran so long starts again with the first pause
ENDS_WITHIN_S: Final = 3.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its `name`, what runs it until cancelled, and the orders refused to it so far.

    `config` is what it was made of. `close` is called in the daemon's loop as it is ended for good:
    nothing of what it still has to say is heard any more.
    """

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    refused: Callable[[], int] = lambda: 0
    config: object = None
    close: Callable[[], None] = lambda: None


class Supervisor:
    """Runs parts from `start()` to `stop()`, and shows how they fare in the state of *charger*."""

    def __init__(self, charger: Charger) -> None:
        self._charger = charger
        self._runners: list[_Runner] = []
        self._following: dict[str, _Runner] = {}

    def start(self, part: Part) -> None:
        """Start *part*, which runs to the end."""
        self._start(part)

    async def follow(self, parts: Iterable[Part]) -> None:
        """Run *parts* in place of those of the last call; one with the same config goes on."""
        wanted = {part.name: part for part in parts}
        ended = {
            name: runner
            for name, runner in self._following.items()
            if name not in wanted or wanted[name].config != runner.part.config
        }
        for name, runner in ended.items():
            runner.part.close()
            del self._following[name]
            self._runners.remove(runner)
        await self._end(ended.values())
        for name, part in wanted.items():
            if name not in self._following:
                self._following[name] = self._start(part)

    def _start(self, part: Part) -> _Runner:
        runner = _Runner(part)
        self._runners.append(runner)
        runner.start()
        return runner

    async def run(self) -> None:
        """Check every part each second, without end."""
        while True:
            now = time.monotonic()
            for runner in self._runners:
                runner.check(now)
            parts = tuple(runner.view for runner in self._runners)
            if parts != self._charger.state.parts:
                self._charger.set(replace(self._charger.state, parts=parts), urgent=True)
            await asyncio.sleep(CHECKED_EVERY_S)

    async def stop(self) -> None:
        """End every part; one that does not end within 3 s is left behind."""
        await self._end(self._runners)

    @staticmethod
    async def _end(runners: Collection[_Runner]) -> None:
        for runner in runners:
            runner.stop()
        left_at = time.monotonic() + ENDS_WITHIN_S
        for runner in runners:
            await asyncio.to_thread(runner.join, max(0.0, left_at - time.monotonic()))


class _Runner:
    """The thread of one part; all but `_live` and `_turn` is called by the daemon's own thread."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._thread = threading.Thread(target=self._live, name=part.name, daemon=True)
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._turned_at = time.monotonic()
        self._tasks = 0
        self._refused = 0
        self._ending = ""  # why it is being ended
        self._reported = ""  # the failure that was logged last
        self.view = PartView(part.name, "running")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._cancel()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def check(self, now: float) -> None:
        """Look at how it fares at *now*, and end it where it does not fare well."""
        loop = self._loop
        if loop is None:  # between two starts
            self._turned_at = now
            return
        self._call(loop, self._turn)
        refused, before = self.part.refused(), self._refused
        self._refused = refused
        if now - self._turned_at >= STUCK_AFTER_S:
            if self.view.state != "stuck":
                self._end(text("its loop has not turned for {for_s:.0f} s", for_s=STUCK_AFTER_S))
                self.view = replace(self.view, state="stuck")
        elif self._tasks > TASKS_MAX:
            self._end(text("it has {tasks} tasks", tasks=self._tasks))
        elif refused - before > REFUSED_MAX:
            count = refused - before
            self._end(text("{count} orders beyond its share came within a second", count=count))

    def _end(self, why: str) -> None:
        """End this run because of *why*, and start it again after the pause."""
        if self._ending:
            return
        self._ending = why
        log.error(
            "a part of evsed is ended and started again after a pause; charging and everything "
            "else goes on; if it comes again, please report it with journalctl -u evsed",
            part=self.part.name,
            reason=why,
        )
        self._cancel()

    def _cancel(self) -> None:
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            self._call(loop, task.cancel)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
        try:
            loop.call_soon_threadsafe(callback)
        except RuntimeError:  # it has just ended
            return

    # --- in its own thread --------------------------------------------------------------------

    def _live(self) -> None:
        pause_s = PAUSE_FIRST_S
        while not self._stopping.is_set():
            started_at = time.monotonic()
            trouble = self._run_once()
            if self._stopping.is_set():
                return
            ran_s = time.monotonic() - started_at
            pause_s = PAUSE_FIRST_S if ran_s >= GOOD_AFTER_S else pause_s
            self.view = PartView(self.part.name, "waiting", trouble, self.view.restarts)
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, PAUSE_MAX_S)
            self.view = PartView(self.part.name, "running", trouble, self.view.restarts + 1)

    def _run_once(self) -> str:
        """Run the part in a new loop until it ends; return the reason in words."""
        error: BaseException | None = None
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            pass
        except BaseException as raised:  # noqa: BLE001 - whatever it raises must not reach a charge
            error = raised
        finally:
            self._loop = self._task = None
        why, self._ending = self._ending, ""
        if why or self._stopping.is_set():
            return why
        if error:
            kind = type(error).__name__
            why = text("it ended with {kind}: {error}", kind=kind, error=str(error))
        else:
            why = text("it ended by itself")
        if why != self._reported:  # once, not at every try
            self._reported = why
            log.error(
                "a part of evsed has failed and is started again after a pause; charging and "
                "everything else goes on; the reason tells what to mend",
                part=self.part.name,
                reason=why,
                exc_info=error,
            )
        return why

    async def _main(self) -> None:
        self._turned_at, self._tasks = time.monotonic(), 0
        task = asyncio.current_task()
        self._task, self._loop = task, asyncio.get_running_loop()
        if self._stopping.is_set():
            return
        await self.part.run()

    def _turn(self) -> None:
        """Note that the loop turns, and how many tasks it has."""
        self._turned_at = time.monotonic()
        self._tasks = len(asyncio.all_tasks(self._loop))
