# SPDX-License-Identifier: GPL-3.0-or-later
"""The frontends: everything that shows evsed to people and programs.

`status.py` has what may be shown, `hub.py` what a frontend may ask of the daemon, `frontend.py` the
protocol that each of them follows. `open_web()` opens the one that is always in use;
`other_frontends()` gives those beside it that are in use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, assert_never

from evsed.frontends.mqtt import MqttConfig
from evsed.frontends.notify import NotifyConfig
from evsed.frontends.ocpp import OcppConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from evsed.frontends.frontend import Frontend
    from evsed.frontends.web import WebConfig

OtherConfig = MqttConfig | OcppConfig | NotifyConfig
"""The configuration of a frontend beside the page."""


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


@dataclass(frozen=True, slots=True)
class OtherFrontend:
    """A frontend beside the page: its name, what it is made of, and what makes it.

    `make` imports it, which takes a Pi seconds, so it is called in the frontend's own thread.
    """

    name: str
    config: object
    make: Callable[[], Frontend]


def other_frontends(
    configs: Iterable[OtherConfig], version: str, page_port: int
) -> Iterator[OtherFrontend]:
    """Yield the frontend of each configuration; *page_port* is the TCP port of the page."""
    for config in configs:
        match config:
            case MqttConfig():
                yield OtherFrontend("mqtt", config, partial(_mqtt, config, version, page_port))
            case OcppConfig():
                yield OtherFrontend("ocpp", config, partial(_ocpp, config))
            case NotifyConfig():
                yield OtherFrontend("notify", config, partial(_notify, config))
            case _:
                assert_never(config)


def _mqtt(config: MqttConfig, version: str, page_port: int) -> Frontend:
    from evsed.frontends.mqtt.frontend import MqttFrontend  # noqa: PLC0415 - only where in use

    return MqttFrontend(config, version, page_port)


def _ocpp(config: OcppConfig) -> Frontend:
    from evsed.frontends.ocpp.frontend import OcppFrontend  # noqa: PLC0415 - only where in use

    return OcppFrontend(config)


def _notify(config: NotifyConfig) -> Frontend:
    from evsed.frontends.notify.frontend import NotifyFrontend  # noqa: PLC0415 - only where in use

    return NotifyFrontend(config)
