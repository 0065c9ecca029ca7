# SPDX-License-Identifier: GPL-3.0-or-later
"""A broker of a few lines in the test's own loop, so that a day of it passes in simulated time.

It confirms whatever comes (MQTT 5 and 3.1.1, chapter 3 of each) and passes nothing on. Set to be
silent, it accepts connections and never answers; set to be old, it closes them on version 5.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12
CONNACK: Final = {5: bytes((0x20, 3, 0, 0, 0)), 4: bytes((0x20, 2, 0, 0))}
MQTT_5: Final = 5
PINGRESP: Final = bytes((0xD0, 0))


class SmallBroker:
    """A broker on a port that it keeps while it is down, too.

    `versions` has the version of each connection, `published` moment and topic of each message.
    """

    def __init__(self, *, silent: bool = False, old: bool = False) -> None:
        self.silent = silent
        self.old = old
        self.connections = 0
        self.versions: list[int] = []
        self.published: list[tuple[float, str]] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, sock=self._socket)

    async def stop(self) -> None:
        """Listen no more, and close every connection."""
        assert self._server is not None
        self._server.close()
        self.drop()
        self._socket = _bound(self.port)

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

    def drop(self) -> None:
        """Close every connection."""
        for writer in tuple(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        version = 0
        self._writers.add(writer)
        try:
            while True:
                first, body = await _packet(reader)
                if first >> 4 == CONNECT:
                    version = body[6]
                    self.versions.append(version)
                    if self.old and version == MQTT_5:
                        return
                if not self.silent:
                    writer.write(self._answer(first >> 4, first & 0b0110, body, version))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, kind: int, qos: int, body: bytes, version: int) -> bytes:
        if kind == CONNECT:
            return CONNACK[version]
        if kind == SUBSCRIBE:
            properties = (0,) if version == MQTT_5 else ()
            return bytes((0x90, 3 + len(properties), *body[:2], *properties, 1))
        if kind == PINGREQ:
            return PINGRESP
        if kind != PUBLISH:
            return b""
        end = 2 + int.from_bytes(body[:2], "big")
        self.published.append((asyncio.get_running_loop().time(), body[2:end].decode()))
        return bytes((0x40, 2, *body[end : end + 2])) if qos else b""


def _bound(port: int) -> socket.socket:
    """Return a socket on *port*; connections to it are refused until it listens."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the first byte of a packet, and what follows its length."""
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first, await reader.readexactly(length)
