# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed with a frontend that makes trouble: `python -m tests.processes.troubled_daemon run`.

TROUBLE names the kind: raises, blocks, burns, leaks, floods, exits or ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from evsed.core.user.claims import Claim
from evsed.daemon.app import run
from evsed.errors import HubBusyError
from evsed.settings.load import read_layers

if TYPE_CHECKING:
    from evsed.frontends.hub import Hub

A_MINUTE_S = 60.0


class Troubled:
    """A frontend that begins well and then makes the trouble that TROUBLE names."""

    name = "troubled"

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, hub: Hub) -> None:
        await asyncio.sleep(0.1)
        await getattr(self, os.environ["TROUBLE"])(hub)

    def close(self) -> None:
        pass

    async def raises(self, _: Hub) -> None:
        raise RuntimeError("as the test has it")

    async def exits(self, _: Hub) -> None:
        raise SystemExit(3)

    async def ends(self, _: Hub) -> None:
        return

    async def blocks(self, _: Hub) -> None:
        time.sleep(A_MINUTE_S)  # noqa: ASYNC251 - that is the trouble

    async def burns(self, hub: Hub) -> None:
        end_at = time.monotonic() + A_MINUTE_S
        while time.monotonic() < end_at:
            hub.status()

    async def leaks(self, _: Hub) -> None:
        while True:
            self._tasks += [asyncio.create_task(asyncio.sleep(3600)) for _ in range(1000)]
            await asyncio.sleep(0.05)

    async def floods(self, hub: Hub) -> None:
        amperes = 6
        while True:
            amperes = 6 + (amperes - 5) % 10
            try:
                await hub.place_claim("flood", "mqtt", Claim(max_current_a=float(amperes)))
            except HubBusyError:
                await asyncio.sleep(0)


if __name__ == "__main__":
    file = Path(sys.argv[-1])
    raise SystemExit(run(lambda: read_layers(file), more_frontends=(Troubled(),)))
