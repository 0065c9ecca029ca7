# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling systemd how things stand (sd_notify(3)); silent where nobody listens."""

from __future__ import annotations

import contextlib
import os
import socket


class Notifier:
    """Sends lines such as `READY=1` to the socket that systemd names in NOTIFY_SOCKET."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET") if address is None else address

    def say(self, *lines: str) -> None:
        """Send *lines* in one message; a systemd that is not there loses them, and that is all."""
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
