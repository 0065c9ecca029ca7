# SPDX-License-Identifier: GPL-3.0-or-later
"""Being found by Home Assistant: started where the owner wants it, and never in the way."""

from __future__ import annotations

import asyncio
import importlib

import structlog

from evsed import __version__
from evsed.frontends.web.api.openevse_api import serial

log = structlog.get_logger()


async def announce(port: int) -> None:
    """Let the local network find the page at *port*, until cancelled, or as long as it can be."""
    try:
        # zeroconf takes its time to import: not on the loop, and only for who wants it.
        mdns = await asyncio.to_thread(importlib.import_module, "evsed.daemon.mdns_responder")
    except ImportError as error:
        log.warning(
            "evsed is not announced in the network, all else works: what that needs is not "
            "installed; pip install 'evsed[openevse]', or set openevse.announce = false",
            why=str(error),
        )
        return
    await mdns.Announcement(port, serial(), __version__).run()
