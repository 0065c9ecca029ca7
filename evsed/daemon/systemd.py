# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications to systemd (sd_notify(3)), and the watchdog; silent where no systemd listens."""

from __future__ import annotations

import contextlib
import math
import os
import socket
from typing import Final

FED_EVERY_S: Final = 1.0  # the unit's 5 s leave room for four that are lost
LIMITS_WITHIN_S: Final = 3.0  # as long as a limit holds
START_EXTENDED_S: Final = 30  # by so much at a time while the board is not reached yet


class Notifier:
    """Sends lines such as `READY=1` to the socket that systemd names in NOTIFY_SOCKET."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET") if address is None else address

    def send(self, *lines: str) -> None:
        """Send *lines* in one message; without a systemd they are lost."""
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):  # an abstract socket
            address = "\0" + address[1:]
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end,
        ):
            end.settimeout(0.1)
            end.sendto("\n".join(lines).encode(), address)


class Watchdog:
    """Feeds systemd's watchdog while the control process ticks and the daemon makes limits.

    Either of the two that stops is the end of both processes: systemd kills and restarts them.
    """

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._fed_at = -math.inf
        self._limits_at = -math.inf
        self._ticks = -1
        self.ready = False

    def on_limits(self, now: float) -> None:
        """Note that limits were sent at *now*."""
        self._limits_at = now

    def on_tick(self, now: float, ticks: int, summary: str, *, board_ok: bool) -> bool:
        """Feed at *now*, *ticks* into this life; return True when the board was just reached."""
        started = board_ok and not self.ready
        if started:
            self.ready = True
            self._notifier.send("READY=1")
        alive = ticks != self._ticks and now - self._limits_at <= LIMITS_WITHIN_S
        if alive and now - self._fed_at >= FED_EVERY_S:
            self._fed_at, self._ticks = now, ticks
            # Without a board there is a page already that says so: starting may take as long.
            wait = [] if self.ready else [f"EXTEND_TIMEOUT_USEC={START_EXTENDED_S * 1_000_000}"]
            self._notifier.send("WATCHDOG=1", f"STATUS={summary}", *wait)
        return started
