# SPDX-License-Identifier: GPL-3.0-or-later
"""The process around the ticks: the daemon's link, the pace, the priority, the end."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time

from evsed.boards import open_board
from evsed.control.tick import Control
from evsed.core.pilot.pace import Pace
from evsed.errors import BoardError, LinkError
from evsed.link import MAX_PACKET, Configure, Message, Tick, decode, encode

SEND_EVERY_S = 0.2
COLLECT_EVERY_S = 60.0  # garbage, and only while no car is there
CONFIGURED_WITHIN_S = 10.0
REAL_TIME_PRIORITY = 20


class _Link:
    """The control process's end: never blocks, loses no event."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._unsent: list[bytes] = []
        self.closed = False

    def receive(self) -> list[Message]:
        """Every message that has arrived. Raises `LinkError` for one that cannot be read."""
        messages: list[Message] = []
        while not self.closed:
            try:
                packet = self._end.recv(MAX_PACKET)
            except BlockingIOError:
                break
            except OSError:
                packet = b""
            if not packet:
                self.closed = True
                break
            messages.append(decode(packet))
        return messages

    def send(self, message: Message, *, must_arrive: bool) -> None:
        """Send *message* now; when the daemon is slow, keep it if it must arrive, else drop it."""
        if not must_arrive and self._unsent:
            return
        self._unsent.append(encode(message))
        self.flush(keep=must_arrive)

    def flush(self, *, keep: bool = True) -> None:
        """Send what is waiting, as far as it goes."""
        while self._unsent and not self.closed:
            try:
                self._end.send(self._unsent[0])
            except BlockingIOError:
                if not keep:
                    self._unsent.pop()
                return
            except OSError:
                self.closed = True
                return
            self._unsent.pop(0)


def configured(end: socket.socket) -> Configure:
    """Wait for the first message. Raises `LinkError` when it is late or another one."""
    if not select.select([end], [], [], CONFIGURED_WITHIN_S)[0]:
        raise LinkError("the daemon sent no configuration")
    packet = end.recv(MAX_PACKET)
    message = decode(packet) if packet else None
    if not isinstance(message, Configure):
        raise LinkError("the daemon's first message was not the configuration")
    return message


def _ask_for_real_time() -> None:
    """Real-time priority where the unit grants it (LimitRTPRIO); without it, the ordinary one."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))


def serve(end: socket.socket) -> None:
    """Run until the car has been let go: on `StopCharging`, `OpenNow` or the end of the link."""
    config = configured(end)
    control = Control(open_board(config.board), config, time.monotonic)
    link = _Link(end)
    gc.collect()
    gc.freeze()
    gc.disable()
    sent_at = collected_at = time.monotonic()
    pace = Pace(sent_at)
    try:
        while not control.done:
            for message in link.receive():
                control.handle(message)
            if link.closed:
                control.on_link_lost()
            control.tick()
            events = control.drain_events()
            now = time.monotonic()
            if events or now - sent_at >= SEND_EVERY_S:
                sent_at = now
                link.send(Tick(control.snapshot(), events), must_arrive=bool(events))
            if control.idle and now - collected_at >= COLLECT_EVERY_S:
                collected_at = now
                gc.collect()
            next_at = pace.next_at(time.monotonic(), control.tick_s)
            time.sleep(max(0.0, next_at - time.monotonic()))
    finally:
        control.finish()
        link.send(Tick(control.snapshot(), control.drain_events()), must_arrive=False)


def main() -> int:
    """`python -m evsed.control FD`: FD is the link's end. 0, or 1 when the link is unsound."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon counts them and passes them on
    end = socket.socket(fileno=int(sys.argv[1]))
    end.setblocking(False)  # noqa: FBT003 - the name of a standard call
    _ask_for_real_time()
    try:
        serve(end)
    except (LinkError, BoardError) as error:
        sys.stderr.write(f"evsed control: {error}\n")
        return 1
    return 0
