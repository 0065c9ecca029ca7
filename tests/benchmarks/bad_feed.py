# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed that is seldom well: a good page, 10 MB of it, silence, and again; prints its port.

The good page demands so much that the car charges whatever the sun does, a little other each time.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress
from datetime import datetime

from evsed.sim.excess_page import PageReading, render_page

HUGE = 10_000_000
HANGS_S = 30.0
DEMANDS_W = itertools.cycle((1_500.0, 3_700.0, 7_300.0))
TURNS = itertools.cycle(("good", "huge", "hang"))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, as the turn is."""
    with suppress(OSError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
        now = datetime.now().astimezone().replace(tzinfo=None)
        page = render_page(PageReading(now, 0.0, next(DEMANDS_W), 10_000.0), now).encode()
        match next(TURNS):
            case "good":
                writer.write(b"Content-Length: %d\r\n\r\n" % len(page) + page)
            case "huge":
                writer.write(b"Content-Length: %d\r\n\r\n" % HUGE)
                writer.write(page + bytes(HUGE - len(page)))
            case _:
                await asyncio.sleep(HANGS_S)
        await writer.drain()
    writer.close()


async def main() -> None:
    """Serve until ended."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
