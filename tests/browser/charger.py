# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed demo` with a past, for a browser: the real daemon, the simulated Pi, made-up days.

    python -m tests.browser.charger FOLDER [--days 60] [--broker mqtt://127.0.0.1:1883]

The store and the password's file lie in FOLDER; there is no password before somebody sets one. What
it prints is what `evsed demo` prints.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from evsed.daemon.app import run
from evsed.daemon.shutdown import BEGIN_AGAIN
from evsed.settings.load import read_layers
from evsed.sim.demo import demo_world
from tests.browser.made_up import fill


def main() -> int:
    """Fill the store, and run until a signal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=60, help="of the past, each minute of them")
    parser.add_argument("--broker", default="", help="publish by MQTT, too")
    parser.add_argument("--https-port", type=int, default=0, help="serve by HTTPS there, too")
    parser.add_argument("--on-for-s", type=float, default=0.0, help="the box has been on so long")
    options = parser.parse_args()
    store = options.folder / "evsed.db"
    if not store.exists():
        fill(store, datetime.now().astimezone(), options.days)
    with demo_world(0) as world:
        print(f"garage  {world.garage_url}", flush=True)
        world.overrides["web"] |= {
            "port": 0,
            "https_port": options.https_port,
            "password_file": options.folder / "password",
        }
        world.overrides["store"] = {"path": store}
        world.overrides["logs"] = {"dir": options.folder / "log"}
        world.overrides["openevse"] = {"enabled": True, "announce": False}
        world.overrides["mqtt"] = {"broker": options.broker}
        began_at = time.monotonic() - options.on_for_s
        code, port = BEGIN_AGAIN, [0]
        while code == BEGIN_AGAIN:
            world.overrides["web"]["port"] = port[-1]  # the one of the life before
            code = run(
                lambda: read_layers(None, overrides=world.overrides, base=world.base),
                on_address=partial(_on_page, port),
                since_boot_s=lambda: time.monotonic() - began_at,
            )
        return code


def _on_page(ports: list[int], url: str) -> None:
    print(f"page    {url}", flush=True)
    ports.append(urlsplit(url).port or 0)


if __name__ == "__main__":
    sys.exit(main())
