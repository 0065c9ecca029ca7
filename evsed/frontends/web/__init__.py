# SPDX-License-Identifier: GPL-3.0-or-later
"""The web on port 80: a page for people, JSON for programs, the classic line for the rest.

::

    socket ── guard.py     time-outs and caps: who may hold a connection, and for how long
                │
              routes.py    method and path -> operation -> answer
                ├── gate.py      who may: Host and Origin, password.py, tries.py, sessions,
                │                basic.py
                ├── asking.py    query and body of who was let in
                ├── table.py     all operations, each a row (operation.py) beside its handler:
                │     ├── reads.py    what anybody may know
                │     ├── orders.py   whatever changes something
                │     └── openevse.py  both, for Home Assistant and evcc, where that is on;
                │                     sockets.py: its WebSockets
                ├── assets.py    the page's own files, read once, named by their content
                └── (frontends/classic.py for every other path)
              parts.py     what handlers answer from: hub, gate, stream.py (one pump, many
                           listeners), recent.py (the last hour)
              form.py      dataclasses -> JSON and its schema, with the words of meanings.py
              answers.py   bytes that are ready to send, with the headers all answers share

    The table is also what is printed: openapi.py to programs, document.py to people.
    server.py holds it together: `WebFrontend`.

Only the settings are here, so that reading them needs no aiohttp.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebConfig:
    """[web]: where the page is served.

    `host` an address of this machine ("0.0.0.0": all of them), `port` 0-65535 (0: any free one),
    `socket` the path of the local control socket ("": none); whoever may open it may give orders.
    Sockets handed in by systemd are used instead of both. `password_file` holds what `evsed
    password` has set ("": no orders over the network), `names` are names of this machine beside
    its addresses and its names in the local network. `openevse`: whether OpenEVSE's interface is
    served, too.
    """

    host: str = "0.0.0.0"  # noqa: S104 - reading is open to the whole LAN by design
    port: int = 80
    socket: str = ""
    password_file: str = ""
    names: tuple[str, ...] = ()
    openevse: bool = False


@dataclass(frozen=True, slots=True)
class WebLimits:
    """What one connection, and all of them, may cost.

    A request of a person or a program on the LAN takes milliseconds; every figure is generous to
    a slow phone and mean to one who holds connections on purpose.
    """

    head_s: float = 5.0
    """From the first byte (or the connection) to the complete request head."""
    idle_s: float = 30.0
    """A kept connection with no request."""
    body_s: float = 5.0
    """How long a body nobody asked for is read away, so that the answer arrives."""
    body_bytes: int = 64 * 1024
    """... and how much of it."""
    write_s: float = 10.0
    """How long a client may let its answer wait for being read."""
    connections: int = 256
    """In all. More than the 200 that hammer and 50 that dawdle in the load test."""
    listeners: int = 100
    """Event streams; more are told to poll."""
    pulse_s: float = 2.0
    """An event stream says something at least this often, so that a page can tell silence."""
    spacing_s: float = 0.5
    """... and at most this often."""
    sockets: int = 8
    """WebSockets; a house has one Home Assistant and one evcc."""
    socket_every_s: float = 1.0
    """What has changed is told to a WebSocket this often."""
    socket_alive_s: float = 30.0
    """A WebSocket is asked this often whether it is still there, and cut when it is not."""
