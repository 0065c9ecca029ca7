# SPDX-License-Identifier: GPL-3.0-or-later
"""Counterparts for sources: a web server, a Modbus device, and a mosquitto of the system's own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from aiohttp import web
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
"""Debian's broker; `make setup` says how to get it where it is missing."""


@asynccontextmanager
async def web_device(handler: Handler) -> AsyncIterator[str]:
    """A web server that answers every request by *handler*; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def pages(answers: Mapping[str, str], **headers: str) -> AsyncIterator[str]:
    """A web server that has these JSON documents by their path and query."""

    async def answer(request: web.Request) -> web.Response:
        if request.path_qs not in answers:
            return web.Response(status=404)
        return web.Response(
            text=answers[request.path_qs], content_type="application/json", headers=headers
        )

    async with web_device(answer) as url:
        yield url


@contextmanager
def served(handler: Handler) -> Iterator[str]:
    """The same in a thread of its own, for a test that waits for another process."""
    found: list[str] = []
    up, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with web_device(handler) as url:
            found.append(url)
            up.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    up.wait()
    try:
        yield found[0]
    finally:
        done.set()
        thread.join()


def having(answers: Mapping[str, str]) -> Handler:
    """A handler that has these JSON documents by their path and query."""

    async def answer(request: web.Request) -> web.Response:
        if request.path_qs not in answers:
            return web.Response(status=404)
        return web.Response(text=answers[request.path_qs], content_type="application/json")

    return answer


def float32(value: float) -> list[int]:
    """The two registers of *value*, high word first."""
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def int32(value: int) -> list[int]:
    """The two registers of *value*, high word first."""
    return list(struct.unpack(">HH", struct.pack(">i", value)))


@asynccontextmanager
async def modbus_device(
    maps: Mapping[int, Sequence[tuple[int, Sequence[int]]]],
) -> AsyncIterator[str]:
    """Modbus TCP devices by their id, each with ranges of registers; the address.

    As most devices do, it refuses a register that it does not have.
    """
    devices = [
        SimDevice(
            number,
            simdata=[
                SimData(start, values=[value & 0xFFFF for value in values], datatype=REGISTERS)
                for start, values in sorted(ranges)
            ],
        )
        for number, ranges in maps.items()
    ]
    server = ModbusTcpServer(devices, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    assert isinstance(server.transport, asyncio.Server)
    port = server.transport.sockets[0].getsockname()[1]
    try:
        yield f"tcp://127.0.0.1:{port}"
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]


REGISTERS = DataType.REGISTERS


def free_port() -> int:
    """A port that no process has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A mosquitto that can be stopped and started again at the same port."""

    def __init__(self, folder: Path, more: str = "allow_anonymous true") -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            # As root it would give up its rights, and could not read what is in this folder.
            f"user root\npersistence false\nlistener {self.port} 127.0.0.1\n{more}\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        assert MOSQUITTO is not None
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO,
            "-c",
            str(self.config),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return

    async def stop(self) -> None:
        """Kill it, as a power cut does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


needs_mosquitto = pytest.mark.skipif(
    MOSQUITTO is None, reason="no mosquitto here: sudo apt install mosquitto"
)


@asynccontextmanager
async def broker_in(folder: Path, more: str = "allow_anonymous true") -> AsyncIterator[Broker]:
    """A mosquitto of our own, with its files in *folder*; *more* lines for its listener."""
    broker = Broker(folder, more)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
