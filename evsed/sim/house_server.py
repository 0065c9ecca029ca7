# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server of the simulated house: `/excesspwr.php`, and how it can fail."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from evsed.sim.house import FeedFault, House

if TYPE_CHECKING:
    from collections.abc import Callable

PATH: Final = "/excesspwr.php"
SLOW_S: Final = 8.0  # longer than any reader of a page waits


def feed_app(
    house: House, clock: Callable[[], float] = time.monotonic, *, slow_s: float = SLOW_S
) -> web.Application:
    """The application that serves *house*; *clock* is the one that steps it.

    A pulled feed cuts the connection without an answer, as a server that dies does. Give the runner
    a `shutdown_timeout`: a slow answer takes *slow_s*.
    """

    async def page(request: web.Request) -> web.StreamResponse:
        if house.fault is FeedFault.PULLED and request.transport is not None:
            request.transport.abort()
        if house.fault is FeedFault.ERROR:
            raise web.HTTPInternalServerError(text="Allowed memory size exhausted")
        if house.fault is FeedFault.SLOW:
            await asyncio.sleep(slow_s)
        kind = "text/plain" if house.plain_text else "text/html"
        return web.Response(text=house.page(clock()), content_type=kind, charset="utf-8")

    app = web.Application()
    app.router.add_get(PATH, page)
    return app
