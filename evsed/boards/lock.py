# SPDX-License-Identifier: GPL-3.0-or-later
"""One evsed for one board: names in the kernel that one process of this machine can have.

An abstract Unix socket (unix(7)) needs no folder and no rights, and ends with its process.

A board of this machine is its GPIO header, whether Linux or pigpiod drives it, so both kinds take
that name. pigpiod listens on 1024 to 32000 only (`pigpiod -p`, pigpio.h): what answers on another
port of this machine is a simulated one, or another machine's at the end of a tunnel.
"""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, Any, Final

from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evsed.boards.board import BoardConfig, PigpioConfig

HEADER: Final = "the GPIO header of this machine"
PIGPIOD_PORTS: Final = range(1024, 32001)


def lock_board(config: BoardConfig) -> contextlib.ExitStack:
    """Return what holds the board of *config* until it is closed.

    Raises `BoardError` where another process has it, or where it is not known which machine it is
    on; nothing was touched then.
    """
    import socket  # noqa: PLC0415 - `evsed off` takes no lock, and has two seconds

    with contextlib.ExitStack() as held:
        for place in _places(config):
            name = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            try:
                name.bind(f"\0evsed board {place}")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise BoardError(
                        f"the board cannot be locked ({error}); nothing was touched"
                    ) from error
                raise BoardError(
                    f"another evsed has the board ({place}), so nothing was touched; see it with "
                    "`evsed status`, or stop it first: sudo systemctl stop evsed"
                ) from error
        return held.pop_all()


def _places(config: BoardConfig) -> Iterable[str]:
    if config.kind == "kernel":
        return (HEADER,)
    wires = config.pigpio
    addresses = _addresses(wires)
    if not _any_is_here(addresses):
        return sorted({f"pigpiod at {address[0]}:{wires.port}" for _, address in addresses})
    pigpiod = f"pigpiod at localhost:{wires.port}"
    return (pigpiod, HEADER) if wires.port in PIGPIOD_PORTS else (pigpiod,)


def _addresses(wires: PigpioConfig) -> list[tuple[int, Any]]:
    """Return each address of the host, with its family. Raises `BoardError` where it has none."""
    import socket  # noqa: PLC0415 - see above

    try:
        found = socket.getaddrinfo(wires.host or None, 0, type=socket.SOCK_STREAM)
    except OSError as error:
        raise BoardError(
            f"{wires.host} has no address that is known here ({error.strerror}), so its pigpiod "
            "may be this machine's, which another evsed may have; nothing was touched; evsed looks "
            "again when it is started again; write the address itself under [board.pigpio] as "
            '"host"'
        ) from error
    return [(family, address) for family, _, _, _, address in found]


def _any_is_here(addresses: Iterable[tuple[int, Any]]) -> bool:
    """Return True where one of *addresses* is this machine's: only there can it be bound."""
    import socket  # noqa: PLC0415 - see above

    for family, address in addresses:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as end:
            end.bind(address)
            return True
    return False
