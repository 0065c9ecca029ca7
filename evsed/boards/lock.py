# SPDX-License-Identifier: GPL-3.0-or-later
"""One evsed for one board: a name in the kernel that one process of this machine can have.

An abstract Unix socket (unix(7)) needs no folder and no rights, and ends with its process.
"""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

from evsed.errors import BoardError

if TYPE_CHECKING:
    import socket

    from evsed.boards.board import BoardConfig


def lock_board(config: BoardConfig) -> socket.socket:
    """Return what holds the board of *config* until it is closed.

    Raises `BoardError` where another process has it; nothing was touched then.
    """
    import socket  # noqa: PLC0415 - `evsed off` takes no lock, and has two seconds

    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        held.bind(f"\0evsed board {_place(config)}")
    except OSError as error:
        held.close()
        if error.errno != errno.EADDRINUSE:
            raise BoardError(
                f"the board cannot be locked ({error}); nothing was touched"
            ) from error
        raise BoardError(
            f"another evsed has the board ({_place(config)}), so nothing was touched; see it with "
            "`evsed status`, or stop it first: sudo systemctl stop evsed"
        ) from error
    return held


def _place(config: BoardConfig) -> str:
    if config.kind == "kernel":
        return "kernel"
    wires = config.pigpio
    host = "localhost" if _is_here(wires.host) else wires.host
    return f"pigpiod at {host}:{wires.port}"


def _is_here(host: str) -> bool:
    """Return True where *host*, in whatever spelling, is an address of this machine.

    An address can be bound only where it belongs to.
    """
    import socket  # noqa: PLC0415 - see above

    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM)
    except OSError:
        return False
    for family, kind, protocol, _, address in found:
        with contextlib.suppress(OSError), socket.socket(family, kind, protocol) as end:
            end.bind(address)
            return True
    return False
