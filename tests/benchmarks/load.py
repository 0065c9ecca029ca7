# SPDX-License-Identifier: GPL-3.0-or-later
"""The load that a page may have to bear, from a process of its own.

`hammer PORT N PATH...`: N connections that ask for the paths in turn without pause.
`loris PORT N`: N clients that send their request head a byte a second.
`listen PORT N`: N listeners to the event stream; one that is sent away comes again.
`hog`: a processor's worth of arithmetic.

Sockets without a library in between: what is not spent here is spent on more requests.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

AGAIN_S = 0.05  # after being sent away
LORIS_S = 1.0
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


async def hammer(port: int, paths: list[str]) -> None:
    """Ask for *paths* over one connection, which is made again whenever it is cut."""
    requests = itertools.cycle(
        [f"GET {path} HTTP/1.1\r\nHost: evsed\r\n\r\n".encode() for path in paths]
    )
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while True:
                    writer.write(next(requests))
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = _LENGTH.search(head)
                    if length is None:
                        break
                    await reader.readexactly(int(length[1]))
            finally:
                writer.close()
        await asyncio.sleep(AGAIN_S)


async def loris(port: int) -> None:
    """Begin a request and never end it, again and again."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: evsed\r\nX-Slow: ")
                while not writer.transport.is_closing():
                    writer.write(b"z")
                    await writer.drain()
                    await asyncio.sleep(LORIS_S)
            finally:
                writer.close()
        await asyncio.sleep(AGAIN_S)


async def listen(port: int) -> None:
    """Read the event stream for ever."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: evsed\r\n\r\n")
                while await reader.read(65536):
                    pass
            finally:
                writer.close()
        await asyncio.sleep(AGAIN_S)


async def main(kind: str, port: int, count: int, paths: list[str]) -> None:
    """So many of one kind at once, until the process is ended."""
    kinds: dict[str, Callable[[], Awaitable[None]]] = {
        "hammer": lambda: hammer(port, paths),
        "loris": lambda: loris(port),
        "listen": lambda: listen(port),
    }
    await asyncio.gather(*(kinds[kind]() for _ in range(count)))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["hog"]:
            while True:
                sum(range(100_000))
        case [kind, port, count, *paths]:
            asyncio.run(main(kind, int(port), int(count), paths))
        case _:
            sys.exit(__doc__)
