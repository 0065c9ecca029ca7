# SPDX-License-Identifier: GPL-3.0-or-later
"""The control process, seen from the daemon: started, spoken with, waited for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from evsed.errors import LinkError
from evsed.link import MAX_PACKET, Configure, Message, decode, encode, pair

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

# The daemon hears these and passes them on; the control process is started deaf to them, because
# one that is sent to the whole group may come before it can say that it ignores them.
NOT_FOR_IT = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
KILL_AFTER_S = 8.0  # the 6 s of C1 and the board's own time-outs


class ControlProcess:
    """One life of the control process; made by `start()`."""

    def __init__(self, process: asyncio.subprocess.Process, end: socket.socket) -> None:
        self._process = process
        self._end = end

    @classmethod
    async def start(cls, configuration: Configure) -> ControlProcess:
        """Start it and send it its configuration. Raises `LinkError` when it cannot be started."""
        ours, theirs = pair()
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, NOT_FOR_IT)  # inherited by what is started
        try:
            process = await asyncio.create_subprocess_exec(
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
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
            theirs.close()
        child = cls(process, ours)
        await child.send(configuration)
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def send(self, message: Message) -> None:
        """Send *message*; one to a process that is gone is lost, and `messages()` ends."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self._end, encode(message))

    async def messages(self) -> AsyncIterator[Message]:
        """What it says, until it ends. Raises `LinkError` for what is no message."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                packet = await loop.sock_recv(self._end, MAX_PACKET)
            except OSError:
                return
            if not packet:
                return
            yield decode(packet)

    async def ended(self) -> int:
        """Wait for its end; its exit code (negative: the signal that ended it).

        One that is still there 8 s after it should have ended is killed: the dead-men open what
        it can no longer open.
        """
        try:
            async with asyncio.timeout(KILL_AFTER_S):
                return await self._process.wait()
        except TimeoutError:
            self.kill()
            return await self._process.wait()

    def kill(self) -> None:
        """End it at once, whatever it does; `messages()` ends with it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def close(self) -> None:
        """End the link: the control process lets the car go by itself."""
        self._end.close()
