# SPDX-License-Identifier: GPL-3.0-or-later
"""A device that is not well, over HTTP: hangs, pours, lies, nests, dies; prints its port."""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import suppress

HUGE = 10_000_000
HANGS_S = 30.0
LIES = itertools.cycle(('{"a": 1e999}', '{"a": "NaN"}', '{"a": -9e15}', "[" * 60_000, '{"a": {}}'))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"


async def serve(how: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request in the way of *how*."""
    with suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        match how:
            case "hang":
                await asyncio.sleep(HANGS_S)
            case "pour":
                writer.write(HEAD + b'{"a": 7, "x": "' + b"y" * HUGE)
            case "lie":
                writer.write(HEAD + next(LIES).encode())
            case "die":
                writer.transport.abort()
            case _:
                writer.write(HEAD + b'{"a": 7.0}')
        await writer.drain()
    writer.close()


async def main(how: str) -> None:
    """Serve until ended."""
    server = await asyncio.start_server(lambda r, w: serve(how, r, w), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
