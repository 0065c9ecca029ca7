# SPDX-License-Identifier: GPL-3.0-or-later
"""The frontends: everything that shows evsed to people and programs.

`status.py` has what may be shown, `hub.py` what a frontend may ask of the daemon, `frontend.py` the
protocol that each of them follows. `open_web()` opens the one that is always in use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evsed.frontends.frontend import Frontend
    from evsed.frontends.web import WebConfig


@dataclass(frozen=True, slots=True)
class OpenedWeb:
    """The web frontend, and the address and TCP `port` of the page ("" and 0: none)."""

    web: Frontend
    host: str
    port: int

    def close(self) -> None:
        """Close its sockets."""
        self.web.close()


def open_web(config: WebConfig) -> OpenedWeb:
    """Open the web frontend of *config*, its sockets bound; it does not serve yet.

    Raises `EvsedError`, naming the remedy, where a socket cannot be had.
    """
    from evsed.frontends.web.listening import handed_sockets  # noqa: PLC0415 - heavy
    from evsed.frontends.web.server import WebFrontend  # noqa: PLC0415 - heavy

    web = WebFrontend(config, handed=handed_sockets(os.environ, os.getpid()))
    host, port = web.listen()
    return OpenedWeb(web, host, port)
