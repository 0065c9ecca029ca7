# SPDX-License-Identifier: GPL-3.0-or-later
"""The weight of the page, and the time until a phone with a poor network paints it.

    .venv/bin/python -m tests.benchmarks.bench_page

The phone is what Lighthouse takes for one: 150 ms to and fro, 1.6 Mbit/s down, 750 kbit/s up, and a
processor a quarter as fast as this one. Each visit is the first, nothing is in a cache. The server
is the real one, in a process of its own, with a status that does not change. The paints need
Chromium and playwright; `make browser` brings both.
"""

from __future__ import annotations

import asyncio
import importlib.util
import statistics
import subprocess
import sys

from evsed.frontends.web import WebConfig
from evsed.frontends.web.http.assets import Assets
from evsed.frontends.web.server import WebFrontend
from tests.frontends.web.web_world import ShownHub

VISITS = 7
WEIGHT_AIM = 150_000
PAINT_AIM_MS = 1_000
LATENCY_MS = 150
DOWN_BYTES_PER_S = 1.6e6 / 8
UP_BYTES_PER_S = 750e3 / 8
SLOWER = 4
PAINTED = """
new Promise((done) => new PerformanceObserver((list) => {
  const first = list.getEntries().find((one) => one.name === "first-contentful-paint");
  if (first) done(first.startTime);
}).observe({ type: "paint", buffered: true }))
"""
LIVE = """
new Promise((done) => {
  const look = () => document.getElementById("link").dataset.link === "live"
    ? done(performance.now()) : setTimeout(look, 5);
  look();
})
"""


async def serve() -> None:
    """Serve the page until the process ends."""
    frontend, hub = WebFrontend(WebConfig("127.0.0.1", 0)), ShownHub()
    print(await frontend.start(hub), flush=True)
    await frontend.run(hub)


def visits(url: str) -> list[tuple[float, float]]:
    """Milliseconds to the first paint with something on it, and to live figures, each visit's."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - by `make browser` only

    from tests.browser.watch import ARGUMENTS, PHONE_LIGHT, chromium  # noqa: PLC0415

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for _ in range(VISITS):
            context = browser.new_context(
                viewport={"width": PHONE_LIGHT.width, "height": PHONE_LIGHT.height}, is_mobile=True
            )
            page = context.new_page()
            wire = context.new_cdp_session(page)
            wire.send("Network.enable")
            wire.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": LATENCY_MS,
                    "downloadThroughput": DOWN_BYTES_PER_S,
                    "uploadThroughput": UP_BYTES_PER_S,
                },
            )
            wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            page.goto(url, wait_until="commit")
            found.append((page.evaluate(PAINTED), page.evaluate(LIVE)))
            context.close()
        browser.close()
    return found


def main() -> int:
    """Print the figures; 1 where the page is too heavy."""
    assets = Assets()
    print(
        f"   weight: {assets.sent / 1e3:.1f} KB as sent (gzip), {assets.weight / 1e3:.1f} KB plain"
    )
    print(f"   (aim: under {WEIGHT_AIM / 1e3:.0f} KB; the second view, fetched later, is in it)")
    if importlib.util.find_spec("playwright") is None:
        print("   paint: not measured, there is no playwright; `make browser` brings it")
        return int(assets.weight >= WEIGHT_AIM)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bench_page", "--serve"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = visits(f"http://127.0.0.1:{int(server.stdout.readline())}/")
    finally:
        server.kill()
        server.wait()
    for name, figures in zip(
        ("first paint", "live figures"), zip(*found, strict=True), strict=True
    ):
        print(
            f"   {name}: {statistics.median(figures):.0f} ms "
            f"({min(figures):.0f} to {max(figures):.0f} in {VISITS} first visits)"
        )
    print(f"   (aim: first paint under {PAINT_AIM_MS} ms on a slow phone)")
    return int(assets.weight >= WEIGHT_AIM)


if __name__ == "__main__":
    if "--serve" in sys.argv[1:]:
        asyncio.run(serve())
    else:
        sys.exit(main())
