# SPDX-License-Identifier: GPL-3.0-or-later
"""The web on port 80: a page for people, JSON for programs, the classic line for other paths.

`http/`
    Connections and messages: `connection_limits` (number and deadlines), `request_parsing` and
    `parameters`, `responses`, `assets` (the page's files), `event_stream`, `websockets`.
    `forwarded` knows reverse proxies.
`auth/`
    Access: `authenticator` (Host and Origin, sessions), `basic` (HTTP basic), `password`,
    `rate_limit`. It imports `http`.
`api/`
    Operations: `router` finds the one for a request; `operations` lists them all, each an
    `operation.Operation` beside its handler in `status_api`, `history_api`, `commands_api` and
    `openevse_api`; `context` has what handlers share, `models` and `serialization` make JSON;
    `openapi`, `docs_html` and `docs_markdown` print the table. It imports `auth` and `http`.
`static/`
    The page itself.
`server`
    `WebFrontend`, which puts the parts together.

This file has the settings alone, so that reading them needs no aiohttp.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WebConfig:
    """[web]: the addresses of the page.

    `host` an address of this machine ("0.0.0.0": all of them), `port` 0-65535 (0: any free one),
    `socket` the path of the local control socket ("": none); anybody who may open it may give
    orders.
    Sockets passed by systemd are used instead of both. `password_file` holds the hash that `evsed
    password` has set ("": no orders over the network), `names` are names of this machine beside
    its addresses and its names in the local network. `openevse`: OpenEVSE's interface is served,
    too. `trusted_proxies` are addresses and networks of reverse proxies whose X-Forwarded-For and
    X-Forwarded-Proto are believed, `frame_ancestors` sites that may show the page in a frame.
    `https_port` is that of HTTPS (0: none), by the `certificate` and its `key`; where there is no
    certificate, evsed makes one beside the password's file.
    """

    host: str = "0.0.0.0"  # noqa: S104 - reading is open to the whole LAN by design
    port: int = 80
    socket: str = ""
    password_file: str = ""
    names: tuple[str, ...] = ()
    openevse: bool = False
    trusted_proxies: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    https_port: int = 0
    certificate: str = ""
    key: str = ""

    @property
    def folder(self) -> Path:
        """The folder of evsed's own files."""
        return Path(self.password_file).parent


@dataclass(frozen=True, slots=True)
class WebLimits:
    """Limits on one connection, and on all of them.

    A request of a person or a program on the LAN takes milliseconds; every figure is generous to
    a slow phone and strict to a client that holds connections on purpose.
    """

    head_s: float = 5.0
    """From the first byte (or the connection) to the complete request head."""
    idle_s: float = 30.0
    """A kept connection with no request."""
    body_s: float = 5.0
    """Time for which an unwanted body is read and discarded, so that the answer arrives."""
    body_bytes: int = 64 * 1024
    """... and how many bytes of it."""
    upload_bytes: int = 65_000_000
    """A file that is uploaded, which evsed reads in pieces: more than the largest backup that it
    takes (64 MB), so that a larger one is refused in words."""
    write_s: float = 10.0
    """Time for a client to read its answer."""
    connections: int = 256
    """In all. More than the 200 that hammer and 50 that dawdle in the load test."""
    listeners: int = 100
    """Event streams; further clients have to poll."""
    pulse_s: float = 2.0
    """Longest silence of an event stream, so that a page can detect a lost connection."""
    spacing_s: float = 0.5
    """... and the shortest time between two events."""
    sockets: int = 8
    """WebSockets; a house has one Home Assistant and one evcc."""
    socket_every_s: float = 1.0
    """Period at which changes are sent to a WebSocket."""
    socket_alive_s: float = 30.0
    """Period of pings; a WebSocket that does not answer is cut."""
