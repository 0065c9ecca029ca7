# SPDX-License-Identifier: GPL-3.0-or-later
"""Status requests a second, beside a bare aiohttp handler in the same run.

    .venv/bin/python -m tests.benchmarks.bench_http

The bare handler is the least one can write with aiohttp: an application with one route that
answers with the same bytes and none of evsed's headers, time-outs or caps. Each server has a
process of its own, and so has the load (wrk where it is installed, else plain sockets here). The
servers take turns in short rounds, so that both meet the same moods of the machine, and the median
of the rounds' ratios counts.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import subprocess
import sys
import time

from aiohttp import web

from evsed.frontends.serialization import to_json as json_body
from evsed.frontends.web import WebConfig
from evsed.frontends.web.api.status_api import STATUS
from evsed.frontends.web.server import WebFrontend
from tests.frontends.web.web_world import CHARGING, ShownHub

CLIENTS = 16
ROUND_S = 1.0
ROUNDS = 15
AIM = 0.7
REQUEST = f"GET {STATUS} HTTP/1.1\r\nHost: evsed\r\n\r\n".encode()


async def serve_evsed() -> None:
    """Serve a status that does not change, until the process ends."""
    frontend, hub = WebFrontend(WebConfig("127.0.0.1", 0)), ShownHub()
    print(await frontend.start(hub), flush=True)
    await frontend.run(hub)


async def serve_bare() -> None:
    """Serve the same bytes with nothing around them."""
    body = json_body(CHARGING)

    async def status(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get(STATUS, status)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site.port, flush=True)
    await asyncio.Event().wait()


async def plain_load(port: int) -> float:
    """Answers per second to `CLIENTS` connections that ask without pause."""
    until = time.perf_counter() + ROUND_S

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = 0
        while time.perf_counter() < until:
            writer.write(REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            assert length is not None
            await reader.readexactly(int(length[1]))
            answers += 1
        writer.close()
        return answers

    return sum(await asyncio.gather(*(client() for _ in range(CLIENTS)))) / ROUND_S


def load(port: int) -> float:
    """Requests per second that the server on *port* answers."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return asyncio.run(plain_load(port))
    url = f"http://127.0.0.1:{port}{STATUS}"
    command = [wrk, "-t1", f"-c{CLIENTS}", f"-d{ROUND_S:.0f}s", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    assert "Non-2xx" not in said, said
    return float(found[1])


def main() -> None:
    """Measure and print."""
    servers = {}
    for name in ("bare", "evsed"):
        command = [sys.executable, "-m", "tests.benchmarks.bench_http", name]
        servers[name] = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ports = {}
        for name, process in servers.items():
            assert process.stdout is not None
            ports[name] = int(process.stdout.readline())
        rates: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                rates[name].append(load(port))
    finally:
        for process in servers.values():
            process.terminate()
            process.wait()
    bare, evsed = (statistics.median(rates[name]) for name in ("bare", "evsed"))
    pairs = zip(rates["evsed"], rates["bare"], strict=True)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    with_what = "wrk" if shutil.which("wrk") else "plain sockets"
    print(
        f"HTTP: {evsed:.0f} status requests/s; a bare aiohttp handler: {bare:.0f}/s; "
        f"ratio {ratio:.2f} (aim: at least {AIM}; {CLIENTS} clients, {with_what}, "
        f"medians of {ROUNDS} rounds of {ROUND_S:.0f} s)"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare"]:
            asyncio.run(serve_bare())
        case ["evsed"]:
            asyncio.run(serve_evsed())
        case _:
            main()
