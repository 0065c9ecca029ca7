# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed demo` with a past, for a browser: the real daemon, the simulated Pi, made-up days.

    python -m tests.browser.charger FOLDER [--days 60] [--broker mqtt://127.0.0.1:1883]

The store and the password's file lie in FOLDER; there is no password before somebody sets one. What
it prints is what `evsed demo` prints.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from evsed.daemon.app import run
from evsed.settings import load_settings
from evsed.sim.demo import demo_world
from tests.browser.made_up import fill


def main() -> int:
    """Fill the store, and run until a signal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=60, help="of the past, each minute of them")
    parser.add_argument("--broker", default="", help="publish by MQTT, too")
    options = parser.parse_args()
    store = options.folder / "evsed.db"
    if not store.exists():
        fill(store, datetime.now().astimezone(), options.days)
    with demo_world(0) as world:
        print(f"garage  {world.garage_url}", flush=True)
        world.overrides["web"] |= {"port": 0, "password_file": options.folder / "password"}
        world.overrides["store"] = {"path": store}
        world.overrides["logs"] = {"dir": options.folder / "log"}
        world.overrides["openevse"] = {"enabled": True, "announce": False}
        world.overrides["mqtt"] = {"broker": options.broker}
        settings = load_settings(None, overrides=world.overrides)
        return run(settings, on_address=lambda url: print(f"page    {url}", flush=True))


if __name__ == "__main__":
    sys.exit(main())
