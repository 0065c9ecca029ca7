# SPDX-License-Identifier: GPL-3.0-or-later
"""The frontends: everything that shows evsed to people and programs.

`status.py` has what may be shown, `hub.py` what a frontend may ask of the daemon, `frontend.py` the
protocol that each of them follows. `open_frontends()` gives those that are in use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evsed.frontends.frontend import Frontend
    from evsed.frontends.mqtt import MqttConfig
    from evsed.frontends.notify import NotifyConfig
    from evsed.frontends.ocpp import OcppConfig
    from evsed.frontends.web import WebConfig


@dataclass(frozen=True, slots=True)
class FrontendsConfig:
    """The frontends that the owner wants."""

    web: WebConfig
    version: str
    mqtt: MqttConfig | None = None
    ocpp: OcppConfig | None = None
    notify: NotifyConfig | None = None


@dataclass(frozen=True, slots=True)
class Frontends:
    """The frontends in use, and the address and TCP `port` of the page ("" and 0: none)."""

    all: tuple[Frontend, ...]
    host: str
    port: int

    def close(self) -> None:
        """Close their sockets."""
        for frontend in self.all:
            frontend.close()


def open_frontends(config: FrontendsConfig) -> Frontends:
    """Open the frontends that *config* names, their sockets bound; none of them serves yet.

    Raises `EvsedError`, naming the remedy, where a socket cannot be had.
    """
    from evsed.frontends.web.listening import handed_sockets  # noqa: PLC0415 - as below
    from evsed.frontends.web.server import WebFrontend  # noqa: PLC0415 - only the frontends in use

    web = WebFrontend(config.web, handed=handed_sockets(os.environ, os.getpid()))
    host, port = web.listen()
    opened: list[Frontend] = [web]
    if config.mqtt is not None:
        from evsed.frontends.mqtt.frontend import MqttFrontend  # noqa: PLC0415 - as above

        opened.append(MqttFrontend(config.mqtt, config.version, port))
    if config.ocpp is not None:
        from evsed.frontends.ocpp.frontend import OcppFrontend  # noqa: PLC0415 - as above

        opened.append(OcppFrontend(config.ocpp))
    if config.notify is not None:
        from evsed.frontends.notify.frontend import NotifyFrontend  # noqa: PLC0415 - as above

        opened.append(NotifyFrontend(config.notify))
    return Frontends(tuple(opened), host, port)
