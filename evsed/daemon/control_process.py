# SPDX-License-Identifier: GPL-3.0-or-later
"""The control process, seen from the daemon: started, stopped, and waited for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from evsed.errors import LinkError
from evsed.link import DaemonLink, OpenNow, StopCharging
from evsed.link import pair as link_pair

if TYPE_CHECKING:
    from evsed.link import Configure

# The daemon gets these and passes them on. The control process is started with them blocked,
# because a signal to the whole group may come before it can ignore them.
NOT_FOR_IT = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
KILL_AFTER_S = 8.0  # the 6 s of C1 and the board's own time-outs
STOPS_WITHIN_S = 7.5  # likewise, from the order to stop on
OPENS_WITHIN_S = 1.0  # the same where it was asked to open at once


class ControlProcess:
    """One life of the control process, from `start()` to `ended()`; `link` is the way to it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self.link = DaemonLink()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def started(self) -> bool:
        """True once it was started."""
        return self._process is not None

    async def start(self, configuration: Configure) -> None:
        """Start it and send it its configuration. Raises `LinkError` when it cannot be started."""
        ours, theirs = link_pair()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_FOR_IT)  # inherited by the process
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "evsed.control",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            ours.close()
            raise LinkError(f"the control process cannot be started: {error}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
        self.link.connect(ours, asyncio.get_running_loop())
        await self.link.send(configuration)

    def stop(self, *, at_once: bool) -> None:
        """Have it let the car go, within 6 s, or open *at_once*; kill it where it does not end."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(self.link.send(OpenNow() if at_once else StopCharging()))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        # One that hangs gets neither: by then the dead-men have opened what it left closed.
        loop.call_later(OPENS_WITHIN_S if at_once else STOPS_WITHIN_S, self.kill)

    async def ended(self) -> int:
        """Wait for its end; return its exit code (negative: the signal that ended it).

        A process that is still there 8 s after it should have ended is killed: the dead-men open
        what it can no longer open.
        """
        process = self._process
        if process is None:
            return 0
        try:
            async with asyncio.timeout(KILL_AFTER_S):
                return await process.wait()
        except TimeoutError:
            self.kill()
            return await process.wait()

    def kill(self) -> None:
        """End it at once; the link ends with it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
