# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that are well, and a topic that floods: `mqtt`, `flood`, `modbus`; prints the address."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.sources.devices import broker_in, float32, modbus_device

AMPERES: dict[str, tuple[int, float]] = {"mqtt": (1, 1.0), "flood": (2000, 0.1)}
"""Number of messages at once, and the pause between."""


async def publish(how: str) -> None:
    """A mosquitto of our own, and a sender on one of its topics."""
    count, pause_s = AMPERES[how]
    with TemporaryDirectory(prefix="evsed-bench-mqtt-") as folder:
        async with broker_in(Path(folder)) as broker:
            client = paho.Client(CallbackAPIVersion.VERSION2)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            print(broker.url, flush=True)
            while True:
                for _ in range(count):
                    client.publish("a", b"7.0")
                await asyncio.sleep(pause_s)


async def main(how: str) -> None:
    """Serve until ended."""
    if how in AMPERES:
        await publish(how)
    async with modbus_device({1: [(0, [0] * 6 + float32(7.0))]}) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
