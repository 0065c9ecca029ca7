# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed demo`: the real daemon on a simulated Pi; its addresses first, and again when it runs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from evsed.daemon.app import run
from evsed.daemon.shutdown import BEGIN_AGAIN
from evsed.frontends.web.auth.password import keep
from evsed.settings import load_settings
from evsed.settings.load import read_layers
from evsed.sim.demo import demo_world

if TYPE_CHECKING:
    from evsed.frontends.hub import Hub

PASSWORD: Final = "demo"  # noqa: S105 - of the demo, and printed
CHARGES_WITHIN_S: Final = 30.0


def run_demo(config: Path | None, port: int, phases: int = 1) -> int:
    """Run the demo with the page on *port*; return the exit code. Raises `EvsedError`."""
    with demo_world(port, phases) as world:
        password = ""
        if "password_file" not in load_settings(config).web.model_fields_set:
            world.overrides["web"]["password_file"] = world.password_file
            keep(world.password_file, PASSWORD)
            password = PASSWORD
        addresses = _Addresses(world.garage_url, password)
        began_at = time.monotonic()  # when the simulated Pi was switched on
        code = BEGIN_AGAIN
        while code == BEGIN_AGAIN:
            code = run(
                lambda: read_layers(config, overrides=world.overrides, base=world.base),
                on_address=addresses.on_page,
                more_frontends=(addresses,),
                since_boot_s=lambda: time.monotonic() - began_at,
            )
            # Another port may have been found free: the page in the browser stays where it is.
            world.overrides["web"]["port"] = addresses.port
        return code


@dataclass
class _Addresses:
    """A frontend that prints where to look: at the start, and again below the log of the start."""

    garage_url: str
    password: str
    name: str = field(default="demo", init=False)
    _page_url: str = field(default="", init=False)
    _again: bool = field(default=True, init=False)

    @property
    def port(self) -> int:
        """The port of the page; 0 before it has one."""
        return urlsplit(self._page_url).port or 0

    def on_page(self, url: str) -> None:
        """Print all addresses: the page is at *url*."""
        self._page_url = url
        print(f"page    {url}", flush=True)
        print(f"garage  {self.garage_url}", flush=True)
        if self.password:
            print(f'controls  the password is "{self.password}"', flush=True)

    async def run(self, hub: Hub) -> None:
        """Print the page's address once more when the car charges, or when it does not begin."""
        if self._again:
            self._again = False
            try:
                async with asyncio.timeout(CHARGES_WITHIN_S):
                    async for status in hub.changes():
                        if status.contactor_closed:
                            break
            except TimeoutError:
                pass
            print(f"\nOpen {self._page_url} in a browser. Ctrl-C ends the demo.\n", flush=True)
        await asyncio.Event().wait()

    def close(self) -> None:
        """Close nothing: it opened nothing."""
