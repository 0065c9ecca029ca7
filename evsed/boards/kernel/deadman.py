# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man of a Pi without pigpiod: a process of its own, the only holder of the contactors.

The control process asks it to close, and reports every valid tick to it. It opens the contactors,
puts the pilot at steady +12 V, and refuses to close from then on, when

- the beats stop for 110 ms, which leaves 40 ms for a busy Pi until the 150 ms that are promised,
- the other end of the socket goes, as it does at the death of the control process,
- SIGUSR1 asks it to, which is how `evsed off` reaches it; then it also ends.

The control process notices within 100 ms when this one hangs, because each beat is answered,
and kills it, which releases its GPIOs. It starts as
`python -m evsed.boards.kernel.deadman`, imports next to nothing, and does nothing but this.
"""

from __future__ import annotations

import enum
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Final

from evsed.boards.kernel.sysfs import LINE_OUTPUT, GpioLine, Kernel
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE_S: Final = 0.110
STEADY: Final = "1000000"  # ns of a millisecond: steady +12 V
CONSUMER: Final = "evsed:"  # and the process id, for `evsed off`

ASK: Final = struct.Struct("=BB")
"""The command, and for a close how many contactors."""
ANSWER: Final = struct.Struct("=BB")
"""The state, and the levels of the contactors, the first in the lowest bit."""


class DeadManCommand(enum.IntEnum):
    """Commands to the dead-man."""

    BEAT = 1
    CLOSE = 2
    SHOW = 3


class State(enum.IntEnum):
    """State of the dead-man."""

    WAITING = 1  # for the first beat; nothing may be closed
    ARMED = 2
    FIRED = 3  # the contactors are open, for good


class DeadMan:
    """The decision, without a clock: it fires after *patience_s* without a beat."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s: Final = patience_s
        self.state = State.WAITING
        self._due_at = 0.0

    def beat(self, now: float) -> None:
        """Note a valid tick; one that comes too late does not bring it back."""
        self.update(now)
        if self.state is not State.FIRED:
            self.state = State.ARMED
            self._due_at = now + self._patience_s

    def update(self, now: float) -> None:
        """Fire if it is time."""
        if self.state is State.ARMED and now >= self._due_at:
            self.state = State.FIRED

    def left_s(self, now: float) -> float | None:
        """Return the seconds until `update()` is due; None: it can wait for ever."""
        return max(0.0, self._due_at - now) if self.state is State.ARMED else None


class DeadManProcess:
    """The contactors, and the socket of the process that commands them."""

    def __init__(
        self, kernel: Kernel, gpios: Sequence[int], pilot_path: str, dead_man: DeadMan
    ) -> None:
        """Take the contactors, open. Raises `BoardError`."""
        self._kernel: Final = kernel
        self._pilot_path: Final = pilot_path
        self._dead_man: Final = dead_man
        self._lines: Final[list[GpioLine]] = []
        for gpio in gpios:
            self._lines.append(GpioLine(kernel, gpio, LINE_OUTPUT, f"{CONSUMER}{os.getpid()}"))

    def handle(self, packet: bytes, now: float) -> bytes:
        """Carry out the command in *packet* and return state and levels. Raises `BoardError`."""
        self.update(now)
        command, count = ASK.unpack(packet)
        if command == DeadManCommand.BEAT:
            self._dead_man.beat(now)
        elif command == DeadManCommand.CLOSE:
            armed = self._dead_man.state is State.ARMED
            self._close(count if armed else 0)
        levels = sum(line.get() << place for place, line in enumerate(self._lines))
        return ANSWER.pack(self._dead_man.state, levels)

    def update(self, now: float) -> None:
        """Open everything when the dead-man has just fired."""
        before = self._dead_man.state
        self._dead_man.update(now)
        if self._dead_man.state is State.FIRED is not before:
            self.fire()

    def fire(self) -> None:
        """Open the contactors and set the pilot to steady +12 V, each even if another one fails."""
        self._dead_man.state = State.FIRED
        for line in self._lines:
            try:
                line.set(False)
            except BoardError as error:
                _report(str(error))
        try:
            self._kernel.write(self._pilot_path, STEADY)
        except OSError as error:
            _report(f"the pilot could not be set to steady +12 V: {error.strerror}")

    def _close(self, count: int) -> None:
        for line in reversed(self._lines[count:]):
            line.set(False)
        for line in self._lines[:count]:
            line.set(True)

    def serve(self, end: socket.socket, signalled: int) -> None:
        """Serve until *end* closes, or a byte comes from *signalled*; then open everything."""
        poll = select.poll()
        poll.register(end, select.POLLIN)
        poll.register(signalled, select.POLLIN)
        try:
            while True:
                left_s = self._dead_man.left_s(time.monotonic())
                ready = dict(poll.poll(None if left_s is None else left_s * 1000))
                # The clock first: after a stop of this process, a beat that waits comes too late.
                self.update(time.monotonic())
                if signalled in ready:
                    return
                if ready:
                    packet = end.recv(ASK.size)
                    if not packet:
                        return
                    end.send(self.handle(packet, time.monotonic()))
        except (OSError, BoardError) as error:
            _report(str(error))
        finally:
            self.fire()


def _report(message: str) -> None:
    sys.stderr.write(f"evsed dead-man: {message}\n")


def main(arguments: Sequence[str], kernel: Kernel) -> int:
    """`FD GPIOS PILOT_PATH PATIENCE_S`: FD is the socket, GPIOS are separated by commas."""
    fd, gpios, pilot_path, patience_s = arguments
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the control process does
    signalled, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.set_wakeup_fd(wake)
    end = socket.socket(fileno=int(fd))
    try:
        numbers = [int(gpio) for gpio in gpios.split(",")]
        watch = DeadManProcess(kernel, numbers, pilot_path, DeadMan(float(patience_s)))
    except BoardError as error:
        end.send(str(error).encode())
        return 1
    end.send(ANSWER.pack(State.WAITING, 0))
    watch.serve(end, signalled)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Kernel()))
