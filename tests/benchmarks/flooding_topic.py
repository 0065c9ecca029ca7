# SPDX-License-Identifier: GPL-3.0-or-later
"""A mosquitto, and a sender that floods one of its topics as fast as it can; prints the port."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.sources.devices import broker_in

PAUSE_EVERY = 2000


async def main() -> None:
    """Flood until ended."""
    with TemporaryDirectory(prefix="evsed-bench-flood-") as folder:
        async with broker_in(Path(folder)) as broker:
            client = paho.Client(CallbackAPIVersion.VERSION2)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            print(broker.port, flush=True)
            while True:
                for _ in range(PAUSE_EVERY):
                    client.publish("a", b"7.0")
                await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
